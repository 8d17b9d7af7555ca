"""`stream` and `live` with a model of heartbeats on the native board: lines, --json and the annotation file."""

import re
import shutil
import signal
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware_host import board, live, stream, stream_beats
from firmware_host.beats import BeatRecord
from firmware_host.hello import NO_DEVICE
from scl.artifacts import InputError
from scl.artifacts.bundle import write_manifest
from scl.artifacts.capture import Capture, write_capture
from tests.documents import document
from tests.firmware.beat_model import SENSOR, BeatModel, recording


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    return recording(0.7)


@pytest.fixture(scope="module")
def model(counts) -> BeatModel:
    return BeatModel.of(counts, "causal")


@pytest.fixture(scope="module")
def folder(model, counts, tmp_path_factory) -> Path:
    """bundle/, ecg.csv and counts.raw"""
    if not all(map(shutil.which, ("make", "gcc"))):
        pytest.skip("make or gcc is not installed")
    folder = tmp_path_factory.mktemp("beats")
    (folder / "bundle" / "c").mkdir(parents=True)
    model.write(folder / "bundle" / "c")
    write_manifest(folder / "bundle", model.manifest(folder / "bundle"))
    write_capture(folder / "ecg.csv", Capture("mitdb", SENSOR.rate_hz, ("MLII",), counts))
    (folder / "counts.raw").write_bytes(counts.astype("<i2").tobytes())
    return folder


@pytest.fixture
def play(folder, tmp_path, monkeypatch) -> Callable[..., int]:
    monkeypatch.setattr(board, "BUILD", folder / "build")
    record = ["--record", str(folder / "ecg.csv"), "--speed", "max"]
    return lambda *more: stream.main([str(folder / "bundle"), "--port", "native", *record, *more])


def names(records: list[BeatRecord]) -> list[str]:
    return ["NSV"[record.predicted] if record.predicted < 3 else "abstained" for record in records]


def test_every_beat_is_printed(play, model, counts, capsys):
    expected = model.expected(counts)
    assert play() == 0
    said = capsys.readouterr()
    assert f"native finds heartbeats. {NO_DEVICE}" in said.err.splitlines()
    *lines, count, rhythm, warning = said.out.splitlines()
    assert [line.split()[2] for line in lines] == names(expected)
    assert [float(line.split()[0]) for line in lines] == [round(record.sample / 360, 2) for record in expected]
    first, second = expected[:2]
    assert lines[0].split()[3:] == [f"{1 / (1 + np.exp(-first.margin * 0.1)):.0%}"]  # the logits' scale is 0.1
    interval, rate = f"{second.interval / 180:.2f}", f"{second.rhythm.heart_rate / 10:.1f}/min"
    assert lines[1].split()[4:] == [interval, "s", rate]
    assert any(line.endswith("no signal") for line in lines) and any("saturated" in line for line in lines)
    found = names(expected)
    assert count == f"{len(found)} beats: " + ", ".join(f"{found.count(x)} {x}" for x in (*"NSV", "abstained"))
    last = expected[-1].rhythm
    assert f"heart rate {last.heart_rate / 10:g}/min, RMSSD {last.rmssd} ms, {last.irregular}% of" in rhythm
    assert f"{last.pauses} pauses, {last.couplets} couplets, {last.runs} runs of ventricular" in rhythm
    assert warning == NO_DEVICE == "Not a medical device: a model under test, of no use for diagnosis."


def test_a_stream_without_a_beat_says_it_too() -> None:
    from firmware_host.beat_lines import summary

    assert summary([], None) == ["no beat was found", NO_DEVICE]


def test_the_document(play, model, counts, capsys):
    expected = model.expected(counts)
    assert play("--json") == 0
    found = document(capsys.readouterr().out)
    assert [answer["predicted"] or "abstained" for answer in found["answers"]] == names(expected)
    assert [answer["interval_s"] for answer in found["answers"]] == [each.interval / 180 or None for each in expected]
    assert found["answers"][0]["heart_rate"] is None and found["samples"] == len(counts)
    assert found["rhythm"]["runs"] == expected[-1].rhythm.runs
    assert found["rhythm"]["downward"] == np.mean([answer["points_down"] for answer in found["answers"]]) < 0.5


def test_annotations_are_read_by_wfdb(play, model, counts, tmp_path):
    wfdb = pytest.importorskip("wfdb")
    expected = model.expected(counts)
    assert play("--annotations", str(tmp_path / "e1.scl")) == 0
    read = wfdb.rdann(str(tmp_path / "e1"), "scl")
    beats = np.isin(read.symbol, list("NSVQ"))
    assert read.sample[beats].tolist() == [record.sample for record in expected]
    assert np.array(read.symbol)[beats].tolist() == [name.replace("abstained", "Q") for name in names(expected)]
    off, on = read.sample[~beats].tolist()  # shutdown: the lead was off for two of three seconds
    begin = round(0.4 * len(counts)) + 359
    assert (off, on) == (begin, begin + 3 * 360 - 359)
    assert read.fs == 360


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (("--hop", "3"), "--hop 3: the model answers heartbeats.*; leave --hop out"),
        (("--bout", "60"), "--bout and --unsure are for models of windows.*; leave them out"),
        (("--unsure", "0.1"), "--bout and --unsure are for models of windows.*; leave them out"),
        (("--annotations", "e1"), "is e1; give RECORD.ANNOTATOR, such as 100.scl"),
    ],
)
def test_refused_options(play, more, text, capsys):
    with pytest.raises((InputError, SystemExit)) as error:
        play(*more)
    assert re.search(text, str(error.value) + capsys.readouterr().err)


