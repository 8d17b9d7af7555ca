"""Heartbeats of a band-passed ECG, as a board answers them: where they are, and the features of each.

A stream is worked through at 180 Hz, one sample (a push) after the other. A beat is measured with the push of the 32nd
sample behind its R peak, or with which the detector knows it, whichever is later. It is answered then; or, where
measures of the next beat are among its values, when that is measured, at the latest with the 619th sample behind the R
peak: 3 s, and .44 s for the detector, which knows nearly every beat sooner.

Before a stream's first sample there is that sample, as if it had always been so. A beat is dropped if the board knows
it more than 380 samples late, or if it is less than 20 samples behind the beat before.

firmware/src/frontend/beats.c is the same, bit for bit: all is integers but the first step, to microvolts, and the
last, a product with 2^-12.
"""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from scl.frontend import beat_features, beat_shape, rr_series
from scl.frontend.beat_detector import detect
from scl.frontend.beat_features import NAMES, NEXT_NAMES, SAMPLE_NAMES
from scl.frontend.integer_math import ONE

RATE_HZ = 180.0
RAIL = 32767  # uV
LATEST = 380  # samples after which the board no longer has a beat's first ones, with some to spare
SHORTEST = 20  # samples between beats
TIME_OUT = rr_series.LONGEST + 79  # samples behind the R peak
MOST_INTERVAL = 65535  # of the 16 bits that the board has for it
BeatInput = Literal["features", "causal", "waveform", "both"]
INPUTS: tuple[BeatInput, ...] = get_args(BeatInput)


@dataclass(frozen=True)
class BeatSpec:
    """What a bundle says of its beats.

    Attributes:
        input: its values: features, causal ones (those that need no next beat), the waveform (the samples of its cut),
            or both features and waveform.
        names: of the values, in order.
        polarity_corrected: those with a sign have that of the patient's usual R peak, not the lead's.
    """

    input: BeatInput
    names: tuple[str, ...]
    polarity_corrected: bool = False

    def __post_init__(self) -> None:
        if self.names != names(self.input):
            raise ValueError(f"names are {', '.join(self.names)}, expected {', '.join(names(self.input))}")

    @classmethod
    def of(cls, measured: BeatInput, polarity_corrected: bool = False) -> "BeatSpec":
        """The values of an input."""
        return cls(measured, names(measured), polarity_corrected)

    @property
    def next_interval(self) -> bool:
        """A beat is answered after the next one, whose interval and shape it uses; else within .6 s."""
        return self.input in ("features", "both")

    @property
    def samples(self) -> int:
        """How many samples of the beat itself are the last of its values."""
        return len(SAMPLE_NAMES) if self.input in ("waveform", "both") else 0


@dataclass(frozen=True, eq=False)
class Beats:
    """Beats in the order in which they are answered.

    Attributes:
        at: int64 (n,), model-rate sample of the R peak.
        answered: int64 (n,), model-rate sample with whose push the board has the features; increases.
        interval: int64 (n,), samples since the beat before, 65535 at most; 0: there is none since the stream began or
            the lead came back.
        values: float32 (n, names).
    """

    at: np.ndarray
    answered: np.ndarray
    interval: np.ndarray
    values: np.ndarray


def names(measured: BeatInput) -> tuple[str, ...]:
    """Of the values of an input, in order.

    Examples:
        >>> len(names("causal")), names("features")[len(names("causal")):]
        (25, ('next_interval', 'next', 'next_ratio', 'next_q_corr'))
        >>> names("waveform")[0], names("waveform")[-1], names("both") == names("features") + names("waveform")
        ('sample_-50', 'sample_32', True)
    """
    features = NAMES + NEXT_NAMES
    return {"features": features, "causal": NAMES, "waveform": SAMPLE_NAMES, "both": features + SAMPLE_NAMES}[measured]


def microvolts(signal: np.ndarray) -> np.ndarray:
    """Samples in mV, float32, to int32 microvolts within +-32767: one single-precision product, half to even.

    Examples:
        >>> microvolts(np.array([1.0, -0.0005, 99.0, np.nan], np.float32)).tolist()
        [1000, 0, 32767, -32767]
    """
    with np.errstate(over="ignore", invalid="ignore"):
        product = np.asarray(signal, np.float32) * np.float32(1000)
    product = np.where(product > -RAIL, np.minimum(product, np.float32(RAIL)), np.float32(-RAIL))
    return np.asarray(np.rint(product), np.int32)


def find(signal: np.ndarray, off: np.ndarray, spec: BeatSpec) -> Beats:
    """Beats that the detector finds.

    Args:
        signal: float32 (samples,) mV.
        off: bool (samples,): the lead is off. Such a sample is not looked at, and the stream begins anew behind it;
            a beat that waits for its next one then is never answered.
    """
    edges = np.flatnonzero(np.diff(np.concatenate([[True], off, [True]])))
    parts = [_answered(np.zeros(0, np.int32), np.zeros(0, np.int64), np.zeros(0, np.int64), 0, spec)]
    for start, stop in edges.reshape(-1, 2).tolist():
        uv = microvolts(signal[start:stop])
        detections = detect(uv)
        parts.append(_answered(uv, detections.at, detections.known, start, spec))
    at, answered, interval = (np.concatenate([getattr(p, k) for p in parts]) for k in ("at", "answered", "interval"))
    return Beats(at, answered, interval, np.concatenate([part.values for part in parts]))


def features_at(signal: np.ndarray, at: np.ndarray, spec: BeatSpec) -> Beats:
    """Beats at given R peaks, model-rate samples in increasing order, such as annotated ones.

    Args:
        signal: float32 (samples,) mV.
    """
    at = np.asarray(at, np.int64)
    return _answered(microvolts(signal), at, at, 0, spec)


def _answered(uv: np.ndarray, at: np.ndarray, known: np.ndarray, start: int, spec: BeatSpec) -> Beats:
    """Beats of one stream uv (samples,), which began at sample `start`."""
    at, measured = _measured(at, known, len(uv))
    distance = np.diff(at, prepend=at[:1])
    rr = distance.clip(rr_series.SHORTEST, rr_series.LONGEST)
    rr[:1] = rr_series.FIRST
    time_out, next_measured = at + TIME_OUT, np.append(measured[1:], len(uv) + TIME_OUT)[: len(at)]
    followed = next_measured <= time_out
    values = beat_features.features(beat_shape.cuts_at(uv, at), rr, followed, spec.polarity_corrected)
    answered = np.minimum(time_out, next_measured) if spec.next_interval else measured
    kept = answered < len(uv)
    first = 0 if spec.input != "waveform" else values.shape[1] - spec.samples
    values = values[kept, first : first + len(spec.names)].astype(np.float32) / np.float32(ONE)
    return Beats(at[kept] + start, answered[kept] + start, np.minimum(distance, MOST_INTERVAL)[kept], values)


def _measured(at: np.ndarray, known: np.ndarray, samples: int) -> tuple[np.ndarray, np.ndarray]:
    """The beats that are not dropped, and with which push each is measured, those after the stream's end left out."""
    kept, last = [], -SHORTEST
    for i, (peak, push) in enumerate(zip(at.tolist(), known.tolist(), strict=True)):
        if peak >= last + SHORTEST and push <= peak + LATEST:
            kept.append(i)
            last = peak
    at, known = at[np.array(kept, int)], known[np.array(kept, int)]
    measured = np.maximum(known, at + beat_shape.LAST)
    return at[measured < samples], measured[measured < samples]
