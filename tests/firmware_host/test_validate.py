"""The command on a made-up board: exit status, verdict, the three files, and what is refused."""

import csv
import json
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import asdict

import numpy as np
import pytest

from firmware_host import validate
from firmware_host.board import Board, open_board
from firmware_host.link import Link
from firmware_host.protocol import ANSWER, Frame, Type, decode, encode
from firmware_host.validation import Validation
from scl.artifacts import InputError, read_artifact
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.golden import read_golden
from tests.documents import document


@pytest.fixture
def run(monkeypatch, make_board, fake_bundle, tmp_path):
    """run(arguments, board options): (exit status, report folder, board) of the command on a fake board."""

    def run(*arguments, baud=None, emulated=False, **options):
        board = make_board(**options)

        @contextmanager
        def open_fake(bundle, port, *_options, **_named):
            link = Link(board, board.now)
            yield Board(link, link.greet(), emulated, baud)

        monkeypatch.setattr(validate, "open_board", open_fake)
        out = tmp_path / "report"
        status = validate.main([str(fake_bundle), "--port", "fake", "--out", str(out), *arguments])
        return status, out, board

    return run


def read(out):
    return json.loads((out / "validation.json").read_text())


def test_an_exact_board_passes(run, fake_bundle, capsys):
    status, out, _board = run(emulated=True)
    found, golden = read(out), read_golden(read_run_bundle(fake_bundle))
    assert status == 0 and found["passed"] is True and found["verdict"] == "exact" and found["missed"] == []
    assert (found["windows"], found["sent"], found["lost"], found["retried"]) == (12, 36, 0, 0)
    assert found["parity"]["compared"] == 36 and found["parity"]["max_lsb"] == 0
    assert found["accuracy"] == pytest.approx(np.mean(golden.predictions[0] == golden.labels))
    assert found["board"] == "fake" and found["model_hash"] == "ab" * 32 and found["transformation"] == "rotation"
    assert len(found["per_transform"]) == 2
    assert {key: found["desktop"][key] for key in ("accuracy", "consistency")} == {
        key: found[key] for key in ("accuracy", "consistency")
    }
    # 1000 ticks of 40 ns at 256 ns per instruction
    assert found["inference"] == {"ticks": 1000, "tick_hz": 25_000_000, "instructions": 156, "seconds": None}
    printed = capsys.readouterr()
    assert "passed: exact" in printed.out and str(out) in printed.out.replace("\n", "")
    assert "36 windows to send, 0.1 MB" in printed.err and "36 of 36 windows" in printed.err


def test_json_is_the_file(run, capsys):
    """Also of a board that is not exact, whose exit status stays 1."""
    status, out, _board = run("--json")
    said = capsys.readouterr()
    assert status == 0 and document(said.out) == read(out)
    assert "passed: exact" in said.err and "report: " in said.err
    status, out, _board = run("--json", "--min-accuracy", "1.0")
    found = document(capsys.readouterr().out)
    assert status == 1 and found == read(out) and not found["passed"]


def test_the_file_is_read_back(run):
    """Every figure has its type and range."""
    _status, out, _board = run("--min-accuracy", "0")
    validation = read_artifact(out / "validation.json", Validation)
    assert validation.passed and validation.thresholds.min_accuracy == 0 and len(validation.per_transform) == 2
    assert json.loads(json.dumps(asdict(validation))) == {
        name: value for name, value in read(out).items() if name not in ("kind", "schema")
    }


def test_the_report_has_the_folder_s_name(monkeypatch, make_board, fake_bundle, edit_manifest, tmp_path):
    """Whatever the manifest calls the bundle."""
    edit_manifest(fake_bundle, name="another")
    monkeypatch.chdir(tmp_path)

    @contextmanager
    def open_fake(*_options, **_named):
        link = Link(board := make_board(), board.now)
        yield Board(link, link.greet(), False, None)

    monkeypatch.setattr(validate, "open_board", open_fake)
    assert validate.main(["bundle", "--port", "fake"]) == 0
    assert [path.name for path in (tmp_path / "reports").iterdir()] == ["bundle"]


@pytest.mark.parametrize("name", ["../runs/demo", "/tmp/elsewhere", "..", "a/b", ""])
def test_a_name_is_no_path(run, fake_bundle, edit_manifest, tmp_path, name):
    edit_manifest(fake_bundle, name=name)
    with pytest.raises(InputError, match="manifest.json: field name is"):
        run()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]


def test_every_required_key_is_there(run):
    required = """schema board model_hash transformation windows sent lost retried parity accuracy accuracy_transformed
        macro_f1 macro_f1_transformed consistency consistency_ci95 similarity_invariant negative_similarity
        effective_rank per_transform latency link passed"""
    assert set(required.split()) <= read(run()[1]).keys()


