"""--play: what the native firmware and QEMU are given, and who cannot play."""

import argparse
from dataclasses import replace

import pytest

from firmware_host import played_sensor
from firmware_host.played_sensor import sensor_arguments
from scl.artifacts import InputError
from scl.artifacts.bundle import read_bundle, read_run_bundle


@pytest.fixture
def arguments(fake_bundle, tmp_path):
    """arguments(port, name of the file, rate): for five samples of six channels, at 20 Hz."""

    def arguments(port: str, name: str = "sensor.raw", rate_hz: float = 20.0) -> list[str]:
        (tmp_path / name).write_bytes(bytes(60))
        bundle = read_run_bundle(fake_bundle)
        frontend, window = bundle.manifest.frontend, replace(bundle.manifest.window, rate_hz=rate_hz)
        frontend = replace(frontend, sensor=replace(frontend.sensor, rate_hz=rate_hz), model_rate_hz=rate_hz)
        bundle = replace(bundle, manifest=replace(bundle.manifest, frontend=frontend, window=window))
        return sensor_arguments(argparse.Namespace(port=port, play=tmp_path / name), bundle)

    return arguments


def test_without_a_file_there_is_nothing_to_play(fake_bundle):
    assert sensor_arguments(argparse.Namespace(port=None, play=None), read_bundle(fake_bundle)) == []


def test_the_native_board(arguments, tmp_path):
    assert arguments("native") == ["--sensor", str(tmp_path / "sensor.raw"), "--sensor-rate", "20.0"]


@pytest.mark.parametrize("port", ["emulator", "emulator:mps2-an386"])
def test_the_emulated_board_s_memory(arguments, tmp_path, port):
    """From SENSOR_BASE on: the letters and five samples, 50,000 us, and the file. QEMU wants a comma twice."""
    given = arguments(port, "a,b.raw")
    assert given[::2] == ["-device"] * 3
    words, period, counts = given[1::2]
    head = int.from_bytes(b"SCL1" + (5).to_bytes(4, "little"), "little")
    assert words == f"loader,addr={0x21000000},data={head},data-len=8"
    assert period == f"loader,addr={0x21000008},data=50000,data-len=8"
    assert counts == f"loader,addr={0x21000010},file={tmp_path}/a,,b.raw,force-raw=on"


@pytest.mark.parametrize("port", [None, "/dev/ttyACM0", "emulator:microbit", "emulator:nothing", "native:x"])
def test_boards_that_play_no_file(arguments, port):
    with pytest.raises(InputError, match="only --port native and --port emulator play a file; leave it out"):
        arguments(port)


def test_a_file_that_the_emulated_board_has_no_room_for(arguments, monkeypatch):
    monkeypatch.setattr(played_sensor, "MOST_EMULATED_BYTES", 59)
    with pytest.raises(InputError, match="has 60 bytes, the emulated board has room for 59; cut it, or use"):
        arguments("emulator")


def test_a_rate_that_the_emulated_board_s_timer_does_not_reach(arguments):
    """SysTick has 24 bits at 25 MHz: 671,088 us at most. The native board has no such timer."""
    assert arguments("emulator", rate_hz=1e6 / 671_088)[3] == f"loader,addr={0x21000008},data=671088,data-len=8"
    with pytest.raises(InputError, match=r"sensor has 1\.49012 Hz, the emulated board's timer needs 1\.49 Hz at least"):
        arguments("emulator", rate_hz=1e6 / 671_089)
    with pytest.raises(InputError, match=r"sensor has 0\.5 Hz, .* use --port native$"):
        arguments("emulator", rate_hz=0.5)
    assert arguments("native", rate_hz=0.5)[-1] == "0.5"


def test_a_capture_file_is_no_counts(fake_bundle, tmp_path):
    """Of a length that would do: seven bytes a row, 84 in all."""
    path = tmp_path / "walk.csv"
    path.write_text("1,2,-3\n" * 12)
    with pytest.raises(InputError, match="walk.csv: is text, expected int16 counts.*--record"):
        sensor_arguments(argparse.Namespace(port="native", play=path), read_bundle(fake_bundle))
