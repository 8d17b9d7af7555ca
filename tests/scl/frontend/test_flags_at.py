"""Flags of a stream's answers, against those of the window that each answer looks back on."""

import numpy as np
import pytest

from scl.frontend.flags import flags_at, flags_of, lead_off_at
from scl.frontend.sensor import load_sensor

SENSOR = load_sensor("replay-ecg")
SPAN, LEAD_OFF = 40, 7


def stream(seed: int) -> np.ndarray:
    """Counts (600, 1) with stretches that stand still, at the rail too."""
    rng = np.random.default_rng(seed)
    counts = rng.integers(-900, 900, (600, 1)).astype(np.int16)
    for start in rng.integers(0, 590, 8):
        counts[start : start + rng.integers(2, 12)] = rng.choice([5, 32767, -32768])
    return counts


@pytest.mark.parametrize("seed", range(5))
def test_an_answer_has_the_flags_of_the_window_that_it_looks_back_on(seed: int) -> None:
    counts = stream(seed)
    off = lead_off_at(counts, LEAD_OFF)
    ends = np.arange(SPAN, len(counts) + 1)
    for end, flags in zip(ends, flags_at(counts, SENSOR, LEAD_OFF, SPAN, ends), strict=True):
        saturated = flags_of(counts[None, end - SPAN : end], SENSOR, 0)[0]
        assert flags == saturated | 2 * bool(off[end - SPAN : end].any()), f"seed {seed}, end {end}"


@pytest.mark.parametrize("seed", range(5))
def test_a_lead_is_off_while_one_count_is_held(seed: int) -> None:
    counts = stream(seed)[:, 0].tolist()
    held = [1]
    for before, now in zip(counts, counts[1:], strict=False):
        held.append(held[-1] + 1 if before == now else 1)
    expected = [samples >= LEAD_OFF for samples in held]
    assert any(expected)
    assert lead_off_at(stream(seed), LEAD_OFF).tolist() == expected
