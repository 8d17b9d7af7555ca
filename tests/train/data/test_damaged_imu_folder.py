"""Damage at any place of an IMU folder's files: read, or refused by name."""

from pathlib import Path

import pytest

from scl.artifacts import InputError
from tests import imu_sets
from tests.damaged_files import damaged
from train.data import check
from train.data.imu_folder import load

ARRAYS = "[time]\nrate_hz = 25\n[accelerometer]\ncolumns = [1, 2, 3]\nunit = 'g'\n"
CASES = [*(f"prefix-{length}" for length in range(0, 1200, 151)), *(f"mutation-{seed}" for seed in range(40))]


def described(folder: Path) -> Path:
    return imu_sets.write_described(folder, 2, 1, 25)


def captures(folder: Path) -> Path:
    return imu_sets.write_captures(folder, 2, 0.5)


def arrays(folder: Path) -> Path:
    imu_sets.write_arrays(folder, 2, windows=1, window_s=1.0)
    (folder / "dataset.toml").write_text(ARRAYS)
    return folder


@pytest.mark.parametrize(
    "write, name",
    [
        (described, "p01_waving.csv"),
        (described, "dataset.toml"),
        (captures, "p01.csv"),
        (arrays, "X.npy"),
        (arrays, "y.npy"),
        (arrays, "groups.npy"),
    ],
)
def test_damaged_files_are_read_or_refused_by_name(write, name, tmp_path, monkeypatch, capsys):
    (tmp_path / "no cache").touch()
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "no cache"))
    folder = write(tmp_path / "set")
    whole, refused = (folder / name).read_bytes(), 0
    for number, case in enumerate(CASES):
        (folder / name).write_bytes(damaged(whole, case))
        try:
            load(folder)
        except InputError as error:
            refused += 1
            assert str(folder) in str(error), case
        if number % 4:
            continue
        try:
            assert check.main([str(folder)]) in (0, 1)
        except InputError as error:
            assert str(folder) in str(error), case
    assert refused > 5
    capsys.readouterr()
