"""Data sets as `Recordings`, subjects divided by `splits`, cut into `WindowSet`s."""

import os
from pathlib import Path
from typing import TYPE_CHECKING

from scl.artifacts import InputError
from train.data import download, watch, wisdm
from train.data.recordings import Recordings, WindowSet
from train.data.splits import split_windows

if TYPE_CHECKING:
    from train.runs import Run

# Below SCL_DATA_DIR, in this order; the last is what --download leaves.
WISDM = tuple(Path("wisdm") / name for name in ("wisdm-dataset.zip", "wisdm-dataset", download.FILE))


def resolve(data: str | Path | None) -> Path | None:
    """Where the WISDM recordings are: `data`, else below SCL_DATA_DIR; None means the embedded watch set.

    Raises InputError if SCL_DATA_DIR is set but holds no WISDM.
    """
    if data is not None:
        return Path(data)
    folder = os.environ.get("SCL_DATA_DIR")
    if not folder:
        return None
    path = next((Path(folder) / place for place in WISDM if (Path(folder) / place).exists()), None)
    if path is None:
        raise InputError(
            f"SCL_DATA_DIR is {folder}, which holds none of {', '.join(map(str, WISDM))}; unset it, or give --data PATH"
        )
    return path


def load(path: Path | None, device: str = "watch", sensors: tuple[str, ...] = ("accel", "gyro")) -> Recordings:
    """WISDM at `path`, or the embedded watch set if that is None."""
    return watch.load() if path is None else wisdm.load(path, device, sensors)


def recordings_for_run(run: "Run", data: str | Path | None = None) -> Recordings:
    """The recordings that a run was trained on.

    Raises InputError if those at hand are others.
    """
    info = run.info["data"]
    path = None if info["name"] == "watch" else resolve(data)
    if info["name"] != "watch" and path is None:
        raise InputError(f"{run.path}: was trained on {info['name']}; say where it is with --data or SCL_DATA_DIR")
    recordings = load(path, info["device"], tuple(info["sensors"]))
    if recordings.sha256 != info["sha256"]:
        raise InputError(
            f"{path}: SHA-256 is {recordings.sha256}, but {run.path} was trained on {info['sha256']}; "
            "give the same recordings with --data"
        )
    return recordings


def windows_for_run(run: "Run", part: str, data: str | Path | None = None) -> WindowSet:
    """The windows of a run's "train", "validation" or "test" part, exactly as they were when it was trained.

    Raises InputError as `recordings_for_run` does.
    """
    window = run.info["window"]
    recordings = recordings_for_run(run, data)
    return split_windows(recordings, run.info["split"], part, window["samples"] / window["rate_hz"])
