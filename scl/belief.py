"""A decision behind the logits, in integers: class, confidence, or unsure, over time.

firmware/src/app/decision.c is the same in C, and the two agree in every bit. Logits are int8, as a network leaves them.

The share of a class of one window is the softmax of the logits over a temperature, written with powers of two:
2^(-d) over its sum, d the distance to the largest logit in units of `slope`. Over the windows of a stream the shares
are a hidden Markov model's belief (Rabiner 1989, the forward recursion): from one hop to the next the class stays with
probability `stay`, and otherwise changes to any other with the same probability,

    belief'[i] ~ (stay belief[i] + (1 - stay) / (n - 1) (sum of belief - belief[i])) 2^(-d[i])

Windows that overlap share samples, so a later hop's evidence counts by the share of its samples that are new
(`evidence` instead of `slope`). All is causal: no answer waits for a later window.

Errors: a power of two is within 2^-26 of the exact one, relative; a belief is kept in 32 bits with its largest value
between 2^31 and 2^32. A confidence is within 2^-14 of that in real numbers for up to 32 classes and bouts of up to 100
hops (tests/scl/test_belief.py). No step overflows 64 bits with up to MOST_CLASSES classes.
"""

import math
from dataclasses import dataclass

import numpy as np

from scl.decision import LOST

UNSURE = -2  # instead of a class: the two likeliest classes are too close
MOST_CLASSES = 256
MOST_SLOPE = 1 << 24
FRACTION_BITS = 16  # of a slope and of `stay`
ONE = 1 << 15  # a confidence or margin of 1
_UNIFORM = 1 << 31  # the belief of each class before any evidence
_HEADROOM = 6  # bits: a prior has less than 56, and keeps 32 when evidence against it comes
_LARGEST = np.uint64(0xFFFFFFFF)
# 2^31 times 2^-(1/2), 2^-(1/4), ... 2^-(2^-16): the factors of 2^-f for the bits of a fraction f.
_ROOTS = tuple(np.uint64(round(2.0 ** (31 - 0.5**bit))) for bit in range(1, FRACTION_BITS + 1))


@dataclass(frozen=True)
class DecisionSettings:
    """What decides, in the integers that a board has.

    Attributes:
        slope: powers of two, in 2^-16, that a step of a logit is worth in a window of its own; 1 to MOST_SLOPE.
        evidence: the same in a later window of a stream; 1 to MOST_SLOPE.
        stay: probability, in 2^-16, that the next hop has the same class; 0: each window is decided by itself.
        unsure: least difference of the two largest shares, in 2^-15; below it the answer is UNSURE; 0: never.

    Raises ValueError for a value out of its range.

    Examples:
        >>> DecisionSettings(slope=9455, evidence=9455).stay
        0
    """

    slope: int
    evidence: int
    stay: int = 0
    unsure: int = 0

    def __post_init__(self) -> None:
        for name, least, most in (
            ("slope", 1, MOST_SLOPE),
            ("evidence", 1, MOST_SLOPE),
            ("stay", 0, (1 << FRACTION_BITS) - 1),
            ("unsure", 0, ONE),
        ):
            if not least <= getattr(self, name) <= most:
                raise ValueError(f"{name} is {getattr(self, name)}, expected {least} to {most}")


def settings_of(
    temperature: float, scale: float, hop_s: float, window_s: float, bout_s: float | None = None, unsure: float = 0.0
) -> DecisionSettings:
    """Settings in integers of those in units.

    Args:
        temperature: by which logits are divided before their softmax.
        scale: of a step of the int8 logits.
        hop_s, window_s: seconds from one window of a stream to the next, and of a window.
        bout_s: seconds that a class lasts on average; None: no filter.
        unsure: least difference of the two largest shares, 0 to 1.

    Raises ValueError for a bout that is not longer than a hop.

    Examples:
        >>> settings_of(temperature=0.64, scale=0.1, hop_s=10, window_s=10, bout_s=60, unsure=0.25)
        DecisionSettings(slope=14773, evidence=14773, stay=54613, unsure=8192)
    """
    if bout_s is not None and not bout_s > hop_s:
        raise ValueError(f"a bout of {bout_s:g} s is not longer than a hop of {hop_s:g} s, expected a longer one")
    slope = scale / (temperature * math.log(2.0)) * (1 << FRACTION_BITS)
    new = min(1.0, hop_s / window_s)  # share of a window's samples that the one before did not have

    def whole(value: float, least: int, most: int) -> int:
        return min(max(round(value), least), most)

    return DecisionSettings(
        slope=whole(slope, 1, MOST_SLOPE),
        evidence=whole(slope * new, 1, MOST_SLOPE),
        stay=0 if bout_s is None else whole((1 - hop_s / bout_s) * (1 << FRACTION_BITS), 1, (1 << FRACTION_BITS) - 1),
        unsure=whole(unsure * ONE, 0, ONE),
    )


@dataclass(frozen=True, eq=False)
class Decisions:
    """Answers (...) int64: a class, UNSURE, or LOST where the board abstains; and confidences (...) int64 in 2^-15,
    the share of the likeliest class; 0 where the board abstains.
    """

    answers: np.ndarray
    confidences: np.ndarray


