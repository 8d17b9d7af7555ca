"""No text acts on a terminal, a table, a page of Markdown or a spreadsheet, and no product code goes around that."""

import ast
import csv
import io
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.table import Table

from scl.arguments import Parser
from scl.artifacts import InputError, command
from scl.artifacts.errors import FAULT
from scl.terminal import PlainConsole
from scl.text import cell, markdown, printable, say

ROOT = Path(__file__).parents[2]
PRODUCT = sorted(
    path for name in ("scl", "train", "calibration", "export", "firmware_host") for path in (ROOT / name).rglob("*.py")
)
FORMULA = "=+-@＝＋－＠"

# One of each kind that has been seen to act somewhere.
HOSTILE = (
    "\x1b[2J\x1b]0;title\x07",  # clears the screen, renames the window
    "\x9b31m",  # the same in C1
    "a\rb\x08c\x7f",
    "one\nerror: two",
    "\u202egnp.exe\u2066",  # bidi override and isolate
    "\ud800",
    "\ufeffa\u200bb\u00ad",
    "a\u2028b\x85c",
    "[/bold]",
    "[red]no[/red] :warning: [link=x]y[/link]",
    "<script>alert(1)</script>&lt;",
    "=HYPERLINK(1)",
    "a;=1+1",
    "| a | [b](c) `d` *e*",
    "\\x1b and \\",
)
# Any text at all, surrogates too, and much of what acts.
texts = st.text(st.characters() | st.sampled_from("\x1b\x9b\x07\r\n\t\u202e\ud800[]/=+-@＝＋－＠;|,\"' <>&*_`~\\"))


quick = settings(deadline=None)  # other work may hold the core


def acting(text):
    """Characters of the categories that printable() is to escape, by Unicode's own table."""
    return [c for c in text if c != " " and unicodedata.category(c)[0] in "CZ"]


@quick
@given(texts)
def test_printable_text_does_not_act(text):
    shown = printable(text)
    assert not acting(shown) and shown.encode().decode() == shown
    assert printable(shown) == shown
    assert (shown == text) == (not acting(text))


def test_every_character_there_is():
    """Each is escaped just where its category is one that acts."""
    wrong = [hex(code) for code in range(0x110000) if (printable(chr(code)) != chr(code)) != bool(acting(chr(code)))]
    assert wrong == []


@quick
@given(texts.map(lambda text: text.replace("\\", "").replace("'", "")))
def test_an_escape_is_pythons(text):
    """So a reader can tell which character it was; whatever is no escape stands as it stood."""
    assert ast.literal_eval(f"'{printable(text)}'") == text


@pytest.mark.parametrize(
    "name", ["Gehen", "идти", "歩く", "المشي", "चलना", "ללכת", "걷기", "marche à pied", "µV ½ €", "🚶", "e\u0301"]
)
def test_letters_of_any_language_stay(name):
    assert printable(name) == name


@quick
@given(st.lists(texts))
def test_a_line_stays_one_line(lines):
    out = io.StringIO()
    stdout, sys.stdout = sys.stdout, out
    try:
        say(*lines)
    finally:
        sys.stdout = stdout
    printed = out.getvalue().split("\n")
    assert printed.pop() == "" and printed == [printable(line) for line in lines]


def drawn(text):
    """A table with the text in every place that takes one, and the text by itself, without the line ends."""
    table = Table(title=text, caption=text, show_footer=True)
    table.add_column(text, footer=text)
    table.add_row(text)
    out = io.StringIO()
    console = PlainConsole(file=out, width=10_000, force_terminal=False)
    console.print(table)
    console.print(text)
    return out.getvalue().replace("\n", "")


@quick
@given(texts)
def test_a_tables_cells_are_plain(text):
    """Nothing that acts comes out, and no text is an error in rich's own markup."""
    assert not acting(drawn(text))


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_in_a_table(text):
    """Each place shows what printable() says: markup and emoji codes are text."""
    page = drawn(text)
    assert page.count(printable(text)) == 6 and not acting(page)


@pytest.mark.parametrize(("encoding", "shown"), [("ascii", "\\xfcben -"), ("latin-1", "üben -"), ("utf-8", "üben –")])
def test_a_terminal_that_lacks_characters(encoding, shown):
    """A label or the dash of a missing figure is no error there."""
    out = io.TextIOWrapper(io.BytesIO(), encoding)
    PlainConsole(file=out).print("üben –")
    out.seek(0)
    assert out.read() == shown + "\n"


@quick
@given(texts)
@example("a;=1+1")
@example("\t=1")
@example("＝1")
@example('","=1')
def test_no_cell_of_a_spreadsheet_is_a_formula(text):
    """Whichever of the usual separators it takes, and whether or not it minds quotation marks."""
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerow(["0", cell(text), "1"])
    (line,) = out.getvalue().splitlines()
    assert next(csv.reader([line]))[1] == cell(text)
    for separator in ",;|\t":
        for field in line.split(separator):
            assert field.lstrip(' "')[:1] not in tuple(FORMULA)
    assert cell(cell(text)) == cell(text)


