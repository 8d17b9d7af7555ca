"""The error of a wrong input, and how a command line ends."""

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TextIO, cast


class InputError(Exception):
    """The user's input is wrong. The message names the file or port, what was found, expected, and what to do."""


def command(main: Callable[[Sequence[str]], int | None]) -> None:
    """Runs a command line's `main(argv)` and exits: 0 or its status, 2 for an InputError and for an OSError that
    nothing nearer has made one of, 130 when interrupted.
    """
    from scl.artifacts.os_errors import Output, unhandled  # which import InputError

    stdout = sys.stdout
    if stdout is not None:  # it may have been closed before the start
        sys.stdout = cast(TextIO, Output(stdout))
    try:
        status = main(sys.argv[1:]) or 0
        _flush()
    except InputError as error:
        status = _failed(str(error))
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # the reader of our output, such as head, has left
        status = 1
    except OSError as error:
        status = _failed(unhandled(error))
    finally:
        sys.stdout = stdout
    try:
        _flush()
    except OSError:  # else Python complains once more about what it could not print
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    sys.exit(status)


def _flush() -> None:
    if sys.stdout is not None:
        sys.stdout.flush()


def _failed(text: str) -> int:
    """Says why a command failed; returns its exit status."""
    with suppress(OSError):  # the terminal may be what failed
        print(f"error: {text}", file=sys.stderr)
    return 2


def shortened(value: object, length: int = 60) -> str:
    """The repr of a value for a message, cut to `length` characters."""
    text = repr(value)
    return text if len(text) <= length else text[: length - 3] + "..."
