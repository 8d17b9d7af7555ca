"""Beats in C are numpy's: which, when, and every value."""

import numpy as np
import pytest

from scl.frontend.beats import INPUTS, BeatSpec, find
from tests.firmware.c_beats import assert_same, found_beats
from tests.scl.frontend.synthetic_ecg import ecg, rhythm


def sinus():
    return ecg(rhythm(90), ventricular=(15, 40, 41, 77), noise=0.03)[0]


def pauses():
    rr = rhythm(40)
    rr[[9, 20, 21, 30]] = 540, 541, 900, 460
    return ecg(rr)[0]


def small_then_large():
    return np.concatenate([ecg(rhythm(20), gain=0.3)[0], ecg(rhythm(20), gain=1)[0], ecg(rhythm(20), gain=0.25)[0]])


def noise():
    return np.random.default_rng(2).normal(0, 0.2, 12_000).astype(np.float32)


def rails():
    rng = np.random.default_rng(1)
    return np.repeat(rng.choice([-99, 99, np.nan], 1500), rng.integers(1, 30, 1500)).astype(np.float32)[:12_000]


SPECS = [*map(BeatSpec.of, INPUTS), BeatSpec.of("features", True), BeatSpec.of("both", True)]


@pytest.mark.parametrize("spec", SPECS)
@pytest.mark.parametrize("signal", [sinus, pauses, small_then_large, noise, rails])
def test_every_value(engine, signal, spec):
    x = signal()
    off = np.zeros(len(x), bool)
    beats = find(x, off, spec)
    assert len(beats.at) > 30
    assert_same(found_beats(engine, x, off, spec), beats)


@pytest.mark.parametrize("spec", SPECS)
def test_a_lead_that_goes_off(engine, spec):
    """From the first sample on, for one sample, in the middle of a beat, for long, and at the end; behind one of these
    it comes back turned round.
    """
    x = sinus()
    x[5300:8000] *= -1
    off = np.zeros(len(x), bool)
    for start, stop in ((0, 300), (3000, 3001), (5000, 5100), (5300, 5310), (8000, 10_000), (len(x) - 50, len(x))):
        off[start:stop] = True
    beats = find(x, off, spec)
    assert (beats.interval == 0).sum() == 4
    assert_same(found_beats(engine, x, off, spec), beats)


@pytest.mark.parametrize(("record", "measured"), [(207, "features"), (232, "features"), (232, "both")])
def test_three_minutes_of_a_record(engine, data_dir, record, measured):
    """Ventricular flutter in 207, long pauses in 232."""
    from scl.frontend import bandpass
    from train.data import mitdb

    block = next(b for b in mitdb.load(data_dir / mitdb.DATA_SET.places[0]).blocks if b.group == record)
    x = block.x[0, : 360 * 180].astype(np.float32)[::2]
    x = bandpass.design(180, 0.5, 40).apply(x[None, :, None])[0, :, 0]
    off = np.zeros(len(x), bool)
    beats = find(x, off, BeatSpec.of(measured))
    assert len(beats.at) > 100
    assert_same(found_beats(engine, x, off, BeatSpec.of(measured)), beats)
