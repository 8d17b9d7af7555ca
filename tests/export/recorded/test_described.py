"""A dataset.toml beside a recording, or above it, says what it holds; flags say it otherwise."""

from pathlib import Path

import numpy as np
import pytest

from export import capture
from scl.artifacts import InputError
from scl.artifacts.capture import Capture, read_capture
from scl.frontend.sensor import load_sensor
from scl.frontend.si_units import to_si
from tests.documents import document

IMU = """
rate_hz = 25.0
[time]
column = 1
unit = "us"
[accelerometer]
columns = ["u", "v", "w"]
unit = "mg"
[gyroscope]
columns = ["p", "q", "r"]
unit = "deg/s"
[subject]
folder = 1
[label]
file_name = "{label}_*.csv"
"""
X = np.random.default_rng(0).normal(0, 300, (200, 6)).round(2)


def converted(folder: Path, *arguments: str, sensor: str = "bmi270") -> Capture:
    out = folder.parent / "out.csv"
    path = next(path for path in folder.rglob("*.csv"))
    assert capture.main([str(path), "--sensor", sensor, "--out", str(out), *arguments]) == 0
    return read_capture(out)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """walk_1.csv of p07 at 100 Hz, in columns whose names say nothing, the gyroscope's first."""
    (tmp_path / "set" / "p07").mkdir(parents=True)
    lines = ["n,p,q,r,u,v,w,noise", *(f"{10_000 * i},{','.join(map(str, row))},0" for i, row in enumerate(X))]
    (tmp_path / "set" / "p07" / "walk_1.csv").write_text("\n".join(lines) + "\n")
    (tmp_path / "set" / "dataset.toml").write_text(IMU)
    return tmp_path / "set"


def test_an_imu_set(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    got = converted(folder)
    si = to_si(got.counts[None], load_sensor("bmi270"))[0]
    expected = np.hstack([X[:, 3:] * 9.80665e-3, X[:, :3] * np.pi / 180])
    assert np.abs(si - expected).max() < 0.002
    assert (got.subject, set(got.label), got.rate_hz) == ("p07", {"walk"}, 100.0)
    assert f"label walk; times from n in us, as given; by {folder / 'dataset.toml'}" in capsys.readouterr().out
    assert converted(folder, "--json").subject == "p07"
    found = document(capsys.readouterr().out)
    assert (found["samples"], found["labels"], found["subject"]) == (len(got.counts), ["walk"], "p07")


def test_flags_go_before_it(folder: Path) -> None:
    got = converted(folder, "--unit", "m/s2,rad/s", "--rate", "100", "--columns", "p,q,r,u,v,w")
    assert (got.counts[:, 0] == np.clip(np.rint(X[:, 0] / 9.80665 * 8192), -32768, 32767)).all()
    got = converted(folder, "--label-column", "noise")
    assert set(got.label) == {"0"}


def test_one_file_alone_and_a_column_of_labels(folder: Path) -> None:
    text = IMU.replace('file_name = "{label}_*.csv"', 'column = "noise"')
    (folder / "dataset.toml").write_text(text + '[file."p07/walk_1.csv"]\nsubject = "p08"\n')
    got = converted(folder)
    assert (got.subject, set(got.label)) == ("p08", {"0"})
    (folder / "dataset.toml").write_text(text + '[file."p07/walk_1.csv"]\nlabel = "climb"\n')
    assert set(converted(folder).label) == {"climb"}


def test_an_accelerometer_that_a_fixed_rate_times(folder: Path) -> None:
    text = IMU.replace('column = 1\nunit = "us"', "rate_hz = 100.0")
    (folder / "dataset.toml").write_text(text[: text.index("[gyroscope]")] + text[text.index("[subject]") :])
    got = converted(folder)
    assert got.channels == ("ax", "ay", "az") and len(got.counts) == 200


def test_times_in_iso(folder: Path) -> None:
    lines = (folder / "p07" / "walk_1.csv").read_text().splitlines()
    stamped = [f"2026-03-01T12:00:{i / 100:05.2f},{line.partition(',')[2]}" for i, line in enumerate(lines[1:])]
    (folder / "p07" / "walk_1.csv").write_text("\n".join([lines[0], *stamped]))
    (folder / "dataset.toml").write_text(IMU.replace('"us"', '"iso"'))
    got = converted(folder)
    assert len(got.counts) == 200 and np.abs(to_si(got.counts[None], load_sensor("bmi270"))[0, :, 0]).max() > 1


def test_a_damaged_description(folder: Path) -> None:
    (folder / "dataset.toml").write_text(IMU.replace("mg", "furlong"))
    with pytest.raises(InputError, match=r"dataset.toml: .*furlong"):
        converted(folder)


def test_an_ecg_set(folder: Path) -> None:
    """Of an ECG's sensor the ECG's description counts, and no other."""
    (folder / "dataset.toml").write_text('kind = "ecg"\nlead = "q"\n[csv]\nunit = "uV"\ntime = "n"\ntime_unit = "us"\n')
    got = converted(folder, sensor="max30003")
    assert got.channels == ("ecg",) and len(got.counts) == 1024
    with pytest.raises(InputError, match="are the channels cannot be told"):
        converted(folder)
    (folder / "dataset.toml").write_text(IMU)
    with pytest.raises(InputError, match="are the channels cannot be told"):
        converted(folder, sensor="max30003")
