"""A data set as one object: where it lies, how it loads, and what is done with it unless options say otherwise."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from scl.artifacts import InputError, shortened
from scl.artifacts.run import Split
from train.data.recordings import Recordings

Options = Mapping[str, object]  # of loading, as run.json carries them
BOTH_LEADS: Options = {"leads": "both"}  # of a set with `two_leads`


@dataclass(frozen=True)
class Source:
    """Which data set, by its name in the registry, and how it was loaded."""

    data_set: str
    options: Options


@dataclass(frozen=True)
class DataSet:
    """A data set that training, calibration and export find by its name.

    Attributes:
        signal: what was recorded.
        load: recordings from a path (None for a set that needs no files) and the options of loading.
        sensor: the sensor file that recorded it, or one of those that replay it at the model's rate (`REPLAYS`).
        places: where it lies below SCL_DATA_DIR, in this order, as its publisher names archives and folders; none for a
            set that needs no files.
        index: files that tell a folder of the set that lies open.
        rate_hz: the model's rate unless options say otherwise; None: the recordings say it.
        window_s: the length of a window, likewise.
        split: the published division into parts by a seed; None: by the options.
        two_leads: whether each record has another lead, which is read beside the first with the options BOTH_LEADS.
        owns: whether a zip or folder holds this set, as its files tell.
    """

    name: str
    signal: Literal["imu", "ecg"]
    load: Callable[[Path | None, Options], Recordings]
    sensor: str
    places: tuple[str, ...] = ()
    index: tuple[str, ...] = ()
    rate_hz: float | None = None
    window_s: float | None = None
    split: Callable[[Recordings, int], Split] | None = None
    owns: Callable[[Path], bool] = lambda path: False
    two_leads: bool = False

    def find(self, folder: Path) -> Path | None:
        """The set's archive or folder below `folder`, which SCL_DATA_DIR names; None if it is not there."""
        path = next((folder / place for place in self.places if (folder / place).exists()), None)
        return path.parent if path is not None and path.name in self.index else path


def text_option(options: Options, name: str, default: str) -> str:
    """An option of loading that is a text. Raises InputError if it is something else."""
    value = options.get(name, default)
    if not isinstance(value, str):
        raise InputError(f"data option {name} is {shortened(value)}, expected a text")
    return value


def texts_option(options: Options, name: str, default: tuple[str, ...] | None) -> tuple[str, ...] | None:
    """An option of loading that is a list of texts. Raises InputError if it is something else."""
    value = options.get(name)
    if value is None:
        return default
    if not isinstance(value, list | tuple) or not all(isinstance(item, str) for item in value):
        raise InputError(f"data option {name} is {shortened(value)}, expected a list of texts")
    return tuple(value)


def rate_option(options: Options, default: float) -> float:
    """The model's rate, `rate_hz` among the options of loading. Raises InputError if it is no positive number."""
    value = options.get("rate_hz", default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise InputError(f"data option rate_hz is {shortened(value)}, expected a number above 0")
    return float(value)


def needed(path: Path | None, name: str) -> Path:
    """The path of a set that lies in files. Raises InputError without one."""
    if path is None:
        raise InputError(f"{name}: say where it is with --data or SCL_DATA_DIR")
    return path
