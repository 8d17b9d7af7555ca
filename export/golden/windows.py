"""The test windows that an export evaluates, as the network's input, and those of them that travel with the bundle."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.golden.figures import int8_figures
from export.proof.runtimes import Outputs
from scl.artifacts.golden import Golden, write_golden
from scl.artifacts.manifest import Int8Figures
from scl.frontend.chain import FrontEnd
from scl.frontend.spec import FrontEndSpec
from train.data.recordings import WindowSet
from train.transformations.base import SensorCopies

COUNTED_AT_ONCE = 2_000  # windows, so that their counts fit into memory


@dataclass(frozen=True, eq=False)
class EvaluatedWindows:
    """Windows of a test set under every transformation, through the front end.

    Attributes:
        test: all test windows.
        chosen: (windows,) rows of `test` that are evaluated.
        rows: (golden,) those of `chosen` that travel with the bundle.
        inputs: int8 (transforms, windows, samples, channels).
        flags: uint8 (transforms, windows).
    """

    test: WindowSet
    copies: SensorCopies
    chosen: np.ndarray
    rows: np.ndarray
    inputs: np.ndarray
    flags: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """(transforms, windows)."""
        return np.asarray(self.copies.labels[:, self.chosen])

    @property
    def groups(self) -> np.ndarray:
        """(windows,)."""
        return np.asarray(self.test.groups[self.chosen])

    @property
    def flat(self) -> np.ndarray:
        """All inputs (transforms * windows, samples, channels)."""
        return self.inputs.reshape(-1, *self.inputs.shape[2:])

    @property
    def golden_inputs(self) -> np.ndarray:
        """Inputs (transforms * golden, samples, channels) of the windows that travel."""
        return self.inputs[:, self.rows].reshape(-1, *self.inputs.shape[2:])

    def proven(self, least: int) -> np.ndarray:
        """The golden inputs, joined by others if there are fewer than `least`: a proof must not rest on a handful."""
        golden = self.golden_inputs
        rest = np.delete(self.inputs, self.rows, axis=1).reshape(-1, *self.inputs.shape[2:])
        return np.concatenate([golden, rest[: max(least - len(golden), 0)]])

    def golden(self, outputs: Outputs, thresholds: tuple[int, ...] | None) -> Golden:
        """The golden set, of `outputs` int8 (transforms * golden, size) for `golden_inputs`."""
        taken, shape = self.chosen[self.rows], (self.copies.transforms, len(self.rows))
        turned = self.copies.parameters.get("rotation")
        crc32 = [zlib.crc32(np.ascontiguousarray(x).tobytes()) for x in self.golden_inputs]
        return Golden(
            counts=np.stack([self.copies.counts(transform, taken) for transform in range(self.copies.transforms)]),
            features=outputs["features"].reshape(*shape, -1),
            logits=outputs["logits"].reshape(*shape, -1),
            input_crc32=np.array(crc32, np.uint32).reshape(shape),
            flags=self.flags[:, self.rows],
            labels=self.labels[:, self.rows],
            groups=self.groups[self.rows],
            rows=np.arange(len(self.rows)),
            thresholds=thresholds,
            rotation=None if turned is None else turned[:, taken],
            shift=self.copies.parameters.get("shift"),
        )

    def gathered(self, classes: np.ndarray) -> np.ndarray:
        """Classes (transforms, windows) of those of `flat`, in its order: the same."""
        return classes

    @property
    def names(self) -> tuple[str, ...]:
        """Of the transforms."""
        return self.copies.names

    def views(self) -> Iterator[np.ndarray]:
        """What the float model takes, float32 (windows, channels, samples) under each transform."""
        return (np.ascontiguousarray(self.copies.windows(t)[self.chosen]) for t in range(self.copies.transforms))

    def store(self, folder: Path, outputs: Outputs, thresholds: tuple[int, ...] | None) -> Int8Figures:
        """Writes the golden set into a bundle folder; its figures."""
        golden = self.golden(outputs, thresholds)
        write_golden(folder, golden, self.golden_windows)
        return int8_figures(golden)

    @property
    def golden_windows(self) -> np.ndarray:
        """The windows that travel, as they were cut: float32 (golden, channels, samples)."""
        return np.asarray(self.test.x[self.chosen[self.rows]])


def network_inputs(copies: SensorCopies, rows: np.ndarray, spec: FrontEndSpec) -> tuple[np.ndarray, np.ndarray]:
    """Inputs int8 (transforms, rows, samples, channels) and flags uint8 (transforms, rows), made in parts."""
    front_end = FrontEnd.from_spec(spec)
    inputs, flags = [], []
    for transform in range(copies.transforms):
        for start in range(0, len(rows), COUNTED_AT_ONCE):
            counts = copies.counts(transform, rows[start : start + COUNTED_AT_ONCE])
            inputs.append(front_end.quantized_windows(counts))
            flags.append(front_end.flags(counts))
    shape = copies.transforms, len(rows)
    joined = np.concatenate(inputs)
    return joined.reshape(*shape, *joined.shape[1:]), np.concatenate(flags).reshape(shape)
