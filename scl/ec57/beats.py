"""What one annotator says of a record: its beats with their classes, and where there was nothing to say."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

CLASSES = "NSVFQ"  # normal, supraventricular ectopic, ventricular ectopic, fusion, unclassifiable
# The five classes of ANSI/AAMI EC57 by the symbols of WFDB's annotations; paced beats count as unclassifiable. Flutter
# waves and non-conducted P waves are no beats. Escape beats from above the ventricles (e, j, n) are N, as de Chazal et
# al. 2004 have e and j. Of the AHA's codes, WFDB's programs make N, V, F, E (V), r (R on T: V), / (paced: Q) and Q;
# the AHA has no S: its N are all beats from above the ventricles.
AAMI = {"N": "NLRBejn", "S": "AaJS", "V": "VEr", "F": "F", "Q": "/fQ?"}
FLUTTER_ON, FLUTTER_OFF = "[", "]"


def no_spans() -> np.ndarray:
    """Spans (0, 2) int64: none."""
    return np.zeros((0, 2), np.int64)


@dataclass(frozen=True, eq=False)
class Series:
    """The beats of a record by one annotator, in order of time.

    Attributes:
        at: (n,) int64, sample numbers of any rate; the same for both annotators of a comparison.
        classes: (n,) int64, places in CLASSES.
        unreadable: (k, 2) int64, first and last sample of each stretch in which it says nothing, as the lead is off or
            the signal cannot be read (EC57: shutdown); in order, apart from each other.
        flutter: (k, 2) int64, first and last sample of ventricular flutter or fibrillation, in order.

    Raises ValueError for shapes, classes or an order that are none of these.
    """

    at: np.ndarray
    classes: np.ndarray
    unreadable: np.ndarray = field(default_factory=no_spans)
    flutter: np.ndarray = field(default_factory=no_spans)

    def __post_init__(self) -> None:
        if self.at.ndim != 1 or self.at.shape != self.classes.shape:
            raise ValueError(f"beats {self.at.shape}, classes {self.classes.shape}: expected the same (n,)")
        if (np.diff(self.at) < 0).any():
            raise ValueError("beats are not in order of time")
        if len(self.classes) and not 0 <= self.classes.min() <= self.classes.max() < len(CLASSES):
            raise ValueError(f"classes {self.classes.min()} to {self.classes.max()}, expected 0 to {len(CLASSES) - 1}")
        for spans in (self.unreadable, self.flutter):
            if spans.ndim != 2 or spans.shape[1] != 2 or (np.diff(spans.ravel()) < 0).any():
                raise ValueError(f"spans {spans.shape}: expected (k, 2) in order of time")


def of_symbols(samples: np.ndarray, symbols: Sequence[str], unreadable: np.ndarray | None = None) -> Series:
    """The series of annotations (k,) in order of time and of their WFDB symbols (k).

    From `[` to `]` is ventricular flutter or fibrillation, to the end of time where `]` is missing; what is annotated
    within is not counted. Other symbols that are none of AAMI are left out.

    Examples:
        >>> beats = of_symbols(np.array([5, 80, 90, 99, 150]), ["N", "[", "V", "]", "A"])
        >>> beats.at.tolist(), beats.classes.tolist(), beats.flutter.tolist()
        ([5, 150], [0, 1], [[80, 99]])
    """
    number = {symbol: CLASSES.index(name) for name, members in AAMI.items() for symbol in members}
    at, classes, flutter, begun = [], [], [], None
    for sample, symbol in zip(samples.tolist(), symbols, strict=True):
        if symbol == FLUTTER_ON and begun is None:
            begun = sample
        elif symbol == FLUTTER_OFF and begun is not None:
            flutter.append((begun, sample))
            begun = None
        elif symbol in number and begun is None:
            at.append(sample)
            classes.append(number[symbol])
    if begun is not None:
        flutter.append((begun, np.iinfo(np.int64).max))
    return Series(
        np.array(at, np.int64),
        np.array(classes, np.int64),
        no_spans() if unreadable is None else unreadable,
        np.array(flutter, np.int64).reshape(-1, 2),
    )


def inside(at: np.ndarray, spans: np.ndarray) -> np.ndarray:
    """Which of the samples (n,) lie in one of the spans (k, 2), first and last sample included: bool (n,).

    Examples:
        >>> inside(np.array([4, 5, 9, 10]), np.array([[5, 9]])).tolist()
        [False, True, True, False]
    """
    if not len(spans):
        return np.zeros(len(at), bool)
    last_begun = np.searchsorted(spans[:, 0], at, side="right") - 1
    return np.asarray((last_begun >= 0) & (at <= spans[last_begun, 1]))
