"""Which values of an option a task takes. Each task declares them; what it does not name, it takes as it is."""

from collections.abc import Mapping
from dataclasses import dataclass

from scl.artifacts import InputError
from train.run.config import TrainConfig


@dataclass(frozen=True)
class Only:
    """The values of an option that a task takes, and why no others."""

    values: tuple[object, ...]
    because: str


def check_supported(task: str, supported: Mapping[str, Only], config: TrainConfig) -> None:
    """Raises InputError for an option with a value that the task has no use for.

    Args:
        task: its name in the message: "ECG".
        supported: by the option's name.
    """
    values = config.as_dict()
    for name, only in supported.items():
        if values[name] not in only.values:
            expected = " or ".join(str(value) or "nothing" for value in only.values)
            raise InputError(
                f"--{name.replace('_', '-')} is {values[name]}, expected {expected} for {task} ({only.because}); "
                "leave it out"
            )
