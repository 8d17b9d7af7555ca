"""The error of a wrong input, and how a command line ends."""

import os
import sys
from collections.abc import Callable, Sequence


class InputError(Exception):
    """The user's input is wrong. The message names the file or port, what was found, expected, and what to do."""


def command(main: Callable[[Sequence[str]], int | None]) -> None:
    """Runs a command line's `main(argv)` and exits: 0 or its status, 2 for an InputError, 130 when interrupted."""
    try:
        status = main(sys.argv[1:]) or 0
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        status = 2
    except KeyboardInterrupt:
        status = 130
    except BrokenPipeError:  # the reader of our output, such as head, has left
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 1
    sys.exit(status)


def shortened(value: object, length: int = 60) -> str:
    """The repr of a value for a message, cut to `length` characters."""
    text = repr(value)
    return text if len(text) <= length else text[: length - 3] + "..."
