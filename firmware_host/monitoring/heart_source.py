"""What the monitor plays to a board of heartbeats: the recordings in a bundle, or a capture file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from firmware_host.model import class_name
from firmware_host.stream import check_record
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.capture import read_capture
from scl.artifacts.golden_beats import read_golden_beats
from scl.artifacts.manifest import BundleManifest
from scl.ec57.beats import CLASSES


@dataclass(frozen=True, eq=False)
class Marks:
    """Heartbeats as somebody else than the board knows them.

    Attributes:
        at: int64 (n,), sample of the recording, in order.
        names: (n,), of their classes.
    """

    at: np.ndarray
    names: tuple[str, ...]

    def within(self, first: int, stop: int) -> "Marks":
        """Those of samples `first` to `stop` - 1."""
        begin, end = np.searchsorted(self.at, [first, stop]).tolist()
        return Marks(self.at[begin:end], self.names[begin:end])


@dataclass(frozen=True, eq=False)
class Stretch:
    """A recording.

    Attributes:
        counts: int16 (samples, 1).
        truth: annotated beats, of "NSVFQ"; None where nobody annotated them.
        desktop: the beats that the desktop finds, of the model's classes; None where it was not asked.
    """

    name: str
    counts: np.ndarray
    truth: Marks | None = None
    desktop: Marks | None = None


class Recordings(Protocol):
    """Recordings that are played one behind the other, again and again.

    Attributes:
        name: of all of them, in words.
        names: of each.
    """

    name: str
    names: tuple[str, ...]

    def stretch(self, number: int) -> Stretch:
        """Recording `number`, counted from 0."""
        ...


class BundleStretches:
    """The recordings that travel with a bundle: what validation plays."""

    def __init__(self, bundle: Bundle[BundleManifest]) -> None:
        self._golden, self._manifest = read_golden_beats(bundle), bundle.manifest
        self.names = tuple(f"recording {group}" for group in self._golden.groups.tolist())
        self.name = f"the {len(self.names)} recordings in the bundle" if len(self.names) > 1 else self.names[0]

    def stretch(self, number: int) -> Stretch:
        golden = self._golden
        at, classes = golden.truth(number)
        truth = Marks(at, tuple(CLASSES[code] for code in classes.tolist()))
        rows = golden.stretch == number
        names = tuple(class_name(self._manifest, code) for code in golden.predictions[rows].tolist())
        return Stretch(self.names[number], golden.part(number), truth, Marks(golden.sample[rows], names))


class CapturedStretch:
    """A capture file."""

    def __init__(self, path: Path, bundle: Bundle[BundleManifest]) -> None:
        """Raises InputError for a recording that this model cannot be played, and for an empty one."""
        record = read_capture(path)
        check_record(record, bundle, path)
        if not len(record.counts):
            raise InputError(f"{path}: holds no sample; record for longer")
        self.name, self._counts = path.name, record.counts
        self.names: tuple[str, ...] = (path.name,)

    def stretch(self, number: int) -> Stretch:
        return Stretch(self.name, self._counts)
