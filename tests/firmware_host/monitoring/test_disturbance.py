"""What a disturbed lead counts, sample by sample."""

import math

import numpy as np

from firmware_host.monitoring.disturbance import WANDER_HZ, Disturbance
from scl.frontend.counts import disturbed
from scl.frontend.sensor import Part, Sensor

LEAD = Sensor("lead", 250.0, (Part("ecg", 1, 0.008, (5.12,), ((1.0,),), "mV", ""),))


def slowly(counts, first, gain, wander_mv):
    """One sample after the other, in Python's own float64."""
    out = []
    for i, count in enumerate(counts[:, 0].tolist()):
        millivolts = gain * (count * 0.008 - 5.12) + wander_mv * math.sin(2 * math.pi * WANDER_HZ * (first + i) / 250.0)
        out.append(min(32767, max(-32768, round((millivolts + 5.12) / 0.008))))
    return out


def test_a_disturbed_lead_is_a_slow_one_s_and_saturates():
    counts = np.random.default_rng(1).integers(-32768, 32768, (500, 1)).astype(np.int16)
    for first, one in ((0, Disturbance(2.5, 1.5)), (777, Disturbance(0.3, 0.7, True)), (3, Disturbance(inverted=True))):
        gain = -one.gain if one.inverted else one.gain
        found = one.applied(counts, first, LEAD)
        assert found.dtype == np.int16 and found.tolist() == [[x] for x in slowly(counts, first, gain, one.wander_mv)]
    assert {-32768, 32767} <= set(Disturbance(2.5).applied(counts, 0, LEAD)[:, 0].tolist())


def test_wander_goes_on_from_piece_to_piece():
    counts, one = np.full((300, 1), 640, np.int16), Disturbance(wander_mv=1.0)
    parts = [one.applied(counts[i : i + 100], i, LEAD) for i in (0, 100, 200)]
    np.testing.assert_array_equal(np.concatenate(parts), one.applied(counts, 0, LEAD))


def test_an_undisturbed_lead_is_as_it_was():
    counts = np.arange(-50, 50, dtype=np.int16)[:, None]
    assert Disturbance().applied(counts, 9, LEAD) is counts
    np.testing.assert_array_equal(disturbed(counts, 1.0, np.zeros(100), LEAD), counts)
    twice = Disturbance(inverted=True).applied(Disturbance(inverted=True).applied(counts, 0, LEAD), 0, LEAD)
    np.testing.assert_array_equal(twice, counts)
