"""A file of windows: what is saved is read; what is none of it is named."""

from pathlib import Path

import numpy as np
import pytest

from export.representative import read_windows
from scl.artifacts import InputError

WINDOWS = np.arange(24.0).reshape(2, 3, 4)


def save(path: Path, **arrays: object) -> Path:
    np.savez(path, **arrays)  # type: ignore[arg-type]
    return path


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    arrays = {"labels": np.array([1, 0], np.int32), "groups": np.array([7, 7]), "names": np.array(["walking", "née"])}
    read = read_windows(save(tmp_path / "windows.npz", windows=WINDOWS, **arrays))
    np.testing.assert_array_equal(read.windows, WINDOWS.astype(np.float32), strict=True)
    assert read.labels is not None and read.groups is not None
    np.testing.assert_array_equal(read.labels, np.array([1, 0]), strict=True)
    np.testing.assert_array_equal(read.groups, np.array([7, 7]), strict=True)
    assert read.names == ("walking", "née")


def test_windows_alone_are_enough(tmp_path: Path) -> None:
    read = read_windows(save(tmp_path / "windows.npz", windows=WINDOWS.astype(np.float32)))
    assert read.labels is read.groups is read.names is None


@pytest.mark.parametrize(
    ("arrays", "says"),
    [
        ({"labels": [0, 1]}, "lacks windows; it holds labels; save it with numpy.savez"),
        ({"windows": WINDOWS, "label": [0, 1]}, "holds 'label', expected windows, labels, groups, names and no others"),
        ({"windows": WINDOWS[0]}, r"windows is float64 \(3, 4\), expected float32 \(windows, channels, samples\)"),
        ({"windows": WINDOWS.astype(np.int16)}, r"windows is int16 \(2, 3, 4\), expected float32"),
        ({"windows": WINDOWS[:0]}, r"windows is float64 \(0, 3, 4\)"),
        ({"windows": WINDOWS[:, :, :0]}, r"windows is float64 \(2, 3, 0\)"),
        ({"windows": np.where(WINDOWS == 20, np.nan, WINDOWS)}, r"window 1 holds NaN .* \(1 of 2 windows do\)"),
        ({"windows": WINDOWS * 1e300}, "window 0 holds NaN or an infinite value"),
        (
            {"windows": WINDOWS, "labels": [0.0, 1.0]},
            r"labels is float64 \(2,\), expected integers \(2,\), one for each",
        ),
        ({"windows": WINDOWS, "groups": [1, 2, 3]}, r"groups is int64 \(3,\), expected integers \(2,\)"),
        ({"windows": WINDOWS, "labels": [0, -1]}, "labels holds -1, expected 0 or more"),
        ({"windows": WINDOWS, "labels": [0, 2], "names": ["a", "b"]}, "labels holds 2, expected 0 to 1, one of the 2"),
        ({"windows": WINDOWS, "names": [1, 2]}, r"names is int64 \(2,\), expected texts"),
        ({"windows": WINDOWS, "names": [["a"]]}, r"names is <U1 \(1, 1\), expected texts"),
        ({"windows": WINDOWS, "names": ["a", "a"]}, "names holds 'a', expected different names of one line each"),
        ({"windows": WINDOWS, "names": ["a", "b\nc"]}, r"names holds 'b\\nc', expected different names"),
        ({"windows": WINDOWS, "names": ["a", " "]}, "names holds ' ', expected different names"),
    ],
)
def test_anything_else_is_named(tmp_path: Path, arrays: dict[str, object], says: str) -> None:
    path = save(tmp_path / "windows.npz", **arrays)
    with pytest.raises(InputError, match=says) as error:
        read_windows(path)
    assert str(error.value).startswith(f"{path}: ")


def test_what_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file"):
        read_windows(tmp_path / "windows.npz")
    pickled = save(tmp_path / "objects.npz", windows=np.array([{"a": 1}], dtype=object))
    with pytest.raises(InputError, match="is not a readable npz without objects"):
        read_windows(pickled)


@pytest.mark.parametrize(
    ("name", "data"), [("x.npy", b"\x93NUMPY\x01\0"), ("x.csv", b"a,b\n1,2\n"), ("x.pkl", b"\x80\x04.")]
)
def test_other_files_are_no_windows(tmp_path: Path, name: str, data: bytes) -> None:
    (tmp_path / name).write_bytes(data)
    with pytest.raises(InputError, match="is no npz file, expected one that holds windows; save it with numpy.savez"):
        read_windows(tmp_path / name)
