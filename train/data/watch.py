"""The embedded set: seven shoulder exercises of ten people with an Apple Watch (Burns et al. 2018, arXiv 1802.01489),
which the PyPI package seglearn ships.

140 recordings at 50 Hz: accelerometer in units of g, gravity included, and gyroscope in rad/s. The package names no
units; the tests find them from the physics. For subjects 3 and 4 the two sensors' axes are of opposite handedness (the
gyroscope fits the accelerometer only with y and z negated); they are left as shipped.

The package's file is a pickle: its SHA-256 is checked first, and it is read by an unpickler that admits numpy's array
reconstruction and nothing else. The package itself is never imported.
"""

import importlib.util
import io
import pickle  # only for the restricted unpickler below
from pathlib import Path
from typing import Any

import numpy as np

from scl.artifacts import InputError, sha256_file
from train.data.cache import cached
from train.data.data_set import DataSet, Options, rate_option, texts_option
from train.data.recordings import Block, Recordings
from train.data.resample import check_rate, resample

SHA256 = "eb122f23cdf06ef6bd6c6c5312958ec5cf9d038e2e6d457b8081662c75a42537"
G = 9.80665
SOURCE_HZ = 50.0
RATE_HZ, WINDOW_S = 20.0, 4.0  # of the model, unless options say otherwise


def _latin1(text: str, encoding: str) -> bytes:
    """How protocol 2 spells a byte string."""
    if encoding != "latin1":
        raise InputError(f"the watch data asks for the codec {encoding!r}, expected latin1; reinstall seglearn")
    return text.encode("latin1")


multiarray = importlib.import_module("numpy._core.multiarray")  # numpy's stubs leave it out
ADMITTED: dict[tuple[str, str], object] = {
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("numpy.core.multiarray", "_reconstruct"): multiarray._reconstruct,
    ("numpy.core.multiarray", "scalar"): multiarray.scalar,
    ("_codecs", "encode"): _latin1,
}


class _ArrayUnpickler(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in ADMITTED:
            raise InputError(f"the watch data asks for {module}.{name}, expected numpy arrays only; reinstall seglearn")
        return ADMITTED[module, name]


def locate() -> Path:
    """The data file of the installed seglearn package. Raises InputError if there is none."""
    spec = importlib.util.find_spec("seglearn")
    path = Path(spec.origin).parent / "data" / "watch_dataset.npy" if spec and spec.origin else None
    if path is None or not path.is_file():
        raise InputError(
            "the package seglearn, which ships the embedded watch set, is not installed; pip install seglearn==1.2.5"
        )
    return path


def read(path: Path, sha256: str = SHA256) -> dict[str, Any]:
    """The arrays of the data file. Raises InputError unless its checksum is `sha256` and it holds arrays only."""
    found = sha256_file(path)
    if found != sha256:
        raise InputError(f"{path}: SHA-256 is {found}, expected {sha256}; reinstall seglearn==1.2.5")
    file = io.BytesIO(path.read_bytes())
    version = np.lib.format.read_magic(file)
    {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}[version](file)
    array = _ArrayUnpickler(file, encoding="latin1").load()
    contents: dict[str, Any] = array.item()
    return contents


def load(rate_hz: float = RATE_HZ) -> Recordings:
    """Loads the embedded set as blocks at a uniform rate, SI units; one block is one set of repetitions.

    Raises InputError for a rate beyond 50 Hz, or without the package that ships the set.
    """
    check_rate("watch", rate_hz, SOURCE_HZ)
    path = locate()
    return cached("watch", {"sha256": SHA256, "rate_hz": rate_hz}, lambda: _convert(read(path), rate_hz))


def _convert(data: dict[str, Any], rate_hz: float) -> Recordings:
    scale = np.array([G] * 3 + [1.0] * 3)
    blocks = tuple(
        Block(int(subject), int(label), resample(np.arange(len(x)) / SOURCE_HZ, np.asarray(x) * scale, rate_hz))
        for x, label, subject in zip(data["X"], data["y"], data["subject"], strict=True)
    )
    return Recordings(
        name="watch",
        rate_hz=rate_hz,
        window_s=WINDOW_S,
        channels=("ax", "ay", "az", "gx", "gy", "gz"),
        units=("m/s^2",) * 3 + ("rad/s",) * 3,
        sensors=(("accelerometer", (0, 1, 2)), ("gyroscope", (3, 4, 5))),
        labels=tuple(str(name) for name in data["y_labels"]),
        blocks=blocks,
        sha256=SHA256,
        report={"recordings": len(blocks), "subjects": len({b.group for b in blocks})},
    )


def _from_options(path: Path | None, options: Options) -> Recordings:
    recordings = load(rate_option(options, RATE_HZ))
    activities = texts_option(options, "activities", None)
    return recordings if activities is None else recordings.only(activities)


DATA_SET = DataSet(
    name="watch", signal="imu", load=_from_options, sensor="replay-imu", rate_hz=RATE_HZ, window_s=WINDOW_S
)
