"""When a beat is answered, which are dropped, and what a spec of other features says."""

import numpy as np
import pytest

from scl.frontend.beats import BeatInput, BeatSpec, features_at, find, microvolts, names
from tests.scl.frontend.synthetic_ecg import ecg

SOON, LATER = (BeatSpec.of(measured) for measured in ("causal", "features"))


def test_the_first_features_are_those_without_the_next_beat():
    assert names("features")[: len(names("causal"))] == names("causal")


def test_names_of_another_list():
    with pytest.raises(ValueError, match="names are interval, corr, expected interval, change, before"):
        BeatSpec("causal", ("interval", "corr"))


@pytest.mark.parametrize(("measured", "size", "waits"), [("waveform", 83, False), ("both", 112, True)])
def test_the_waveform_stands_alone_or_behind_the_features(measured: BeatInput, size: int, waits: bool):
    x, _ = ecg([150] * 20, noise=0.03)
    plain, beats = (find(x, np.zeros(len(x), bool), spec) for spec in (LATER if waits else SOON, BeatSpec.of(measured)))
    assert beats.at.tolist() == plain.at.tolist() and beats.answered.tolist() == plain.answered.tolist()
    assert beats.values.shape[1] == size == len(names(measured)) and BeatSpec.of(measured).samples == 83
    np.testing.assert_array_equal(beats.values[:, :-83], plain.values[:, : size - 83])
    peak = beats.values[:, names(measured).index("sample_0")]
    assert (peak == beats.values[:, -83:].max(axis=1)).mean() > 0.9 and 0.5 < peak.min() < peak.max() < 1.5


def test_microvolts_are_clamped_and_rounded_half_to_even():
    signal = np.array([0.0005, 0.0015, -0.0015, 40, -40, np.inf, -np.inf, np.nan], np.float32)
    assert microvolts(signal).tolist() == [0, 2, -2, 32767, -32767, 32767, -32767, -32767]


def test_when_beats_are_answered():
    x, at = ecg([150] * 12)
    soon, later = features_at(x, at, SOON), features_at(x, at, LATER)
    assert soon.at.tolist() == later.at.tolist() == at.tolist()
    assert soon.answered.tolist() == (at + 32).tolist()
    assert later.answered.tolist() == [*(at[1:] + 32).tolist(), at[-1] + 619]
    assert soon.interval.tolist() == later.interval.tolist() == [0] + 11 * [150]
    np.testing.assert_array_equal(soon.values, later.values[:, :-4])
    assert soon.values.dtype == np.float32


@pytest.mark.parametrize(("pause", "answered"), [(540, 572), (541, 573), (587, 619), (588, 619), (2000, 619)])
def test_a_pause(pause, answered):
    """The beat before it waits for 3 s; then its interval is that and its next beat looks alike."""
    x, at = ecg([150, 150, 150, pause, 150])
    beats = features_at(x, at, LATER)
    assert beats.answered[2] - at[2] == answered and beats.interval[3] == pause
    assert beats.values[2, names("features").index("next_interval")] == pytest.approx(np.log2(540 / 150), abs=2 / 4096)
    assert (beats.values[2, names("features").index("next")] == 1) == (pause > 587)


def test_the_stream_ends_before_a_beat_is_answered():
    x, at = ecg([150] * 5)
    assert features_at(x[: at[-1] + 32], at, SOON).at.tolist() == at[:-1].tolist()
    assert features_at(x[: at[-1] + 33], at, SOON).at.tolist() == at.tolist()
    assert features_at(x[: at[-1] + 619], at, LATER).at.tolist() == at[:-1].tolist()


def test_beats_that_are_dropped():
    """Those too near the one before."""
    x, at = ecg([150] * 4)
    beats = features_at(x, np.array([0, 19, 20, 39, 45, *at]), SOON)
    assert beats.at.tolist() == [0, 20, 45, *at]


def test_no_beats():
    beats = features_at(np.zeros(100, np.float32), np.zeros(0, np.int64), LATER)
    assert beats.values.shape == (0, len(names("features"))) and len(beats.at) == len(beats.answered) == 0


def test_values_at_the_rails():
    """Every integer is exact as float32, and within the ranges that the features' page has."""
    rng = np.random.default_rng(0)
    x = np.where(rng.random(40_000) < 0.5, 99, -99).astype(np.float32)
    at = np.cumsum(rng.integers(20, 300, 200))
    values = features_at(x, at[at < 39_000], BeatSpec.of("both")).values
    assert np.isfinite(values).all() and (np.abs(values * 4096) < 2**24).all()
    assert (values * 4096 == np.rint(values * 4096)).all()


def test_found_beats_are_those_of_the_signal():
    """A lead that is off for a while: nothing of before is known behind it, as in a stream of its own."""
    x, at = ecg([150] * 30)
    off = np.zeros(len(x), bool)
    off[2000:2500] = True
    beats = find(x, off, SOON)
    assert set(beats.at.tolist()) <= set(at.tolist()) and len(beats.at) == 26
    assert np.flatnonzero(beats.interval == 0).tolist() == [0, (beats.at < 2000).sum()]
    alone = find(x[2500:], np.zeros(len(x) - 2500, bool), SOON)
    behind = beats.at >= 2500
    assert (alone.at + 2500).tolist() == beats.at[behind].tolist()
    assert (alone.answered + 2500).tolist() == beats.answered[behind].tolist()
    np.testing.assert_array_equal(alone.values, beats.values[behind])


def test_beats_without_a_lead():
    x, _ = ecg([150] * 5)
    assert find(x, np.ones(len(x), bool), LATER).values.shape == (0, len(names("features")))


def test_features_are_those_of_the_detectors_beats():
    """The board knows them later than at the R peak, which changes nothing but that."""
    x, _ = ecg([150] * 20, noise=0.03)
    beats = find(x, np.zeros(len(x), bool), LATER)
    given = features_at(x, beats.at, LATER)
    assert given.at.tolist() == beats.at.tolist()
    np.testing.assert_array_equal(given.values, beats.values)
