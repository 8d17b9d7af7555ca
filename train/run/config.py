"""Options of a training run: one frozen dataclass, readable from a TOML file and from flags of the same names."""

import argparse
import math
import tomllib
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path
from typing import Any

from scl.artifacts import InputError
from scl.partition import Partition

METHODS = ("baseline", "augment", "scl", "simclr", "vicreg")
SCHEDULES = ("constant", "rise", "fall")


def _option(default: Any, text: str, choices: tuple[str, ...] | None = None) -> Any:
    return field(default=default, metadata={"help": text, "choices": choices})


@dataclass(frozen=True)
class TrainConfig:
    """Everything that decides a run besides the data. A trailing underscore (`lambda_`) is not part of an option's
    name.
    """

    method: str = _option("scl", "what is trained", METHODS)
    task_views: str = _option(
        "both", "two views: task loss on the first only (the paper) or on both", ("original", "both")
    )
    anchor: str = _option(
        "transformed", "two views: the first as recorded, or transformed too", ("original", "transformed")
    )
    partition: str = _option("32/32/64", "latent dimensions invariant/variant/free")
    allocation: str = _option("fixed", "scl: auto moves dimensions between the groups in training", ("fixed", "auto"))
    pool: str = _option(
        "average", "what precedes the latent: the average over time, or all of it", ("average", "flatten")
    )
    padding: str = _option("same", "of convolutions; valid lets a stream keep columns", ("same", "valid"))
    input: str = _option(
        "raw", "the sensor's channels; imu: what no rotation changes of them; ecg: rolled to the largest excursion",
        ("raw", "invariant", "canonical"),
    )  # fmt: skip
    variation: float = _option(0.0, "imu: how much gain, tempo and noise of a window vary in training; 1: as people do")
    smoothing: float = _option(0.0, "share of the label that the task loss spreads over all classes")
    cutmix: float = _option(0.0, "imu: share of batches in which windows hold a span of another, and both labels count")
    balance: float = _option(0.0, "classes weigh their count to the power of minus this in the task loss")
    lambda_: float = _option(0.2, "weight of the loss between the two views (scl, simclr, vicreg)")
    beta: float = _option(1.0, "weight of the variant distance in it")
    eps: float = _option(0.01, "its stabilizer, see scl.loss")
    lambda_schedule: str = _option("constant", "lambda over the training: rise from 0, or fall to it", SCHEDULES)
    beta_schedule: str = _option("constant", "beta over the training", SCHEDULES)
    negatives: str = _option(
        "batch", "scl: a window is held against any of its batch, one of another class, or one of earlier batches",
        ("batch", "other-class", "memory"),
    )  # fmt: skip
    also: str = _option(
        "", "imu, scl: what else the views differ in, each with a share of the variant dimensions",
        ("", "scale", "shift", "scale+shift"),
    )  # fmt: skip
    read: float = _option(0.0, "with also: weight of linear readers of what each transformation did")
    epochs: int = _option(30, "passes over the training windows")
    batch_size: int = _option(128, "windows per step")
    learning_rate: float = _option(4e-3, "peak of the one-cycle schedule")
    weight_decay: float = _option(1e-2, "AdamW's")
    split: str = _option(
        "subject", "who tests; fold: a fifth of the subjects, the seed's; random is leaky and flatters",
        ("subject", "fold", "random"),
    )  # fmt: skip
    seed: int = _option(0, "of split, weights, order and transformations")
    draws: int = _option(4, "transformed copies of every test window")

    def __post_init__(self) -> None:
        for option in fields(self):
            value, choices = getattr(self, option.name), option.metadata["choices"]
            name = option.name.rstrip("_")
            if choices and value not in choices:
                raise ValueError(f"{name} is {value!r}, expected one of {', '.join(choices)}")
            if isinstance(value, bool) or not isinstance(
                value, (int, option.type) if option.type is float else option.type
            ):  # type: ignore[arg-type]
                raise ValueError(f"{name} is {value!r}, expected {option.type.__name__}")  # type: ignore[union-attr]
            if option.type is float and not math.isfinite(value):
                raise ValueError(f"{name} is {value!r}, expected a finite number")
        for name, least in (("epochs", 1), ("batch_size", 2), ("draws", 1), ("seed", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name} is {getattr(self, name)}, expected {least} or more")
        for name in ("learning_rate", "eps"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} is {getattr(self, name)}, expected more than 0")
        for name in ("variation", "smoothing", "cutmix", "balance", "lambda_", "beta", "read", "weight_decay"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name.rstrip('_')} is {getattr(self, name)}, expected 0 or more")
        if self.smoothing >= 1:
            raise ValueError(f"smoothing is {self.smoothing}, expected less than 1: nothing of the label would be left")
        if self.cutmix > 1 or (self.cutmix and self.batch_size % 2):
            raise ValueError(
                f"cutmix is {self.cutmix} and batch_size {self.batch_size}, expected at most 1 and even batches"
            )
        partition = Partition.parse(self.partition)
        if partition.kept_size == 0:
            raise ValueError(f"partition {partition} leaves the task head nothing: it reads invariant and free ones")
        if self.method == "scl" and partition.invariant == partition.variant == 0:
            raise ValueError(f"partition {partition} has neither invariant nor variant dimensions for method scl")

        if self.allocation == "auto" and (self.method != "scl" or self.also):
            raise ValueError(
                f"allocation auto is for method scl without also, found {self.method} {self.also}".rstrip()
            )
        self._check_compound(partition)

    def _check_compound(self, partition: Partition) -> None:
        if not self.also:
            if self.read:
                raise ValueError(f"read is {self.read}, but there is no also to read")
            return
        parts = 2 + self.also.count("+")
        if self.method != "scl" or self.input != "raw":
            raise ValueError(f"also {self.also} is for method scl on input raw, found {self.method} on {self.input}")
        if partition.variant == 0 or partition.variant % parts:
            raise ValueError(
                f"partition {partition}: {partition.variant} variant dimensions do not divide among rotation and "
                f"{self.also}; give a multiple of {parts}"
            )

    def as_dict(self) -> dict[str, Any]:
        """Options by name, for run.json."""
        return {name.rstrip("_"): value for name, value in asdict(self).items()}


def add_options(parser: argparse.ArgumentParser, defaults: TrainConfig | None = None) -> None:
    """Adds `--config` and one flag per option; flags that are not given stay None."""
    parser.add_argument("--config", type=Path, metavar="FILE.toml", help="options from a file; flags take precedence")
    defaults = defaults or TrainConfig()
    for option in fields(TrainConfig):
        name = option.name.rstrip("_")
        parser.add_argument(
            "--" + name.replace("_", "-"),
            dest=option.name,
            type=option.type,  # type: ignore[arg-type]
            choices=option.metadata["choices"],
            help=f"{option.metadata['help']} (default {getattr(defaults, option.name)})",
        )


def from_arguments(arguments: argparse.Namespace, defaults: TrainConfig | None = None) -> TrainConfig:
    """Defaults, then the TOML file, then the flags. Raises InputError for an unknown key or a value out of range."""
    values: dict[str, Any] = {}
    source = "options"
    if arguments.config is not None:
        values, source = _read(arguments.config), f"{arguments.config} and flags"
    given = {f.name: getattr(arguments, f.name) for f in fields(TrainConfig)}
    values |= {name: value for name, value in given.items() if value is not None}
    try:
        return replace(defaults or TrainConfig(), **values)
    except ValueError as error:
        raise InputError(f"{source}: {error}") from error


def _read(path: Path) -> dict[str, Any]:
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InputError(f"{path}: cannot be read as TOML ({error})") from error
    known = {f.name.rstrip("_"): f.name for f in fields(TrainConfig)}
    unknown = sorted(set(values) - set(known))
    if unknown:
        raise InputError(f"{path}: unknown key {', '.join(unknown)}; known keys: {', '.join(known)}")
    return {known[name]: value for name, value in values.items()}
