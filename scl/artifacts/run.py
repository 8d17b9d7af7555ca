"""run.json: what a run is, as training leaves it for calibration and export.

The weights lie beside, in model.safetensors, which `weights_sha256` names; `train.run.folder` makes the model of both.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le, MaxLen, MinLen

from scl.artifacts.architecture import MOST_PARAMETERS, Architecture, check_weights
from scl.artifacts.errors import InputError, shortened
from scl.artifacts.fields import (
    MOST,
    MOST_GROUPS,
    Channels,
    Count,
    Groups,
    Hz,
    Labels,
    Line,
    Name,
    NotNegative,
    Positive,
    Real,
    Sha256,
    Size,
    TaskName,
    Units,
    Whole,
    check_different,
)
from scl.artifacts.files import file_inside, sha256_bytes, sha256_file, stands
from scl.artifacts.json_files import Artifact, read_artifact
from scl.frontend import invariants
from scl.frontend.beats import RATE_HZ, BeatSpec
from scl.partition import Partition

RUN, WEIGHTS = "run.json", "model.safetensors"
MOST_WEIGHTS_BYTES = 4 * MOST_PARAMETERS + (1 << 24)  # and what describes them
CLASSES_TOGETHER = 63  # of bit masks in int64


@dataclass(frozen=True)
class TransformationInfo:
    """What a model is trained to be robust to.

    Attributes:
        name: of a transformation in train/transformations.
        parameters: its numbers, by name.
        sentence: what it does, for reports: "3-D rotation of the sensor".
    """

    name: Name
    parameters: dict[Name, Real]
    sentence: Line

    @property
    def source_samples(self) -> float:
        """Samples of the source, in which shifts are counted, in one of the model's."""
        return self.parameters.get("source_samples", 1.0)


@dataclass(frozen=True)
class WindowInfo:
    """A window of the model: `samples` of `channels`, each in its unit, at `rate_hz`."""

    samples: Count
    rate_hz: Hz
    channels: Channels
    units: Units

    def __post_init__(self) -> None:
        check_different("channels", self.channels)
        if len(self.units) != len(self.channels):
            raise ValueError(f"units: {len(self.units)} for {len(self.channels)} channels, expected one for each")


@dataclass(frozen=True)
class SensorChannels:
    """Which channels of a window belong to one sensor."""

    kind: Name
    channels: Annotated[tuple[Size, ...], MinLen(1), MaxLen(MOST)]


@dataclass(frozen=True)
class InputSteps:
    """What happens to a window between resampling and normalization.

    Attributes:
        band_hz: low and high end of a band-pass, 3 dB down; None without one.
        warmup_s: seconds that it runs before a window begins.
        invariant: the encoder sees what no rotation changes.
        canonical: each window is rolled so that its largest excursion comes first (on the desktop only).
        beats: heartbeats are found, and a window is the features of one.
    """

    band_hz: tuple[Hz, Hz] | None = None
    warmup_s: NotNegative = 0.0
    invariant: bool = False
    canonical: bool = False
    beats: BeatSpec | None = None

    def __post_init__(self) -> None:
        if self.band_hz is not None and self.band_hz[0] >= self.band_hz[1]:
            raise ValueError(f"band_hz is {self.band_hz}, expected the low end first")

    def channels(self, recorded: int) -> int:
        """How many channels the model takes: those that were recorded, or a beat's features in their place."""
        return recorded if self.beats is None else len(self.beats.names)

    def inputs(self, recorded: int) -> int:
        """How many inputs the encoder sees: the model's channels, or their invariants."""
        return len(invariants.names(recorded)) if self.invariant else self.channels(recorded)


@dataclass(frozen=True)
class Normalisation:
    """Per input of the encoder what is taken off and divided by, and where the result is clipped, in deviations."""

    mean: Annotated[tuple[Real, ...], MinLen(1), MaxLen(MOST)]
    std: Annotated[tuple[Positive, ...], MinLen(1), MaxLen(MOST)]
    limit: Positive

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std):
            raise ValueError(f"std: {len(self.std)} deviations for {len(self.mean)} means, expected one for each")


@dataclass(frozen=True)
class Split:
    """Who trains and who tests: subjects or records of each part.

    Attributes:
        name: how they were divided, for people.
        leaky: the same subjects are in several parts, which flatters.
        validation: none where options were chosen before.
        fold: which of five, where they are folds.
        same_patient: records of one patient that the published split has in two parts.
    """

    name: Line
    leaky: bool
    seed: Whole
    train: Groups
    validation: Annotated[tuple[Whole, ...], MaxLen(MOST_GROUPS)]
    test: Groups
    fold: Whole | None = None
    same_patient: Groups | None = None

    def __post_init__(self) -> None:
        for name in ("train", "validation", "test"):
            check_different(name, self.part(name))
        check_different("same_patient", self.same_patient or ())
        shared = set(self.train) & (set(self.validation) | set(self.test)) | set(self.validation) & set(self.test)
        if shared and not self.leaky:
            raise ValueError(
                f"train, validation and test share {sorted(shared)[:5]}, expected none unless leaky is true"
            )

    def part(self, name: str) -> tuple[int, ...]:
        """Subjects or records of "train", "validation" or "test"."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]


@dataclass(frozen=True)
class DataSource:
    """Which recordings: the data set's name, the options that load them, what they were, and what loading met."""

    name: Name
    options: dict[str, object]
    sha256: Sha256
    report: dict[str, object]


