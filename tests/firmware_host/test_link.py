"""Greeting, requests and broken ports."""

import os
import pty
from dataclasses import replace

import pytest

from firmware_host.link import BOOT_TIMEOUT_S, HELLO_TIMEOUT_S, REQUEST_ATTEMPTS, Link
from firmware_host.protocol import Frame, Type, encode
from firmware_host.transport import SerialTransport, Traced
from scl.artifacts import InputError


def test_greeting(make_board):
    board = make_board()
    link = Link(board, board.now)
    assert link.greet() == replace(board.hello, session=link.session) and link.session == board.session != 0


def test_a_board_that_boots_is_waited_for(make_board):
    """What is sent while the boot loader runs is gone."""
    board = make_board()
    board.to_board = lambda n, frame: [frame] if board.clock >= 4 else []
    assert Link(board, board.now).greet().session == board.session
    assert 4 <= board.clock <= 4 + HELLO_TIMEOUT_S


def test_a_greeting_damaged_on_the_way_is_repeated(make_board):
    board = make_board(to_host=lambda n, frame: [frame[5:]] if n == 0 else [frame])
    assert Link(board, board.now).greet().session == board.session


def test_nobody_there(make_board):
    board = make_board(to_board=lambda n, frame: [])
    with pytest.raises(
        InputError, match=r"port fake: no board answered within 10 s \(not a byte came\); .*firmware_host.ports"
    ):
        Link(board, board.now).greet()
    assert BOOT_TIMEOUT_S <= board.clock <= BOOT_TIMEOUT_S + HELLO_TIMEOUT_S


def test_noise_is_told_from_silence(make_board):
    board = make_board(to_host=lambda n, frame: [b"\x7f\x80\x55"])
    with pytest.raises(
        InputError, match=r"\d+ bytes came within 10 s, but no valid answer; the baud rate differs \(--baud\)"
    ):
        Link(board, board.now).greet()


@pytest.mark.parametrize(("version", "advice"), [(2, "flash firmware"), (4, "update this program")])
def test_another_protocol_version(make_board, version, advice):
    """Only the first byte of such a HELLO can be relied on."""
    board = make_board()
    board.respond = lambda frame: [(0x81, bytes([version, 1, 2, 3]))]
    with pytest.raises(InputError, match=f"speaks protocol version {version}, this program version 3; {advice}"):
        Link(board, board.now).greet()


@pytest.mark.parametrize(
    ("payload", "found"),
    [
        (b"", "without a byte"),
        (b"\x03" * 20, "of 20 bytes; at least 61"),
        (b"\x03" * 64, "without board name"),
        (b"\x03" * 61 + b"\xff\n", "UTF-8"),
    ],
)
def test_a_malformed_greeting(make_board, payload, found):
    board = make_board()
    board.respond = lambda frame: [(0x81, payload)]
    with pytest.raises(InputError, match=f"the board sent a HELLO answer .*{found}"):
        Link(board, board.now).greet()


def test_a_request_is_repeated_until_answered(make_board):
    board = make_board(to_host=lambda n, frame: [] if n < REQUEST_ATTEMPTS - 1 else [frame])
    assert Link(board, board.now).stats().frames == REQUEST_ATTEMPTS


def test_a_request_that_is_never_answered(make_board):
    board = make_board(to_host=lambda n, frame: [])
    with pytest.raises(InputError, match=r"port fake: no answer to STATS in 5 attempts of 3 s; .*reset the board"):
        Link(board, board.now).stats()


def test_answers_to_others_are_not_taken(make_board):
    """A late answer with another sequence number comes before the right one."""
    board = make_board()
    board.to_host = lambda n, frame: [encode(Frame(0x87, 0x10000 - 1 - link._seq, bytes(16))), frame]
    link = Link(board, board.now)
    link._seq = 100
    assert link.stats().frames == 1


def test_a_request_the_board_refuses(make_board):
    board = make_board()
    with pytest.raises(
        InputError, match=r"port fake: the board refused CAPTURE: ERROR UNKNOWN_TYPE \(window 0, detail 8\)"
    ):
        Link(board, board.now).request(Type.CAPTURE, bytes(4))


def test_a_port_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match=r"port .*/ttyNONE: .*; check the name with `python -m firmware_host.ports`"):
        SerialTransport(str(tmp_path / "ttyNONE"))


def test_a_file_is_no_port(tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    with pytest.raises(InputError, match="port .*/file: .*check the name"):
        SerialTransport(str(path))


@pytest.mark.parametrize(
    "operation", [lambda port: port.read(1.0), lambda port: port.write(b"x" * 8)], ids=["read", "write"]
)
def test_a_port_that_dies(operation):
    """The other end of a pseudo-terminal is closed while it is open here."""
    master, slave = pty.openpty()
    port = SerialTransport(os.ttyname(slave))
    os.close(slave)
    os.close(master)
    with pytest.raises(InputError, match=r"port /dev/pts/\d+: .*check the cable"):
        operation(port)
    port.close()


def test_bytes_pass_a_pseudo_terminal_unchanged():
    """All 256 values, both ways: no line discipline is left on."""
    master, slave = pty.openpty()
    port = SerialTransport(os.ttyname(slave))
    data = bytes(range(256)) * 2
    port.write(data)
    assert os.read(master, 4096) == data
    os.write(master, data)
    got = b""
    while len(got) < len(data):
        got += port.read(5.0)
    assert got == data
    assert port.read(0.0) == b""
    port.close()
    os.close(master)
    os.close(slave)


def test_trace_shows_every_byte(make_board):
    board, lines = make_board(), []
    link = Link(Traced(board, lines.append), board.now)
    link.greet()
    sent = "".join(line.split(" > ")[1] for line in lines if " > " in line)
    received = bytes.fromhex("".join(line.split(" < ")[1] for line in lines if " < " in line))
    assert len(bytes.fromhex(sent)) == link.traffic.bytes_sent
    assert len(received) == link.traffic.bytes_received and b"walking" in received
