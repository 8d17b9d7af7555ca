"""Heartbeats' features in C equal numpy's in every value, whatever the signal and the R peaks."""

import itertools

import numpy as np
import pytest

from scl.frontend.beats import INPUTS, BeatSpec, features_at, microvolts
from tests.firmware.c_beats import answered_beats, assert_same
from tests.scl.frontend.synthetic_ecg import ecg, rhythm


def sinus():
    return ecg(rhythm(120), ventricular=(15, 40, 41, 77), noise=0.03)


def pauses():
    rr = rhythm(40)
    rr[[9, 20, 21, 30]] = 540, 541, 900, 460
    return ecg(rr)


def rails():
    rng = np.random.default_rng(1)
    x = np.where(rng.random(20_000) < 0.5, 99, -99).astype(np.float32)
    return x, np.cumsum(rng.integers(15, 300, 120))


def halves():
    """From one rail to the other, each in the middle of a QRS: the largest spread."""
    x = np.where(np.arange(6000) // 16 % 2, 99, -99).astype(np.float32)
    return x, np.arange(64, 5800, 64)


def noise():
    rng = np.random.default_rng(2)
    return rng.normal(0, 0.2, 20_000).astype(np.float32), np.cumsum(rng.integers(1, 200, 190))


def flat():
    return np.zeros(9000, np.float32), np.arange(60, 8000, 97)


def turning():
    """Upright beats behind a first one that points down, and turned round once more later."""
    x, at = ecg(rhythm(260), ventricular=(3, 41), noise=0.03)
    x[: at[0] + 70] *= -1
    x[at[40] + 70 :] *= -1
    return x, at


@pytest.mark.parametrize("spec", [BeatSpec.of(*values) for values in itertools.product(INPUTS, (False, True))])
@pytest.mark.parametrize("signal", [sinus, pauses, rails, halves, noise, flat, turning])
def test_every_value(engine, signal, spec):
    x, at = signal()
    beats = features_at(x, at, spec)
    assert len(beats.at) > 35
    assert_same(answered_beats(engine, microvolts(x), at, at, spec), beats)
