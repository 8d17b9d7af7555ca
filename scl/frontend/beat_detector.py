"""Where the heart beats in a band-passed ECG: an integer detector that needs the past only, and each beat's R peak.

firmware/src/frontend/beat_detector.c does the same with each sample as it comes, and agrees in every integer. It is of
the kind of Pan and Tompkins (IEEE Trans. Biomed. Eng. 32(3), 1985), with the peak rule and the search-back of Hamilton
and Tompkins (33(12), 1986). Samples x[n] are microvolts, 180 a second; before the first sample x is x[0]. All is
integers; // is a division that rounds to minus infinity.

Steepness and height, in microvolts times a constant that is never divided away:

    a[n] = |x[n] + x[n-1] - x[n-3] - x[n-4]|               three differences over two samples, added
    s[n] = a[n] + a[n-1] + ... + a[n-19]                   60 times the mean difference
    slope of a peak at p: the largest of a[p-19 .. p]

With each sample n, in this order:

 1. If s[n-2] < s[n-1] >= s[n], n >= 2, then n-1 is a maximum. It is the candidate if there is none, or if it is higher.
 2. If the candidate is 40 samples old, it is a peak that waits to be judged, and there is no candidate.
 3. The first 360 samples (2 s) end here. The largest s of them, * 3 // 4, stands for the latest eight heights of beats;
    those of noise are 0, the latest eight intervals 180, and sample 360 stands for the beat before.
 4. If n is 270 samples (1.5 s), or a multiple, behind the beat before, eight heights of beats each become h * 3 // 4.
 5. The oldest peak that waits is judged, at sample p and of height v = s[p]. The threshold is (144*q + 112*z) // 256
    with the means (sum // 8) q of the heights of beats and z of those of noise, at least 2400 (40 uV). The peak is a T
    wave if it is fewer than 65 samples (361 ms) behind a beat and its slope * 256 less than that beat's slope * 150. If
    it is no T wave and v is above the threshold, it is a beat. Else v is a height of noise, and the peak, unless it is
    a T wave, is remembered if it is higher than the one that is.
 6. If no peak waited, the remembered one is a beat after all if n is at least r * 3 // 2 behind the beat before, it is
    350 samples old at most, and v is at least 2400 and above the threshold * 144 // 256. r is the sum of the two middle
    ones of the latest eight intervals, // 2.

A beat's height is kept as at most four times the threshold, its interval to the beat before, if there is one, as at
most 540 (3 s), and nothing is remembered any more. The beat is known with sample n.

The R peak of a beat at p: y is x less its median over the 73 samples around c = p - 11 (the filters' delay). Of the
first largest and the first smallest y within 20 samples of c, not before the stream, the one further from 0 is
taken, the largest if both are alike. If the nearer is more than 3/4 (* 3 // 4) of the further, the choice is unsure:
then the patient's polarity decides if it is not 0. It counts the sure choices of a largest less those of a smallest y,
and stays within -8 and 8.
"""

from dataclasses import dataclass, field

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

MEAN = 20  # samples that s adds up, 111 ms
DELAY = 11  # samples of s behind x
DOMINANCE = 40  # samples that nothing higher follows a peak, 222 ms; so beats are that far apart, 270 a minute at most
START = 360  # samples until the first decision, 2 s
LATEST = 8  # beats, peaks of noise and intervals that are kept
FLOOR = 40 * 3 * MEAN  # the least threshold: 40 uV of mean difference
FRACTION = 144  # of the way from noise to beats, in 256: there is the threshold
SECOND = 144  # of the threshold, in 256: the one of search-back
CAP = 4  # thresholds that a height counts at most
T_WAVE = 65  # samples behind a beat, 361 ms
T_SLOPE = 150  # of the beat's slope, in 256
SILENCE = 270  # samples, 1.5 s
FIRST_INTERVAL, LONGEST_INTERVAL = 180, 540  # samples
OLDEST = 350  # samples between a peak and search-back
AROUND = 36  # samples to either side for the baseline
REACH = 20  # samples to either side for the R peak
MOST_LEAN = 8  # beats
OUTSIDE = -(1 << 20)  # uV: less than anything

