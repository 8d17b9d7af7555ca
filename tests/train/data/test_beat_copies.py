"""Disturbed recordings of heartbeats: sizes by another computation, a draw for each record, the same again."""

import numpy as np
import pytest

from train.data import beat_copies, ecg_noise
from train.data.recordings import Block, Recordings

RATE_HZ, SECONDS = 250.0, 400


def recordings() -> Recordings:
    x = np.zeros((1, int(RATE_HZ * SECONDS)), np.float32)
    x[0, ::200] = 1.0
    blocks = tuple(Block(group, -1, x) for group in (1, 2))
    return Recordings("made up", RATE_HZ, 10.0, ("ecg",), ("mV",), (("ecg", (0,)),), ("N",), blocks, sha256="0" * 64)


def added(kind: str) -> list[np.ndarray]:
    """What a disturbance adds to each record."""
    before, after = recordings(), beat_copies.disturbed(recordings(), kind)
    return [b.x[0].astype(float) - a.x[0] for a, b in zip(before.blocks, after.blocks, strict=True)]


@pytest.mark.parametrize("kind", ["gain", "baseline wander", "electrode motion"])
def test_records_differ_and_repeat(kind: str) -> None:
    first, second = added(kind)
    assert not np.array_equal(first, second)
    assert all(map(np.array_equal, added(kind), (first, second)))
    assert beat_copies.disturbed(recordings(), kind).sha256 != recordings().sha256


def test_gain_is_one_factor() -> None:
    after = beat_copies.disturbed(recordings(), "gain")
    for block in after.blocks:
        assert len(np.unique(block.x)) == 2 and 0.4 < block.x.max() < 2.5


def test_wander_is_as_high_and_as_slow_as_a_breath() -> None:
    for wander in added("baseline wander"):
        assert np.abs(wander).max() == pytest.approx(beat_copies.WANDER_MV, rel=0.01)
        crossings = np.count_nonzero(np.diff(np.sign(wander))) / 2 / SECONDS
        low, high = ecg_noise.SWING_HZ
        assert low < crossings < high


def test_motion_has_its_root_mean_square() -> None:
    for motion in added("electrode motion"):
        assert np.sqrt(np.mean(motion**2)) == pytest.approx(beat_copies.MOTION_MV, rel=0.01)


def test_places_are_moved_by_what_is_said() -> None:
    at = np.arange(1000) * 200
    moved = beat_copies.jittered(at, 180.0, 0) - at
    assert set(moved.tolist()) == set(range(-14, 15))