def test_link_use_is_counted_on_both_sides(run):
    """12 x 3 windows of 2400 bytes of counts; a damaged frame is seen by the board and counted."""
    _status, out, board = run(
        to_board=lambda n, frame: [frame[:9] + bytes([frame[9] ^ 3]) + frame[10:]] if n == 8 else [frame]
    )
    link, found = read(out)["link"], read(out)
    assert found["retried"] == 1 and found["lost"] == 0 and found["passed"]
    assert link["board"]["crc_errors"] in (1, 2)
    assert 36 * 2400 + 108 < link["bytes_sent"] < 36 * 2500 + 200
    assert link["sent_bytes_per_s"] == pytest.approx(link["bytes_sent"] / link["seconds"])


def test_one_wrong_step_misses(run, make_board):
    honest = make_board().answer

    def off_by_one(counts):
        features, logits, crc = honest(counts)
        return features, (logits.astype(int) + np.where(logits < 127, 1, -1)).astype(np.int8), crc

    status, out, _board = run(answer=off_by_one)
    found = read(out)
    assert status == 1 and found["passed"] is False and found["verdict"] == "missed"
    assert found["parity"]["max_lsb"] == 1 and found["parity"]["windows_off"] == 36
    assert any(
        "36 windows differ from TFLite Micro's answers, by up to 1 steps" in reason for reason in found["missed"]
    )


def test_a_wrong_network_input_misses_even_with_right_answers(run, make_board):
    honest = make_board().answer
    status, out, _board = run(answer=lambda counts: (*honest(counts)[:2], 0))
    assert status == 1 and read(out)["parity"]["input_crc32_off"] == 36 and read(out)["parity"]["max_lsb"] == 0


def test_lost_windows_are_said_first_and_stay_in_the_denominator(run, fake_bundle, capsys):
    """The board falls silent: what was answered is reported, the rest is wrong, and its copies are inconsistent."""
    status, out, _board = run(to_host=lambda n, frame: [frame] if n < 65 else [])
    found, golden = read(out), read_golden(read_run_bundle(fake_bundle))
    answered = 36 - found["lost"]
    assert 12 < answered < 36 and found["parity"] == found["parity"] | {"compared": answered, "max_lsb": 0}
    assert (status, found["verdict"], found["passed"]) == (2, "incomplete", False)
    assert found["missed"][0] == f"{found['lost']} of 36 windows were lost, which count as wrong"
    assert found["missed"][1] == "the measurement ended early: " + found["stopped"]
    assert "nothing moved on for 30 s" in found["stopped"] and found["inference"] is None
    seen = np.arange(36).reshape(3, 12) < answered
    same = (golden.predictions[1:] == golden.predictions[0]) & seen[1:]
    assert found["consistency"] == pytest.approx(same.sum() / 24)
    assert found["accuracy"] == pytest.approx((golden.predictions[0] == golden.labels[0]).sum() / 12)
    with (out / "windows.csv").open() as file:
        rows = list(csv.DictReader(file))
    lost = rows[-1]
    assert len(rows) == 36
    assert (lost["predicted"], lost["features_lsb"], lost["latency_ms"]) == ("lost", "", "")
    assert rows[12 + 5]["window"] == "5" and rows[12 + 5]["transform"] == "1" and rows[12 + 5]["group"] == "1"
    assert [row["consistent"] for row in rows[12:]] == [str(int(value)) for value in same.ravel()]
    printed = capsys.readouterr().out.replace("\n", " ")
    assert printed.startswith(f"incomplete: {found['lost']} of 36 windows were lost")
    page = (out / "validation.html").read_text()
    assert f"<p>{found['missed'][0]}" in page or found["missed"][0] in page
    assert page.index(found["missed"][0]) < page.index("<table")


def test_a_benchmark_that_is_not_answered_loses_nothing(run, fake_bundle):
    """All windows are answered, and reported; one inference is not measured."""

    def drop(_number, data):
        frame = decode(data[:-1])
        return [] if frame and frame.type == Type.BENCH else [data]

    status, out, _board = run(to_board=drop)
    found = read(out)
    assert (status, found["verdict"], found["lost"], found["inference"]) == (2, "incomplete", 0, None)
    assert found["missed"][0].startswith("the measurement ended early: port fake: no answer to BENCH")
    assert found["parity"]["compared"] == 36 and "not measured" in (out / "validation.html").read_text()


