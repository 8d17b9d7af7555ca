"""Strips of test recordings as an export evaluates them: by the worst of the heartbeats that are found in them."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.golden.beats import EvaluatedBeats
from export.proof.runtimes import Outputs
from scl.artifacts.golden_beats import write_golden_beats
from scl.artifacts.manifest import Int8Figures
from scl.artifacts.run import RunInfo, TransformationInfo
from scl.ec57.beats import Series
from scl.ec57.strips import MAX_SHIFT_S, STRIP_S, strips
from train.data.strips import Strips
from train.transformations import Shift


@dataclass(frozen=True, eq=False)
class EvaluatedStrips(EvaluatedBeats):
    """Strips as recorded and started later, the beats in them, and the recordings that travel with the bundle.

    Attributes:
        test: every beat that was found, x (beats, features, 1).
        cut: the strips that they lie in.
    """

    cut: Strips

    @property
    def labels(self) -> np.ndarray:
        """(shifts, strips)."""
        return self.cut.labels

    @property
    def groups(self) -> np.ndarray:
        """(strips,)."""
        return self.cut.groups

    @property
    def flags(self) -> np.ndarray:
        """(1, beats): a beat by itself has none."""
        return np.zeros((1, len(self.test)), np.uint8)

    def gathered(self, classes: np.ndarray) -> np.ndarray:
        """Classes (shifts, strips) of those of the beats (1, beats)."""
        return self.cut.answers(classes[0])

    @property
    def names(self) -> tuple[str, ...]:
        """Of the shifts."""
        return ("as recorded", *(f"shift +{samples} samples" for samples in self.cut.later[1:]))

    def store(self, folder: Path, outputs: Outputs, thresholds: tuple[int, ...] | None) -> Int8Figures:
        """Writes the golden set into a bundle folder; its figures, of the strips of what travels."""
        golden, rate_hz = self.golden(outputs), self.frontend.sensor.rate_hz
        write_golden_beats(folder, golden)
        figures = strips(
            [(Series(*golden.truth(s)), golden.answered(s), int(length)) for s, length in enumerate(golden.lengths)],
            rate_hz,
        )
        return Int8Figures(
            windows=figures.strips,
            copies=figures.copies,
            accuracy=figures.accuracy,
            accuracy_transformed=figures.accuracy_transformed,
            macro_f1=figures.macro_f1,
            macro_f1_transformed=figures.macro_f1_transformed,
            consistency=figures.consistency,
        )


def evaluated_under(info: RunInfo, windows: object) -> TransformationInfo:
    """What the copies of evaluated windows are: the transformation that the run was trained for; of strips by their
    beats, which train under another, the shift.
    """
    if not isinstance(windows, EvaluatedStrips):
        return info.transformation
    rate_hz = info.window.rate_hz
    most, samples = round(MAX_SHIFT_S * rate_hz), round(STRIP_S * rate_hz)
    return Shift(0, most, samples, windows.cut.later[-1] / most).describe()
