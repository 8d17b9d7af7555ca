"""The C front end against scalar single precision: calibration, resampling, quantization, flags."""

from dataclasses import replace

import numpy as np
import pytest

from tests.firmware.c_frontend import Board, F, Sensor, Settings, quantized, random_counts, random_settings, resampled

RATIOS = [(1, 1, 0), (1, 5, 40), (5, 26, 64), (20, 119, 72), (1, 2, 1), (3, 4, 256)]


@pytest.mark.parametrize("axes", [(3, 3), (3,), (1,), (1, 3)])
@pytest.mark.parametrize(("up", "down", "taps"), RATIOS)
def test_equals_scalar_single_precision(engine, up, down, taps, axes):
    """100, 104 and 119 Hz to 20 Hz among the ratios; longer than the delay line, so that it wraps."""
    rng = np.random.default_rng([up, down, taps, len(axes)])
    settings = random_settings(rng, up, down, taps, axes)
    n = max(2 * taps + 9, 150)
    counts = random_counts(rng, n, settings.channels)
    expected = quantized(settings, resampled(settings, counts))
    assert len(expected) == -(-n * up // down)
    np.testing.assert_array_equal(Board(engine, settings).push(counts), expected)


@pytest.mark.parametrize(("up", "down", "taps"), [(1, 1, 0), (1, 5, 40), (5, 26, 64), (20, 119, 72)])
def test_every_bit_before_quantization(engine, up, down, taps):
    """int8 hides low bits: subtract the expected sample and blow up what is left, and only an equal one gives zero."""
    rng = np.random.default_rng([up, down])
    settings = random_settings(rng, up, down, taps)
    counts = random_counts(rng, 90, 6)
    expected = resampled(settings, counts)
    for m, sample in enumerate(expected):
        probe = replace(settings, mean=np.array(sample, F), inv_std=np.ones(6, F), inv_input_scale=1e30, zero_point=5)
        np.testing.assert_array_equal(Board(engine, probe).push(counts)[m], [5] * 6)


def one_channel(**options) -> Settings:
    return Settings((Sensor(F(0.5), np.zeros(1, F), np.ones((1, 1), F)),), **options)


@pytest.mark.parametrize("zero_point", [-128, -3, 0, 127])
def test_rounds_half_to_even_and_clamps(engine, zero_point):
    """Every half step of +-600 and the limits of int16, against exact integers."""
    counts = np.concatenate([np.arange(-1200, 1201), [-32768, 32767]]).astype(np.int16)[:, None]
    whole, half = np.divmod(counts[:, 0].astype(int), 2)
    even = whole + (half & whole & 1)
    values = Board(engine, one_channel(zero_point=zero_point)).push(counts)[:, 0]
    np.testing.assert_array_equal(values, np.clip(np.clip(even, -512, 512) + zero_point, -128, 127))


def test_infinity_and_nan_are_defined(engine):
    """A calibration that is not finite must not become undefined behaviour."""
    board = Board(engine, one_channel(zero_point=1))
    for bias, value in [(-np.inf, 127), (np.inf, -128), (np.nan, -128)]:
        board.calibrate(np.array([bias, 1]))
        assert board.push(np.array([[100]])) == value


@pytest.mark.parametrize(("value", "flag"), [(32767, 1), (-32768, 1), (32766, 0), (-32767, 0)])
@pytest.mark.parametrize("channel", range(6))
def test_saturated_is_the_sample_at_a_rail(engine, value, flag, channel):
    board = Board(engine, random_settings(np.random.default_rng(0), 1, 5, 8))
    counts = np.zeros((1, 6), np.int16)
    for at, expected in ((0, 0), (value, flag), (0, 0)):
        counts[0, channel] = at
        board.push(counts)
        assert board.state.saturated == expected


def test_every_sensor_has_its_own_rails(engine):
    unit = Sensor(F(1), np.zeros(1, F), np.ones((1, 1), F))
    sensors = replace(unit, rails=(0, 2047)), replace(unit, rails=(-5, 100))
    board = Board(engine, Settings(sensors))
    for counts, expected in (((1, -4), 0), ((0, 0), 1), ((2046, 99), 0), ((2047, 0), 1), ((5, -5), 1), ((5, 100), 1)):
        board.push(np.array([counts], np.int16))
        assert board.state.saturated == expected, counts


def test_lead_off_after_so_many_equal_counts_until_one_differs(engine):
    sensor = Sensor(F(1), np.zeros(1, F), np.ones((1, 1), F))
    board = Board(engine, Settings((sensor, sensor), lead_off=4))
    counts = np.array(
        [[7, 1], [7, 2], [7, 3], [7, 4], [7, 5], [8, 6], [8, 7], [9, 7], [1, 7], [2, 7], [3, 8]], np.int16
    )
    seen = []
    for row in counts:
        board.push(row[None])
        seen.append(board.state.lead_off)
    #      fourth 7 in a row, fifth; an 8; ...       fourth 7 of the other channel, then an 8
    assert seen == [0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0]
    board.push(np.full((9, 2), 5, np.int16))
    assert board.state.lead_off == 1
    board.reset()
    board.push(np.full((3, 2), 5, np.int16))
    assert board.state.lead_off == 0  # what stood still before the reset does not count
    never = Board(engine, Settings((sensor,)))
    never.push(np.zeros((70_000, 1), np.int16))
    assert never.state.lead_off == 0


def test_constant_input_is_steady_from_the_first_output(engine):
    """The delay line starts as if the sensor had been at rest."""
    board = Board(engine, random_settings(np.random.default_rng(3), 5, 26, 64))
    values = board.push(np.tile(np.array([[900, -1200, 4000, 10, 20, -30]], np.int16), (400, 1)))
    assert len(values) == 77
    assert np.ptp(values.astype(int), axis=0).max() <= 1  # the phases of the filter differ a little in gain


def test_reset_starts_anew_and_keeps_the_calibration(engine):
    rng = np.random.default_rng(4)
    settings = random_settings(rng, 5, 26, 64)
    unit = tuple(replace(s, bias=s.bias + F(0.3), alignment=s.alignment * F(1.01)) for s in settings.sensors)
    counts = random_counts(rng, 100, 6)
    board = Board(engine, settings)
    nominal = board.push(counts)
    board.calibrate(np.concatenate([np.concatenate([s.bias, s.alignment.ravel()]) for s in unit]))
    expected = quantized(settings, resampled(replace(settings, sensors=unit), counts))
    assert not np.array_equal(expected, nominal)
    for _ in range(2):
        board.reset()
        np.testing.assert_array_equal(board.push(counts), expected)
    board.init()
    np.testing.assert_array_equal(board.push(counts), nominal)
