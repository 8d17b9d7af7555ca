"""Options of a training run, in groups."""

from collections.abc import Iterator
from dataclasses import Field, dataclass, fields, replace
from functools import partial
from typing import Any

from scl.arguments import MOST_COPIES, MOST_SEED
from scl.artifacts.fields import MOST
from scl.artifacts.label_groups import LabelGroups
from scl.frontend.beats import INPUTS
from scl.partition import Partition
from train.experimental.options import ExperimentalOptions
from train.experimental.options import check as check_experimental
from train.methods import METHODS, named
from train.run.options import Options, Sizes, name_of, option, parsed

FEATURES = INPUTS  # for which beats are measured
AS_RECORDED, CORRECTED = "as-recorded", "corrected"  # polarity of measured beats
FEATURES_METHOD = "augment"  # none was measured to do better there
MOST_EPOCHS = 1_000_000
MOST_BATCH = 1_000_000  # windows


@dataclass(frozen=True)
class MethodOptions(Options):
    """What is trained, and the loss between two views."""

    name: str = option("scl", "what is trained", choices=METHODS, name="method")
    task_views: str = option(
        "both", "two views: task loss on the first only (the paper) or on both", choices=("original", "both")
    )
    anchor: str = option(
        "transformed", "two views: the first as recorded, or transformed too", choices=("original", "transformed")
    )
    views: int = option(
        0, "views of a window that are trained on; 0: the method's own number; 2 with augment: without a contrast",
        least=0, most=2,
    )  # fmt: skip
    lambda_: float = option(0.2, "weight of the loss between the two views (scl, simclr, vicreg)", least=0)
    beta: float = option(1.0, "weight of the variant distance in it", least=0)
    eps: float = option(0.01, "its stabilizer, see scl.loss", above=0)
    against: str = option(
        "",
        "imu: what the second view differs in, rotation (the default) or nuisances of docs/BATTERY.md with + between "
        "them, as rotation+mirror; beats: what their copies differ in besides, inverted, lead (the record's other one) "
        "or inverted+lead",
    )


