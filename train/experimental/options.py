"""The experimental options: their flags, and what they go together with."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from train.experimental.schedules import SCHEDULES
from train.run.options import Options, option

if TYPE_CHECKING:
    from train.methods.base import Method
    from train.run.config import TrainConfig


@dataclass(frozen=True)
class ExperimentalOptions(Options):
    """Variants of method scl."""

    allocation: str = option(
        "fixed", "scl: auto moves dimensions between the groups in training", choices=("fixed", "auto")
    )
    lambda_schedule: str = option(
        "constant", "lambda over the training: rise from 0, or fall to it", choices=tuple(SCHEDULES)
    )
    beta_schedule: str = option("constant", "beta over the training", choices=tuple(SCHEDULES))
    negatives: str = option(
        "batch",
        "scl: a window is held against any of its batch, one of another class, one of earlier batches, or the mean of "
        "all others, or of all of another class",
        choices=("batch", "other-class", "memory", "all", "all-other-class"),
    )
    floor: float = option(
        0.0, "scl: added to the invariant distance, so that negatives are pushed when it is 0", least=0
    )
    stop: str = option("none", "scl: whose invariant features get no gradient", choices=("none", "copy", "negative"))
    also: str = option(
        "",
        "imu, scl: what else the views differ in, each with a share of the variant dimensions",
        choices=("", "scale", "shift", "scale+shift"),
    )
    read: float = option(0.0, "with also: weight of linear readers of what each transformation did", least=0)

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.read and not self.also:
            raise ValueError(f"read is {self.read}, but there is no also to read")


def check(config: "TrainConfig", method: "Method") -> None:
    """Raises ValueError for experimental options that the method, the input or the partition does not go with."""
    options, partition = config.experimental, config.encoder.partition
    added = options.negatives.startswith("all") or options.floor > 0 or options.stop != "none"
    if added and (not method.structured or options.also or options.allocation == "auto"):
        raise ValueError(
            "negatives all and all-other-class, floor and stop are for method scl without also and allocation auto, "
            f"found {method.name} {options.also} {options.allocation}"
        )
    if options.allocation == "auto" and (not method.structured or options.also):
        raise ValueError(f"allocation auto is for method scl without also, found {method.name} {options.also}".rstrip())
    if not options.also:
        return
    if not method.structured or config.encoder.input != "raw":
        raise ValueError(
            f"also {options.also} is for method scl on input raw, found {method.name} on {config.encoder.input}"
        )
    parts = 2 + options.also.count("+")
    if partition.variant == 0 or partition.variant % parts:
        raise ValueError(
            f"partition {partition}: {partition.variant} variant dimensions do not divide among rotation and "
            f"{options.also}; give a multiple of {parts}"
        )
