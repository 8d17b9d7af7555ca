"""Two reports of heartbeats side by side: figures counted again from the matrices, pairs by record, what is no pair."""

import re
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from firmware_host import board, report, validate
from firmware_host.beat_report_comparison import beat_figures
from firmware_host.beat_validation import BeatValidation
from firmware_host.comparison import Comparison
from scl.artifacts import InputError, read_artifact, write_artifact
from tests.documents import document
from tests.firmware_host.beat_bundle import RECORDS, write_bundle

N, S, V, O = 0, 1, 2, 5  # noqa: E741  # as EC57 names them


@pytest.fixture(scope="module")
def reports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report of an exact board: a/."""
    if not all(map(shutil.which, ("make", "gcc"))):
        pytest.skip("make or gcc is not installed")
    folder = tmp_path_factory.mktemp("reports")
    write_bundle(folder / "bundle")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(board, "BUILD", folder / "build")
        assert validate.main([str(folder / "bundle"), "--port", "native", "--out", str(folder / "a")]) == 0
    return folder


@pytest.fixture
def first(reports: Path) -> BeatValidation:
    return read_artifact(reports / "a" / "validation.json", BeatValidation)


def changed(v: BeatValidation, change: Callable[[np.ndarray, int], None]) -> BeatValidation:
    """With other beat-by-beat counts: `change` gets those (7, 7) of each record and its number."""
    records = []
    for number, record in enumerate(v.compared.records):
        counts = np.array(record.matrix)
        change(counts, number)
        records.append(replace(record, matrix=tuple(map(tuple, counts.tolist()))))
    return replace(v, compared=replace(v.compared, records=tuple(records)))


def worse(counts: np.ndarray, number: int) -> None:
    """Of the first record three N are missed and one V is called N; the second has two extra V."""
    if number == 0:
        counts[N, N] -= 3
        counts[N, O] += 3
        counts[V, V] -= 1
        counts[V, N] += 1
    else:
        counts[O, V] += 2


def test_figures_are_those_of_the_records_together(first: BeatValidation) -> None:
    why, rows = beat_figures(first, changed(first, worse))
    assert why == f"paired over {len(RECORDS)} records that both have, with the same annotated beats"
    of = {row.name: row for row in rows}
    counts = np.sum([record.matrix for record in first.compared.records], axis=0)
    beats, v = counts[:5].sum(), counts[V].sum()
    assert of["QRS sensitivity"].a == 1 and of["QRS sensitivity"].b == pytest.approx(1 - 3 / beats)
    assert of["QRS PPV"].b == pytest.approx((beats - 3) / (beats - 1)) and of["QRS PPV"].rows == (beats, beats - 1)
    assert of["V sensitivity"].difference == pytest.approx(-1 / v) and of["V PPV"].b == pytest.approx((v - 1) / (v + 1))
    n = counts[N].sum()
    f1 = 2 * (n - 3) / (2 * (n - 3) + 1), 2 * (v - 1) / (2 * (v - 1) + 1)  # the missed ones are of one side alone
    both = np.mean([*f1, 1.0] if counts[S].sum() else f1)
    assert of["Macro F1 of N, S, V"].a == 1 and of["Macro F1 of N, S, V"].b == pytest.approx(both)


def test_intervals_are_of_differences_by_record(first: BeatValidation) -> None:
    """Of two records there are three draws: one twice, each once, the other twice: the interval has all."""
    _why, rows = beat_figures(first, changed(first, worse))
    of = {row.name: row for row in rows}
    beats = np.array([np.array(record.matrix)[:5].sum() for record in first.compared.records])
    low, high = of["QRS sensitivity"].difference_ci95
    assert low == pytest.approx(-3 / beats[0]) and high == 0 and of["QRS sensitivity"].beyond is False
    _why, same = beat_figures(first, first)
    assert {(row.difference, row.difference_ci95, row.beyond) for row in same} == {(0, (0, 0), False)}


def test_records_with_other_annotated_beats_are_no_pair(first: BeatValidation) -> None:
    def shorter(counts: np.ndarray, number: int) -> None:
        counts[N, N] -= 5 * (number == 0)

    why, rows = beat_figures(first, changed(first, shorter))
    assert why.startswith("paired over 1 records") and why.endswith(f"of {len(RECORDS)} in A and {len(RECORDS)} in B")
    assert all(row.difference == 0 and row.difference_ci95 is None and row.beyond is None for row in rows)

    def fewer(counts: np.ndarray, number: int) -> None:
        counts[N, N] -= 5

    with pytest.raises(InputError, match=r"A has 2 records with [\d,]+ annotated .* B 2 records .* the same --limit$"):
        beat_figures(first, changed(first, fewer))
    with pytest.raises(InputError, match=r"ended early \(the port is gone\), .*; run validate again$"):
        beat_figures(first, replace(first, compared=None, stopped="the port is gone"))


def test_the_command(reports: Path, first: BeatValidation, tmp_path: Path, capsys: Any) -> None:
    other = replace(changed(first, worse), parity=replace(first.parity, classes_off=2))
    (tmp_path / "b").mkdir()
    write_artifact(tmp_path / "b" / "validation.json", other)
    assert report.main([str(reports / "a"), str(tmp_path / "b"), "--out", str(tmp_path / "c"), "--json"]) == 0
    said = capsys.readouterr()
    found = read_artifact(tmp_path / "c" / "compare.json", Comparison)
    assert document(said.out)["differences"][0]["name"] == found.differences[0].name == "QRS sensitivity"
    assert [fact.name for fact in found.facts if not fact.same] == ["Numbers that differ from the desktop's"]
    assert "Numbers that differ from the desktop's: A 0, B 2" in said.err and re.search(r"V PPV +│ 100\.00 %", said.err)
    assert "QRS sensitivity" in (tmp_path / "c" / "compare.html").read_text("utf-8")


def test_reports_of_two_kinds_and_old_ones(
    reports: Path, first: BeatValidation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "old").mkdir()
    write_artifact(tmp_path / "old" / "validation.json", first)
    text = (tmp_path / "old" / "validation.json").read_text().replace(f'"schema": {first.schema}', '"schema": 1')
    (tmp_path / "old" / "validation.json").write_text(text)
    with pytest.raises(InputError, match="has beat_validation schema 1, this version reads .*; validate again"):
        report.main([str(reports / "a"), str(tmp_path / "old")])
    windows = SimpleNamespace(name="watch", kind="validation")
    monkeypatch.setattr(report, "read_validation", lambda path: first if path.name == "a" else windows)
    with pytest.raises(InputError, match="a is of .* with heartbeats and .*b is of watch with windows: .*; give two"):
        report.main([str(reports / "a"), "b"])
