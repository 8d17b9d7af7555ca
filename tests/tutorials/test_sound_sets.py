"""train.data.check finds nothing wrong with sound recordings, at any of their rates and in any unit, and ends with the
status that the pages promise.
"""

from pathlib import Path

import pytest

from tests import imu_sets
from tests.ecg_sets import simulated, write_wfdb
from tests.tutorials.pages import play, said, sections
from train.data import check

ARRAYS = """[time]
rate_hz = {}

[accelerometer]
columns = [1, 2, 3]
unit = "g"

[gyroscope]
columns = [4, 5, 6]
unit = "rad/s"
"""
LOOKS = {"imu-folder.md": "CSV files as you have them", "ecg-folder.md": "From a folder to the board"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))


def assert_sound(capsys: pytest.CaptureFixture[str], folder: Path, rate_hz: float, *flags: str) -> None:
    assert check.main([str(folder), *flags]) == 0
    out = capsys.readouterr().out
    assert out.endswith("\nnothing looks wrong\n") and f"model's rate {rate_hz:g} Hz, window 4 s" in out


@pytest.mark.parametrize("units", [("g", "deg/s"), ("m/s2", "rad/s"), ("mg", "deg/s")], ids="-".join)
@pytest.mark.parametrize("rate_hz", [25, 50, 104])
def test_csv(tmp_path: Path, capsys: pytest.CaptureFixture[str], rate_hz: int, units: tuple[str, str]) -> None:
    for described in (True, False):
        folder = tmp_path / str(described)
        imu_sets.write_described(folder, 3, 20, rate_hz, *units, described=described)
        assert_sound(capsys, folder, rate_hz)


@pytest.mark.parametrize("rate_hz", [25, 50, 104])
def test_edge_impulse_and_arrays(tmp_path: Path, capsys: pytest.CaptureFixture[str], rate_hz: int) -> None:
    assert_sound(capsys, imu_sets.write_edge_impulse(tmp_path / "impulse", 3, 20, rate_hz), rate_hz, "--write")
    folder = imu_sets.write_arrays(tmp_path / "arrays", 3, 5, rate_hz)
    (folder / "dataset.toml").write_text(ARRAYS.format(rate_hz))
    assert_sound(capsys, folder, rate_hz)


def test_captures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert_sound(capsys, imu_sets.write_captures(tmp_path / "board", 3, 20), 100)


@pytest.mark.parametrize("rate_hz", [128, 250, 360])
def test_wfdb(tmp_path: Path, capsys: pytest.CaptureFixture[str], rate_hz: int) -> None:
    write_wfdb(tmp_path / "ecg", simulated(3, 0.5, rate_hz))
    assert check.main([str(tmp_path / "ecg")]) == 0
    assert capsys.readouterr().out.endswith("\nnothing looks wrong\n")


def test_the_exit_statuses_that_the_pages_promise(tmp_path: Path) -> None:
    """Status 0 is that of the pages' own sets."""
    folder = imu_sets.write_described(tmp_path / "recordings" / "mine", 3, 12)
    (folder / "dataset.toml").write_text((folder / "dataset.toml").read_text().replace('unit = "g"', 'unit = "m/s2"'))
    (tmp_path / "ecg").mkdir()
    (tmp_path / "ecg" / "p01.hea").write_text("no header\n")
    looks = [sections(page)[title][1] for page, title in LOOKS.items()]
    found = play(looks, tmp_path, stops=False)
    assert [done.status for done in found] == [1, 2], said(found)
    assert "looks wrong: " in found[0].output and "p01.hea" in found[1].errors, said(found)


def test_what_cannot_be_told_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of Edge Impulse's files who was recorded, of arrays their rate: both end with status 1."""
    assert check.main([str(imu_sets.write_edge_impulse(tmp_path / "impulse", 3, 20))]) == 1
    assert "nobody is named" in capsys.readouterr().out
    assert check.main([str(imu_sets.write_arrays(tmp_path / "arrays", 3, 5))]) == 1
    assert "lacks rate_hz under [time]" in capsys.readouterr().out
