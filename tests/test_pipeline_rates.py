"""Windows and rates that are no data set's own, in miniature and up to the emulated board: gestures of 2 s at 50 Hz,
and an ECG of a strap that is slower than the models of MIT-BIH are.
"""

import json
from pathlib import Path
from types import ModuleType

import pytest
import torch

from calibration import ranges
from export import quantize
from firmware_host import validate
from scl.artifacts import InputError
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.manifest import Manifest
from train import ecg, imu


@pytest.fixture(autouse=True)
def embedded_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("train.run.loop.pick_device", lambda: torch.device("cpu"))


def on_the_board(command: ModuleType, training: str, sensor: str = "") -> Manifest:
    """From training to a validation on the emulated board, which has to pass; the bundle's manifest."""
    assert command.main([*training.split(), "--epochs", "1", "--draws", "1", "--out", "run"]) == 0
    assert ranges.main(["run", "--windows", "30", "--draws", "1"]) == 0
    small = "run --out bundle --windows 6 --draws 1 --max-loss 100"
    assert quantize.main([*small.split(), *sensor.split()]) == 0
    assert validate.main(["bundle", "--port", "emulator", "--out", "report"]) == 0
    report = json.loads(Path("report/validation.json").read_text())
    assert (
        report["passed"] and report["parity"]["max_lsb"] == 0 and report["parity"]["compared"] == report["sent"] == 12
    )
    return read_run_bundle(Path("bundle")).manifest


@pytest.mark.usefixtures("board_tools")
def test_gestures_at_50_hz_need_no_sensor_file() -> None:
    manifest = on_the_board(imu, "--window 2 --rate 50")
    frontend = manifest.frontend
    assert (manifest.window.samples, manifest.window.rate_hz) == (100, 50.0)
    assert (frontend.sensor.name, frontend.sensor.rate_hz, frontend.raw_samples) == ("replay-imu", 50.0, 100)


@pytest.mark.usefixtures("board_tools")
@pytest.mark.exact
def test_a_strap_of_130_hz_has_a_model_of_its_rate() -> None:
    manifest = on_the_board(ecg, "--synthetic --input raw --window 4 --rate 125", "--sensor polar-h10")
    frontend = manifest.frontend
    assert (manifest.window.samples, manifest.window.rate_hz) == (500, 125.0)
    assert (frontend.sensor.name, frontend.resampling.up, frontend.resampling.down) == ("polar-h10", 25, 26)
    assert frontend.band is not None and frontend.band.high_hz == 40.0
    with pytest.raises(InputError, match="of 119 Hz .* the model's 125 Hz: strap is slower; train with --rate 119, or"):
        strap = Path(quantize.__file__).parents[1] / "scl/frontend/sensors/polar-h10.toml"
        Path("strap.toml").write_text(strap.read_text().replace("130.0", "119.0").replace('"polar-h10"', '"strap"'))
        quantize.main(["run", "--out", "other", "--sensor", "strap.toml"])
