"""Ports that are not there yet, that are pulled out and put back, that come back under another name."""

import json
import socket
import threading
import time
from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from firmware_host import validate
from firmware_host.link import RETURNS_IN_A_ROW, Link, PortReturnedError, resets_named
from firmware_host.port_errors import (
    PortBusyError,
    PortDeniedError,
    PortLostError,
    PortMissingError,
    PortNameError,
    PortReopenedError,
    PortStuckError,
)
from firmware_host.reopening import POLL_S, Clock, Reopening, SerialPort
from scl.artifacts import InputError
from tests.firmware_host.pulled_board import PulledBoard


class Script:
    """Opens what a script says, one entry for each attempt: an error, or what the reads of that pipe give."""

    name = "script"

    def __init__(self, *attempts):
        self.attempts, self.seconds = list(attempts), 0.0
        self.clock = Clock(lambda: self.seconds, self.sleep)
        self.closed = 0

    def sleep(self, seconds):
        self.seconds += seconds

    def __call__(self):
        attempt = self.attempts.pop(0) if len(self.attempts) > 1 else self.attempts[0]
        if isinstance(attempt, Exception):
            raise attempt
        self.reads = list(attempt)
        return self

    def read(self, timeout_s):
        data = self.reads.pop(0)
        if isinstance(data, Exception):
            raise data
        return data

    def write(self, data):
        self.read(0)

    def close(self):
        self.closed += 1


GONE, MISSING, BUSY, DENIED = (kind("it") for kind in (PortLostError, PortMissingError, PortBusyError, PortDeniedError))


def test_a_port_that_comes_late(capsys):
    script = Script(MISSING, MISSING, MISSING, [b"1"])
    assert Reopening(script, 60, script.clock).read(1) == b"1"
    assert script.seconds == pytest.approx(3 * POLL_S)
    assert capsys.readouterr().err == "it\nwaiting up to 60 s for it\n"


def test_a_port_that_does_not_come():
    script = Script(MISSING)
    with pytest.raises(PortMissingError):
        Reopening(script, 60, script.clock)
    assert 60 <= script.seconds <= 60 + POLL_S


@pytest.mark.parametrize("error", [BUSY, DENIED, PortNameError("it"), InputError("it")])
def test_what_waiting_does_not_mend_is_said_at_once(error):
    script = Script(error)
    with pytest.raises(type(error)):
        Reopening(script, 60, script.clock)
    assert script.seconds == 0


def test_a_port_that_has_just_come_may_be_busy_for_a_while():
    """The system sets it up, and modem managers look at it."""
    script = Script(MISSING, DENIED, BUSY, BUSY, [b"1"])
    assert Reopening(script, 60, script.clock).read(1) == b"1"


@pytest.mark.parametrize("use", [lambda pipe: pipe.read(1), lambda pipe: pipe.write(b"")])
def test_a_port_that_is_pulled_and_put_back(use):
    script = Script([b"1", GONE], MISSING, BUSY, [b"2"])
    pipe = Reopening(script, 60, script.clock)
    use(pipe)
    with pytest.raises(PortReopenedError, match="port script: went away and came back"):
        use(pipe)
    assert script.closed == 1  # before it is opened again
    assert pipe.read(1) == b"2"


def test_a_port_that_is_not_put_back():
    script = Script([GONE], MISSING)
    pipe = Reopening(script, 60, script.clock)
    with pytest.raises(PortMissingError):
        pipe.read(1)
    assert 60 <= script.seconds <= 60 + 3 * POLL_S


def test_a_board_that_hangs_is_not_waited_for():
    script = Script([PortStuckError("it")])
    with pytest.raises(PortStuckError):
        Reopening(script, 60, script.clock).write(b"")


def test_the_link_says_that_the_session_is_gone(make_board):
    """With how far the command was; half a frame of before is one damaged frame, and does not harm the next one."""
    board = make_board()
    script = Script([b"\5\1\2\3\4", GONE], [b"", b"", b"", b""])
    link = Link(Reopening(script, 60, script.clock), board.now)
    link.receive(1)
    with (
        pytest.raises(PortReturnedError, match="port script: it went away and came back after 3 of 20 windows; what"),
        resets_named("script", lambda: "after 3 of 20 windows"),
    ):
        link.receive(1)
    assert link.errors == 1


@pytest.mark.parametrize("pulls", range(RETURNS_IN_A_ROW + 1))
def test_a_greeting_goes_on_over_some_returns(make_board, pulls):
    """A contact that comes and goes without end does not."""
    board = make_board()

    class Flaky:
        name = "flaky"
        returns = pulls

        def read(self, timeout_s):
            if self.returns:
                self.returns -= 1
                raise PortReopenedError("it")
            return board.read(timeout_s)

        write, close = staticmethod(board.write), staticmethod(board.close)

    link = Link(Flaky(), board.now)
    if pulls < RETURNS_IN_A_ROW:
        assert link.greet().session == board.session
    else:
        with pytest.raises(PortReturnedError):
            link.greet()


