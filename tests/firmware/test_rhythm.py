"""The rhythm in C against scl/frontend/rhythm.py: every figure behind every beat."""

import ctypes
from dataclasses import astuple

import numpy as np
import pytest

from scl.frontend.rhythm import rhythms

FIGURES = (
    *((name, ctypes.c_uint16) for name in ("heart_rate", "rmssd")),
    ("irregular", ctypes.c_uint8),
    *((name, ctypes.c_uint16) for name in ("pauses", "couplets", "runs", "longest_run")),
    ("worst", ctypes.c_uint8),
)


class CFigures(ctypes.Structure):
    """scl_rhythm_figures of rhythm.h."""

    _fields_ = FIGURES


class CRhythm(ctypes.Structure):
    """scl_rhythm of rhythm.h."""

    _fields_ = (
        ("intervals", ctypes.c_uint16 * 64),
        ("classes", ctypes.c_uint8 * 64),
        ("normal", ctypes.c_int16 * 64),
        ("irregular", ctypes.c_uint64),
        *((name, ctypes.c_uint8) for name in ("newest", "joined", "normal_newest", "normal_count", "irregular_count")),
        ("ventricular", ctypes.c_uint16),
        ("figures", CFigures),
    )


def in_c(engine: ctypes.CDLL, intervals: np.ndarray, classes: np.ndarray) -> list[tuple[int, ...]]:
    rhythm, rows = CRhythm(), []
    ctypes.memset(ctypes.byref(rhythm), 0xAA, ctypes.sizeof(rhythm))  # reset must not rely on zeroed memory
    engine.scl_rhythm_reset(ctypes.byref(rhythm))
    for interval, code in zip(intervals.tolist(), classes.tolist(), strict=True):
        engine.scl_rhythm_push(ctypes.byref(rhythm), interval, code & 0xFFFF)
        rows.append(tuple(getattr(rhythm.figures, name) for name, _type in FIGURES))
    return rows


def drawn(rng: np.random.Generator, count: int, kind: str) -> np.ndarray:
    """Intervals: of a regular heart, of an irregular one, or of every size that 16 bits have."""
    if kind == "any":
        intervals = rng.integers(0, 65536, count)
    else:
        intervals = np.rint(rng.normal(150, 1 if kind == "regular" else 40, count)).clip(43, 700).astype(np.int64)
        intervals[rng.random(count) < 0.01] = 0
    intervals[0] = 0
    return intervals


@pytest.mark.parametrize("kind", ["regular", "irregular", "any"])
def test_every_figure(engine, rng, kind):
    intervals = drawn(rng, 3000, kind)
    classes = rng.choice([0, 1, 2, 3, -1], 3000, p=[0.75, 0.04, 0.15, 0.03, 0.03])
    classes[1000:1100] = 2  # a long run
    assert in_c(engine, intervals, classes) == [astuple(each) for each in rhythms(intervals, classes)]


def test_counts_stay_at_their_largest_value(engine):
    intervals, classes = np.full(70_000, 361), np.full(70_000, 2)
    rows = in_c(engine, intervals, classes)
    assert rows[-1] == (299, 0, 0, 65535, 0, 1, 65535, 2)
    assert rows[-1] == astuple(rhythms(intervals, classes)[-1])
