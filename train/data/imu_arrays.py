"""Windows as arrays: X.npy (n, samples, channels), y.npy (n,) and groups.npy (n,), as a table of an IMU folder.

dataset.toml says which channels are which, their units and the rate, which arrays do not. No pickled object is read.
"""

from pathlib import Path

import numpy as np

from scl.artifacts import InputError, shortened
from scl.artifacts.fields import is_line
from scl.artifacts.npz_files import parse_npy
from train.data.dataset_file import ADVICE, DatasetFile
from train.data.imu_table import Names, Table

FILES = ("X.npy", "y.npy", "groups.npy")
MOST_BYTES = 4 << 30
MOST_CHANNELS = 64


def windows_of(data: bytes, path: Path) -> np.ndarray:
    """X (n, samples, channels). Raises InputError where it is of another shape."""
    x = parse_npy(path, data)
    if x.ndim != 3 or x.dtype.kind not in "fiu" or not x.size:
        raise InputError(f"{path}: is {x.dtype} of shape {x.shape}, expected numbers (n, samples, channels)")
    if x.shape[1] < x.shape[2] or x.shape[2] > MOST_CHANNELS:
        raise InputError(
            f"{path}: has shape {x.shape}, which looks like (n, channels, samples), expected (n, samples, channels); "
            "write X.transpose(0, 2, 1)"
        )
    return x


def read_arrays_table(files: dict[str, bytes], description: DatasetFile, folder: Path, where: Path) -> Table:
    """Reads the three arrays' bytes as one table, each window a recording of its own.

    Raises InputError for arrays that do not belong together, channels that are not there, or without a rate.
    """
    x = windows_of(files["X.npy"], folder / "X.npy")
    names = {name: _names(parse_npy(folder / name, files[name]), len(x), folder / name) for name in FILES[1:]}
    if description.time is None or description.time.rate_hz is None:
        raise InputError(f"{where}: has no `rate_hz` under [time], and X.npy does not tell it; set it to the windows'")
    if not description.sensors:
        raise InputError(f"{where}: has no [accelerometer] or [gyroscope] with the channels of X.npy; {ADVICE}")
    places = []
    for channel in description.columns:
        if not isinstance(channel, int) or channel > x.shape[2]:
            raise InputError(
                f"{where}: names channel {channel!r}, expected a number from 1 to {x.shape[2]}, the channels of X.npy"
            )
        places.append(channel - 1)
    samples = x.shape[1]
    return Table(
        name="X.npy",
        kinds=tuple(description.sensors),
        values=x[:, :, places].reshape(-1, len(places)).astype(np.float64) * np.array(description.scales()),
        times_s=None,
        rate_hz=description.time.rate_hz,
        subjects=Names(np.repeat(names["groups.npy"].codes, samples), names["groups.npy"].names),
        labels=Names(np.repeat(names["y.npy"].codes, samples), names["y.npy"].names),
        starts=tuple(range(samples, len(x) * samples, samples)),
    )


def _names(array: np.ndarray, windows: int, path: Path) -> Names:
    """A name for each window. Raises InputError where there is not one for each, or it is no whole number or text."""
    if array.shape != (windows,):
        raise InputError(f"{path}: has shape {array.shape}, expected ({windows},), one for each window of X.npy")
    whole = array.dtype.kind in "iu" or array.dtype.kind == "f" and bool((array == np.round(array)).all())
    if not whole and array.dtype.kind != "U":
        raise InputError(f"{path}: is {array.dtype}, expected whole numbers or texts")
    known, codes = np.unique(array, return_inverse=True)
    names = tuple(str(name).strip() if array.dtype.kind == "U" else str(int(name)) for name in known)
    wrong = next((name for name in names if not is_line(name)), None)
    if wrong is not None:
        raise InputError(f"{path}: holds the name {shortened(wrong)}, expected one line of 1 to 255 characters")
    return Names(codes, names)
