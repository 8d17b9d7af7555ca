"""`validate` of a bundle that finds heartbeats: several boards, thresholds, and boards that are reset."""

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from firmware_host import board, validate
from firmware_host.beat_validation import BeatValidation
from firmware_host.flight import RESETS_IN_A_ROW
from scl.artifacts import read_artifact
from scl.artifacts.bundle import read_bundle
from scl.artifacts.golden_beats import GoldenBeats
from tests.documents import document
from tests.firmware_host.beat_bundle import RECORDS, write_bundle
from tests.firmware_host.board_that_restarts import board_that_restarts


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not all(map(shutil.which, ("make", "gcc"))):
        pytest.skip("make or gcc is not installed")
    return tmp_path_factory.mktemp("hearts")


@pytest.fixture(scope="module")
def golden(folder: Path) -> GoldenBeats:
    return write_bundle(folder / "bundle")[1]


@pytest.fixture
def run(folder: Path, golden: GoldenBeats, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """run(ports, arguments): exit status and reports by the folder's name."""
    monkeypatch.setattr(board, "BUILD", folder / "build")

    def run(ports: list[str], *arguments: str) -> tuple[int, dict[str, BeatValidation]]:
        options = [argument for port in ports for argument in ("--port", port)]
        status = validate.main([str(folder / "bundle"), *options, "--out", str(tmp_path / "out"), *arguments])
        paths = sorted(tmp_path.glob("out*/validation.json"))
        return status, {path.parent.name: read_artifact(path, BeatValidation) for path in paths}

    return run


def test_an_exact_board_passes_and_meets_its_thresholds(run: Any, golden: GoldenBeats, capsys: Any) -> None:
    status, reports = run(["native"], "--min-accuracy", "1", "--min-consistency", "0.9")
    v = reports["out"]
    assert status == 0 and v.verdict == "exact, thresholds met" and v.resets == v.parity.lost == 0
    assert v.accuracy == 1.0 and (golden.truth_class < 3).any() and v.parity.compared == len(golden.stretch)
    assert v.thresholds.min_accuracy == 1.0
    assert "Accuracy: N, S and V found and named so: 100.00 %" in capsys.readouterr().out


def test_a_missed_threshold_is_named(run: Any, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a beat of N annotated as V, and one that the board finds where none is annotated."""
    read = validate_golden(folder)
    n = np.flatnonzero(read.truth_class == 0)
    truth = read.truth_class.copy()
    truth[n[3]] = 2
    kept = np.arange(len(truth)) != n[8]
    changed = GoldenBeats(
        **vars(read)
        | {"truth_class": truth[kept]}
        | {name: getattr(read, name)[kept] for name in ("truth_stretch", "truth_sample")}
    )
    monkeypatch.setattr("scl.artifacts.golden_beats.read_golden_beats", lambda _bundle: changed)
    status, reports = run(["native"], "--min-accuracy", "0.999")
    v = reports["out"]
    counted = int((read.truth_class < 3).sum())
    assert status == 1 and v.verdict == "missed" and not v.passed
    assert v.accuracy == pytest.approx((counted - 2) / counted)
    assert v.missed == (f"accuracy is {v.accuracy:.4f}, at least 0.999 was asked for",)


def validate_golden(folder: Path) -> GoldenBeats:
    from scl.artifacts.golden_beats import read_golden_beats

    return read_golden_beats(read_bundle(folder / "bundle"))


def test_several_boards_have_a_report_each(run: Any, golden: GoldenBeats, capfd: Any) -> None:
    status, reports = run(["native", "native"], "--limit", "20", "--json")
    said = capfd.readouterr()
    assert status == 0 and sorted(reports) == ["out-native-1", "out-native-2"]
    assert all(report.verdict == "exact" and report.parity.compared >= 18 for report in reports.values())
    found = document(said.out)["boards"]
    assert all(one["validation"]["accuracy"] == 1.0 for one in found)
    for row in ("verdict +│ exact +│ exact", r"beats answered +│ (\d+ of \d+) +│ \1", "resets +│ 0 +│ 0"):
        assert re.search(row, said.err), row


def test_a_reset_costs_the_rest_of_its_recording(run: Any, folder: Path, golden: GoldenBeats, capsys: Any) -> None:
    """What came before it is compared, the next recording is whole, and lost beats are missed ones."""
    firmware = board.build(read_bundle(folder / "bundle"), "native")
    with board_that_restarts([firmware, firmware], [9_000]) as port:
        status, reports = run([port])
    v, first = reports["out"], int((golden.stretch == 0).sum())
    assert status == 2 and v.verdict == "incomplete" and v.resets == 1 and v.stopped is None
    lost = v.parity.lost
    assert 0 < lost < first and v.parity.different == 0
    assert v.missed == (f"{lost} beats of {len(golden.stretch)} were lost: the board was reset once",)
    assert v.compared is not None
    of = {one.record: one for one in v.compared.records}
    assert set(of) == set(map(str, RECORDS)) and v.compared.whole.qrs.gross.false_negatives == lost
    assert v.inference is not None and "the board was reset; it is greeted again" in capsys.readouterr().err


def test_a_board_that_is_reset_all_the_time_ends_it(
    run: Any, folder: Path, golden: GoldenBeats, monkeypatch: pytest.MonkeyPatch
) -> None:
    repeated = GoldenBeats(
        **vars(golden)
        | {"lengths": np.repeat(golden.lengths, 3) // 3, "groups": np.arange(6)}
        | {name: np.sort(getattr(golden, name)) for name in ("stretch", "truth_stretch")}
    )
    monkeypatch.setattr("scl.artifacts.golden_beats.read_golden_beats", lambda _bundle: repeated)
    firmware = board.build(read_bundle(folder / "bundle"), "native")
    with board_that_restarts([firmware] * (RESETS_IN_A_ROW + 1), [700] * RESETS_IN_A_ROW) as port:
        status, reports = run([port])
    v = reports["out"]
    assert status == 2 and v.resets == RESETS_IN_A_ROW and v.stopped is not None and v.compared is None
    assert "was reset" in v.stopped and any("ended early" in reason for reason in v.missed)


def test_a_short_validation_has_figures_of_whole_records(run: Any, golden: GoldenBeats, capsys: Any) -> None:
    """All beats of --limit lie in the five minutes that EC57 leaves out."""
    _status, reports = run(["native"], "--limit", "20")
    compared, said = reports["out"].compared, " ".join(capsys.readouterr().out.split())
    played = golden.limited(20)
    assert compared.all.qrs.gross.true_positives == len(played.truth_class) and compared.all.qrs.gross.ppv == 1.0
    assert f"Beats that count: all {len(played.truth_class)} annotated ones. EC57 leaves out" in said
    assert "behind these none was played: for its figures give a larger --limit, or none" in said
    assert re.search(r"│ gross │ \d+ │ 100\.00 │ 100\.00 │", said)


def test_the_file_is_read_back(run: Any, tmp_path: Path) -> None:
    run(["native"], "--limit", "10")
    held = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert held["schema"] == BeatValidation.schema and held["thresholds"] == {
        "min_accuracy": None,
        "min_consistency": None,
    }
    page = (tmp_path / "out" / "validation.html").read_text("utf-8")
    assert "Not a medical device" in page and "ECG of record" in page