class BeliefFilter:
    """The belief in each class along one stream, or along several side by side.

    Args:
        settings: what decides.
        shape: () for one stream, (streams,) for several.
        classes: 2 to MOST_CLASSES.

    Raises ValueError for another number of classes.

    Examples:
        >>> belief = BeliefFilter(DecisionSettings(slope=16384, evidence=16384, stay=60000), (), classes=3)
        >>> [int(belief.step(np.array(logits, np.int8)).answers) for logits in ([8, 0, 0], [6, 7, 0], [0, 9, 0])]
        [0, 0, 1]
    """

    def __init__(self, settings: DecisionSettings, shape: tuple[int, ...], classes: int) -> None:
        if not 2 <= classes <= MOST_CLASSES:
            raise ValueError(f"{classes} classes, expected 2 to {MOST_CLASSES}")
        self.settings, self._classes = settings, classes
        self._belief = np.empty((*shape, classes), np.uint64)
        self._fresh = np.empty(shape, bool)
        self.reset()

    def reset(self) -> None:
        """Every class as likely as the others, as where a stream begins."""
        self._belief[...] = _UNIFORM
        self._fresh[...] = True

    def step(self, logits: np.ndarray, abstains: np.ndarray | bool = False) -> Decisions:
        """The decision behind one more window of each stream: logits int8 (..., classes), and whether the board
        abstains from it (...), so that it is no evidence. Raises ValueError for logits of another type or shape.
        """
        if logits.dtype != np.int8 or logits.shape != self._belief.shape:
            raise ValueError(f"logits {logits.dtype} {logits.shape}, expected int8 {self._belief.shape}")
        if self.settings.stay == 0:
            self.reset()
        off = np.broadcast_to(np.asarray(abstains, bool), self._fresh.shape)
        slope = np.where(self._fresh, self.settings.slope, self.settings.evidence).astype(np.uint64)
        steps = (logits.max(axis=-1, keepdims=True).astype(np.int64) - logits).astype(np.uint64)
        exponent = np.where(off[..., None], np.uint64(0), steps * slope[..., None])
        self._belief = _normalized(_times_power(self._prior(), exponent))
        self._fresh &= off
        return self._decisions(off)

    def _prior(self) -> np.ndarray:
        """What is expected of the next window, before it is seen, below 2^62."""
        stay, others = np.uint64(self.settings.stay), np.uint64(self._classes - 1)
        change = np.uint64(1 << FRACTION_BITS) - stay
        elsewhere = self._belief.sum(axis=-1, keepdims=True) - self._belief
        prior = stay * others * self._belief + change * elsewhere
        return np.asarray(prior << np.uint64(_HEADROOM))

    def _decisions(self, abstains: np.ndarray) -> Decisions:
        total = self._belief.sum(axis=-1)
        best = self._belief.max(axis=-1)
        second = np.partition(self._belief, -2, axis=-1)[..., -2]
        confidences = _share(best, total).astype(np.int64)
        close = _share(best - second, total) < self.settings.unsure
        answers = np.where(close, UNSURE, self._belief.argmax(axis=-1))
        return Decisions(np.where(abstains, LOST, answers), np.where(abstains, 0, confidences))


def decide_alone(settings: DecisionSettings, logits: np.ndarray, abstains: np.ndarray | bool = False) -> Decisions:
    """The decision about each window by itself: logits int8 (..., classes), abstains (...).

    Examples:
        >>> settings = settings_of(temperature=1.0, scale=0.1, hop_s=10, window_s=10, unsure=0.1)
        >>> decisions = decide_alone(settings, np.array([[30, 0], [1, 0]], np.int8))
        >>> decisions.answers.tolist(), (decisions.confidences / ONE).round(3).tolist()
        ([0, -2], [0.953, 0.525])
    """
    return BeliefFilter(settings, logits.shape[:-1], logits.shape[-1]).step(logits, abstains)


def decide_stream(settings: DecisionSettings, logits: np.ndarray, abstains: np.ndarray | bool = False) -> Decisions:
    """The decisions along streams: logits int8 (windows, ..., classes), abstains (windows, ...).

    Examples:
        >>> settings = DecisionSettings(slope=16384, evidence=16384, stay=60000)
        >>> decide_stream(settings, np.array([[8, 0, 0], [6, 7, 0], [0, 9, 0]], np.int8)).answers.tolist()
        [0, 0, 1]
    """
    belief = BeliefFilter(settings, logits.shape[1:-1], logits.shape[-1])
    off = np.broadcast_to(np.asarray(abstains, bool), logits.shape[:-1])
    steps = [belief.step(window, lost) for window, lost in zip(logits, off, strict=True)]
    return Decisions(np.array([step.answers for step in steps]), np.array([step.confidences for step in steps]))


def _times_power(values: np.ndarray, exponent: np.ndarray) -> np.ndarray:
    """values times 2^-(exponent / 2^16) times 2^-1, rounded down; values below 2^62."""
    mantissa = np.full(exponent.shape, 1 << 31, np.uint64)
    for bit, root in enumerate(_ROOTS, start=1):
        chosen = exponent >> np.uint64(FRACTION_BITS - bit) & np.uint64(1) > 0
        mantissa = np.where(chosen, mantissa * root + np.uint64(1 << 30) >> np.uint64(31), mantissa)
    high, low = values >> np.uint64(32), values & _LARGEST
    product = high * mantissa + (low * mantissa >> np.uint64(32))
    return np.asarray(product >> np.minimum(exponent >> np.uint64(FRACTION_BITS), np.uint64(63)))


def _normalized(values: np.ndarray) -> np.ndarray:
    """Shifted to the right, rounded down, by as little as brings the largest of each stream below 2^32."""
    largest = values.max(axis=-1, keepdims=True)
    shift = sum(((largest >> np.uint64(bits)) > _LARGEST).astype(np.uint64) for bits in range(32))
    return np.asarray(values >> shift)


def _share(part: np.ndarray, total: np.ndarray) -> np.ndarray:
    """part / total in 2^-15, rounded half up."""
    return np.asarray((part * np.uint64(ONE) + total // np.uint64(2)) // total)
