"""Data sets as `Recordings`, subjects or records divided by `splits`, cut into `WindowSet`s."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scl.artifacts import InputError
from train.data import download, mitdb, watch, wisdm
from train.data.recordings import Recordings, WindowSet
from train.data.splits import split_windows

if TYPE_CHECKING:
    from train.run.folder import Run

# As their publishers name the archives and the folders in them.
MITDB = "mit-bih-arrhythmia-database-1.0.0"
PTBXL = "ptb-xl-a-large-publicly-available-electrocardiography-dataset-1.0.3"
# Below SCL_DATA_DIR, in this order; the last of a set is what --download leaves.
PLACES = {
    "wisdm": tuple(Path("wisdm") / name for name in ("wisdm-dataset.zip", "wisdm-dataset", download.FILE)),
    "mitdb": tuple(Path("mitdb") / name for name in (f"{MITDB}.zip", MITDB, "RECORDS")),
    "ptbxl": tuple(Path("ptbxl") / name for name in (f"{PTBXL}.zip", PTBXL, "ptb-xl-subset.zip", "ptbxl_database.csv")),
}


def resolve(data: str | Path | None, name: str = "wisdm") -> Path | None:
    """Where a set's recordings are: `data`, else below SCL_DATA_DIR; None if neither is given.

    Raises InputError if SCL_DATA_DIR is set but does not hold the set.
    """
    if data is not None:
        return Path(data)
    folder = os.environ.get("SCL_DATA_DIR")
    if not folder:
        return None
    path = next((Path(folder) / place for place in PLACES[name] if (Path(folder) / place).exists()), None)
    if path is None:
        raise InputError(
            f"SCL_DATA_DIR is {folder}, which holds none of {', '.join(map(str, PLACES[name]))}; unset it, or give "
            "--data PATH"
        )
    # A set that lies open in its folder is found by its index file.
    return path.parent if path.name in ("RECORDS", "ptbxl_database.csv") else path


def load(
    path: Path | None,
    device: str = "watch",
    sensors: tuple[str, ...] = ("accel", "gyro"),
    activities: tuple[str, ...] | None = None,
) -> Recordings:
    """WISDM at `path`, or the embedded watch set if that is None; of `activities` alone if they are given."""
    recordings = watch.load() if path is None else wisdm.load(path, device, sensors)
    return recordings if activities is None else recordings.only(activities)


def load_ecg(source: dict[str, Any], path: Path | None) -> Recordings:
    """The ECG set that a run.json names, at its own rate, from `path`; synthetic needs none."""
    if source["name"] == "synthetic":
        from train.data import synthetic

        return synthetic.load()
    assert path is not None
    if source["name"] == "mitdb":
        return mitdb.load(path)
    from train.data import ptbxl

    return ptbxl.load(path, source["lead"], source["rate_hz"])


def recordings_for_run(run: "Run", data: str | Path | None = None) -> Recordings:
    """The recordings that a run was trained on, ECG as it was recorded.

    Raises InputError if those at hand are others.
    """
    info = run.info["data"]
    path = None if info["name"] in ("watch", "synthetic") else resolve(data, info["name"])
    if info["name"] not in ("watch", "synthetic") and path is None:
        raise InputError(f"{run.path}: was trained on {info['name']}; say where it is with --data or SCL_DATA_DIR")
    if run.info["task"] == "imu":
        activities = info.get("activities")
        recordings = load(path, info["device"], tuple(info["sensors"]), tuple(activities) if activities else None)
    else:
        recordings = load_ecg(info, path)
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
    from train.data import ecg
    from train.transformations import from_info

    window = run.info["window"]
    recordings = recordings_for_run(run, data)
    if run.info["task"] == "imu":
        return split_windows(recordings, run.info["split"], part, window["samples"] / window["rate_hz"])
    shift = from_info(run.info)
    return ecg.split_windows(
        ecg.prepared(recordings, window["rate_hz"]), run.info["split"], part, run.info["task"], shift
    )
