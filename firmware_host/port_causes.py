"""Why a port cannot be opened or stopped working: tells the causes apart and says what to do about each."""

import errno
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import urlsplit

import serial

from firmware_host import ports
from firmware_host.port_errors import (
    PortBusyError,
    PortDeniedError,
    PortError,
    PortLostError,
    PortMissingError,
    PortNameError,
    PortStuckError,
)


def _termios_errors() -> tuple[type[Exception], ...]:
    try:
        import termios
    except ImportError:  # not a POSIX system
        return ()
    return (termios.error,)


_BROKEN: tuple[type[Exception], ...] = (serial.SerialException, OSError, ValueError, *_termios_errors())
SCHEMES = ("socket", "rfc2217", "loop", "alt", "spy", "hwgrep")  # of pyserial on every system
_WITH_ADDRESS = ("socket", "rfc2217")
_ABSENT = {
    errno.ENOENT, errno.ENODEV, errno.ENXIO, errno.ENOTDIR, errno.EIO, errno.ECONNREFUSED, errno.EHOSTUNREACH,
    errno.ENETUNREACH, errno.ETIMEDOUT,
}  # fmt: skip
_FILE_KINDS = (
    (stat.S_ISREG, "a regular file"),
    (stat.S_ISDIR, "a folder"),
    (stat.S_ISFIFO, "a named pipe"),
    (stat.S_ISSOCK, "a local socket"),
    (stat.S_ISBLK, "a block device"),
)


def check_name(url: str, baud: int) -> None:
    """Raises PortNameError for what cannot be a port, before anything is opened."""
    if baud < 1:
        raise PortNameError(f"port {url}: --baud {baud}; a positive number is expected, 115200 for most boards")
    scheme, separator, _ = url.partition("://")
    if separator:
        if scheme not in SCHEMES:
            raise PortNameError(
                f"port {url}: no such kind of URL, {scheme!r}; expected one of {', '.join(SCHEMES)}, or a device"
            )
        if scheme in _WITH_ADDRESS:
            _check_address(url, scheme)
        return
    with suppress(OSError, ValueError):  # opening it says more
        mode = os.stat(url).st_mode
        for is_kind, name in _FILE_KINDS:
            if is_kind(mode):
                raise PortNameError(f"port {url}: is {name}, a serial device is expected; {_choose()}")


def _check_address(url: str, scheme: str) -> None:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise PortNameError(f"port {url}: {error}; expected {scheme}://HOST:PORT") from error
    if not host or not port:
        missing = "host" if not host else "port number"
        raise PortNameError(
            f"port {url}: names no {missing}; expected {scheme}://HOST:PORT, as in {scheme}://localhost:5000"
        )


@contextmanager
def opening(url: str, baud: int) -> Iterator[None]:
    """Turns every way in which a port cannot be opened into the PortError that says which."""
    try:
        yield
    except Exception as error:  # pyserial lets all kinds through, from KeyError to re.error
        raise _not_opened(url, baud, error) from error


def _not_opened(url: str, baud: int, error: Exception) -> PortError:
    code, reason = _errno(error), _reason(error)
    is_url = "://" in url
    if code in _ABSENT or is_url and isinstance(error.__context__, OSError):
        return PortMissingError(f"port {url}: {_absent(url, is_url, reason)}")
    if code in (errno.EACCES, errno.EPERM):
        return PortDeniedError(f"port {url}: permission denied; {_permission(url)}")
    if code in (errno.EBUSY, errno.EAGAIN):
        return PortBusyError(
            f"port {url}: {_holders(url) or 'another program'} holds it; close that one and run the command again"
        )
    if code == errno.ENOTTY:
        return PortNameError(f"port {url}: is no serial device ({reason}); {_choose()}")
    if isinstance(error, OverflowError) or "baud" in reason:
        return PortNameError(
            f"port {url}: the system does not take {baud} baud ({reason}); try --baud 115200, and use the rate that "
            "the firmware was built for"
        )
    return PortNameError(f"port {url}: cannot be opened ({reason}); {_choose()}")