@pytest.mark.parametrize("code", [3, 255, 65534])
def test_a_class_that_the_model_does_not_have(run, make_board, code):
    """It is no answer: the window is lost, and the report says why."""

    def lie(_number, data):
        frame = decode(data[:-1])
        if (
            frame is None
            or frame.type != Type.WINDOW | ANSWER
            or frame.payload[:1] != b"\x07"
            or len(frame.payload) < 5
        ):
            return [data]
        return [
            encode(Frame(frame.type, frame.seq, frame.payload[:4] + code.to_bytes(2, "little") + frame.payload[6:]))
        ]

    status, out, _board = run(to_host=lie)
    found = read(out)
    assert (status, found["verdict"], found["lost"]) == (2, "incomplete", 1)
    assert f"the board answered class {code} to window 7, the model has 3 classes" in found["stopped"]


@pytest.mark.parametrize(
    ("arguments", "status", "verdict"),
    [
        (("--min-accuracy", "0"), 0, "exact, thresholds met"),
        (("--min-accuracy", "1"), 1, "missed"),
        (("--min-consistency", "0"), 0, "exact, thresholds met"),
        (("--min-consistency", "1"), 1, "missed"),
    ],
)
def test_thresholds_are_recorded(run, arguments, status, verdict):
    found_status, out, _board = run(*arguments)
    found = read(out)
    assert (found_status, found["verdict"], found["passed"]) == (status, verdict, status == 0)
    assert found["thresholds"][arguments[0][2:].replace("-", "_")] == float(arguments[1])


def test_a_units_calibration_is_put_back_to_nominal(run, capsys):
    status, _out, board = run(calibration_hash=b"unit0001")
    assert status == 0
    assert board.calibration[:8] == bytes(8)
    assert "a unit's calibration is replaced by the nominal sensor" in capsys.readouterr().err


def test_the_estimate(run, capsys):
    """24 windows' 2400 bytes with 3 chunks each, 10 bits a byte."""
    run("--limit", "8", baud=9600)
    assert "24 windows to send, 0.1 MB: about 1.0 minutes at 9600 baud" in capsys.readouterr().err


def test_the_page_stands_alone(run, fake_bundle):
    page = (run()[1] / "validation.html").read_text()
    assert not re.search(r"(src|href)=|url\(|@import", page)
    assert "Passed: exact" in page and "<svg" in page and "prefers-color-scheme: dark" in page
    assert all(label in page for label in ("walking", "jogging", "sitting"))
    assert "None" not in page and "nan" not in re.sub("<style>.*</style>", "", page, flags=re.S)


def test_names_in_the_page_are_escaped(run, fake_bundle, edit_manifest, make_board):
    edit_manifest(fake_bundle, name="<script>x")
    page = (run()[1] / "validation.html").read_text()
    assert "<script>" not in page and "&lt;script&gt;x" in page


def test_a_failure_leaves_nothing_behind(run, fake_bundle, tmp_path):
    """Before the first window there is nothing to report."""
    with pytest.raises(InputError, match="no answer to STATS"):
        run(to_host=lambda n, frame: [frame] if n < 1 else [])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bundle"]


def test_a_folder_of_somebody_else_is_not_replaced(run, tmp_path):
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "thesis.txt").write_text("mine")
    with pytest.raises(InputError, match="report: "):
        run()
    assert (tmp_path / "report" / "thesis.txt").read_text() == "mine"


def test_an_emulator_that_is_not_there(fake_bundle):
    with (
        pytest.raises(
            InputError, match="--port emulator:esp32: no such emulated board; there are microbit, mps2-an385, "
        ),
        open_board(read_run_bundle(fake_bundle), "emulator:esp32"),
    ):
        pass


@pytest.mark.parametrize("mark", ["run.json", "manifest.json", "scl_package.json", "chapter.tex"])
def test_a_report_replaces_no_other_artefact(run, tmp_path, mark):
    folder = tmp_path / "precious"
    folder.mkdir()
    (folder / mark).write_text("precious")
    with pytest.raises(InputError, match="precious: holds .*choose another folder with --out"):
        run("--out", str(folder))
    with pytest.raises(InputError, match=f"{mark}: is a file, expected a folder"):
        run("--out", str(folder / mark))
    assert [path.read_text() for path in folder.iterdir()] == ["precious"]


def test_the_bundle_is_not_replaced_by_its_report(run, fake_bundle):
    names = {path.name for path in fake_bundle.iterdir()}
    with pytest.raises(InputError, match="bundle: holds a bundle .manifest.json., which a report would replace"):
        run("--out", str(fake_bundle))
    assert {path.name for path in fake_bundle.iterdir()} == names


def test_the_process_says_error_and_exits_2(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "firmware_host.validate", str(tmp_path)], capture_output=True, text=True
    )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and "no manifest.json" in done.stderr and "Traceback" not in done.stderr


@pytest.mark.parametrize("module", ["validate", "stream", "capture", "ports", "measure"])
def test_no_framework_is_imported(module):
    """Nor what only a report or a table needs."""
    heavy = ("torch", "tensorflow", "scipy", "rich", "jinja2")
    code = f"import sys, firmware_host.{module}; print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
