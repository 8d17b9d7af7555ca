"""manifest.json of a bundle: what the model is, what it takes and gives, what it costs, and the hash of every file."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MaxLen, MinLen

from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.decision import Decision, check_decides
from scl.artifacts.errors import shortened
from scl.artifacts.fields import (
    MOST_LABELS,
    MOST_OUTPUTS,
    Count,
    Fraction,
    Int8,
    Labels,
    Line,
    Name,
    Positive,
    Sha256,
    Size,
    TaskName,
    Whole,
    check_different,
)
from scl.artifacts.json_files import Artifact
from scl.artifacts.label_groups import LabelGroup, LabelGroups
from scl.artifacts.run import TransformationInfo, WindowInfo
from scl.belief import DecisionSettings
from scl.frontend.sensor import Sensor
from scl.frontend.spec import FrontEndSpec
from scl.partition import Partition

ADVICE = "export it again with python -m export.quantize"
MOST_FILES = 1000  # of a bundle
MOST_COPIES = 1000  # of a window in battery.npz
MOST_LABELS_TOGETHER = 15  # bits of a class, two bytes in which 65535 is taken
Files = Annotated[dict[str, Sha256], MaxLen(MOST_FILES)]


@dataclass(frozen=True)
class InputTensor:
    """The network's input: shape (1, 1, samples, channels), value = scale * (q - zero_point)."""

    shape: tuple[Count, Count, Count, Count]
    scale: Positive
    zero_point: Int8


@dataclass(frozen=True)
class OutputTensor:
    """One of the network's outputs: its size, value = scale * (q - zero_point)."""

    size: Size
    scale: Positive
    zero_point: Int8


@dataclass(frozen=True)
class Outputs:
    """What the network writes: the kept latent, None where it gives out none, and the logits."""

    features: OutputTensor | None
    logits: OutputTensor


@dataclass(frozen=True)
class Cost:
    """What the network takes on the reference board.

    Attributes:
        flash_bytes, ram_bytes: of engine, model and front end.
        arena_bytes: of working memory, part of ram_bytes.
        instructions: of an inference, counted by the emulator.
        stack_bytes: the deepest that an inference went.
    """

    parameters: Whole
    macs: Whole
    flash_bytes: Whole
    ram_bytes: Whole
    arena_bytes: Whole
    instructions: Whole
    stack_bytes: Whole


@dataclass(frozen=True)
class Streaming:
    """What a stream that keeps columns costs, and over how much it was proved equal to the whole window.

    Attributes:
        hop: model-rate samples of a step.
        share: of a whole window's instructions.
    """

    hop: Count
    instructions: Whole
    share: Positive
    arena_bytes: Whole
    windows_compared: Whole
    board_values_compared: Whole


@dataclass(frozen=True)
class Int8Figures:
    """The int8 model's figures on the windows that travel with the bundle; None where their labels are not known, or
    there are no transformed copies.
    """

    windows: Count
    copies: Whole
    accuracy: Fraction | None
    accuracy_transformed: Fraction | None
    macro_f1: Fraction | None
    macro_f1_transformed: Fraction | None
    consistency: Fraction | None


@dataclass(frozen=True)
class SplitName:
    """How windows were divided, and whether that flatters."""

    name: str
    leaky: bool


