"""Layers as step functions of sums, against TFLite Micro, and against every sum and every input of small cases."""

import numpy as np
import pytest

from export.network import from_file
from export.network.integers import quantize_multiplier
from export.network.operators import Search, operator_of
from export.proof.borders import Sums, _division, _requantization, _windows, borders, reach, sums_of
from export.proof.cut import CutOperator
from tests.firmware.random_models import RandomModel


@pytest.mark.parametrize("seed", range(40))
def test_a_layer_is_its_step_function_of_its_sums(seed):
    rng, data = np.random.default_rng(seed), RandomModel(seed).bytes()
    read = from_file.read(data, "model.tflite")
    for layer in read.network.network.layers:
        if operator_of(layer).search is not Search.SUMS:
            continue
        sums = sums_of(read.network, layer)
        x = rng.integers(-128, 128, layer.source.size).astype(np.int8)
        expected = CutOperator(data, read, layer).run({layer.source.name: x})
        samples, taps = _windows(layer)
        outputs = (samples[:, 0] - taps[0] * layer.dilation + layer.pads[0]) // layer.stride
        assert len(np.unique(samples)) == samples.size, "windows share samples"
        totals = (sums.weights * (x[sums.places].astype(np.int64) - sums.zero_point)).sum(axis=2) + sums.bias
        values = np.clip(sums.steps(totals.T).T, *sums.limits)
        np.testing.assert_array_equal(values, expected.reshape(-1, layer.channels)[outputs], err_msg=layer.name)


def random_sums(rng: np.random.Generator, channels: int, inputs: int, pool: bool) -> Sums:
    weights = np.ones((channels, inputs), np.int64) if pool else rng.integers(-40, 41, (channels, inputs))
    weights[-1] *= 1 if pool else 3
    bias = np.zeros(channels, np.int64) if pool else rng.integers(-9000, 9000, channels)
    places = np.broadcast_to(np.arange(inputs), (1, channels, inputs))
    offset, low = int(rng.integers(-128, 128)), int(rng.integers(-128, 0))
    factor = 10 ** rng.uniform(-4, 0.5, channels)
    multiplier, shift = (np.array(part) for part in zip(*map(quantize_multiplier, factor), strict=True))
    steps = _division(inputs) if pool else _requantization(multiplier, shift, offset)
    factor = np.full(channels, 1 / inputs) if pool else factor
    moved = np.zeros(channels) if pool else 2.0 ** (np.minimum(shift, 0) - 1) * (shift < 0)
    return Sums(
        weights, places, bias, 0, factor, 0 if pool else offset, moved, steps, (low, int(rng.integers(low, 128)))
    )


@pytest.mark.parametrize("pool", [False, True])
@pytest.mark.parametrize("seed", range(10))
def test_borders_are_where_the_function_steps(seed, pool):
    """Compared with every sum that each channel can have, tried one by one."""
    sums = random_sums(np.random.default_rng(seed), channels=3, inputs=4, pool=pool)
    channels, targets = borders(sums)
    for channel, (least, largest) in enumerate(sums.ends().T):
        divisor = np.gcd.reduce(sums.weights[channel])
        every = np.arange(least, largest + 1, divisor)
        values = np.clip(sums.steps(np.broadcast_to(every, (3, len(every))))[channel], *sums.limits)
        steps = np.flatnonzero(np.diff(values))
        expected = set(every[steps]) | set(every[steps + 1])
        assert set(targets[channels == channel]) == expected


def test_the_sums_that_a_small_error_of_the_factor_moves_come_first():
    sums = random_sums(np.random.default_rng(3), channels=5, inputs=40, pool=False)
    channels, targets = borders(sums)
    moved = []
    for error in (1e-6, 1e-5, 1e-4):
        multiplier, shift = zip(*map(quantize_multiplier, sums.factor * (1 + error)), strict=True)
        other = _requantization(np.array(multiplier), np.array(shift), sums.offset)
        grid = np.broadcast_to(targets, (5, len(targets)))
        moved.append(np.flatnonzero((sums.steps(grid) != other(grid))[channels, np.arange(len(targets))]))
    assert len(moved[0]) < len(moved[1]) < len(moved[2]) < len(targets)
    for places in moved:
        # Of those nearest to a step about half lie on the side to which the error moves it.
        assert places.max() < 3 * len(places) + 10


@pytest.mark.parametrize("inputs", [1, 2, 3])
@pytest.mark.parametrize("seed", range(6))
def test_sums_are_reached_if_any_input_has_them(seed, inputs):
    """Compared with all inputs, or with many of them where there are three."""
    rng = np.random.default_rng(seed)
    weights, zero_point = rng.integers(-127, 128, inputs), int(rng.integers(-128, 128))
    values = np.arange(-128, 128) - zero_point
    possible = {0}
    for weight in weights:
        possible = {
            total + int(product) for total in possible for product in set(weight * values[:: 1 if inputs < 3 else 5])
        }
    targets = np.unique(
        np.concatenate([rng.choice(sorted(possible), 200), rng.integers(min(possible), max(possible) + 1, 200)])
    )
    x, reached = reach(weights, zero_point, targets, rng)
    totals = (x.astype(np.int64) - zero_point) @ weights
    np.testing.assert_array_equal(totals[reached], targets[reached])
    can_be = np.array([target in possible for target in targets])
    if inputs < 3:
        np.testing.assert_array_equal(reached, can_be)
    else:
        assert np.mean(reached[can_be]) > 0.8


def test_weights_of_zero_reach_nothing_but_zero():
    _, reached = reach(np.zeros(5, np.int64), 3, np.array([0, 1, -1]), np.random.default_rng(0))
    assert reached.tolist() == [True, False, False]


@pytest.mark.parametrize("inputs", [24, 400])
def test_nearly_every_sum_of_many_weights_is_reached(inputs):
    rng = np.random.default_rng(0)
    weights = rng.integers(-127, 128, inputs)
    end = int(np.abs(weights).sum()) * 100
    targets = rng.integers(-end, end, 500)
    x, reached = reach(weights, 0, targets, rng)
    np.testing.assert_array_equal(x.astype(np.int64)[reached] @ weights, targets[reached])
    assert reached.mean() > 0.98
