"""Arrays that do not belong together, or are none."""

from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from tests import imu_sets
from train.data.imu_folder import load

DESCRIBED = "[time]\nrate_hz = 25\n[accelerometer]\ncolumns = [1, 2, 3]\nunit = 'g'\n"


def save(name: str, array: np.ndarray, **options: bool):
    return lambda folder: np.save(folder / name, array, **options)


def describe(old: str, new: str):
    return lambda folder: (folder / "dataset.toml").write_text(DESCRIBED.replace(old, new))


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    made = imu_sets.write_arrays(tmp_path / "set", 3, windows=2)
    (made / "dataset.toml").write_text(DESCRIBED)
    return made


X = np.zeros((18, 100, 6), np.float32)


@pytest.mark.parametrize(
    "change, said",
    [
        (save("X.npy", np.array([{}, 1]), allow_pickle=True), "X.npy: is not a readable npy file without objects"),
        (save("y.npy", np.array(["a", None] * 9), allow_pickle=True), "y.npy: is not a readable npy file without obj"),
        (lambda f: (f / "X.npy").write_bytes(b"PK\x03\x04" + bytes(100)), "X.npy: is not a readable npy file"),
        (save("X.npy", X.transpose(0, 2, 1)), "X.npy: has shape (18, 6, 100), which looks like (n, channels, samples)"),
        (save("X.npy", X[0]), "X.npy: is float32 of shape (100, 6), expected numbers (n, samples, channels)"),
        (save("X.npy", X.astype("U1")), "X.npy: is <U1 of shape (18, 100, 6), expected numbers"),
        (save("X.npy", X[:17]), "y.npy: has shape (18,), expected (17,), one for each window of X.npy"),
        (save("groups.npy", np.zeros(17, int)), "groups.npy: has shape (17,), expected (18,)"),
        (save("groups.npy", np.full(18, 0.5)), "groups.npy: is float64, expected whole numbers or texts"),
        (save("y.npy", np.array(["a\x07b"] * 18)), "y.npy: holds the name"),
        (describe("[1, 2, 3]", "[1, 2, 7]"), "names channel 7, expected a number from 1 to 6, the channels of X.npy"),
        (describe("[1, 2, 3]", '["ax", "ay", "az"]'), "names channel 'ax', expected a number from 1 to 6"),
        (describe("rate_hz = 25", 'column = 1\nunit = "s"'), "has no `rate_hz` under [time], and X.npy does not tell"),
        (describe("[accelerometer]\ncolumns = [1, 2, 3]\nunit = 'g'", ""), "has no [accelerometer] or [gyroscope]"),
        (lambda f: (f / "groups.npy").unlink(), "has X.npy and no groups.npy; put it there"),
    ],
)
def test_what_cannot_be_used_is_refused_by_name(folder, change, said):
    change(folder)
    with pytest.raises(InputError) as error:
        load(folder)
    assert str(error.value).startswith(str(folder)) and said in str(error.value)


@pytest.mark.parametrize("dtype", [np.int8, np.uint16, np.float64])
def test_people_and_classes_as_numbers(folder, dtype):
    np.save(folder / "y.npy", np.repeat([2, 10, 1], 6).astype(dtype))
    np.save(folder / "groups.npy", np.tile([3, 11, 20], 6).astype(dtype))
    found = load(folder)
    assert found.labels == ("1", "2", "10") and found.group_names == ("3", "11", "20")


def test_windows_with_missing_values_lose_those_samples(folder):
    x = np.load(folder / "X.npy")
    x[0, 50:60] = np.nan
    np.save(folder / "X.npy", x)
    found = load(folder)
    assert [block.x.shape[1] for block in found.blocks[:3]] == [50, 40, 100]
    assert found.report["amiss"]["rows_with_missing_values"] == 10
