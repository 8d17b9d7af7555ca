"""The sensor of a run: the data set's own, or a replay at the run's rate."""

import re
from dataclasses import replace

import pytest

from export.sensor import sensor_for
from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from scl.artifacts.run import DataSource, RunInfo, SensorChannels, WindowInfo
from scl.partition import Partition
from tests.run_info import run_info
from train.data import registry
from train.data.data_set import DataSet

AXES = ("ax", "ay", "az", "gx", "gy", "gz")


def run_of(data: str, rate_hz: float, channels: int = 6) -> RunInfo:
    """Of an IMU with six or three channels, or of an ECG with one."""
    names, units = (AXES, ("m/s^2",) * 3 + ("rad/s",) * 3) if channels > 1 else (("ecg",), ("mV",))
    window = WindowInfo(200, rate_hz, names[:channels], units[:channels])
    changes = {} if channels > 1 else {"sensors": (SensorChannels("ecg", (0,)),)}
    source = DataSource(data, {}, "0" * 64, {})
    return run_info(Architecture((8,), (2,), 3), Partition(4, 4, 8), window, ("a", "b"), data=source, **changes)


@pytest.mark.parametrize("rate_hz", [20.0, 25.0, 50.0, 104.0])
@pytest.mark.parametrize("named", [None, "replay-imu"])
@pytest.mark.parametrize("channels", [3, 6])
def test_recordings_of_an_imu_are_replayed_at_the_models_rate(rate_hz: float, named: str | None, channels: int) -> None:
    sensor = sensor_for(run_of("watch", rate_hz, channels), named)
    assert (sensor.name, sensor.rate_hz, sensor.channels) == ("replay-imu", rate_hz, channels)


def test_a_part_keeps_its_own_rate() -> None:
    assert sensor_for(run_of("wisdm", 20.0), "bmi270").rate_hz == 100.0
    assert sensor_for(run_of("mitdb", 180.0, 1), None).rate_hz == 360.0


def test_recordings_of_an_ecg_without_a_sensor_are_replayed_in_microvolts(monkeypatch: pytest.MonkeyPatch) -> None:
    made_up = DataSet("made-up", "ecg", lambda path, options: pytest.fail("is not read"), "replay-ecg")
    monkeypatch.setitem(registry.DATA_SETS, "made-up", made_up)
    sensor = sensor_for(run_of("made-up", 128.0, 1), None)
    assert (sensor.name, sensor.rate_hz, sensor.parts[0].unit_per_count) == ("replay-ecg", 128.0, 1e-3)


def test_a_sensor_that_the_model_cannot_use_is_named() -> None:
    with pytest.raises(InputError, match="sensor replay-ecg: has ecg, but the model needs accelerometer"):
        sensor_for(run_of("wisdm", 20.0), "replay-ecg")
    with pytest.raises(InputError, match="a sensor of 100 Hz cannot be resampled to the model's 104 Hz"):
        sensor_for(run_of("wisdm", 104.0), "bmi270")


def test_a_sensor_slower_than_the_model_says_which_rate_to_train_at() -> None:
    said = r"of 130 Hz .* the model's 180 Hz: polar-h10 is slower; train with --rate 130, or choose another"
    with pytest.raises(InputError, match=said):
        sensor_for(run_of("mitdb", 180.0, 1), "polar-h10")
    for rate_hz in (125.0, 128.0, 130.0):
        assert sensor_for(run_of("mitdb", rate_hz, 1), "polar-h10").rate_hz == 130.0


def test_a_ratio_that_the_board_does_not_have_names_rates_that_it_has() -> None:
    with pytest.raises(
        InputError, match="512 Hz cannot be .* the model's 130 Hz; train with --rate (.*) or (.*), or"
    ) as e:
        sensor_for(run_of("mitdb", 130.0, 1), "max30003")
    low, high = (float(text) for text in re.findall(r"--rate (\S+) or (\S+),", str(e.value))[0])
    assert 127 < low < 130 < high < 133
    for rate_hz in (low, high):
        assert sensor_for(run_of("mitdb", rate_hz, 1), "max30003").rate_hz == 512.0


def test_a_window_of_more_counts_than_a_board_has_numbers_for() -> None:
    info = run_of("wisdm", 20.0)
    long = replace(info, window=replace(info.window, samples=20_000))
    with pytest.raises(InputError, match="20,000 samples at 20 Hz takes .* of bmi270 at 100 Hz, .* 65,535 at most"):
        sensor_for(long, "bmi270")
    assert sensor_for(long, None).rate_hz == 20.0