def quarter(window_samples: int) -> int:
    """The hop of a stream that keeps no columns, in samples: a quarter of the window, rounded up.

    Examples:
        >>> quarter(200), quarter(45)
        (50, 12)
    """
    return -(-window_samples // 4)


@dataclass(frozen=True)
class BundleManifest(Artifact):
    """manifest.json of any bundle.

    Attributes:
        labels: a name for each class, or none at all: then a class is told by its number.
        model_hash: of all that decides an answer.
        outputs, partition: the groups of the features, which are the kept dimensions of a partition; None: not known.
        frontend: None for a network that takes its int8 input as it is.
        transformation: of the copies that travel with the bundle; None without copies.
        transforms: what each row of golden.npz is, for reports; the first is the identity.
        thresholds: of the logits, where labels may hold together.
        decision: what decides behind the logits; None: the class of each window does.
        data: which windows travel with the bundle.
        seed: of the transformation's draws and of the choice of these windows.
        files: SHA-256 of every file of the folder, by its path in it.
    """

    name: Name
    labels: Annotated[tuple[Line, ...], MaxLen(MOST_LABELS)]
    model_hash: Sha256
    input: InputTensor
    outputs: Outputs
    partition: Partition | None
    frontend: FrontEndSpec | None
    transformation: TransformationInfo | None
    transforms: Annotated[tuple[str, ...], MinLen(1)]
    thresholds: tuple[Int8, ...] | None
    decision: Decision | None
    streaming: Streaming | None
    data: Name
    seed: Whole
    int8: Int8Figures
    cost: Cost
    files: Files

    advice = ADVICE

    def __post_init__(self) -> None:
        check_different("labels", self.labels)
        samples, inputs = self.input.shape[2:]
        if self.labels:
            self._check_equal("outputs.logits.size", self.outputs.logits.size, len(self.labels))
        if not 0 < self.outputs.logits.size <= MOST_OUTPUTS - self.features:
            raise ValueError(
                f"outputs.logits.size is {self.outputs.logits.size} beside {self.features} features, expected "
                f"{MOST_OUTPUTS} at most together"
            )
        if self.partition is not None:
            self._check_equal("outputs.features.size", self.features, len(self.partition.kept))
        if self.frontend is not None:
            self._check_equal("input.shape", (samples, inputs), (self.frontend.window_samples, self.frontend.inputs))
        if self.thresholds is not None and not len(self.thresholds) == len(self.labels) <= MOST_LABELS_TOGETHER:
            raise ValueError(
                f"thresholds: {len(self.thresholds)} for {len(self.labels)} labels, expected one for each and at most "
                f"{MOST_LABELS_TOGETHER}"
            )
        if self.decision is not None:
            windows = self.frontend is not None and self.frontend.beats is None and self.thresholds is None
            check_decides(self.outputs.logits.size if windows else 0)
            self.decision_settings()
        if self.streaming is not None and self.streaming.hop >= samples:
            raise ValueError(f"streaming.hop is {self.streaming.hop}, expected less than {samples} samples")

    def _check_equal(self, name: str, found: object, wanted: object) -> None:
        if found != wanted:
            raise ValueError(f"{name} is {found}, expected {wanted}")

    @property
    def features(self) -> int:
        """How many features the network gives out."""
        return 0 if self.outputs.features is None else self.outputs.features.size

    @property
    def classes(self) -> int:
        """How many answers the network can give: its outputs, or the sets of labels that may hold together."""
        return self.outputs.logits.size if self.thresholds is None else 1 << len(self.labels)

    @property
    def labelled(self) -> bool:
        """Whether the labels of the windows that travel with the bundle are known."""
        return self.int8.accuracy is not None

    @property
    def window_samples(self) -> int:
        """Model-rate samples of the network's input."""
        return self.input.shape[2]

    @property
    def default_hop(self) -> int:
        """Model-rate samples from one class of a stream to the next: SCL_DEFAULT_HOP of firmware/src/app/model.h."""
        return self.streaming.hop if self.streaming else quarter(self.window_samples)

    def decision_settings(self, hop: int | None = None, decision: Decision | None = None) -> DecisionSettings | None:
        """By what a board decides in a stream with this hop (None: the default one), by the bundle's decision or
        another; None without decisions.
        """
        if self.decision is None or self.frontend is None:
            return None
        rate_hz = self.frontend.model_rate_hz
        hop_s, window_s = (hop or self.default_hop) / rate_hz, self.window_samples / rate_hz
        return (decision or self.decision).settings(self.outputs.logits.scale, hop_s, window_s)

    @property
    def raw_samples(self) -> int:
        """Samples of a window on the link: a sensor's, or the network's own."""
        return self.window_samples if self.frontend is None else self.frontend.raw_samples

    @property
    def values(self) -> int:
        """Of a sample on the link: a sensor's counts, or the network's channels."""
        return self.input.shape[3] if self.frontend is None else self.frontend.sensor.channels

    @property
    def sensor(self) -> Sensor:
        """Whose counts it takes. Raises ValueError without a front end."""
        if self.frontend is None:
            raise ValueError("a model without a front end takes no sensor's counts")
        return self.frontend.sensor

    @property
    def channels(self) -> tuple[str, ...]:
        """Names of the sensor's channels. Raises ValueError without a front end."""
        return self.sensor.channel_names


@dataclass(frozen=True)
class Manifest(BundleManifest):
    """manifest.json of a trained run.

    Attributes:
        kept: indices of the latent's dimensions that the device has.
        run_hash: of the run it was made from.
        label_groups: of labels that count as one in figures of a second level; empty without.
        battery: of battery.npz, row by row behind the first, which is as recorded; empty without that file.
    """

    labels: Labels
    partition: Partition
    frontend: FrontEndSpec
    transformation: TransformationInfo
    task: TaskName
    method: Name
    kept: tuple[Size, ...]
    run_hash: Sha256
    window: WindowInfo
    split: SplitName
    battery: Annotated[tuple[BatteryCopy, ...], MaxLen(MOST_COPIES)] = ()
    label_groups: Annotated[tuple[LabelGroup, ...], MaxLen(MOST_LABELS)] = ()

    kind = "bundle"
    schema = 8

    @property
    def channels(self) -> tuple[str, ...]:
        return self.window.channels

    def __post_init__(self) -> None:
        expected = self.partition.kept.tolist()
        if list(self.kept) != expected:
            raise ValueError(f"kept is {shortened(self.kept)}, expected the partition's {shortened(expected)}")
        pairs = (
            ("input.shape", self.input.shape, (1, 1, self.window.samples, len(self.frontend.mean))),
            ("frontend.window_samples", self.frontend.window_samples, self.window.samples),
            ("frontend.model_rate_hz", self.frontend.model_rate_hz, self.window.rate_hz),
            ("frontend.sensor's channels", self.frontend.sensor.channels, len(self.window.channels)),
        )
        for name, found, wanted in pairs:
            self._check_equal(name, found, wanted)
        super().__post_init__()
        if self.label_groups and (self.thresholds is not None or self.frontend.beats is not None):
            raise ValueError("label_groups: expected none of a model whose windows have not one label each")
        LabelGroups(self.label_groups).check(self.labels)


@dataclass(frozen=True)
class NetworkManifest(BundleManifest):
    """manifest.json of a network that was made elsewhere."""

    kind = "network"
    schema = 5
    advice = ADVICE + " --from FILE"
