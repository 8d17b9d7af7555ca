"""The error of a wrong input, and how a command line ends."""

import io
import os
import sys
import traceback
from collections.abc import Callable, Sequence

from scl.text import say


class InputError(Exception):
    """The user's input is wrong. The message names the file or port, what was found, expected, and what to do."""


def command(main: Callable[[Sequence[str]], int | None]) -> None:
    """Runs a command line's `main(argv)` and exits: 0 or its status, 2 for an InputError, 130 when interrupted.

    Whatever it prints at its end is printable, the traceback of a fault of our own too, with which it exits with 1.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # letters that the terminal's encoding does not have
    try:
        status = main(sys.argv[1:]) or 0
    except InputError as error:
        complain("error", error)
        status = 2
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # the reader of our output, such as head, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    except Exception:  # a fault of ours, with whatever text was at hand
        say(*traceback.format_exc().rstrip().split("\n"), error=True)
        status = 1
    sys.exit(status)


def complain(kind: str, error: Exception) -> None:
    """Prints "kind: error" to stderr, later lines of the message indented: none of them passes for one of ours."""
    first, *more = str(error).split("\n")
    say(f"{kind}: {first}", *(f"  {line}" for line in more), error=True)


def shortened(value: object, length: int = 60) -> str:
    """The repr of a value for a message, cut to `length` characters."""
    text = repr(value)
    return text if len(text) <= length else text[: length - 3] + "..."
