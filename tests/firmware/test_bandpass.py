"""The C front end's band-pass against scalar single precision."""

from dataclasses import replace

import numpy as np
import pytest

from tests.firmware.c_frontend import (
    Board,
    F,
    Sensor,
    Settings,
    band_passed,
    quantized,
    random_counts,
    random_settings,
    resampled,
)


def ecg_counts(rng, n: int, rate_hz: float) -> np.ndarray:
    """Spikes once a second on a drifting baseline with noise, 200 counts per mV around 1024."""
    t = np.arange(n) / rate_hz
    spikes = 300 * np.exp(-(((t % 1) - 0.5) ** 2) / (2 * 0.012**2))
    return np.rint(1024 + spikes + 60 * np.sin(2 * np.pi * 0.3 * t) + rng.normal(0, 5, n)).astype(np.int16)[:, None]


def ecg_settings(rate_hz: float) -> Settings:
    """The filters that the exporter designs, their arithmetic is checked here."""
    from scl.frontend import bandpass
    from scl.frontend import resampler as polyphase

    resampler, band = polyphase.design(rate_hz, 180.0), bandpass.design(180.0, 0.5, 40.0)
    sensor = Sensor(F(0.005), np.full(1, 5.12, F), np.ones((1, 1), F), rails=(0, 2047))
    return Settings(
        (sensor,),
        resampler.up,
        resampler.down,
        resampler.coefficients,
        inv_input_scale=60.0,
        sections=band.sections,
        steady=band.steady,
    )


@pytest.mark.parametrize("rate_hz", [180.0, 250.0, 360.0, 512.0])
def test_band_pass_equals_scalar_single_precision(engine, rate_hz):
    settings = ecg_settings(rate_hz)
    counts = ecg_counts(np.random.default_rng(int(rate_hz)), int(3 * rate_hz), rate_hz)
    expected = quantized(settings, band_passed(settings, resampled(settings, counts)))
    board = Board(engine, settings)
    np.testing.assert_array_equal(board.push(counts), expected)
    assert np.ptp(expected) > 100
    board.reset()  # the state starts anew
    np.testing.assert_array_equal(board.push(counts), expected)


@pytest.mark.parametrize("count", [1, 2])
def test_any_sections_on_six_channels(engine, count):
    """Poles within the unit circle, and a steady state of no meaning: each section starts from the input of the first.
    The int8 step is blown up, so that only an equal sample gives the zero point.
    """
    rng = np.random.default_rng(count)
    radius, angle = rng.uniform(0.5, 0.99, count), rng.uniform(0, np.pi, count)
    sections = np.column_stack([rng.normal(0, 1, (count, 3)), -2 * radius * np.cos(angle), radius**2]).astype(F)
    settings = replace(
        random_settings(rng, 5, 26, 64), sections=sections, steady=rng.normal(0, 1, (count, 2)).astype(F)
    )
    counts = random_counts(rng, 200, 6)
    expected = band_passed(settings, resampled(settings, counts))
    assert len(expected) == 39
    for m, sample in enumerate(expected):
        probe = replace(settings, mean=np.array(sample, F), inv_std=np.ones(6, F), inv_input_scale=1e30, zero_point=5)
        np.testing.assert_array_equal(Board(engine, probe).push(counts)[m], [5] * 6)


def test_every_bit_of_the_band_pass(engine):
    """As above, with the int8 step blown up."""
    settings = ecg_settings(360.0)
    counts = ecg_counts(np.random.default_rng(1), 120, 360.0)
    expected = band_passed(settings, resampled(settings, counts))
    for m, sample in enumerate(expected):
        probe = replace(settings, mean=np.array(sample, F), inv_std=np.ones(1, F), inv_input_scale=1e30, zero_point=5)
        assert Board(engine, probe).push(counts)[m] == 5


def test_a_constant_signal_leaves_the_band_pass_at_zero_from_the_start(engine):
    """The high-pass numerator sums to zero exactly, and the state starts steady: nothing rings."""
    settings = replace(ecg_settings(360.0), inv_input_scale=1000.0)  # a step is a microvolt
    values = Board(engine, settings).push(np.full((4000, 1), 1900, np.int16))
    assert np.abs(values.astype(int)).max() <= 5
