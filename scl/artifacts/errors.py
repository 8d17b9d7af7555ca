"""The error of a wrong input, and how a command line ends."""

import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from types import FrameType
from typing import TextIO, cast

from scl.extras import named
from scl.text import say

FAULT = 70  # sysexits.h: a fault of the program itself; 1 is a command's own, such as "missed"
READER_LEFT = 128 + 13  # as a shell names SIGPIPE


class InputError(Exception):
    """The user's input is wrong. The message names the file or port, what was found, expected, and what to do."""


def command(main: Callable[[Sequence[str]], int | None]) -> None:
    """Runs a command line's `main(argv)` and exits: 0 or its status, 130 when interrupted, 2 for an InputError, for
    an OSError that nothing nearer has made one of, and where memory does not suffice.

    Whatever it prints at its end is printable, the traceback of a fault of our own too, with which it exits with FAULT.
    """
    from scl.artifacts.os_errors import Output, unhandled  # which import InputError

    if sys.stderr is None:  # it was closed before the start
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  # as long as the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # letters that the terminal's encoding does not have
    stdout = sys.stdout
    if stdout is not None:  # it may have been closed before the start
        sys.stdout = cast(TextIO, Output(stdout))
    try:
        with _interrupts():
            status = main(sys.argv[1:]) or 0
        _flush()
    except InputError as error:
        complain("error", str(error))
        status = 2
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # the reader of our output, such as head, has left
        status = READER_LEFT
    except OSError as error:
        complain("error", unhandled(error))
        status = 2
    except MemoryError as error:
        complain("error", f"this computer's memory does not suffice ({error}); ask for less, or end other programs")
        status = 2
    except Exception as error:
        missing = named(error)
        if missing is not None:
            complain("error", str(missing))
            status = 2
        else:  # a fault of ours, with whatever text was at hand
            with suppress(OSError):
                say(*traceback.format_exc().rstrip().split("\n"), error=True)
            status = FAULT
    finally:
        sys.stdout = stdout
    try:
        _flush()
    except OSError:  # else Python complains once more about what it could not print
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(status)


@contextmanager
def _interrupts() -> Iterator[None]:
    """Makes a KeyboardInterrupt of a fault behind Ctrl-C: libraries written in C make other errors of it."""
    pressed = False
    usual = signal.getsignal(signal.SIGINT)
    if not callable(usual) or threading.current_thread() is not threading.main_thread():  # as of a background job
        yield
        return

    def note(number: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed = True
        usual(number, frame)

    signal.signal(signal.SIGINT, note)
    try:
        yield
    except (InputError, OSError):  # about what was written meanwhile
        raise
    except Exception as error:
        if pressed:
            raise KeyboardInterrupt from error
        raise
    finally:
        signal.signal(signal.SIGINT, usual)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def complain(kind: str, text: str) -> None:
    """Prints "kind: text" to stderr, later lines of the text indented: none of them passes for one of ours."""
    first, *more = text.split("\n")
    with suppress(OSError):  # the terminal may be what failed
        say(f"{kind}: {first}", *(f"  {line}" for line in more), error=True)


def shortened(value: object, length: int = 60) -> str:
    """The repr of a value for a message, cut to `length` characters."""
    text = repr(value)
    return text if len(text) <= length else text[: length - 3] + "..."
