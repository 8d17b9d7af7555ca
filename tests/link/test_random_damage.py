"""Random damage of single bytes, both ways, over a modelled line of 115,200 baud: what arrives and what it costs."""

import pytest

from firmware_host.flight import STALL_S
from firmware_host.protocol import wire_size
from tests.link.timed_board import BYTES_PER_S, fly

PERCENTS = [0.1, 1, 5]
LONG_FRAMES = 100_000


def check(percent: float, seed: int, count: int, samples: int):
    """Nothing is lost; at 5 % the flight may end with its cause named, STALL_S after the last progress."""
    flown = fly(percent / 100, seed, count, samples)
    case = f"{percent} %, seed {seed}, {count} windows of {samples} samples"
    if percent < 5 or not flown.outcome.stopped:
        assert (flown.outcome.lost, flown.outcome.stopped) == (0, ""), case
    else:
        assert f"nothing moved on for {STALL_S:g} s" in flown.outcome.stopped, case
    payload = (count - flown.outcome.lost) * samples * 12
    print(
        f"{case}: {flown.frames} frames, {flown.damaged_bytes} bytes damaged, {flown.outcome.lost} windows lost, "
        f"{payload / flown.seconds:.0f} bytes of samples/s of {BYTES_PER_S}, {flown.outcome.retried} times sent again"
    )
    return flown


@pytest.mark.parametrize("samples", [1, 20, 200])
@pytest.mark.parametrize("seed", [1, 2])
@pytest.mark.parametrize("percent", PERCENTS)
def test_damaged_bytes(percent, seed, samples):
    flown = check(percent, seed, 20 if percent < 5 else 5, samples)
    assert flown.frames > 10


@pytest.mark.faults
@pytest.mark.parametrize(("percent", "count"), [(0.1, 11_700), (1, 3_600), (5, 480)])
def test_a_hundred_thousand_frames(percent, count):
    """Windows of 20 samples, 240 bytes."""
    flown = check(percent, 7, count, 20)
    assert flown.frames >= LONG_FRAMES


@pytest.mark.parametrize("seed", range(3, 6))
def test_what_one_byte_in_a_thousand_costs(seed):
    """Against the same windows on a clean line: at least what docs/PROTOCOL.md computes, at most 1.3 times the time."""
    clean, damaged = fly(0, seed, 150, 200), fly(0.001, seed, 150, 200)
    assert clean.outcome.retried == 0 and damaged.outcome.lost == 0
    print(f"0.1 %: {damaged.seconds:.1f} s, clean {clean.seconds:.1f} s, {damaged.seconds / clean.seconds:.2f} times")
    assert 1.2 * clean.seconds < damaged.seconds < 1.3 * clean.seconds
    assert clean.sent_bytes < 150 * (2 * wire_size(4 + 1020) + wire_size(4 + 360)) + 300  # short chunks at the start
    assert clean.seconds > clean.sent_bytes / BYTES_PER_S  # the line is modelled at all
