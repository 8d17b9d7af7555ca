"""Which rates a model of ECG recordings may have, and what is said of the others."""

from dataclasses import replace

import numpy as np
import pytest

from scl.artifacts import InputError
from tests.train.data.beats import recordings
from train.data import ecg
from train.data.model_rate import model_rate
from train.data.recordings import Recordings


def recorded(rate_hz: float) -> Recordings:
    return replace(recordings(samples=2000), rate_hz=rate_hz)


@pytest.mark.parametrize(
    ("recorded_hz", "expected"),
    [(360, 180), (250, 180), (500, 180), (512, 180), (300, 180), (256, 180), (180, 180), (1000, 180)]
    + [(128, 128), (130, 130), (125, 125), (100, 100), (257, 179.9), (333.3, 179.982)],
)
def test_the_rate_that_nobody_asked_for(recorded_hz: float, expected: float) -> None:
    """180 Hz where it can be had, else the recordings' own or one close to it; every one can be prepared."""
    data = recorded(float(recorded_hz))
    assert model_rate(data, 180.0) == pytest.approx(expected)
    prepared = ecg.unkept(data, model_rate(data, 180.0))
    assert prepared.blocks[0].x.shape[1] == pytest.approx(2000 * expected / recorded_hz, abs=1)


def test_mit_bih_serves_the_rates_of_straps_and_patches() -> None:
    for rate_hz in (125.0, 128.0, 130.0, 180.0, 250.0, 256.0):
        assert model_rate(recorded(360.0), 180.0, rate_hz) == rate_hz


@pytest.mark.parametrize(
    ("recorded_hz", "rate_hz", "message"),
    [
        (130, 180.0, "noise: was recorded at 130 Hz, .* cannot bring to 180 Hz; train with --rate 130$"),
        (
            360,
            257.0,
            "recorded at 360 Hz, .* cannot bring to 257 Hz; train with --rate 256.5 or 258$",
        ),
        (360, 70.0, "noise: a model of 70 Hz cannot see ECG up to 40 Hz, expected more than 80 Hz; give a higher"),
        (64, 0.0, "a model of 64 Hz cannot see ECG up to 40 Hz, .* or recordings of a faster sensor"),
    ],
)
def test_rates_that_cannot_be_are_named(recorded_hz: float, rate_hz: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        model_rate(recorded(float(recorded_hz)), 180.0, rate_hz)


def test_beats_keep_their_times_at_another_rate() -> None:
    data = recorded(360.0)
    for rate_hz in (125.0, 128.0, 130.0):
        found = ecg.unkept(data, rate_hz).blocks[0].beats
        np.testing.assert_allclose(found[:, 0] / rate_hz, data.blocks[0].beats[:, 0] / 360, atol=0.51 / rate_hz)
