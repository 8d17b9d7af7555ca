"""Hostile text of a board, a bundle or a recording through the commands: it is shown, and nothing acts on it.

tests/scl/test_text.py has the rule itself, and that nothing goes around it.
"""

import csv
import io
import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest

from firmware_host import ports, stream
from firmware_host.figures import Answers
from firmware_host.outcome import Outcome
from firmware_host.windows_file import windows_csv
from scl.artifacts import command
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.golden import read_golden
from scl.text import cell, printable
from tests.firmware_host.test_resets import Run
from tests.scl.test_text import FORMULA, HOSTILE, acting

ON_THE_WIRE = tuple(text for text in HOSTILE if "\n" not in text and "\ud800" not in text)  # lines of UTF-8 in HELLO


@pytest.fixture
def run(monkeypatch, make_board, fake_bundle, tmp_path):
    return Run(monkeypatch, make_board, fake_bundle, tmp_path)


class Page(HTMLParser):
    """The text and the elements of a page."""

    def __init__(self):
        super().__init__()
        self.elements, self.text = [], []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, tuple(name for name, _ in attributes)))

    def handle_data(self, data):
        self.text.append(data)


def read_page(path):
    page = Page()
    page.feed(path.read_text("utf-8"))
    return page.elements, "".join(page.text)


@pytest.mark.parametrize("text", ON_THE_WIRE)
def test_a_boards_name_and_firmware(run, capsys, text):
    """On the terminal, and in a page that has the elements of any other board's, and no more."""
    status, report, table = run.validate(board=f"B{text}", firmware=f"F{text}")
    out, err = capsys.readouterr()
    assert status == 0 and report["board"] == f"B{text}"
    assert not acting((out + err).replace("\n", "")) and not acting(table.replace("\n", ""))
    shown = re.sub(r"\s", "", printable(text))
    assert f"B{shown}" in re.sub(r"\s", "", out)  # a title is wrapped
    elements, page = read_page(run.out / "validation.html")
    assert not acting(page.replace("\n", "").replace("\u2002", ""))  # the page's own space of 1 en
    assert f"B{printable(text)}" in page and f"F{printable(text)}" in page
    run.validate(board="B", firmware="F")
    assert elements == read_page(run.out / "validation.html")[0]


@pytest.mark.parametrize("text", HOSTILE)
def test_labels_in_a_table_for_spreadsheets(fake_bundle, text):
    """As if the manifest had let them pass: a label that would be a formula is none, any other is shown."""
    bundle = read_run_bundle(fake_bundle)
    golden = read_golden(bundle)
    manifest = replace(bundle.manifest, labels=(text, f"={text}", f"walking;{text}"))
    lost = Outcome([None] * golden.input_crc32.size, [float("nan")] * golden.input_crc32.size, [1] * 36)
    table = windows_csv(manifest, golden, Answers.of(lost, golden))
    assert not acting(table.replace("\n", ""))
    rows = list(csv.DictReader(io.StringIO(table)))
    assert len(rows) == golden.labels.size == table.count("\n") - 1
    for row, label in zip(rows, golden.labels.ravel(), strict=True):
        assert row["label"] == cell(manifest.labels[label])
    for field in re.split("[,;\n]", table):
        assert field.lstrip(' "')[:1] not in tuple(FORMULA)


@pytest.mark.parametrize("text", ON_THE_WIRE)
def test_labels_that_are_not_the_bundles(run, capsys, monkeypatch, text):
    """The error that quotes them ends the command without acting."""
    monkeypatch.setattr("sys.argv", ["validate"])
    with pytest.raises(SystemExit) as status:
        command(lambda _: run.validate(labels=("walking", text, "x")))
    message = capsys.readouterr().err
    assert status.value.code == 2 and message.startswith("error: port fake: the board describes its model as")
    assert not acting(message.replace("\n", ""))


@pytest.mark.parametrize("text", ON_THE_WIRE)
def test_the_names_of_serial_ports(monkeypatch, capsys, text):
    """A USB device describes itself."""

    class Port:
        device, vid, pid, serial_number, description = f"/dev/tty{text}", 1, 2, text, text

    monkeypatch.setattr(ports, "candidates", lambda: [Port, Port])
    assert ports.main([]) == 0
    listed = capsys.readouterr().out
    assert listed.count(printable(text)) == 4 and not acting(listed.replace("\n", ""))
    monkeypatch.setattr("sys.argv", ["ports"])
    with pytest.raises(SystemExit):
        command(lambda _: ports.resolve())
    error = capsys.readouterr().err
    assert error.count(printable(text)) == 4 and not acting(error.replace("\n", ""))


@pytest.mark.parametrize("text", [text for text in HOSTILE if not acting(text)])
def test_a_recordings_label(run, capsys, monkeypatch, text):
    """What a capture file may hold is printed as it stands."""
    record = stream.read_capture

    def labelled(path):
        return replace(record(path), label=(text,) * 403)

    monkeypatch.setattr(stream, "read_capture", labelled)
    assert run.stream() == 0
    assert capsys.readouterr().out.count(f"(label {text})") == len(range(200, 404, 50))


@pytest.mark.parametrize("text", HOSTILE)
def test_a_recordings_sensor(run, monkeypatch, capsys, text):
    """One that is not the bundle's is named in an error."""
    record = stream.read_capture
    monkeypatch.setattr(stream, "read_capture", lambda path: replace(record(path), sensor=text))
    monkeypatch.setattr("sys.argv", ["stream"])
    with pytest.raises(SystemExit) as status:
        command(lambda _: run.stream())
    message = capsys.readouterr().err
    assert status.value.code == 2 and not acting(message.replace("\n", ""))
    assert all(line.startswith(("error: ", "  ")) for line in message.splitlines())