@dataclass(frozen=True)
class RunInfo(Artifact):
    """run.json: everything needed to rebuild the encoder and to read its output."""

    name: Name
    task: TaskName
    method: Name
    transformation: TransformationInfo
    labels: Labels
    multilabel: bool
    partition: Partition
    window: WindowInfo
    sensors: Annotated[tuple[SensorChannels, ...], MinLen(1)]
    frontend: InputSteps
    normalisation: Normalisation
    architecture: Architecture
    parameters: Annotated[int, Ge(1), Le(MOST_PARAMETERS)]
    split: Split
    data: DataSource
    config: dict[str, object]
    seed: Whole
    versions: dict[Name, Line]
    weights_sha256: Sha256

    kind = "run"
    schema = 6
    advice = "train it again with python -m train.imu or train.ecg"

    def __post_init__(self) -> None:
        check_different("labels", self.labels)
        if self.multilabel and len(self.labels) > CLASSES_TOGETHER:
            raise ValueError(f"labels: {len(self.labels)} that may hold together, expected {CLASSES_TOGETHER} at most")
        if not 0 < self.partition.kept_size <= self.partition.size <= MOST:
            raise ValueError(
                f"partition is {self.partition} (invariant/variant/free), expected 1 to {MOST:,} dimensions, invariant "
                "or free ones among them"
            )
        indices, total = [index for sensor in self.sensors for index in sensor.channels], len(self.window.channels)
        if indices != list(range(total)):
            raise ValueError(f"sensors.channels are {shortened(indices)}, expected each of {total} in order")
        self._check_input()
        inputs, samples = len(self.normalisation.mean), self.window.samples
        check_weights(self.architecture, inputs, samples, self.partition, len(self.labels))

    def _check_input(self) -> None:
        """What the encoder sees: the window's channels, invariants of them, or a beat's features."""
        channels, frontend, rate_hz = len(self.window.channels), self.frontend, self.window.rate_hz
        if frontend.invariant and channels not in invariants.CHANNELS:
            raise ValueError(f"frontend.invariant is True with {channels} channels, expected 3 or 6 of an IMU")
        if frontend.beats is not None and (channels, self.window.samples, rate_hz) != (1, 1, RATE_HZ):
            raise ValueError(
                f"frontend.beats are of {channels} channels, {self.window.samples} samples at {rate_hz:g} Hz, expected "
                f"one channel and one sample at {RATE_HZ:g} Hz"
            )
        inputs = frontend.inputs(channels)
        if len(self.normalisation.mean) != inputs:
            raise ValueError(
                f"normalisation.mean has {len(self.normalisation.mean)} entries, expected {inputs} of {channels} "
                f"channels where frontend.invariant is {frontend.invariant} and frontend.beats "
                f"{'are' if frontend.beats else 'are not'} measured"
            )
        if frontend.band_hz is not None and frontend.band_hz[1] >= rate_hz / 2:
            raise ValueError(f"frontend.band_hz is {frontend.band_hz}, expected less than half of rate_hz, {rate_hz:g}")
        if frontend.warmup_s * rate_hz > MOST:
            raise ValueError(f"frontend.warmup_s is {frontend.warmup_s:g}, expected {MOST:,} samples at most")

    @property
    def invariant_hz(self) -> float | None:
        """The rate of the windows whose invariants the encoder sees; None if it sees the sensor's channels."""
        return self.window.rate_hz if self.frontend.invariant else None


def read_run_info(folder: str | Path) -> RunInfo:
    """Reads run.json of a run folder. Raises InputError if there is none or a field is wrong."""
    folder = Path(folder)
    if not stands(folder / RUN):
        raise InputError(f"{folder}: is not a run folder (no {RUN}); python -m train.imu --out {folder} makes one")
    return read_artifact(file_inside(folder, RUN, RunInfo.advice), RunInfo)


def weights_file(folder: str | Path) -> Path:
    """The path of a run's weights. Raises InputError unless they are a regular file inside the folder, no larger than
    an encoder's.
    """
    path = file_inside(folder, WEIGHTS, RunInfo.advice)
    size = path.stat().st_size
    if size > MOST_WEIGHTS_BYTES:
        raise InputError(f"{path}: has {size:,} bytes, expected {MOST_WEIGHTS_BYTES:,} at most; {RunInfo.advice}")
    return path


def run_hash(folder: str | Path) -> str:
    """SHA-256 over run.json and the weights: what ranges.json and the bundle refer to.

    Raises InputError unless both are regular files inside the folder.
    """
    paths = (file_inside(folder, RUN, RunInfo.advice), weights_file(folder))
    return sha256_bytes("".join(map(sha256_file, paths)).encode())
