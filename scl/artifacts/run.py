"""run.json and ranges.json: what a run is, as training leaves it for calibration and export.

The weights lie beside, in model.safetensors, which `weights_sha256` names; `train.run.folder` makes the model of both.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le, MinLen

from scl.artifacts.errors import InputError
from scl.artifacts.fields import (
    MOST,
    Channels,
    Count,
    Labels,
    Name,
    NotNegative,
    Positive,
    Sha256,
    Size,
    TaskName,
    Whole,
    check_different,
)
from scl.artifacts.files import sha256_bytes, sha256_file
from scl.artifacts.json_files import Artifact, read_artifact
from scl.partition import Partition

RUN, WEIGHTS, RANGES = "run.json", "model.safetensors", "ranges.json"
MOST_PARAMETERS = 50_000_000  # of an encoder; more is no wearable's, and a damaged file's number fills no memory
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
    parameters: dict[str, float]
    sentence: str


@dataclass(frozen=True)
class WindowInfo:
    """A window of the model: `samples` of `channels`, each in its unit, at `rate_hz`."""

    samples: Count
    rate_hz: Positive
    channels: Channels
    units: Labels

    def __post_init__(self) -> None:
        check_different("channels", self.channels)
        if len(self.units) != len(self.channels):
            raise ValueError(f"{len(self.channels)} channels but {len(self.units)} units, expected one for each")


@dataclass(frozen=True)
class SensorChannels:
    """Which channels of a window belong to one sensor."""

    kind: Name
    channels: Annotated[tuple[Size, ...], MinLen(1)]


@dataclass(frozen=True)
class InputSteps:
    """What happens to a window between resampling and normalization.

    Attributes:
        band_hz: low and high end of a band-pass, 3 dB down; None without one.
        warmup_s: seconds that it runs before a window begins.
        invariant: the encoder sees what no rotation changes.
        canonical: each window is rolled so that its largest excursion comes first (on the desktop only).
    """

    band_hz: tuple[Positive, Positive] | None = None
    warmup_s: NotNegative = 0.0
    invariant: bool = False
    canonical: bool = False


@dataclass(frozen=True)
class Normalisation:
    """Per input of the encoder what is taken off and divided by, and where the result is clipped, in deviations."""

    mean: Annotated[tuple[float, ...], MinLen(1)]
    std: Annotated[tuple[Positive, ...], MinLen(1)]
    limit: Positive

    def __post_init__(self) -> None:
        if len(self.mean) != len(self.std):
            raise ValueError(f"{len(self.mean)} means but {len(self.std)} deviations, expected one for each input")


@dataclass(frozen=True)
class Architecture:
    """Shape of an encoder.

    Args:
        widths: output channels of each convolution block.
        strides: stride of each block, in samples.
        kernel: length of each convolution, in samples; one number is that of all.
        pool: "average" pools over all remaining samples; "flatten" keeps their order.
        padding: "same" pads each convolution with zeros; "valid" does not, so that a stream can keep columns.

    Raises:
        ValueError: lengths differ, a size is not positive or beyond 65,535, or the pool is unknown.
    """

    widths: tuple[int, ...] = (24, 32, 40, 48, 48, 64, 64)
    strides: tuple[int, ...] = (2, 1, 2, 1, 2, 1, 2)
    kernel: tuple[int, ...] | int = (5, 3, 5, 3, 5, 3, 5)
    pool: str = "average"
    padding: str = "same"

    def __post_init__(self) -> None:
        object.__setattr__(self, "widths", tuple(self.widths))
        object.__setattr__(self, "strides", tuple(self.strides))
        kernels = (self.kernel,) * len(self.widths) if isinstance(self.kernel, int) else tuple(self.kernel)
        object.__setattr__(self, "kernel", kernels)
        if not self.widths or not len(self.widths) == len(self.strides) == len(kernels):
            raise ValueError(
                f"architecture: {len(self.widths)} widths but {len(self.strides)} strides and {len(kernels)} kernels"
            )
        sizes = (*self.widths, *self.strides, *kernels)
        if min(sizes) < 1 or max(sizes) > MOST:
            raise ValueError(f"architecture: widths, strides and kernels must be 1 or more, at most {MOST:,}")
        if self.pool not in ("average", "flatten"):
            raise ValueError(f"architecture: pool is {self.pool!r}, expected average or flatten")
        if self.padding not in ("same", "valid"):
            raise ValueError(f"architecture: padding is {self.padding!r}, expected same or valid")

    @property
    def kernels(self) -> tuple[int, ...]:
        """Length of each block's convolution."""
        assert isinstance(self.kernel, tuple)  # __post_init__ has seen to it
        return self.kernel


