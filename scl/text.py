"""Text from boards and files on its way to a terminal, a page, a log, Markdown or a spreadsheet, where it must not act.

A board's name, a label or the bytes that an error quotes may hold anything. `printable` is the one rule: it escapes
every character that `str.isprintable` calls not printable, the rule of Python's `repr` and of the names in our files.
By Unicode's general categories (UAX #44) these are

    Cc      control: ESC and the C1 codes that begin a terminal's sequences (ECMA-48), line ends, tab, backspace
    Cf      format: the overrides and isolates that reorder a line (UAX #9, CVE-2021-42574), zero-width characters, tags
    Cs      lone surrogates, which cannot be encoded
    Co, Cn  private use and unassigned
    Zl, Zp  line and paragraph separator
    Zs      spaces other than the ASCII one

Letters, marks, digits, punctuation and symbols of every language stay. An escape is that of a Python string, such as
\\x1b. A backslash stays one, so text that is printable is not changed; escapes are for reading, not for decoding.
"""

import re
import sys
import unicodedata
from collections.abc import Iterable

# A formula begins with one of these, also in full width, by OWASP's "CSV Injection" and CWE-1236. A spreadsheet may
# take ; or | for the separator, so what stands behind one begins a cell as well. Tabs and line ends are escaped before.
_FORMULA = re.compile(r"(^|[,;|])([ \"]*)(?=[=+\-@＝＋－＠])")
_MARKDOWN = re.compile(r"[\\`*_\[\]<>|&~]")  # CommonMark 0.31, 2.4: a backslash before punctuation takes its meaning


def printable(text: str) -> str:
    """The text with every character escaped that is not printable; of one line, whatever came."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def say(*lines: str, error: bool = False) -> None:
    """Prints lines to stdout, or stderr, made printable: no line that is passed can become two."""
    for line in lines:
        print(printable(line), file=sys.stderr if error else sys.stdout, flush=True)


def put(document: str) -> None:
    """Prints a JSON document to stdout in one piece, line ends and all. As Python's `json` writes it, it is ASCII with
    control characters escaped, but for DEL.
    """
    print(document.replace("\x7f", "\\u007f"), end="", flush=True)


def folded(name: str) -> str:
    """A name as it is compared: case, blanks and ways to write an umlaut do not count."""
    return " ".join(unicodedata.normalize("NFC", name).casefold().split())


def listed(names: Iterable[str], most: int) -> str:
    """Names with commas, the first ones of many."""
    everybody = list(names)
    rest = f" and {len(everybody) - most} more" if len(everybody) > most else ""
    return ", ".join(everybody[:most]) + rest


def markdown(text: str) -> str:
    """The text for a line of Markdown, where it stands for itself: no link, no HTML, no further cell of a table."""
    return _MARKDOWN.sub(r"\\\g<0>", printable(text))


def cell(text: str) -> str:
    """The text for a CSV file that a spreadsheet may open: an apostrophe before what it would run as a formula."""
    return _FORMULA.sub(r"\1\2'", printable(text))
