"""Figures against the formulas of bxb's print_results (wfdb/app/bxb.c), where each cell has its name."""

import numpy as np
import pytest

from scl.ec57 import statistics
from scl.ec57.matrix import LABELS


def cells(**counts: int) -> np.ndarray:
    """A matrix from names of cells, such as Nv: N of the reference that is called V."""
    matrix = np.zeros((7, 7), np.int64)
    for name, count in counts.items():
        matrix[LABELS.index(name[0]), LABELS.index(name[1].upper())] = count
    return matrix


def test_all_cells_count_as_in_bxb() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        m = rng.integers(0, 50, size=(7, 7))
        m[5:, 5:] = 0  # no beat on both sides is nothing
        at = {r + c.lower(): int(m[i, j]) for i, r in enumerate(LABELS) for j, c in enumerate(LABELS)}

        def total(rows: str, columns: str, at: dict[str, int] = at) -> int:
            return sum(at[r + c] for r in rows for c in columns)

        qrs, veb, sveb = statistics.qrs(m), statistics.veb(m), statistics.sveb(m)
        tp, fn, fp = total("NSVFQ", "nsvfq"), total("NSVFQ", "ox"), total("OX", "nsvfq")
        assert (qrs.true_positives, qrs.false_negatives, qrs.false_positives) == (tp, fn, fp)
        assert (qrs.sensitivity, qrs.ppv) == (tp / (tp + fn), tp / (tp + fp)) and qrs.false_positive_rate is None
        tp, fn, fp, tn = at["Vv"], total("V", "nsfqox"), total("NSOX", "v"), total("NSFQOX", "nsfq")
        assert (veb.true_positives, veb.false_negatives, veb.false_positives) == (tp, fn, fp)
        assert (veb.sensitivity, veb.ppv) == (tp / (tp + fn), tp / (tp + fp))
        assert veb.false_positive_rate == fp / (tn + fp)
        tp, fn, fp, tn = at["Ss"], total("S", "nvfqox"), total("NVFOX", "s"), total("NVFQOX", "nvfq")
        assert (sveb.true_positives, sveb.false_negatives, sveb.false_positives) == (tp, fn, fp)
        assert (sveb.sensitivity, sveb.ppv) == (tp / (tp + fn), tp / (tp + fp))
        assert sveb.false_positive_rate == fp / (tn + fp)


@pytest.mark.parametrize(
    ("cell", "veb_false", "sveb_false"),
    [
        ("Nv", 1, 0),
        ("Sv", 1, 0),
        ("Fv", 0, 0),
        ("Qv", 0, 0),
        ("Ov", 1, 0),
        ("Xv", 1, 0),
        ("Ns", 0, 1),
        ("Vs", 0, 1),
        ("Fs", 0, 1),
        ("Qs", 0, 0),
        ("Os", 0, 1),
        ("Xs", 0, 1),
    ],
)
def test_who_is_a_false_positive(cell: str, veb_false: int, sveb_false: int) -> None:
    matrix = cells(**{cell: 1})
    assert statistics.veb(matrix).false_positives == veb_false
    assert statistics.sveb(matrix).false_positives == sveb_false


@pytest.mark.parametrize("cell", ["Vn", "Vs", "Vf", "Vq", "Vo", "Vx"])
def test_a_ventricular_beat_that_is_called_anything_else_is_missed(cell: str) -> None:
    assert statistics.veb(cells(Vv=3, **{cell: 1})).sensitivity == 0.75


def test_figures_of_nothing_are_none() -> None:
    empty = np.zeros((7, 7), np.int64)
    for figures in (statistics.qrs(empty), statistics.veb(empty), statistics.sveb(empty)):
        assert (figures.sensitivity, figures.ppv, figures.false_positive_rate) == (None, None, None)
    only_normal = statistics.veb(cells(Nn=10))
    assert (only_normal.sensitivity, only_normal.ppv, only_normal.false_positive_rate) == (None, None, 0.0)


def test_tallies_of_several_matrices_are_those_of_each() -> None:
    matrices = np.random.default_rng(1).integers(0, 9, size=(4, 7, 7))
    for tally in (statistics.qrs_tally, statistics.veb_tally, statistics.sveb_tally):
        assert (tally(matrices) == np.stack([tally(one) for one in matrices], axis=1)).all()


def test_the_average_leaves_out_records_without_the_figure() -> None:
    records = [statistics.veb(cells(**one)) for one in ({"Vv": 1, "Vn": 3}, {"Vv": 9, "Nv": 1}, {"Nn": 5})]
    average = statistics.means(records)
    assert average.sensitivity == pytest.approx((0.25 + 1) / 2)
    assert average.ppv == pytest.approx((1 + 0.9) / 2)
    # Of the first record 3 of 3 other calls are of V itself: nothing is left to be called wrongly.
    assert average.false_positive_rate == pytest.approx((1 + 0) / 2)
    assert statistics.means([records[2]]).sensitivity is None
