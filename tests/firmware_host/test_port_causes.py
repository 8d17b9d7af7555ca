"""Why a port cannot be opened: each cause has its type and its advice, in bounded time."""

import errno
import fcntl
import grp
import os
import pty
import pwd
import socket
import subprocess
import sys
import time
from types import SimpleNamespace

import pytest
from serial.tools import list_ports

from firmware_host import port_causes
from firmware_host.port_errors import (
    PortBusyError,
    PortDeniedError,
    PortError,
    PortMissingError,
    PortNameError,
)
from firmware_host.transport import SerialTransport
from scl.artifacts import InputError

NOBODY = 65534


@pytest.fixture
def terminal():
    """The name of a pseudo-terminal that may be opened."""
    master, slave = pty.openpty()
    yield os.ttyname(slave)
    os.close(master)
    os.close(slave)


def refused(name, kind, text, baud=115_200):
    started = time.monotonic()
    with pytest.raises(kind, match=text) as caught:
        SerialTransport(str(name), baud)
    assert type(caught.value) is kind and time.monotonic() - started < 7
    return str(caught.value)


def test_a_port_that_is_not_there(tmp_path, monkeypatch):
    board = SimpleNamespace(device="/dev/ttyACM1", vid=1, pid=2, serial_number=None, description="")
    monkeypatch.setattr(list_ports, "comports", lambda: [board])
    refused(
        tmp_path / "ttyNONE",
        PortMissingError,
        r"/ttyNONE: no such port; check the cable \(a board that is plugged in again may get another name, .*\); "
        r"check the name with `python -m firmware_host.ports` \(now: /dev/ttyACM1\)",
    )


def test_a_link_to_a_board_that_was_pulled_out(tmp_path):
    (tmp_path / "by-id").symlink_to("ttyACM0")
    refused(tmp_path / "by-id", PortMissingError, "is a link to ttyACM0, which is not there; check the cable")


def test_what_is_no_device(tmp_path):
    (tmp_path / "file").write_text("")
    os.mkfifo(tmp_path / "pipe")
    local = socket.socket(socket.AF_UNIX)
    local.bind(str(tmp_path / "socket"))
    for name, kind in (
        ("file", "a regular file"),
        ("", "a folder"),
        ("pipe", "a named pipe"),
        ("socket", "a local so"),
    ):
        refused(tmp_path / name, PortNameError, f"is {kind}.*, a serial device is expected; check the name")
    local.close()


def test_a_device_that_is_no_serial_port():
    refused(
        "/dev/null", PortNameError, r"port /dev/null: is no serial device \(Inappropriate ioctl for device\); check"
    )


@pytest.mark.parametrize("name", ["x" * 300, "a\0b", "", " ", "native:x", "emulator", "../.."])
def test_names_that_are_none(name):
    with pytest.raises(PortError, match="check the name"):
        SerialTransport(name)


@pytest.mark.parametrize("scheme", ["foo", "http", "", "cp2110", "Socket", "tcp"])
def test_urls_of_an_unknown_kind(scheme):
    refused(f"{scheme}://localhost:5000", PortNameError, "no such kind of URL, '.*'; expected one of socket, rfc2217")


@pytest.mark.parametrize("scheme", ["socket", "rfc2217"])
@pytest.mark.parametrize(
    ("rest", "text"),
    [
        ("localhost", "names no port number"),
        ("localhost:", "names no port number"),
        ("localhost:0", "names no port number"),
        (":5000", "names no host"),
        ("", "names no host"),
        ("localhost:99999", "Port out of range"),
        ("localhost:x", "Port could not be cast to integer"),
        ("localhost:-1", "Port "),
        ("[::1", "Invalid IPv6 URL"),
    ],
)
def test_addresses_that_are_none(scheme, rest, text):
    refused(f"{scheme}://{rest}", PortNameError, f"{text}.*; expected {scheme}://HOST:PORT")


def test_a_server_that_is_not_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        number = server.getsockname()[1]
    refused(
        f"socket://127.0.0.1:{number}",
        PortMissingError,
        r"nobody answers there \(Connection refused\); start the program that serves it, and check host and port",
    )


@pytest.mark.parametrize("name", ["hwgrep://[", "socket://localhost:5000?x=y", "spy:///dev/null?x"])
def test_urls_that_pyserial_takes_apart(name):
    """Whatever it raises: KeyError, re.error and others."""
    with pytest.raises(PortError, match="check the name|check host"):
        SerialTransport(name)


