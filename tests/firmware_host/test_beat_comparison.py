"""A board's beats against a record's annotations, at the record's own rate, counted by wfdb-python as well."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_host import board, stream
from scl.artifacts import InputError
from scl.artifacts.annotations import write_annotations
from scl.artifacts.bundle import write_manifest
from scl.frontend.counts import to_counts
from tests.documents import document
from tests.firmware.beat_model import SENSOR, BeatModel, recording
from tests.firmware_host.test_wfdb_record import write

wfdb = pytest.importorskip("wfdb")
processing = pytest.importorskip("wfdb.processing")
COUNTS = recording(0.7)


@pytest.fixture(scope="module")
def model() -> BeatModel:
    return BeatModel.of(COUNTS, "causal")


@pytest.fixture(scope="module")
def folder(model: BeatModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not all(map(shutil.which, ("make", "gcc"))):
        pytest.skip("make or gcc is not installed")
    folder = tmp_path_factory.mktemp("beats")
    (folder / "bundle" / "c").mkdir(parents=True)
    model.write(folder / "bundle" / "c")
    write_manifest(folder / "bundle", model.manifest(folder / "bundle"))
    return folder


@pytest.fixture
def play(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    monkeypatch.setattr(board, "BUILD", folder / "build")
    return lambda *more: stream.main([str(folder / "bundle"), "--port", "native", "--speed", "max", *more])


def annotations(model: BeatModel) -> tuple[np.ndarray, list[str]]:
    """Those of the board, a little aside, without the third, with one more, and the fourth of another class."""
    beats = model.expected(COUNTS)
    at = np.array([beat.sample + (-1) ** i * 4 for i, beat in enumerate(beats)])
    symbols = ["NAV"[beat.predicted] if beat.predicted < 3 else "Q" for beat in beats]
    symbols[4] = "V" if symbols[4] != "V" else "N"
    at, symbols = np.delete(at, 3), [*symbols[:3], *symbols[4:]]
    return np.sort(np.append(at, at[10] + 90)), [*symbols[:11], "N", *symbols[11:]]


def test_a_record_is_played_annotated_and_compared(play: Any, model: BeatModel, tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path, COUNTS)
    at, symbols = annotations(model)
    write_annotations(tmp_path / "e1.atr", at, symbols, 360.0, len(COUNTS))
    assert play("--record", str(path), "--annotations", str(tmp_path / "out" / "e1.scl"), "--json") == 0
    said = capsys.readouterr()
    found = document(said.out)
    read, expected = wfdb.rdann(str(tmp_path / "out" / "e1"), "scl"), model.expected(COUNTS)
    ours = np.array(read.sample)[np.isin(read.symbol, list("NSVQ"))]
    assert read.fs == 360 and ours.tolist() == [beat.sample for beat in expected]
    pairs = processing.compare_annotations(at, ours, 54)
    qrs = found["compared"]["qrs"]
    assert (qrs["true_positives"], qrs["false_positives"], qrs["false_negatives"]) == (pairs.tp, pairs.fp, pairs.fn)
    assert pairs.fp >= 1 <= pairs.fn and found["compared_later"] is None  # it is shorter than five minutes
    ventricular = found["compared"]["veb"]
    assert ventricular["true_positives"] + ventricular["false_negatives"] == symbols.count("V")
    (line,) = [line for line in said.err.splitlines() if line.startswith("against e1.atr")]
    assert f"QRS Se {100 * pairs.sensitivity:.2f} %, PPV {100 * pairs.positive_predictivity:.2f} %" in line
    assert f"({len(at)} annotated); V Se" in line and "; S Se" in line


def test_annotations_are_in_the_records_own_samples(play: Any, model: BeatModel, tmp_path: Path) -> None:
    """Of the same heart at 250 Hz, each beat lies where it does at 360 Hz; the lead was off for as long."""
    t = np.arange(round(len(COUNTS) / 360 * 250)) / 250
    millivolts = np.interp(t, np.arange(len(COUNTS)) / 360, COUNTS[:, 0] / 200 - 5.12)
    path = write(tmp_path, to_counts(millivolts[None, None], SENSOR)[0][0], fs=250)
    assert play("--record", str(path), "--annotations", str(tmp_path / "o" / "e1.scl")) == 0
    read = wfdb.rdann(str(tmp_path / "o" / "e1"), "scl")
    assert read.fs == 250 and (tmp_path / "o" / "e1.hea").read_text() == f"e1 0 250 {len(t)}\n"
    ours = np.array(read.sample)[np.isin(read.symbol, list("NSVQ"))] / 250
    expected = np.array([beat.sample for beat in model.expected(COUNTS)]) / 360
    near = np.abs(ours[:, None] - expected).min(axis=1)
    assert len(ours) == pytest.approx(len(expected), abs=2) and np.median(near) < 0.004 and (near < 0.02).mean() > 0.9
    off, on = np.array(read.sample)[[symbol == "~" for symbol in read.symbol]] / 250
    assert on - off == pytest.approx(2.0, abs=0.1)


def test_files_of_other_kinds_are_not_replaced(play: Any, tmp_path: Path) -> None:
    """Nor any record's own files, in whatever folder, nor one behind a link; nothing is played then."""
    path = write(tmp_path, COUNTS)
    other = tmp_path / "other"
    other.mkdir()
    write_annotations(other / "e2.atr", np.array([9]), ["N"], 360.0, len(COUNTS))
    (other / "e2.dat").write_bytes(b"\1\2\0\0")
    (other / "e2.txt").write_text("notes")
    (other / "e2.scl").symlink_to(other / "e2.atr")
    before = {file.name: file.read_bytes() for file in other.iterdir()}
    for name in ("e2.atr", "e2.dat", "e2.hea", "a b.scl"):
        with pytest.raises(SystemExit):
            play("--record", str(path), "--annotations", str(other / name))
    for name in ("e2.txt", "e2.scl"):
        with pytest.raises(InputError, match=r"is there and no file of annotations; give another annotator or folder"):
            play("--record", str(path), "--annotations", str(other / name))
    with pytest.raises(InputError, match=r"e2\.txt is a file, expected a folder; give another one"):
        play("--record", str(path), "--annotations", str(other / "e2.txt" / "e1.scl"))
    assert {file.name: file.read_bytes() for file in other.iterdir()} == before


