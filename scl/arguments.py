"""Types of command-line arguments that several commands take: whatever is outside its range is refused by argparse."""

import argparse
import difflib
import math
import shlex
from collections.abc import Callable, Sequence
from typing import Any, ClassVar, NoReturn

from scl import __version__
from scl.artifacts.errors import shortened
from scl.artifacts.fields import is_line
from scl.text import printable

FORMATS = "format: docs/FORMATS.md"  # of capture files and sensor files, for the help of what takes either
MOST_COMMAND = 2000  # characters of a command in a report
MOST_BAUD = (1 << 31) - 1  # pyserial hands it to the system as an int


class Parser(argparse.ArgumentParser):
    """argparse's, with examples under the help, and refusals of two lines that name the nearest option.

    Refusals are printable: a shell may have put in the names of files.

    Args:
        figures: the command prints some, so it takes --json (scl/answers.py).

    Attributes:
        program: what the user typed before the options, where it is not `python -m MODULE` (scl/commands.py).
    """

    program: ClassVar[str | None] = None

    def __init__(
        self, *, prog: str | None = None, examples: Sequence[str] = (), figures: bool = False, **options: Any
    ) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        options.setdefault("allow_abbrev", False)  # --epoch is no option: which one was meant is asked
        if Parser.program is not None and prog is not None and prog.startswith("python -m "):
            prog = Parser.program
        if examples:
            options["epilog"] = "\n".join(["examples:", *(f"  {prog} {example}".rstrip() for example in examples)])
        super().__init__(**options | {"prog": prog})
        self.examples = tuple(examples)
        if self.add_help:
            version = f"scl-wearable {__version__}"
            self.add_argument("--version", action="version", version=version, help="print it and exit")
        if figures:
            text = "print the figures as one JSON document (docs/schemas), all else to stderr"
            self.add_argument("--json", action="store_true", help=text)

    def error(self, message: str) -> NoReturn:
        """Ends the process with status 2."""
        before, found, unknown = message.partition("unrecognized arguments: ")
        first = unknown.partition(" ")[0].partition("=")[0] if found and not before else ""
        nearest = difflib.get_close_matches(first, self._option_string_actions, 1)
        meant = f"; did you mean {nearest[0]}?" if nearest else ""
        places = [str(a.metavar or a.dest) for a in self._get_positional_actions()]
        usage = " ".join([f"usage: {self.prog}", *places, f"[options]; {self.prog} --help lists them"])
        self.exit(2, f"{printable(usage)}\n{self.prog}: error: {printable(message)}{meant}\n")


def command_line(module: str, argv: Sequence[str]) -> str:
    """A command with its arguments, as a shell takes it, for a report."""
    return printable(f"{Parser.program or f'python -m {module}'} {shlex.join(argv)}".strip()[:MOST_COMMAND])


def whole(low: int, high: int) -> Callable[[str], int]:
    """A whole number from `low` to `high`."""
    expected = f"a whole number from {low} to {high}"

    def parse(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            raise _refused(text, expected) from None
        if not low <= value <= high:
            raise _refused(text, expected)
        return value

    return parse


def number(low: float, high: float) -> Callable[[str], float]:
    """A number from `low` to `high`; neither NaN nor infinity is one."""
    expected = f"a number from {low:g} to {high:g}"

    def parse(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            raise _refused(text, expected) from None
        if math.isnan(value) or not low <= value <= high:
            raise _refused(text, expected)
        return value

    return parse


def line(text: str) -> str:
    """A text that can be printed on one line."""
    if not is_line(text):
        raise _refused(text, "one line that can be printed, of 1 to 255 characters")
    return text


MOST_SEED = (1 << 32) - 1  # what numpy, torch and scikit-learn all take
MOST_COPIES = 1000  # of a window: all of them are in memory together
MOST_COUNT = 1_000_000_000  # of what is taken as far as it is there

BAUD = whole(1, MOST_BAUD)
COPIES = whole(1, MOST_COPIES)
COUNT = whole(1, MOST_COUNT)
SEED = whole(0, MOST_SEED)
FRACTION = number(0, 1)


def _refused(text: str, expected: str) -> argparse.ArgumentTypeError:
    return argparse.ArgumentTypeError(f"{shortened(text)} is not {expected}")