@pytest.mark.parametrize("text", ["walking", "sit-to-stand", "a+b", "x@y", "it's", "", "1e-3", "Gehen (schnell)"])
def test_an_ordinary_cell_stays(text):
    assert cell(text) == text


@quick
@given(texts.map(str.strip))
def test_markdown_is_only_text(text):
    """By markdown-it, a CommonMark parser: one line of plain text, one cell of a table, and the text comes back."""
    reader = MarkdownIt("commonmark").enable(["table", "strikethrough"])
    (_, inline, _) = reader.parse(f"x {markdown(text)} y")
    assert inline.type == "inline" and {token.type for token in inline.children} <= {"text", "text_special"}
    shown = "".join(token.content for token in inline.children)
    assert shown.split() == f"x {printable(text)} y".split()
    cells = [
        token for token in reader.parse(f"| a | b |\n| - | - |\n| x | {markdown(text)} |\n") if token.type == "inline"
    ]
    assert len(cells) == 4


@pytest.mark.parametrize("text", HOSTILE)
def test_an_error_does_not_act(text, monkeypatch, capsys):
    """It ends the command with 2; further lines are indented, so that no quoted one passes for the command's own."""

    def main(_argv):
        raise InputError(f"walk.csv: found {text}, expected a number")

    monkeypatch.setattr(sys, "argv", ["command"])
    with pytest.raises(SystemExit) as status:
        command(main)
    first, *more = capsys.readouterr().err.split("\n")
    assert status.value.code == 2 and first.startswith("error: walk.csv: found ")
    assert more.pop() == "" and all(line.startswith("  ") for line in more)
    assert not acting(first + "".join(more)) and len(more) == text.count("\n")


@pytest.mark.parametrize("text", HOSTILE)
def test_a_fault_of_our_own_does_not_act(text, monkeypatch, capsys):
    """Its traceback holds whatever text was at hand; the exit status is no command's own."""

    def main(_argv):
        raise KeyError(text) from ValueError(f"found {text}")

    monkeypatch.setattr(sys, "argv", ["command"])
    with pytest.raises(SystemExit) as status:
        command(main)
    error = capsys.readouterr().err
    assert status.value.code == FAULT == 70 and "Traceback" in error and "KeyError: " in error
    assert not acting(error.replace("\n", ""))


@pytest.mark.parametrize("text", HOSTILE)
def test_an_argument_that_nobody_knows_does_not_act(text, capsys):
    with pytest.raises(SystemExit) as status:
        Parser(prog="command").parse_args([f"x{text}"])
    usage, error = capsys.readouterr().err.splitlines()
    assert status.value.code == 2 and error.endswith(f"unrecognized arguments: x{printable(text)}")
    assert usage.startswith("usage: command ") and not acting(error + usage)


@pytest.mark.parametrize("encoding", ["ascii", "latin-1", "utf-8"])
def test_a_terminal_without_the_letters(encoding):
    """A label that the terminal's encoding cannot show is escaped, where Python alone would end with a traceback."""
    code = "from scl.artifacts import command; from scl.text import say; command(lambda argv: say('歩く'))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, env={"PYTHONIOENCODING": encoding, "PYTHONPATH": str(ROOT)}
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode(encoding) == ("歩く\n" if encoding == "utf-8" else "\\u6b69\\u304f\n")


def users(*names):
    """Product files that call a function of these names; a dot before one stands for an attribute of anything."""
    found = set()
    for path in PRODUCT:
        nodes = ast.walk(ast.parse(path.read_text("utf-8")))
        called = [ast.unparse(node.func) for node in nodes if isinstance(node, ast.Call)]
        if any(call == name or name[0] == "." and call.endswith(name) for call in called for name in names):
            found.add(str(path.relative_to(ROOT)))
    return found


def test_text_leaves_in_one_place():
    """Nothing is printed, drawn or written as CSV but where it is made harmless."""
    # A trace holds hexadecimal digits alone; a child process speaks to its parent.
    assert users("print") - {"firmware_host/trace.py", "export/proof/child.py"} == {"scl/text.py"}
    assert users("Console", ".Console") == set()
    assert users(".stdout.write", ".stderr.write", "rich.print") == set()
    # A capture file is data, which our own reader reads back: a label stays what it was.
    captures = {"scl/artifacts/capture.py"}
    # argparse quotes arguments, and a shell may have put in the names of files.
    assert users("argparse.ArgumentParser", "ArgumentParser") == set()
    assert users("csv.writer", "csv.DictWriter") - captures == {"firmware_host/windows_file.py", "train/sweep.py"}
    assert users("cell") == {"firmware_host/windows_file.py", "train/sweep.py"}
    assert users("jinja2.Environment") == {"scl/pages/rendering.py"}
