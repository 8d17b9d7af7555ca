"""Beats beside known ones: by hand, and figures that no later beat changes."""

import numpy as np
import pytest

from firmware_host.monitoring.agreement import Agreement, ClassAgreement, agreement
from firmware_host.monitoring.heart_source import Marks

LABELS = ("N", "S", "V")
ALL = np.ones(5000, bool)


def beside(known, found, counted=ALL):
    marks = Marks(np.array([at for at, _ in known], np.int64), tuple(name for _, name in known))
    at = np.array([at for at, _ in found], np.int64)
    return agreement(marks, at, [name for _, name in found], LABELS, 54, counted)


def test_by_hand():
    known = [(100, "N"), (400, "V"), (700, "F"), (1000, "S"), (1300, "N"), (1600, "N"), (4000, "N")]
    found = [(103, "N"), (397, "N"), (705, "V"), (850, "N"), (1290, "abstained"), (1600, "N"), (1654, "N"), (1700, "N")]
    one = beside(known, found)
    classes = ClassAgreement("N", 3, 2), ClassAgreement("S", 1, 0), ClassAgreement("V", 1, 0)
    assert one == Agreement(classes, missed=1, extra=1, others=1) and (one.known, one.same) == (5, 2)
    assert beside(known, found[:6]).known == 4  # the latest beat may have a nearer neighbour still
    assert beside(known, []) == beside([], []) == Agreement((), 0, 0, 0)
    assert beside([], found).extra == 6


def test_only_what_counts():
    counted = ALL.copy()
    counted[:500] = False
    one = beside([(100, "N"), (600, "N")], [(300, "V"), (600, "N"), (900, "V")], counted)
    assert one == Agreement((ClassAgreement("N", 1, 1),), 0, 0, 0)


@pytest.mark.parametrize("seed", range(20))
def test_no_later_beat_changes_what_was_said(seed):
    """The figures so far are those of all beats, counted as far as they were settled then."""
    rng = np.random.default_rng(seed)
    known, found = (
        [(at, rng.choice([*LABELS, "F"])) for at in np.unique(rng.integers(0, 4900, 60)).tolist()] for _ in range(2)
    )
    for some in range(1, len(found)):
        settled = ALL & (np.arange(len(ALL)) < found[some - 1][0] - 54)
        now, then = beside(known, found[:some]), beside(known, [*found, (4999, "N")], settled)
        assert now == then