@dataclass(frozen=True)
class Split:
    """Who trains and who tests: subjects or records of each part.

    Attributes:
        name: how they were divided, for people.
        leaky: the same subjects are in several parts, which flatters.
        fold: which of five, where they are folds.
        same_patient: records of one patient that the published split has in two parts.
    """

    name: str
    leaky: bool
    seed: int
    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    fold: int | None = None
    same_patient: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        shared = set(self.train) & (set(self.validation) | set(self.test)) | set(self.validation) & set(self.test)
        if shared and not self.leaky:
            raise ValueError(f"split {self.name}: {sorted(shared)[:5]} are in more than one part, but it is not leaky")

    def part(self, name: str) -> tuple[int, ...]:
        """Subjects or records of "train", "validation" or "test"."""
        return {"train": self.train, "validation": self.validation, "test": self.test}[name]


@dataclass(frozen=True)
class DataSource:
    """Which recordings: the data set's name, the options that load them, what they were, and what loading met."""

    name: Name
    options: dict[str, object]
    sha256: str
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
    versions: dict[str, str]
    weights_sha256: Sha256

    kind = "run"
    schema = 4
    advice = "train it again with python -m train.imu or train.ecg"

    def __post_init__(self) -> None:
        check_different("labels", self.labels)
        if self.multilabel and len(self.labels) > CLASSES_TOGETHER:
            raise ValueError(f"labels: {len(self.labels)} that may hold together, expected {CLASSES_TOGETHER} at most")
        if not 0 < self.partition.kept_size <= self.partition.size <= MOST:
            raise ValueError(f"partition {self.partition}: expected 1 to {MOST:,} dimensions, some of them kept")
        channels = [channel for sensor in self.sensors for channel in sensor.channels]
        if channels != list(range(len(self.window.channels))):
            raise ValueError(f"sensors have channels {channels}, expected each of {len(self.window.channels)} in order")
        if self.weights > MOST_PARAMETERS:
            raise ValueError(f"architecture: has {self.weights:,} weights, expected at most {MOST_PARAMETERS:,}")

    @property
    def weights(self) -> int:
        """Weights of convolutions, latent and head; with SAME padding, which leaves the most to a flattened latent."""
        inputs, samples, total = len(self.normalisation.mean), self.window.samples, 0
        shape = self.architecture
        for width, stride, kernel in zip(shape.widths, shape.strides, shape.kernels, strict=True):
            total += inputs * kernel * width
            inputs, samples = width, -(-samples // stride)
        read = inputs * samples if shape.pool == "flatten" else inputs
        return total + read * self.partition.size + self.partition.kept_size * len(self.labels)

    @property
    def invariant_hz(self) -> float | None:
        """The rate of the windows whose invariants the encoder sees; None if it sees the sensor's channels."""
        return self.window.rate_hz if self.frontend.invariant else None


@dataclass(frozen=True)
class PlannedWindow:
    """What of a window decides an encoder's shape."""

    samples: Count
    channels: Channels


@dataclass(frozen=True)
class PlannedRun(Artifact):
    """What of a run.json decides the network's shape: enough of one for an estimate, before any training."""

    architecture: Architecture
    partition: Partition
    window: PlannedWindow
    labels: Labels
    frontend: InputSteps = InputSteps()

    kind = RunInfo.kind
    schema = RunInfo.schema
    advice = (
        "expected at least architecture, partition, window (channels, samples) and labels, as train.imu's run.json does"
    )
    __pydantic_config__ = {**Artifact.__pydantic_config__, "extra": "ignore"}


@dataclass(frozen=True)
class Ranges(Artifact):
    """ranges.json: the range of every activation, from which int8's scales are made.

    Attributes:
        run_hash: of the run that they belong to.
        windows, draws, subjects: the representative set: windows, transformed copies of each, whose.
        ranges: low and high end by tensor name.
    """

    run_hash: Sha256
    method: str
    windows: Count
    draws: Whole
    transformation: Name
    seed: int
    subjects: tuple[int, ...]
    ranges: dict[str, tuple[float, float]]

    kind = "ranges"
    schema = 2
    advice = "run python -m calibration.ranges RUN"


def read_run_info(folder: str | Path) -> RunInfo:
    """Reads run.json of a run folder. Raises InputError if there is none or a field is wrong."""
    folder = Path(folder)
    if not (folder / RUN).is_file():
        raise InputError(f"{folder}: is not a run folder (no {RUN}); python -m train.imu --out {folder} makes one")
    return read_artifact(folder / RUN, RunInfo)


def run_hash(folder: str | Path) -> str:
    """SHA-256 over run.json and the weights: what ranges.json and the bundle refer to."""
    folder = Path(folder)
    return sha256_bytes((sha256_file(folder / RUN) + sha256_file(folder / WEIGHTS)).encode())


def read_ranges(folder: str | Path) -> dict[str, tuple[float, float]]:
    """A run's activation ranges by tensor name. Raises InputError if there are none, or those of another run."""
    path = Path(folder) / RANGES
    command = f"run python -m calibration.ranges {folder}"
    if not path.is_file():
        raise InputError(f"{path}: no such file; {command}")
    contents = read_artifact(path, Ranges)
    expected = run_hash(folder)
    if contents.run_hash != expected:
        raise InputError(
            f"{path}: is stale, made for run {contents.run_hash[:12]}, but this one is {expected[:12]}; {command}"
        )
    return contents.ranges
