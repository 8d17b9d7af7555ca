"""The C detector, sample by sample, against numpy's in every R peak and when it is known."""

import ctypes
import re

import numpy as np
import pytest

from scl import toolchain
from scl.frontend import beat_detector
from tests.scl.frontend.hearts import record
from tests.scl.frontend.test_beat_detector import arrhythmia

GUARD = 0x5A
SOURCE = toolchain.FIRMWARE / "src" / "frontend" / "beat_detector.c"


@pytest.fixture
def detect(engine):
    """detect(uv): R peaks and when they are known."""
    engine.scl_beat_detector_push.restype = ctypes.c_bool
    state = (ctypes.c_uint8 * 2048)(*[GUARD] * 2048)  # a reset must not rely on zeroed memory
    ago = ctypes.c_uint16()

    def detect(uv: np.ndarray) -> beat_detector.Detections:
        at, known = [], []
        engine.scl_beat_detector_reset(state)
        for n, value in enumerate(uv.tolist()):
            if engine.scl_beat_detector_push(state, ctypes.c_int16(value), ctypes.byref(ago)):
                at.append(n - ago.value)
                known.append(n)
        assert set(state[1300:]) == {GUARD}  # it takes 1.3 kB at most
        return beat_detector.Detections(np.array(at, np.int64), np.array(known, np.int64))

    return detect


def check(detect, uv: np.ndarray, least: int) -> None:
    expected, in_c = beat_detector.detect(uv), detect(uv)
    np.testing.assert_array_equal(in_c.at, expected.at)
    np.testing.assert_array_equal(in_c.known, expected.known)
    assert len(in_c.at) >= least


@pytest.mark.parametrize("noise", [0, 30, 150])
def test_synthetic_arrhythmia(detect, noise):
    for seed in range(10):
        check(detect, arrhythmia(seed, noise), 40)


def test_what_is_no_ecg(detect, rng):
    """One stream after the other in one state, which each reset clears."""
    for step in (3, 30, 300, 3000):
        check(detect, np.cumsum(rng.normal(0, step, 8000)).clip(-32767, 32767).astype(int), 0)
        check(detect, np.repeat(rng.integers(-step, step, 800), 10), 0)
    for _ in range(5):
        check(detect, rng.choice([-32767, 32767], 8000), 50)
        check(detect, rng.integers(-32767, 32768, 8000), 50)
        check(detect, np.where(rng.random(8000) < 0.004, rng.choice([-32767, 32767], 8000), 0), 10)
    check(detect, np.zeros(2000, int), 0)


@pytest.mark.parametrize("number", [102, 105, 108, 203, 207, 232])
def test_minutes_of_records(detect, data_dir, number):
    check(detect, record(data_dir, number, 240), 100)


def test_constants_are_those_of_numpy():
    for name, value in re.findall(r"^#define (\w+) (\d+)u?\b", SOURCE.read_text(), re.MULTILINE):
        assert getattr(beat_detector, name) == int(value), name