def test_a_real_port_that_is_pulled_and_put_back(make_board, tmp_path):
    """The pseudo-terminal behind the link is another one each time."""
    path = tmp_path / "ttyACM0"
    with PulledBoard(make_board(), path, lives=(60, 60), late_s=0.3) as board:
        pipe = Reopening(SerialPort(str(path), 115_200), 10)
        link = Link(pipe)
        link.greet()
        for _ in range(2):
            with pytest.raises(PortReturnedError):
                while True:
                    link.stats()
            link.greet()
        assert link.stats().frames >= 1 and board.plugged == 3
        pipe.close()


def test_a_usb_board_that_comes_back_under_another_name(make_board, tmp_path, monkeypatch, capsys):
    """It is known by its serial number; its name in the report stays."""
    old, new = tmp_path / "ttyACM0", tmp_path / "ttyACM1"

    def comports():
        return [
            SimpleNamespace(device=str(path), vid=1, pid=2, serial_number="A7", description="")
            for path in (old, new)
            if path.exists()
        ]

    monkeypatch.setattr(list_ports, "comports", comports)
    with PulledBoard(make_board(), old, lives=(60,), names=[new], late_s=0.3):
        pipe = Reopening(SerialPort(None, 115_200), 10)
        link = Link(pipe)
        link.greet()
        with pytest.raises(PortReturnedError):
            while True:
                link.stats()
        assert link.greet() and link.name == str(old)
        pipe.close()
    assert f"port {old}: the board is back as {new}" in capsys.readouterr().err


@pytest.mark.parametrize("serial", ["B8", None])
def test_another_usb_board_is_not_taken_for_it(tmp_path, monkeypatch, serial, make_board):
    """Neither by another serial number nor by none, which another board of its kind has as well."""
    path = tmp_path / "ttyACM0"
    own = SimpleNamespace(device=str(path), vid=1, pid=2, serial_number=serial and "A7", description="")
    other = SimpleNamespace(device=str(tmp_path / "ttyACM1"), vid=1, pid=2, serial_number=serial, description="")
    monkeypatch.setattr(list_ports, "comports", lambda: [own, other] if path.exists() else [other])
    with PulledBoard(make_board(), path, lives=(1,), gap_s=100):
        pipe = Reopening(SerialPort(str(path), 115_200), 0.5)
        with pytest.raises(PortMissingError, match=f"port {path}: no such port"):
            while True:
                pipe.write(b"\0")
                pipe.read(0.1)


def test_validation_goes_on_with_a_board_that_is_pulled_and_put_back(make_board, fake_bundle, tmp_path, capsys):
    """Three times, at bytes that are in the middle of frames: the report is that of a board that stayed."""
    path, out = tmp_path / "ttyACM0", tmp_path / "out"
    with PulledBoard(make_board(), path, lives=(5_003, 20_011, 17, 30_000), gap_s=0.3, late_s=0.3) as board:
        status = validate.main([str(fake_bundle), "--port", str(path), "--wait", "10", "--out", str(out)])
    report = json.loads((out / "validation.json").read_text())
    assert (status, report["verdict"], report["lost"]) == (0, "exact", 0)
    assert board.plugged == 5 and 3 <= report["resets"] <= 4  # one of them during a greeting
    printed = capsys.readouterr().err
    assert f"port {path}: no such port" in printed and "waiting up to 10 s for the port to come back" in printed


def test_validation_without_wait_reports_what_was_measured(make_board, fake_bundle, tmp_path, capsys):
    path, out = tmp_path / "ttyACM0", tmp_path / "out"
    with PulledBoard(make_board(), path, lives=(40_000,), gap_s=100):
        status = validate.main([str(fake_bundle), "--port", str(path), "--out", str(out)])
    report = json.loads((out / "validation.json").read_text())
    assert (status, report["verdict"]) == (2, "incomplete") and 0 < report["lost"] < report["sent"]
    assert f"port {path}: was pulled out: its device is gone" in report["stopped"] and "--wait" in report["stopped"]


def test_a_board_that_is_not_put_back_ends_the_validation(make_board, fake_bundle, tmp_path, capsys):
    """In bounded time, with what was measured."""
    path, out = tmp_path / "ttyACM0", tmp_path / "out"
    with PulledBoard(make_board(), path, lives=(40_000,), gap_s=100):
        started = time.monotonic()
        status = validate.main([str(fake_bundle), "--port", str(path), "--wait", "1", "--out", str(out)])
        assert time.monotonic() - started < 10
    report = json.loads((out / "validation.json").read_text())
    assert (status, report["verdict"]) == (2, "incomplete") and 0 < report["lost"] < report["sent"]
    assert f"port {path}: no such port; check the cable" in report["stopped"]


def test_a_server_that_is_started_again(make_board):
    """A socket:// port is waited for and opened again like a device."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
        pipe = Reopening(SerialPort(f"socket://127.0.0.1:{number}", 115_200), 10)
        server.accept()[0].close()
    threading.Timer(0.5, serve_once, args=(number,)).start()
    with pytest.raises(PortReopenedError):
        while True:
            pipe.read(0.1)
    pipe.write(b"x")
    assert pipe.read(5.0) == b"y"
    pipe.close()


def serve_once(number):
    with socket.create_server(("127.0.0.1", number)) as server, server.accept()[0] as connection:
        connection.recv(1)
        connection.sendall(b"y")
        connection.recv(1)  # until the other end closes
