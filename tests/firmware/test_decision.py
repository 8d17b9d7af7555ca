"""The decision layer in C against scl/belief.py: every belief, answer and confidence."""

import ctypes

import numpy as np
import pytest

from scl.belief import MOST_CLASSES, MOST_SLOPE, ONE, UNSURE, BeliefFilter, DecisionSettings
from scl.decision import LOST

CODES = {0xFFFF: LOST, 0xFFFE: UNSURE}


class CSettings(ctypes.Structure):
    """scl_decision_settings of decision.h."""

    _fields_ = (
        *((name, ctypes.c_uint32) for name in ("slope", "evidence")),
        *((name, ctypes.c_uint16) for name in ("stay", "unsure")),
    )


class CDecider(ctypes.Structure):
    """scl_decider of decision.h."""

    _fields_ = (("settings", CSettings), ("classes", ctypes.c_uint16), ("fresh", ctypes.c_bool))


class CDecision(ctypes.Structure):
    """scl_decision of decision.h."""

    _fields_ = (("answer", ctypes.c_uint16), ("confidence", ctypes.c_uint16))


class CFilter:
    """A decider with its belief, as `BeliefFilter`."""

    def __init__(self, engine: ctypes.CDLL, s: DecisionSettings, classes: int) -> None:
        engine.scl_decider_step.restype = CDecision
        self.engine, self.decider = engine, CDecider(CSettings(s.slope, s.evidence, s.stay, s.unsure), classes)
        self.belief = np.full(classes, 0xAAAAAAAA, np.uint32)  # reset must not rely on zeroed memory
        self.reset()

    def reset(self) -> None:
        self.engine.scl_decider_reset(ctypes.byref(self.decider), self.belief.ctypes.data_as(ctypes.c_void_p))

    def step(self, logits: np.ndarray | None) -> tuple[int, int]:
        values = None if logits is None else np.ascontiguousarray(logits).ctypes.data_as(ctypes.c_void_p)
        where = self.belief.ctypes.data_as(ctypes.c_void_p)
        found = self.engine.scl_decider_step(ctypes.byref(self.decider), where, values)
        return CODES.get(found.answer, found.answer), found.confidence


def same(engine: ctypes.CDLL, settings: DecisionSettings, logits: np.ndarray, off: np.ndarray) -> None:
    """Two streams behind each other, with a reset between them."""
    classes = logits.shape[1]
    ours, theirs = BeliefFilter(settings, (), classes), CFilter(engine, settings, classes)
    for _ in range(2):
        for window, lost in zip(logits, off, strict=True):
            expected = ours.step(window, lost)
            assert theirs.step(None if lost else window) == (int(expected.answers), int(expected.confidences))
            assert theirs.belief.tolist() == ours._belief.tolist()
        ours.reset()
        theirs.reset()


@pytest.mark.parametrize("classes", [2, 3, 18, MOST_CLASSES])
def test_every_belief_of_random_streams(engine, rng, classes):
    for _ in range(4):
        low, high = 1 << rng.integers(0, 25, 2)
        settings = DecisionSettings(
            *(int(low), int(high), int(rng.integers(0, 65536)) * int(rng.integers(0, 4) > 0)),
            unsure=int(rng.integers(0, ONE + 1)),
        )
        logits = (rng.integers(-128, 128, (60, classes)) >> rng.integers(0, 7)).astype(np.int8)
        same(engine, settings, logits, rng.random(60) < 0.1)


@pytest.mark.parametrize("slope", [1, 65_535, MOST_SLOPE])
@pytest.mark.parametrize("stay", [0, 1, 65_535])
def test_extremes(engine, rng, slope, stay):
    for classes in (2, MOST_CLASSES):
        logits = rng.choice(np.array([-128, 127], np.int8), (40, classes))
        logits[20:] = -128
        logits[20:, -1] = 127
        same(engine, DecisionSettings(slope, slope, stay, unsure=100), logits, np.zeros(40, bool))


def test_powers_of_two(engine):
    """Of 256 logits a step apart the beliefs are 2^-f, f of every bit, within the error that is stated."""
    logits, steps = np.arange(127, -129, -1).astype(np.int8), np.arange(256)
    for slope in (*range(1, 257, 15), 257):
        settings = DecisionSettings(slope, slope)
        ours, theirs = BeliefFilter(settings, (), 256), CFilter(engine, settings, 256)
        ours.step(logits)
        theirs.step(logits)
        assert ours._belief.tolist() == theirs.belief.tolist()
        found = theirs.belief / theirs.belief[0]
        assert np.abs(found / 2.0 ** (-steps * slope / 65536) - 1).max() < 2**-26


@pytest.mark.parametrize(
    ("values", "fits"),
    [
        ((1, 1, 0, 0), True),
        ((MOST_SLOPE, MOST_SLOPE, 65535, ONE), True),
        ((0, 1, 0, 0), False),
        ((1, 0, 0, 0), False),
        ((MOST_SLOPE + 1, 1, 0, 0), False),
        ((1, 0xFFFFFFFF, 0, 0), False),
        ((1, 1, 0, ONE + 1), False),
    ],
)
def test_settings_from_a_line_are_checked(engine, values, fits):
    engine.scl_decision_fits.restype = ctypes.c_bool
    assert engine.scl_decision_fits(ctypes.byref(CSettings(*values))) == fits
