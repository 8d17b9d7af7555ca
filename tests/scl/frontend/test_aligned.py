"""Whole records at the model's rate: nothing moves in time, and windows cut from the sensor give the same samples."""

import numpy as np
import pytest

from scl.frontend.resampler import Resampler, design

RATES = [(360.0, 180.0), (250.0, 180.0), (512.0, 180.0), (500.0, 100.0)]  # sensor and model
UNIT = 2.0**-24  # largest relative error of a rounding

each_rate = pytest.mark.parametrize(("sensor_hz", "model_hz"), RATES)


def noise(samples: int) -> np.ndarray:
    """Two rows of two channels, far from zero: (2, samples, 2)."""
    return (np.random.default_rng(samples).normal(0, 1, (2, samples, 2)) + 3).astype(np.float32)


def at_rest(resampler: Resampler, x: np.ndarray, outputs: int) -> tuple[np.ndarray, np.ndarray]:
    """y[m] = sum over sensor samples i of h[m * down - i * up + delay * up] x[i] in double precision, the first and the
    last sample lasting forever, and the sum of the absolute values: both (rows, outputs, channels).
    """
    up, down, delay = resampler.up, resampler.down, resampler.delay
    h = resampler.coefficients.T.ravel().astype(float)  # coefficients[p][k] = h[p + k * up]
    y, size = np.zeros((2, len(x), outputs, x.shape[2]))
    for m in range(outputs):
        centre = m * down // up
        for i in range(centre - 2 * delay - 1, centre + 2 * delay + 2):
            tap = m * down - i * up + delay * up
            if 0 <= tap < len(h):
                term = h[tap] * x[:, min(max(i, 0), x.shape[1] - 1)].astype(float)
                y[:, m] += term
                size[:, m] += np.abs(term)
    return y, size


@each_rate
@pytest.mark.parametrize("hz", [0.7, 5.0, 35.0])
def test_a_tone_stays_where_it_is(sensor_hz, model_hz, hz):
    """Within the 0.2 % of the passband, away from the ends; one sensor sample late would be 0.8 % and more."""
    resampler = design(sensor_hz, model_hz)
    t = np.arange(int(6 * sensor_hz)) / sensor_hz
    found = resampler.aligned(np.sin(2 * np.pi * hz * t + 0.4).astype(np.float32)[None, :, None])[0, :, 0]
    t_model = np.arange(len(found)) / model_hz
    assert t_model[-1] <= t[-1] < t_model[-1] + 1 / model_hz
    reach = resampler.delay / sensor_hz
    inside = (t_model >= reach) & (t_model <= t[-1] - reach)
    assert inside.mean() > 0.9
    assert np.abs(found - np.sin(2 * np.pi * hz * t_model + 0.4))[inside].max() < 0.002


@each_rate
@pytest.mark.parametrize("samples", [1, 2, 30, 400])
def test_within_single_precision_of_the_sum_at_rest_at_both_ends(sensor_hz, model_hz, samples):
    """Products and sums round taps times each: |error| <= (taps + 1) * 2^-24 * sum |h x|. Records shorter than the
    filter too.
    """
    resampler, x = design(sensor_hz, model_hz), noise(samples)
    found = resampler.aligned(x)
    expected, size = at_rest(resampler, x, found.shape[1])
    assert found.dtype == np.float32
    assert (np.abs(found - expected) <= (resampler.phase_taps + 1) * UNIT * size).all()


@each_rate
def test_a_constant_stays_constant(sensor_hz, model_hz):
    """Every phase sums to 1, but for the rounding of its coefficients and sums."""
    resampler = design(sensor_hz, model_hz)
    found = resampler.aligned(np.full((1, 300, 1), 5.12, np.float32))
    size = np.abs(resampler.coefficients.astype(float)).sum(axis=1).max()
    np.testing.assert_allclose(found, np.float32(5.12), rtol=(resampler.phase_taps + 2) * UNIT * size)


@each_rate
def test_as_many_samples_as_there_are_model_periods_in_the_record(sensor_hz, model_hz):
    """floor((n - 1) up / down) + 1, counted: those not after the last sensor sample."""
    resampler = design(sensor_hz, model_hz)
    for n in [*range(1, 80), 3600]:
        counted = sum(m * int(sensor_hz) <= (n - 1) * int(model_hz) for m in range(n + 1))
        assert resampler.aligned(np.zeros((1, n, 1), np.float32)).shape == (1, counted, 1)


@each_rate
@pytest.mark.parametrize("past", [0, 45, 200])
def test_windows_cut_from_the_sensor_are_those_of_the_record(sensor_hz, model_hz, past):
    """Output `before` of a cut is the cut's sensor sample `before * down / up - delay`. Outputs whose taps all lie in
    the cut are the record's, to the last bit: with enough of the past, the whole window.
    """
    resampler, window = design(sensor_hz, model_hz), 200
    up, down, delay = resampler.up, resampler.down, resampler.delay
    before = resampler.before(past)
    x = noise(4000)
    record = resampler.aligned(x)
    raw, lead = resampler.raw_samples(before + window), before * down // up - delay
    starts = range(-(-lead // down) * down, x.shape[1] - raw, 3 * down)  # sensor samples that are model samples too
    known = (before + np.arange(window)) * down // up >= 2 * delay
    assert len(starts) > 1 and known.mean() > 0.9 and (known.all() or past == 0)
    for start in starts:
        cut = resampler.apply(x[:, start - lead : start - lead + raw])
        assert cut.shape[1] == before + window
        first = start // down * up
        np.testing.assert_array_equal(cut[:, before:][:, known], record[:, first : first + window][:, known])


def test_equal_rates_change_nothing():
    resampler, x = design(180.0, 180.0), noise(50)
    np.testing.assert_array_equal(resampler.aligned(x), x)
    np.testing.assert_array_equal(resampler.apply(x), x)
