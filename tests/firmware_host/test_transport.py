"""Bytes over real pseudo-terminals and sockets, and what a broken one says."""

import os
import pty
import socket
import time
from contextlib import contextmanager

import pytest

from firmware_host import transport
from firmware_host.port_errors import PortLostError, PortStuckError
from firmware_host.transport import SerialTransport, SocketTransport


@contextmanager
def pseudo_terminal():
    master, slave = pty.openpty()
    port = SerialTransport(os.ttyname(slave))
    os.close(slave)
    yield port, lambda data: os.write(master, data), lambda: os.read(master, 65536), lambda: os.close(master)
    port.close()


@contextmanager
def url():
    """socket://, by pyserial."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = SerialTransport(f"socket://127.0.0.1:{server.getsockname()[1]}")
        other = server.accept()[0]
    yield port, other.sendall, lambda: other.recv(65536), other.close
    port.close()
    other.close()


@contextmanager
def connected():
    """The emulated board's line."""
    ours, other = socket.socketpair()
    port = SocketTransport(ours, "emulator")
    yield port, other.sendall, lambda: other.recv(65536), other.close
    port.close()
    other.close()


KINDS = pytest.mark.parametrize("open_pipe", [pseudo_terminal, url, connected], ids=lambda kind: kind.__name__)


@KINDS
def test_bytes_pass_unchanged(open_pipe):
    """All 256 values, both ways: no line discipline is left on."""
    data = bytes(range(256)) * 2
    with open_pipe() as (port, send, receive, close):
        port.write(data)
        got = b""
        while len(got) < len(data):
            got += receive()
        assert got == data
        send(data)
        got = b""
        while len(got) < len(data):
            got += port.read(5.0)
        assert got == data
        started = time.monotonic()
        assert port.read(0.0) == b"" == port.read(0.1)
        assert 0.09 < time.monotonic() - started < 1.0
        close()


@KINDS
@pytest.mark.parametrize(
    "operation", [lambda port: port.read(1.0), lambda port: [port.write(b"x" * 8) for _ in range(9)]], ids=["r", "w"]
)
def test_the_other_end_goes_away(open_pipe, operation):
    with open_pipe() as (port, _send, _receive, close):
        close()
        with pytest.raises(PortLostError, match=f"port {port.name}: .*check the cable and the board's power"):
            operation(port)


def test_a_device_that_was_pulled_out():
    with pseudo_terminal() as (port, _send, _receive, close):
        close()
        with pytest.raises(
            PortLostError, match=r"port /dev/pts/\d+: was pulled out: its device is gone \(.*\); .* with --wait"
        ):
            port.read(1.0)


@KINDS
def test_nobody_reads_at_the_other_end(open_pipe, monkeypatch):
    """The write ends by its time-out, whatever fits into the system's buffers."""
    monkeypatch.setattr(transport, "WRITE_TIMEOUT_S", 0.3)
    with open_pipe() as (port, _send, _receive, close):
        started = time.monotonic()
        with pytest.raises(PortStuckError, match=f"port {port.name}: takes no byte .*; reset the board"):
            for _ in range(100):
                port.write(bytes(1 << 20))
        assert time.monotonic() - started < 10
        close()
