"""manifest.json of a bundle: what the model is, what it takes and gives, what it costs, and the hash of every file."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MaxLen, MinLen

from scl.artifacts.errors import shortened
from scl.artifacts.fields import (
    Count,
    Fraction,
    Int8,
    Labels,
    Name,
    Positive,
    Sha256,
    Size,
    TaskName,
    Whole,
    check_different,
)
from scl.artifacts.json_files import Artifact
from scl.artifacts.run import TransformationInfo, WindowInfo
from scl.frontend.spec import FrontEndSpec
from scl.partition import Partition

ADVICE = "export it again with python -m export.quantize"
MOST_FILES = 1000  # of a bundle
MOST_LABELS_TOGETHER = 7  # bits of a class byte, in which 255 is taken
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
    """What the network writes: the kept latent and the logits."""

    features: OutputTensor
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
    """The int8 model's figures on the windows that travel with the bundle."""

    windows: Count
    copies: Whole
    accuracy: Fraction
    accuracy_transformed: Fraction
    macro_f1: Fraction
    macro_f1_transformed: Fraction
    consistency: Fraction | None


@dataclass(frozen=True)
class SplitName:
    """How windows were divided, and whether that flatters."""

    name: str
    leaky: bool


@dataclass(frozen=True)
class Manifest(Artifact):
    """manifest.json of a trained run.

    Attributes:
        kept: indices of the latent's dimensions that the device has.
        run_hash: of the run it was made from; model_hash: of all that decides an answer.
        thresholds: of the logits, where labels may hold together.
        transforms: what each row of golden.npz is, for reports; the first is the identity.
        files: SHA-256 of every file of the folder, by its path in it.
    """

    name: Name
    task: TaskName
    transformation: TransformationInfo
    method: Name
    labels: Labels
    partition: Partition
    kept: tuple[Size, ...]
    run_hash: Sha256
    window: WindowInfo
    frontend: FrontEndSpec
    input: InputTensor
    outputs: Outputs
    split: SplitName
    data: Name
    thresholds: tuple[Int8, ...] | None
    transforms: Annotated[tuple[str, ...], MinLen(1)]
    model_hash: Sha256
    cost: Cost
    streaming: Streaming | None
    int8: Int8Figures
    files: Files

    kind = "bundle"
    schema = 5
    advice = ADVICE

    def __post_init__(self) -> None:
        check_different("labels", self.labels)
        expected = self.partition.kept.tolist()
        if list(self.kept) != expected:
            raise ValueError(f"kept is {shortened(self.kept)}, expected the partition's {shortened(expected)}")
        pairs = (
            ("outputs.features.size", self.outputs.features.size, len(expected)),
            ("outputs.logits.size", self.outputs.logits.size, len(self.labels)),
            ("input.shape", self.input.shape, (1, 1, self.window.samples, len(self.frontend.mean))),
            ("frontend.window_samples", self.frontend.window_samples, self.window.samples),
            ("frontend.model_rate_hz", self.frontend.model_rate_hz, self.window.rate_hz),
            ("frontend.sensor's channels", self.frontend.sensor.channels, len(self.window.channels)),
        )
        for name, found, wanted in pairs:
            if found != wanted:
                raise ValueError(f"{name} is {found}, expected {wanted}")
        if self.thresholds is not None and not len(self.thresholds) == len(self.labels) <= MOST_LABELS_TOGETHER:
            raise ValueError(
                f"thresholds: {len(self.thresholds)} for {len(self.labels)} labels, expected one for each and at most "
                f"{MOST_LABELS_TOGETHER}"
            )
        if self.streaming is not None and self.streaming.hop >= self.window.samples:
            raise ValueError(f"streaming.hop is {self.streaming.hop}, expected less than {self.window.samples} samples")


@dataclass(frozen=True)
class PlainWindow:
    """Samples and channels of a network without a front end."""

    samples: Count
    channels: Count


@dataclass(frozen=True)
class NetworkManifest(Artifact):
    """manifest.json of a network that was read from a file made elsewhere: no front end, no recordings."""

    name: Name
    model_hash: Sha256
    window: PlainWindow
    input: InputTensor
    output: OutputTensor
    cost: Cost
    files: Files

    kind = "network"
    schema = 1
    advice = ADVICE + " --from FILE"
