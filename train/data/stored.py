"""Where a data set's recordings are, and those that a run was trained on."""

import os
from pathlib import Path

from scl.artifacts import InputError
from scl.artifacts.run import RunInfo
from train.data.data_set import DataSet
from train.data.recordings import Recordings, WindowSet
from train.data.registry import data_set
from train.data.tasks import TASKS
from train.transformations import from_info


def resolve(data: str | Path | None, wanted: DataSet) -> Path | None:
    """Where a set's recordings are: `data`, else below SCL_DATA_DIR; None if neither is given or it needs no files.

    Raises InputError if SCL_DATA_DIR is set but does not hold the set.
    """
    if not wanted.places:
        return None
    if data is not None:
        return Path(data)
    folder = os.environ.get("SCL_DATA_DIR")
    if not folder:
        return None
    path = wanted.find(Path(folder))
    if path is None:
        raise InputError(
            f"SCL_DATA_DIR is {folder}, which holds none of {', '.join(wanted.places)}; unset it, or give --data PATH"
        )
    return path


def recordings_for_run(info: RunInfo, data: str | Path | None = None) -> Recordings:
    """The recordings that a run was trained on, ECG as it was recorded.

    Raises InputError if those at hand are others.
    """
    wanted = data_set(info.data.name)
    path = resolve(data, wanted)
    if path is None and wanted.places:
        raise InputError(f"run {info.name}: was trained on {wanted.name}; say where it is with --data or SCL_DATA_DIR")
    recordings = wanted.load(path, info.data.options)
    if recordings.sha256 != info.data.sha256:
        raise InputError(
            f"{path}: SHA-256 is {recordings.sha256}, but run {info.name} was trained on {info.data.sha256}; "
            "give the same recordings with --data"
        )
    return recordings


def windows_for_run(info: RunInfo, part: str, data: str | Path | None = None) -> WindowSet:
    """The windows of a run's "train", "validation" or "test" part, exactly as they were when it was trained.

    Raises InputError as `recordings_for_run` does.
    """
    recordings = recordings_for_run(info, data)
    transformation = from_info(info.transformation)
    return TASKS[info.task].cut(recordings, info.split, part, info.window, info.frontend, transformation)