@pytest.mark.parametrize("baud", [0, -1])
def test_rates_that_are_none(terminal, baud):
    refused(terminal, PortNameError, f"--baud {baud}; a positive number is expected", baud)


@pytest.mark.parametrize("baud", [1 << 31, 1 << 32, 10**12, 10**40])
def test_rates_that_the_system_does_not_take(terminal, baud):
    refused(terminal, PortNameError, rf"the system does not take {baud} baud \(.*\); try --baud 115200", baud)


def test_another_program_holds_it(terminal):
    """It is named where the system tells."""
    code = "import sys; from firmware_host.transport import SerialTransport as S; p = S(sys.argv[1]); print(1); input()"
    holder = subprocess.Popen(
        [sys.executable, "-uc", code, terminal], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with holder:
        assert holder.stdout.readline() == "1\n"
        refused(terminal, PortBusyError, rf"port {terminal}: .*\(process {holder.pid}\) holds it; close that one")
        holder.stdin.write("\n")
    SerialTransport(terminal).close()


def test_this_program_holds_it_already(terminal):
    with open(terminal, "rb", buffering=0) as other:
        fcntl.flock(other, fcntl.LOCK_EX)
        refused(terminal, PortBusyError, "another program holds it; close that one")


@pytest.fixture
def shared(terminal):
    """A device like a board's, open to a group, which neither we nor its owner may open."""
    if os.geteuid() == 0:
        os.chown(terminal, 0, grp.getgrnam("dialout").gr_gid)
    os.chmod(terminal, 0o060)
    return terminal, grp.getgrgid(os.stat(terminal).st_gid).gr_name


def as_nobody(name):
    """What opening it raises for a user who is not root."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        return refused(name, PortDeniedError, "permission denied; ")
    finally:
        os.seteuid(before)


def test_permission_denied_names_the_group(shared):
    """That of the device itself, which is dialout on Debian and uucp or tty elsewhere."""
    name, group = shared
    assert f"belongs to group {group}: `sudo usermod -aG {group} $USER`, then log out and in" in as_nobody(name)


def test_permission_denied_to_a_member_who_has_not_logged_in_again(shared, monkeypatch):
    name, group = shared
    user = pwd.getpwuid(os.geteuid() or NOBODY).pw_name
    monkeypatch.setattr(grp, "getgrall", lambda: [SimpleNamespace(gr_name=group, gr_mem=[user])])
    assert f"you are in its group {group} since your last login: log out and in again" in as_nobody(name)


def test_permission_denied_by_a_device_without_a_group(terminal):
    os.chmod(terminal, 0o000)
    text = as_nobody(terminal)
    assert "its owner alone (mode c---------); add a udev rule" in text and "usermod" not in text


EXPECTED = {
    **dict.fromkeys(("ENOENT", "ENODEV", "ENXIO", "EIO", "ENOTDIR"), PortMissingError),
    **dict.fromkeys(("EACCES", "EPERM"), PortDeniedError),
    **dict.fromkeys(("EBUSY", "EAGAIN"), PortBusyError),
    "ENOTTY": PortNameError,
}


@pytest.mark.parametrize("name", sorted(set(errno.errorcode.values())))
def test_every_error_of_the_system(terminal, monkeypatch, name):
    """Where opening fails with it: one PortError, with the system's own words and a next step."""
    code = getattr(errno, name)
    real_open = os.open

    def fail(path, *arguments, **options):
        if path == terminal:
            raise OSError(code, os.strerror(code))
        return real_open(path, *arguments, **options)

    monkeypatch.setattr(os, "open", fail)
    with pytest.raises(PortError, match=f"port {terminal}: ") as caught:
        SerialTransport(terminal)
    if name in EXPECTED:
        assert type(caught.value) is EXPECTED[name]
    assert ";" in str(caught.value) or ": `sudo" in str(caught.value)


def test_each_type_is_an_input_error():
    """So that every command ends with status 2 and no traceback."""
    kinds = [kind for kind in vars(port_causes).values() if isinstance(kind, type) and issubclass(kind, PortError)]
    assert len(kinds) >= 7 and all(issubclass(kind, InputError) for kind in kinds)