Peak = tuple[int, int, int]  # sample, height, slope


@dataclass(frozen=True, eq=False)
class Detections:
    """Beats, in the order in which they are known.

    Attributes:
        at: int64 (n,), the sample of the R peak; never decreases (two close beats may have one R peak).
        known: int64 (n,), the sample with which the board knows it; increases, `known` >= `at`.
    """

    at: np.ndarray
    known: np.ndarray


def detect(uv: np.ndarray) -> Detections:
    """The beats of a stream of microvolts (samples,) within -32767 and 32767, at 180 Hz, behind the band-pass.

    Raises ValueError for another shape, or numbers that are no integers.

    Examples:
        >>> beat = np.array([0, 300, 900, 300, 0])
        >>> at = detect(np.concatenate([np.append(beat, np.zeros(145, int))] * 10)).at
        >>> at[:4].tolist()
        [2, 152, 302, 452]
    """
    if uv.ndim != 1 or not np.issubdtype(uv.dtype, np.integer):
        raise ValueError(f"uv is {uv.dtype} of shape {uv.shape}, expected integers of shape (samples,)")
    if len(uv) <= START:
        return Detections(np.zeros(0, np.int64), np.zeros(0, np.int64))
    x = np.concatenate([np.full(AROUND + MEAN + REACH, uv[0]), uv]).astype(np.int64)
    before = len(x) - len(uv)
    steep = np.abs(x[4:] + x[3:-1] - x[1:-3] - x[:-4])
    sums = np.concatenate([[0], np.cumsum(steep)])
    height = (sums[MEAN:] - sums[:-MEAN])[-len(uv) :]
    peaks = _peaks(height)
    slope = sliding_window_view(steep, MEAN)[peaks + before - 4 - MEAN + 1].max(axis=1, initial=0)
    judge = _Judge([int(height[:START].max()) * 3 // 4] * LATEST)
    n = START
    for peak in zip(peaks.tolist(), height[peaks].tolist(), slope.tolist(), strict=True):
        judged = max(peak[0] + DOMINANCE, n)
        if judged >= len(uv):
            break
        judge.wait(n, judged)
        judge.judge(peak, judged)
        n = judged + 1
    judge.wait(n, len(uv))
    places, known = np.array(judge.beats, np.int64).reshape(-1, 2).T
    return Detections(_r_peaks(x, before, places), known)


def _peaks(height: np.ndarray) -> np.ndarray:
    """The peaks (k,) of s (samples,): maxima that nothing higher follows in the samples that are there."""
    maxima = np.flatnonzero((height[:-2] < height[1:-1]) & (height[1:-1] >= height[2:])) + 1
    peaks: list[int] = []
    candidate, highest = -1, 0
    for n, value in zip(maxima.tolist(), height[maxima].tolist(), strict=True):
        if candidate >= 0 and n + 1 > candidate + DOMINANCE:
            peaks.append(candidate)
            candidate = -1
        if candidate < 0 or value > highest:
            candidate, highest = n, value
    if 0 <= candidate < len(height) - DOMINANCE:
        peaks.append(candidate)
    return np.array(peaks, np.int64)


@dataclass
class _Judge:
    """Decides which peaks are beats.

    Attributes:
        heights, noise: of the latest beats and peaks of noise.
        intervals: the latest.
        before: sample of the beat before.
        slope: of that beat; 0: there is none.
        remembered: the highest peak of noise since then.
        beats: each with the sample with which it is known.
    """

    heights: list[int]
    noise: list[int] = field(default_factory=lambda: [0] * LATEST)
    intervals: list[int] = field(default_factory=lambda: [FIRST_INTERVAL] * LATEST)
    before: int = START
    slope: int = 0
    remembered: Peak | None = None
    beats: list[tuple[int, int]] = field(default_factory=list)

    def threshold(self) -> int:
        q, z = sum(self.heights) // LATEST, sum(self.noise) // LATEST
        return max((FRACTION * q + (256 - FRACTION) * z) // 256, FLOOR)

    def judge(self, peak: Peak, n: int) -> None:
        """Step 5 with sample n."""
        place, height, slope = peak
        t_wave = place - self.before < T_WAVE and slope * 256 < self.slope * T_SLOPE
        if not t_wave and height > self.threshold():
            self.take(peak, n)
            return
        self.noise = [*self.noise[1:], height]
        if not t_wave and (self.remembered is None or height > self.remembered[1]):
            self.remembered = peak

    def wait(self, n: int, end: int) -> None:
        """Steps 4 and 6 of the samples from n to before `end`, and step 4 of `end`."""
        silence = self.silence(n)
        while True:
            due = self.due(n)
            if self.remembered is not None and due is not None and due < min(silence, end):
                self.take(self.remembered, due)
                n = due + 1
                silence = self.silence(n)
            elif silence <= end:
                self.heights = [height * 3 // 4 for height in self.heights]
                n, silence = max(n, silence), silence + SILENCE
            else:
                return

    def silence(self, n: int) -> int:
        """The first sample from n on with which a silence has lasted."""
        return self.before + max(-(-(n - self.before) // SILENCE), 1) * SILENCE

    def due(self, n: int) -> int | None:
        """The first sample from n on with which the remembered peak is a beat at the present threshold, if any."""
        if self.remembered is None:
            return None
        place, height, _ = self.remembered
        middle = sorted(self.intervals)[LATEST // 2 - 1 : LATEST // 2 + 1]
        due = max(n, self.before + sum(middle) // 2 * 3 // 2)
        likely = height >= FLOOR and height > self.threshold() * SECOND // 256
        return due if likely and due - place <= OLDEST else None

    def take(self, peak: Peak, n: int) -> None:
        """The peak is a beat, known with sample n."""
        place, height, slope = peak
        self.heights = [*self.heights[1:], min(height, CAP * self.threshold())]
        if self.slope > 0:
            self.intervals = [*self.intervals[1:], min(place - self.before, LONGEST_INTERVAL)]
        self.before, self.slope, self.remembered = place, slope, None
        self.beats.append((place, n))


def r_peaks(uv: np.ndarray, places: np.ndarray) -> np.ndarray:
    """The R peaks int64 (k,) beside given places (k,) of a stream of microvolts (samples,): as `detect` looks for them
    within 20 samples of where it has seen a beat.

    Examples:
        >>> r_peaks(np.array([0] * 50 + [300, 900, 300] + [0] * 50), np.array([48, 55])).tolist()
        [51, 51]
    """
    around = np.full(AROUND + REACH, uv[0]), uv, np.full(AROUND + REACH, uv[-1])
    x = np.concatenate(around).astype(np.int64)
    return _r_peaks(x, AROUND + REACH, np.asarray(places).clip(0, len(uv) - 1) + DELAY)


def _r_peaks(x: np.ndarray, before: int, places: np.ndarray) -> np.ndarray:
    """The R peaks (k,) of beats at `places` (k,) of x, which has `before` samples more in front."""
    if len(places) == 0:
        return places
    centres = places - DELAY
    around = sliding_window_view(x, 2 * AROUND + 1)[centres + before - AROUND]
    y = around[:, AROUND - REACH : AROUND + REACH + 1] - np.partition(around, AROUND, axis=1)[:, AROUND, None]
    outside = centres[:, None] + np.arange(-REACH, REACH + 1) < 0
    upward, downward = (np.where(outside, OUTSIDE, one) for one in (y, -y))
    up, down = upward.max(axis=1), downward.max(axis=1)
    clear = np.maximum(up, down) * 3 // 4 >= np.minimum(up, down)
    largest, lean = up >= down, 0
    for i in range(len(places)):
        if clear[i]:
            lean = min(max(lean + (1 if largest[i] else -1), -MOST_LEAN), MOST_LEAN)
        elif lean:
            largest[i] = lean > 0
    places = np.where(largest, upward.argmax(axis=1), downward.argmax(axis=1))
    return np.asarray(centres - REACH + places, np.int64)