def test_own_annotations_are_replaced(play: Any, tmp_path: Path) -> None:
    path, out = write(tmp_path, COUNTS), tmp_path / "e1.scl"
    write_annotations(out, np.array([9]), ["N"], 360.0, len(COUNTS))
    assert play("--record", str(path), "--annotations", str(out)) == 0
    assert len(wfdb.rdann(str(path), "scl").sample) > 1


@pytest.mark.parametrize(
    ("more", "text"),
    [
        (("--hop", "3"), "--hop 3: the model answers heartbeats"),
        (("--unsure", "0.5"), "--bout and --unsure are for models of windows"),
        (("--annotations", "notes.scl"), "is there and no file of annotations"),
        (("--calibration", "none.json"), "none.json"),
        (("--port", "emulator:abacus"), "no such emulated board"),
    ],
)
def test_wrong_options_are_named_before_anything_is_said(
    play: Any, tmp_path: Path, capsys: Any, monkeypatch: pytest.MonkeyPatch, more: tuple[str, str], text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    path = write(tmp_path, COUNTS)
    (tmp_path / "notes.scl").write_text("notes")
    with pytest.raises(InputError, match=text):
        play("--record", str(path), *more)
    assert not any(capsys.readouterr())


def test_the_lead_is_said_when_it_is_played(play: Any, tmp_path: Path, capsys: Any) -> None:
    path = write(tmp_path, COUNTS)
    assert play("--record", str(path)) == 0
    assert f"{path}: lead MLII of V5, MLII is played" in capsys.readouterr().err.splitlines()
