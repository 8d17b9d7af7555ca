"""Which serial port: the only one, or none."""

from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from firmware_host import ports
from scl.artifacts import InputError
from tests.documents import document

BUILT_IN = SimpleNamespace(device="/dev/ttyS0", vid=None, pid=None, description="n/a")
BOARD = SimpleNamespace(device="/dev/ttyACM0", vid=0x0483, pid=0x374B, description="STM32 STLink", serial_number="066B")
OTHER = SimpleNamespace(device="/dev/ttyUSB0", vid=0x10C4, pid=0xEA60, description="CP2102", serial_number=None)


@pytest.fixture
def plugged(monkeypatch):
    return lambda *found: monkeypatch.setattr(list_ports, "comports", lambda: list(found))


def test_the_only_one_is_taken(plugged):
    plugged(BUILT_IN, BOARD)
    assert ports.resolve() == "/dev/ttyACM0"


def test_none(plugged):
    plugged(BUILT_IN)
    with pytest.raises(
        InputError, match="no serial port of a USB device was found; plug the board in, .*--port emulator"
    ):
        ports.resolve()


def test_with_several_nothing_is_guessed(plugged):
    plugged(OTHER, BOARD)
    with pytest.raises(
        InputError, match=r"2 serial ports were found; choose one with --port:\n.*ttyACM0  0483:374b.*\n.*ttyUSB0"
    ):
        ports.resolve()


def test_the_listing(plugged, capsys):
    plugged(OTHER, BUILT_IN, BOARD)
    assert ports.main([]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "/dev/ttyACM0  0483:374b  STM32 STLink",
        "/dev/ttyUSB0  10c4:ea60  CP2102",
    ]
    assert ports.main(["--json"]) == 0
    assert document(capsys.readouterr().out)["ports"] == [
        {
            "device": "/dev/ttyACM0",
            "vendor": 0x0483,
            "product": 0x374B,
            "serial": "066B",
            "description": "STM32 STLink",
        },
        {"device": "/dev/ttyUSB0", "vendor": 0x10C4, "product": 0xEA60, "serial": None, "description": "CP2102"},
    ]
