"""The running polarity against a slow version, and what it is for: a signal and its negative have the same features."""

import numpy as np
import pytest

from scl.frontend import bandpass
from scl.frontend.beat_features import NAMES, SIGNED, features
from scl.frontend.beat_polarity import running, turned
from scl.frontend.beat_shape import cuts_at
from scl.frontend.beats import Beats, BeatSpec, features_at, find, microvolts
from tests.scl.frontend.synthetic_ecg import ecg, rhythm

PLAIN, CORRECTED = (BeatSpec.of("both", corrected) for corrected in (False, True))


def slow_running(templates: np.ndarray) -> list[int]:
    said, now = [], 1
    for template in templates[:, 36:68].tolist():
        high, low = max(template), min(template)
        if 8 * (high + low) > high - low:
            now = 1
        elif -8 * (high + low) > high - low:
            now = -1
        said.append(now)
    return said


def test_running_polarity_is_the_slow_one() -> None:
    rng = np.random.default_rng(0)
    seen = set()
    for _ in range(300):
        levels = np.cumsum(rng.normal(0, 60, (rng.integers(0, 30), 1)), axis=0)
        templates = np.rint(rng.normal(0, 100, (len(levels), 83)) + levels).astype(np.int64)
        assert running(templates).tolist() == slow_running(templates)
        seen |= set(running(templates).tolist())
    assert seen == {1, -1}


def test_one_eighth_is_not_clear() -> None:
    """h + l of exactly (h - l) / 8 leaves the polarity, one more changes it."""
    templates = np.zeros((3, 83), np.int64)
    templates[:, 40], templates[:, 50] = 90, (-900, -70, -69)
    assert running(templates).tolist() == [-1, -1, 1]


def heart() -> np.ndarray:
    return ecg(rhythm(120), ventricular=(15, 40, 41, 77), noise=0.03)[0]


def ectopic_first() -> np.ndarray:
    """A first beat that points the other way."""
    x, at = ecg(rhythm(60), noise=0.02)
    x[: at[0] + 70] *= -1
    return x


def turning() -> np.ndarray:
    x, at = ecg(rhythm(120), noise=0.02)
    x[at[40] + 70 :] *= -1
    return x


def noise() -> np.ndarray:
    return np.random.default_rng(2).normal(0, 0.2, 12_000).astype(np.float32)


def found(x: np.ndarray, spec: BeatSpec) -> Beats:
    return find(x, np.zeros(len(x), bool), spec)


@pytest.mark.parametrize("signal", [heart, ectopic_first, turning, noise])
def test_a_signal_and_its_negative_have_the_same_beats(signal) -> None:
    """Every beat, in every bit; without the correction they differ."""
    x = signal()
    one, other = found(x, CORRECTED), found(-x, CORRECTED)
    assert len(one.at) > 30 and one.at.tolist() == other.at.tolist()
    np.testing.assert_array_equal(one.values, other.values)
    assert not np.array_equal(found(x, PLAIN).values, found(-x, PLAIN).values)


@pytest.mark.parametrize("record", [118, 207, 232])
def test_the_same_of_records(data_dir, record) -> None:
    """R peaks that point down, ventricular flutter, premature beats; five minutes of each."""
    from train.data import mitdb

    block = next(b for b in mitdb.load(data_dir / mitdb.DATA_SET.places[0]).blocks if b.group == record)
    x = bandpass.design(180, 0.5, 40).apply(block.x[None, 0, : 360 * 300 : 2, None].astype(np.float32))[0, :, 0]
    one, other = found(x, CORRECTED), found(-x, CORRECTED)
    assert len(one.at) > 200 and one.at.tolist() == other.at.tolist()
    np.testing.assert_array_equal(one.values, other.values)


def test_upright_beats_are_left_as_they_are() -> None:
    np.testing.assert_array_equal(found(heart(), CORRECTED).values, found(heart(), PLAIN).values)


def test_one_beat_that_points_down_turns_nothing() -> None:
    """Among upright ones: its own features say so, those of the beats behind it are upright."""
    x, at = ecg(rhythm(60), noise=0.01)
    x[at[30] - 60 : at[30] + 70] *= -1
    values = dict(zip(CORRECTED.names, features_at(x, at, CORRECTED).values.T, strict=True))
    assert values["upright"][30] < -0.3
    assert (np.delete(values["upright"], 30) > 0.3).all() and (values["upright_t"] > 0.3).all()


def test_a_lead_that_is_turned_round_is_followed() -> None:
    """As slowly as the template follows beats unlike it; then the features are those of upright beats."""
    x, at = ecg(rhythm(240), noise=0.01)
    x[at[40] + 70 :] *= -1
    values = dict(zip(CORRECTED.names, features_at(x, at, CORRECTED).values.T, strict=True))
    since = np.flatnonzero(values["upright"][41:] > 0.3)[0]
    assert 80 < since < 170 and (values["upright"][41 : 41 + since] < -0.3).all()
    assert (values["upright"][41 + since :] > 0.3).all()


def test_only_features_with_a_sign_depend_on_the_running_polarity() -> None:
    """Of a stream whose first beat is upright, which turns round behind it."""
    x, at = ecg(rhythm(60), noise=0.01)
    x[at[0] + 70 :] *= -1
    rr = np.diff(at, prepend=at[0] - 180)
    cuts = cuts_at(microvolts(x), at)
    np.testing.assert_array_equal(turned(-cuts), cuts)
    plain, corrected = (features(cuts, rr, np.ones(len(at), bool), one) for one in (False, True))
    for name, one, other in zip(NAMES, plain.T, corrected.T, strict=False):
        if name in SIGNED:
            assert np.array_equal(np.abs(one), np.abs(other)) and not np.array_equal(one, other)
        else:
            np.testing.assert_array_equal(one, other)