@dataclass(frozen=True)
class EncoderOptions(Options):
    """What the encoder sees, and its shape."""

    partition: Partition = option(
        Partition(32, 32, 64), "latent dimensions invariant/variant/free", parse=Partition.parse
    )
    widths: Sizes = option(
        Sizes(),
        "output channels of each convolution block, as 16/24/32; none: the task's own",
        parse=partial(Sizes.parse, "widths"),
    )
    strides: Sizes = option(
        Sizes(),
        "stride of each, in samples, as 2/1/2; none: the task's own, as the window allows",
        parse=partial(Sizes.parse, "strides"),
    )
    kernels: Sizes = option(
        Sizes(),
        "length of each's convolution, in samples, as 5/3/5; none: the task's own",
        parse=partial(Sizes.parse, "kernels"),
    )
    pool: str = option(
        "average", "what precedes the latent: the average over time, or all of it", choices=("average", "flatten")
    )
    padding: str = option("same", "of convolutions; valid lets a stream keep more columns", choices=("same", "valid"))
    input: str = option(
        "raw",
        "the sensor's channels; imu: what no rotation changes of them; ecg: rolled to the largest excursion; beats: "
        "features of each (the default there), those that do not wait for the next beat (causal), the samples around "
        "its R peak (waveform, no wait either), or features and samples (both)",
        choices=("raw", "invariant", "canonical", *FEATURES),
    )
    polarity: str = option(
        AS_RECORDED,
        "beats: features with a sign have the lead's, or are turned so that the patient's usual R peak points up",
        choices=(AS_RECORDED, CORRECTED),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.partition.kept_size == 0:
            raise ValueError(
                f"partition {self.partition} leaves the task head nothing: it reads invariant and free dimensions"
            )
        if self.partition.size > MOST:
            raise ValueError(
                f"partition {self.partition} has {self.partition.size} dimensions, expected {MOST:,} at most"
            )


@dataclass(frozen=True)
class WindowOptions(Options):
    """What a window of the recordings is; 0: as the data set has it."""

    seconds: float = option(
        0.0, "length of a window; 0: the data set's (WISDM and strips 10, the watch set and beats 4)",
        least=0, name="window", unit="SECONDS",
    )  # fmt: skip
    rate_hz: float = option(
        0.0, "samples per second that the model sees; 0: the data set's (WISDM and the watch set 20, MIT-BIH 180)",
        least=0, name="rate", unit="HZ",
    )  # fmt: skip
    peaks: str = option(
        "detected",
        "beats: where training beats are measured, at R peaks that the detector found, as test beats are, or at "
        "annotated ones",
        choices=("detected", "annotated"),
    )

    @property
    def loading(self) -> dict[str, object]:
        """The options of loading an IMU's recordings that follow."""
        return {"rate_hz": float(self.rate_hz)} if self.rate_hz else {}


@dataclass(frozen=True)
class AugmentationOptions(Options):
    """What windows and labels that are trained on differ in besides the transformation."""

    variation: float = option(
        0.0,
        "imu: how much gain, tempo and noise of a window vary in training; 1: as people do; features of beats: noise, "
        "in standard deviations",
        least=0,
    )
    smoothing: float = option(
        0.0,
        "share of the label that the task loss spreads over all classes",
        least=0,
        below=(1, "nothing of the label would be left"),
    )
    cutmix: float = option(
        0.0, "imu: share of batches in which windows hold a span of another, and both labels count", least=0
    )


@dataclass(frozen=True)
class OptimizationOptions(Options):
    """How long and how fast the weights move."""

    balance: float = option(0.0, "classes weigh their count to the power of minus this in the task loss", least=0)
    evenness: float = option(
        0.0,
        "windows are drawn by their count in class and subject or record to the power of minus this; 0: each once",
        least=0,
    )
    epochs: int = option(30, "passes over the training windows", least=1, most=MOST_EPOCHS)
    batch_size: int = option(128, "windows per step", least=2, most=MOST_BATCH)
    learning_rate: float = option(4e-3, "peak of the one-cycle schedule", above=0)
    weight_decay: float = option(1e-2, "AdamW's", least=0)


@dataclass(frozen=True)
class RunOptions(Options):
    """Who trains and who tests, what is drawn, and how often the test windows are transformed."""

    split: str = option(
        "subject",
        "who tests; fold: a fifth of the subjects, the seed's; random is leaky and flatters",
        choices=("subject", "fold", "random"),
    )
    seed: int = option(0, "of split, weights, order and transformations", least=0, most=MOST_SEED)
    labelled: int = option(
        0, "imu: training subjects, the seed's, whose windows have labels; the contrast reads all; 0: all have",
        least=0, most=MOST, unit="SUBJECTS",
    )  # fmt: skip
    draws: int = option(4, "transformed copies of every test window", least=1, most=MOST_COPIES)
    groups: LabelGroups = option(
        LabelGroups(),
        "imu: classes that count as one in figures of a second level, as eating=soup+chips,moving=walking+jogging; the "
        "network is the same, and an export takes them over",
        parse=LabelGroups.parse,
    )


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run besides the data. Raises ValueError for values that do not go together."""

    method: MethodOptions = MethodOptions()
    window: WindowOptions = WindowOptions()
    encoder: EncoderOptions = EncoderOptions()
    augmentation: AugmentationOptions = AugmentationOptions()
    optimization: OptimizationOptions = OptimizationOptions()
    run: RunOptions = RunOptions()
    experimental: ExperimentalOptions = ExperimentalOptions()

    def __post_init__(self) -> None:
        cutmix, size = self.augmentation.cutmix, self.optimization.batch_size
        if cutmix > 1 or (cutmix and size % 2):
            raise ValueError(f"cutmix is {cutmix} and batch_size {size}, expected at most 1 and even batches")

    @classmethod
    def options(cls) -> Iterator[tuple[str, str, "Field[Any]"]]:
        """Of every option its name, its group and its field."""
        for group in fields(cls):
            for described in fields(group.type):  # type: ignore[arg-type]
                yield name_of(described), group.name, described

    def as_dict(self) -> dict[str, object]:
        """Values by option, as flags and TOML files have them: for run.json."""
        values = {name: getattr(getattr(self, group), field.name) for name, group, field in self.options()}
        return {
            name: str(value) if isinstance(value, Partition | Sizes | LabelGroups) else value
            for name, value in values.items()
        }

    def changed(self, **values: object) -> "TrainConfig":
        """A copy with other values of some options, by name; `lambda_` is lambda.

        Raises ValueError for an unknown option or a value out of range.
        """
        known = {name: (group, field) for name, group, field in self.options()}
        changes: dict[str, dict[str, object]] = {}
        for name, value in values.items():
            if name.rstrip("_") not in known:
                raise ValueError(f"unknown option {name}; known options: {', '.join(known)}")
            group, field = known[name.rstrip("_")]
            changes.setdefault(group, {})[field.name] = parsed(field, value)
        return replace(self, **{group: replace(getattr(self, group), **new) for group, new in changes.items()})

    def check_method(self) -> None:
        """Raises ValueError for options that the method has no use for. Imports the method, and torch with it."""
        method, partition = named(self.method.name), self.encoder.partition
        if method.structured and partition.invariant == partition.variant == 0:
            raise ValueError(
                f"partition {partition} has neither invariant nor variant dimensions for method {method.name}"
            )
        if self.method.views not in (0, method.views) and not (self.method.views == 2 and method.first_transformed):
            raise ValueError(
                f"views is {self.method.views}, but method {method.name} trains on {method.views} of a window"
            )
        if self.run.labelled and self.experimental.negatives.endswith("other-class"):
            raise ValueError(
                f"labelled is {self.run.labelled}, but negatives {self.experimental.negatives} asks for every window's"
            )
        check_experimental(self, method)