def test_classes_that_wfdb_has_no_symbol_of(play, folder, model, tmp_path, counts):
    from firmware_host.beat_lines import annotate

    manifest = replace(model.manifest(folder / "bundle"), labels=("normal", "early", "wide"))
    with pytest.raises(InputError, match="cannot hold these annotations .*; export a model whose classes"):
        annotate(tmp_path / "e1.scl", model.expected(counts), manifest, counts)


def test_beats_of_the_board_s_own_sensor(play, folder, model, counts, capsys):
    """Until the time is over; a recording stands in for the sensor."""
    arguments = ["--port", "native", "--play", str(folder / "counts.raw"), "--seconds", "7", "--json"]
    assert live.main([str(folder / "bundle"), *arguments]) == 0
    found = document(capsys.readouterr().out)
    expected = [record for record in model.expected(counts) if record.end <= 7 * 360]
    assert [answer["predicted"] or "abstained" for answer in found["answers"]] == names(expected)
    assert [answer["seconds"] for answer in found["answers"]] == [record.sample / 360 for record in expected]
    assert (found["lost"], found["dropped"]) == (0, 0)


CAUSES = [KeyboardInterrupt(), InputError("port native: gone; check the cable")]


@pytest.mark.parametrize("answered", [1, 6])
@pytest.mark.parametrize("cause", CAUSES, ids=repr)
def test_what_was_answered_is_kept(play, model, counts, tmp_path, capsys, monkeypatch, answered, cause):
    """Ctrl-C, or a port that breaks, while a beat is printed: the file is whole, and said to be of a part."""
    wfdb, printed = pytest.importorskip("wfdb"), []

    def line(beat: BeatRecord, manifest: object) -> str:
        printed.append(beat)
        if len(printed) == answered:
            raise cause
        return "a beat"

    monkeypatch.setattr(stream_beats, "line", line)
    with pytest.raises(type(cause)) as error:
        play("--annotations", str(tmp_path / "e1.scl"))
    assert error.value is cause
    read = wfdb.rdann(str(tmp_path / "e1"), "scl")
    assert read.sample.tolist() == [record.sample for record in model.expected(counts)[:answered]]
    assert (tmp_path / "e1.scl").read_bytes().endswith(b"\0\0")
    *_, part = capsys.readouterr().out.splitlines()
    end, whole = printed[-1].end / 360, len(counts) / 360
    assert part.endswith(
        f"e1.scl: ended after {end:.1f} of {whole:.1f} s: holds the {answered} beats that were answered"
    )


@pytest.mark.parametrize("cause", CAUSES, ids=repr)
def test_a_file_that_was_there_stays_where_nothing_was_answered(play, tmp_path, capsys, monkeypatch, cause):
    def play_beats(*_arguments: object) -> None:
        raise cause

    monkeypatch.setattr(stream_beats, "play_beats", play_beats)
    (tmp_path / "e1.scl").write_bytes(b"\x01\x04\0\0")
    with pytest.raises(type(cause)):
        play("--annotations", str(tmp_path / "e1.scl"))
    assert (tmp_path / "e1.scl").read_bytes() == b"\x01\x04\0\0"
    assert "nothing was written" in capsys.readouterr().out


def test_a_second_interrupt_costs_nothing(play, tmp_path, monkeypatch):
    """Ctrl-C once more while the answers are written: in this process a signal, as from a terminal."""
    wfdb, usual = pytest.importorskip("wfdb"), signal.getsignal(signal.SIGINT)

    def line(beat: BeatRecord, manifest: object) -> str:
        raise KeyboardInterrupt

    def summary(*_arguments: object) -> list[str]:
        signal.raise_signal(signal.SIGINT)
        return []

    monkeypatch.setattr(stream_beats, "line", line)
    monkeypatch.setattr(stream_beats, "summary", summary)
    with pytest.raises(KeyboardInterrupt):
        play("--annotations", str(tmp_path / "e1.scl"))
    assert len(wfdb.rdann(str(tmp_path / "e1"), "scl").sample) == 1
    assert signal.getsignal(signal.SIGINT) is usual


def test_the_answers_of_another_session_are_not_kept(play, tmp_path, monkeypatch):
    def doubt(*_arguments: object) -> None:
        raise board.ForeignAnswersError("port native: another program began a session; close it")

    monkeypatch.setattr(board.Board, "doubt", doubt)
    with pytest.raises(board.ForeignAnswersError):
        play("--annotations", str(tmp_path / "e1.scl"))
    assert not list(tmp_path.iterdir())
