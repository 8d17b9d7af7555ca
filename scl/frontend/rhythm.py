"""The rhythm of a stream of beats, in integers: what firmware/src/app/rhythm.c says behind each beat.

Its header has the definitions in words; this is their reference, and shares no code with it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import isqrt

from scl.frontend.integer_math import twice_median

NORMAL, VENTRICULAR = 0, 2  # classes that mean something here
NO_CLASS = 255  # the board abstained
LONGEST_INTERVAL = 32767  # samples; a longer one counts as this
MOST = 65535  # of a count
RATE_HZ = 180  # intervals are in such samples
MEDIAN_OF = 8  # intervals
KEPT = 64  # beats, and differences of intervals
PAUSE = 2 * RATE_HZ  # samples; a longer interval is a pause
STRIP = 10 * RATE_HZ  # samples before a beat in which the worst class is looked for
RUN = 3  # ventricular beats in a row


@dataclass(frozen=True)
class Rhythm:
    """The rhythm up to a beat.

    Attributes:
        heart_rate: in tenths of a beat a minute; 0: no interval yet.
        rmssd: ms, over the latest 64 differences between normal beats; 0: none yet.
        irregular: percent of the latest 64 differences between beats that are not V that exceed 8 % of the median.
        pauses, couplets, runs: how many there were since the stream began.
        longest_run: beats; 0: none.
        worst: highest class of the latest 10 s; NO_CLASS: the board abstained of all.
    """

    heart_rate: int
    rmssd: int
    irregular: int
    pauses: int
    couplets: int
    runs: int
    longest_run: int
    worst: int


def rhythms(intervals: Sequence[int], classes: Sequence[int]) -> list[Rhythm]:
    """The rhythm behind each of a stream's beats.

    Args:
        intervals: from the beat before, in samples at 180 Hz; 0: there is none, and nothing joins what was before.
        classes: 0 normal, 2 ventricular; below 0: the board abstained.

    Raises ValueError for another number of classes than of intervals.

    Examples:
        >>> beats = rhythms([0, 180, 180, 90, 270, 180], [0, 0, 0, 2, 0, 0])
        >>> beats[2].heart_rate, beats[2].irregular, beats[-1].worst
        (600, 0, 2)
    """
    if len(intervals) != len(classes):
        raise ValueError(f"{len(classes)} classes of {len(intervals)} beats, expected one of each")
    state = RhythmSoFar()
    return [state.push(int(interval), int(code)) for interval, code in zip(intervals, classes, strict=True)]


class RhythmSoFar:
    """The rhythm of a stream, beat by beat."""

    def __init__(self) -> None:
        self.beats: list[tuple[int, int]] = []  # interval and class of the beats that join, at most 64
        self.normal: list[int] = []  # differences, at most 64
        self.large: list[bool] = []  # of each difference between beats that are not V, at most 64
        self.pauses = self.couplets = self.runs = self.longest = self.ventricular = 0

    def push(self, interval: int, code: int) -> Rhythm:
        """The rhythm behind one more beat: its interval and class, as in `rhythms`."""
        code = code if 0 <= code < NO_CLASS else NO_CLASS
        interval = min(interval, LONGEST_INTERVAL)
        if interval == 0:
            self.beats = []
            self._end_run()
        self.beats = [*self.beats[1 - KEPT :], (interval, code)]
        self.pauses = min(self.pauses + (interval > PAUSE), MOST)
        self._follow(code)
        doubled = self._doubled_median()
        self._compare(doubled)
        return Rhythm(
            heart_rate=min((2 * 600 * RATE_HZ + doubled // 2) // doubled, MOST) if doubled else 0,
            rmssd=self._rmssd(),
            irregular=(200 * sum(self.large) + len(self.large)) // (2 * len(self.large)) if self.large else 0,
            pauses=self.pauses,
            couplets=self.couplets,
            runs=self.runs,
            longest_run=self.longest,
            worst=self._worst(),
        )

    def _follow(self, code: int) -> None:
        """Counts V in a row."""
        if code != VENTRICULAR:
            self._end_run()
            return
        self.ventricular = min(self.ventricular + 1, MOST)
        if self.ventricular >= RUN:
            self.runs = min(self.runs + (self.ventricular == RUN), MOST)
            self.longest = max(self.longest, self.ventricular)

    def _end_run(self) -> None:
        self.couplets = min(self.couplets + (self.ventricular == RUN - 1), MOST)
        self.ventricular = 0

    def _doubled_median(self) -> int:
        """Twice the median of the latest intervals; 0 without one."""
        latest = [interval for interval, _code in self.beats[-MEDIAN_OF:] if interval]
        return twice_median(latest) if latest else 0

    def _compare(self, doubled: int) -> None:
        """Takes the difference of the latest two intervals, if there are two."""
        if len(self.beats) < 3 or self.beats[-2][0] == 0:
            return
        difference = self.beats[-1][0] - self.beats[-2][0]
        codes = {code for _interval, code in self.beats[-3:]}
        if codes == {NORMAL}:
            self.normal = [*self.normal[1 - KEPT :], difference]
        if not codes & {VENTRICULAR, NO_CLASS}:
            self.large = [*self.large[1 - KEPT :], 25 * abs(difference) > doubled]  # 100 d > 8 (doubled / 2)

    def _rmssd(self) -> int:
        """sqrt(mean d^2) 1000 / 180 = sqrt(2500 sum d^2 / 81 n), rounded: the root of 4 times that, plus 1, halved."""
        if not self.normal:
            return 0
        squares = sum(difference * difference for difference in self.normal)
        return min((isqrt(10_000 * squares // (81 * len(self.normal))) + 1) // 2, MOST)

    def _worst(self) -> int:
        """The highest class within 10 s before the latest beat, itself included."""
        before, worst = 0, NO_CLASS
        for interval, code in reversed(self.beats):
            if before >= STRIP:
                break
            if code != NO_CLASS and (worst == NO_CLASS or code > worst):
                worst = code
            before += interval
        return worst
