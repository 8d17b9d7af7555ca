"""Simulated ECG against what its beats are said to be, measured on the samples."""

import numpy as np
import pytest

from train.data import synthetic
from train.data.recordings import Block, Recordings

N, S, V = 0, 1, 2


@pytest.fixture(scope="module")
def simulated() -> Recordings:
    return synthetic.load()


def average(block: Block, kind: int) -> np.ndarray:
    """Mean of a block's beats of one class (samples,), from 0.3 s before the R peak to 0.5 s after it."""
    before, after = 108, 180
    peaks = block.beats[block.beats[:, 1] == kind, 0]
    peaks = peaks[(peaks >= before) & (peaks + after < block.x.shape[1])]
    cuts = np.stack([block.x[0, p - before : p + after] for p in peaks]).astype(np.float64)
    return (cuts - np.median(cuts, axis=1, keepdims=True)).mean(axis=0)


def width(beat: np.ndarray) -> int:
    """Samples around the R peak (sample 108) that reach half its height."""
    high = beat > beat[108] / 2
    return int(np.argmin(high[108:]) + np.argmin(high[108::-1]))


def test_what_is_simulated(simulated: Recordings) -> None:
    assert simulated.name == "synthetic" and "no recording" in simulated.report["simulated"]
    assert simulated.rate_hz == 360 and simulated.channels == ("ecg",) and simulated.units == ("mV",)
    assert simulated.sensors == (("ecg", (0,)),) and simulated.labels == ("N", "S", "V", "F", "Q")
    assert [block.group for block in simulated.blocks] == list(range(12))
    assert {(b.x.shape, b.x.dtype, b.label) for b in simulated.blocks} == {((1, 5 * 60 * 360), np.dtype("f4"), -1)}
    assert "synthetic: 12 subjects, 5 classes, 1.0 h" in simulated.summary()


def test_shares_of_the_classes(simulated: Recordings) -> None:
    kinds = np.concatenate([block.beats[:, 1] for block in simulated.blocks])
    share = np.bincount(kinds, minlength=5) / len(kinds)
    # Four standard deviations of a share among about 4500 beats.
    assert share[S] == pytest.approx(0.05, abs=0.013) and share[V] == pytest.approx(0.08, abs=0.016)
    assert share[3:].sum() == 0
    assert simulated.report["beats"] == dict(zip("NSVFQ", np.bincount(kinds, minlength=5).tolist(), strict=True))
    for block in simulated.blocks:
        assert set(block.beats[:, 1]) == {N, S, V}


def test_an_annotation_is_at_the_peak_of_its_beat(simulated: Recordings) -> None:
    """The largest sample within 0.1 s is where the annotation says, but for a sample that noise lifts beside it."""
    for block in simulated.blocks:
        inside = block.beats[(block.beats[:, 0] > 36) & (block.beats[:, 0] < block.x.shape[1] - 36)]
        for kind, tolerance in ((N, 2), (S, 2), (V, 6)):
            peaks = inside[inside[:, 1] == kind, 0]
            found = np.array([np.argmax(block.x[0, p - 36 : p + 37]) - 36 for p in peaks])
            assert np.abs(found).max() <= tolerance, (block.group, kind)


def test_rhythm(simulated: Recordings) -> None:
    """Premature beats come early and alone; the pause after V makes up for it, that after S does not."""
    for block in simulated.blocks:
        times, kinds = block.beats.T
        assert (np.diff(times) > 0).all() and times[0] >= 0 and times[-1] < block.x.shape[1]
        early = np.flatnonzero(kinds != N)
        assert 0 not in early and (np.diff(early) > 1).all()
        intervals = np.diff(times)
        cycle = np.median(intervals)
        early = early[early < len(intervals)]
        assert (intervals[early - 1] < 0.88 * cycle).all()
        ventricular, other = early[kinds[early] == V], early[kinds[early] == S]
        both = intervals[ventricular - 1] + intervals[ventricular]
        np.testing.assert_allclose(both, 2 * cycle, rtol=0.03)
        assert (intervals[other - 1] + intervals[other] < 1.95 * cycle).all()


def test_shapes(simulated: Recordings) -> None:
    """S is as narrow as N and its T wave as upright; V is more than twice as wide and its T wave inverted."""
    for block in simulated.blocks:
        normal, early, ventricular = (average(block, kind) for kind in (N, S, V))
        assert width(early) == pytest.approx(width(normal), abs=1) and width(normal) <= 0.06 * 360
        assert width(ventricular) > 2 * width(normal)
        t_wave = slice(108 + 50, 108 + 130)
        assert normal[t_wave].max() > 0.1 and early[t_wave].max() > 0.1
        assert ventricular[t_wave].min() < -0.1 and ventricular[t_wave].mean() < 0 < normal[t_wave].mean()


def test_records_differ_in_shape_and_rate(simulated: Recordings) -> None:
    rates = [60 * 360 / np.median(np.diff(block.beats[:, 0])) for block in simulated.blocks]
    assert min(rates) >= 50 and max(rates) <= 100 and np.std(rates) > 5
    heights = [average(block, N)[108] for block in simulated.blocks]
    assert len(set(np.round(heights, 3))) == 12 and min(heights) > 0.4 and max(heights) < 2


def test_the_same_seed_gives_the_same_samples() -> None:
    one, again, other = (synthetic.load(records=2, minutes=0.5, seed=seed) for seed in (3, 3, 4))
    assert one.sha256 == again.sha256 != other.sha256
    assert all(np.array_equal(a.x, b.x) for a, b in zip(one.blocks, again.blocks, strict=True))
    assert not np.array_equal(one.blocks[0].x, one.blocks[1].x)
    counts = one.blocks[0].x.astype(np.float64) * 200
    assert np.abs(counts - np.rint(counts)).max() < 1e-4