def _absent(url: str, is_url: bool, reason: str) -> str:
    if is_url:
        return f"nobody answers there ({reason}); start the program that serves it, and check host and port number"
    if os.path.islink(url):
        reason = f"is a link to {os.readlink(url)}, which is not there"
    elif not os.path.exists(url):
        reason = "no such port"
    else:
        reason = f"no device behind it ({reason})"
    return (
        f"{reason}; check the cable (a board that is plugged in again may get another name, one in /dev/serial/by-id "
        f"stays); {_choose()}"
    )


def _choose() -> str:
    devices = ", ".join(str(port.device) for port in ports.candidates()) or "none of a USB device"
    return f"check the name with `python -m firmware_host.ports` (now: {devices}); --port native and emulator need none"


def _permission(url: str) -> str:
    """Advice for the group that owns the device: `dialout` on Debian, `uucp` or `tty` elsewhere."""
    try:
        status = os.stat(url)
    except OSError:
        return "its folder may not be read; run as a user who may"
    if not status.st_mode & stat.S_IRGRP or not status.st_mode & stat.S_IWGRP:
        return (
            f"it is open to its owner alone (mode {stat.filemode(status.st_mode)}); add a udev rule that gives it to "
            "group dialout, or ask the administrator"
        )
    group = _group_name(status.st_gid)
    if group in _groups_of_user():
        return f"you are in its group {group} since your last login: log out and in again"
    return f"it belongs to group {group}: `sudo usermod -aG {group} $USER`, then log out and in again"


def _group_name(number: int) -> str:
    import grp

    try:
        return grp.getgrgid(number).gr_name
    except KeyError:
        return str(number)


def _groups_of_user() -> list[str]:
    """Groups that the user database names for the user, whatever this login has."""
    import grp
    import pwd

    try:
        user = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return []
    return [group.gr_name for group in grp.getgrall() if user in group.gr_mem]


@contextmanager
def working(name: str, path: str | None = None) -> Iterator[None]:
    """Turns every way in which an open port fails into a PortLostError, or a PortStuckError.

    A dead pseudo-terminal alone has three: SerialException, OSError and termios.error. `path`: the device or URL.
    """
    try:
        yield
    except serial.SerialTimeoutException as error:
        raise PortStuckError(
            f"port {name}: takes no byte ({error}): the board hangs, or nobody reads at the other end; reset the board "
            "and run the command again"
        ) from error
    except _BROKEN as error:
        raise PortLostError(f"port {name}: {_lost(path, error)}") from error


def _lost(path: str | None, error: Exception) -> str:
    reason, advice = _reason(error), "check the cable and the board's power, then run the command again"
    if path is None or "://" in path:
        return f"{reason}; {advice}"
    if not os.path.exists(path):
        return f"was pulled out: its device is gone ({reason}); {advice}, or let it wait for the port with --wait"
    if holders := _holders(path):
        return f"stopped working ({reason}): {holders} has it open too; close that one and run the command again"
    return f"stopped working ({reason}); {advice}"


def _holders(path: str) -> str:
    """Other programs that have a device open, as far as this user may know: "minicom (process 71)"; "" if none."""
    device = os.path.realpath(path)
    holders = []
    for process in sorted(Path("/proc").glob("[0-9]*"), key=lambda process: int(process.name)):
        if int(process.name) == os.getpid():
            continue
        with suppress(OSError):  # it may have ended, or be another user's
            if any(os.path.realpath(one) == device for one in (process / "fd").iterdir()):
                holders.append(f"{(process / 'comm').read_text().strip()} (process {process.name})")
    return ", ".join(holders)


def _errno(error: BaseException | None) -> int | None:
    """The system's error number behind an error, however deep."""
    if error is None:
        return None
    for number in (getattr(error, "errno", None), *error.args[:1]):
        if isinstance(number, int) and number > 0:
            return number
    return _errno(error.__context__)


def _reason(error: BaseException) -> str:
    """The system's words for an error, without what pyserial puts around them."""
    context = error.__context__
    innermost = context if isinstance(context, _BROKEN) else error
    text = innermost.args[1] if len(innermost.args) > 1 and isinstance(innermost.args[0], int) else str(innermost)
    return str(text) or type(error).__name__
