"""The C operators against TFLite Micro: each network is written as a .tflite and run by both, bit for bit."""

import ctypes

import numpy as np
import pytest

from tests.firmware.layers import (
    CONV,
    Layer,
    Model,
    Tensor,
    activation_range,
    assert_equal,
    average_pool,
    random_conv,
    random_input,
    random_source,
    run_c,
    run_tflite_micro,
)

RANDOM_LAYERS_PER_GEOMETRY = 8
GEOMETRIES = [(kernel, stride, same) for kernel in (1, 2, 3, 5, 9) for stride in (1, 2, 3) for same in (False, True)]


@pytest.mark.parametrize(("kernel", "stride", "same"), GEOMETRIES)
def test_random_convolutions(engine, kernel, stride, same):
    inner = total = 0
    for seed in range(RANDOM_LAYERS_PER_GEOMETRY):
        rng = np.random.default_rng([kernel, stride, same, seed])
        source = random_source(rng, int(rng.integers(1 if same else kernel, 40)))
        activation = ("NONE", "RELU", "RELU6")[seed % 3]
        layer = random_conv(rng, source, kernel, stride, same, int(rng.integers(1, 14)), activation)
        values = assert_equal(engine, [layer], random_input(rng, source), rng)
        low, high = activation_range(layer)
        inner += np.count_nonzero((values > low) & (values < high))
        total += values.size
    assert inner > 0.2 * total, "most values are clamped: these layers test little"


@pytest.mark.parametrize(("kernel", "stride", "same"), GEOMETRIES)
def test_random_average_pools(engine, kernel, stride, same):
    for seed in range(4):
        rng = np.random.default_rng([kernel, stride, same, seed])
        source = random_source(rng, int(rng.integers(1 if same else kernel, 40)))
        layer = average_pool(source, kernel, stride, same, ("NONE", "RELU")[seed % 2])
        assert_equal(engine, [layer], random_input(rng, source), rng)


@pytest.mark.parametrize("kernel", [2, 4, 5, 8])
def test_average_pool_rounds_half_away_from_zero(engine, kernel):
    rng = np.random.default_rng(kernel)
    source = Tensor(kernel, 256, np.float32(0.1), 3)
    x = np.zeros((kernel, 256), np.int8)
    sums = np.arange(-128, 128)
    x[0], x[1] = sums // 2, sums - sums // 2
    values = assert_equal(engine, [average_pool(source, kernel, kernel, False)], x, rng)
    exact = np.abs(sums) / kernel
    np.testing.assert_array_equal(values[0], np.sign(sums) * np.floor(exact + 0.5))


@pytest.mark.parametrize("in_zero_point", [-128, 0, 127])
@pytest.mark.parametrize("out_zero_point", [-128, 0, 127])
@pytest.mark.parametrize(("value", "weight"), [(-128, -127), (-128, 127), (127, -127), (127, 127), (127, -128)])
def test_extremes(engine, in_zero_point, out_zero_point, value, weight):
    """Every input and weight at a limit, long dot products, padding on both sides, a bias of either sign."""
    rng = np.random.default_rng(0)
    source = Tensor(21, 64, np.float32(0.02), in_zero_point)
    layer = random_conv(rng, source, 9, 2, True, 6, "NONE", out_zero_point, spread=100)
    layer.weights[:] = weight
    layer.bias[:] = [2**30, -(2**30), 0, 1, -1, 2**20]
    assert_equal(engine, [layer], np.full((21, 64), value, np.int8), rng)


def test_requantization_of_any_accumulator(engine):
    """No weights, so that the bias is the accumulator: int32 limits, and every tie of scales that are powers of two."""
    rng = np.random.default_rng(1)
    source = Tensor(1, 1, np.float32(1), 0)
    bias, scales = [], []
    for power in range(0, 32):
        ties = (2 * np.arange(-130, 130) + 1) * 2**power // 2  # odd multiples of half a step
        near = np.concatenate([ties - 1, ties, ties + 1, [-(2**31), -(2**31) + 1, 2**31 - 2, 2**31 - 1]])
        bias.extend(near[np.abs(near) <= 2**31 - 1])
        scales.extend([2.0**-power] * (len(bias) - len(scales)))
    drawn = 10 ** rng.uniform(-9, 0, 4000)
    bias.extend(np.clip(rng.uniform(-140, 140, 4000) / drawn, -(2**31), 2**31 - 1))
    scales.extend(drawn)
    growing = 2.0 ** rng.uniform(0, 6, 500)  # left shifts
    bias.extend(rng.uniform(-140, 140, 500) / growing)
    scales.extend(growing)
    count = len(bias)
    layer = Layer(
        CONV,
        source,
        Tensor(1, count, np.float32(1), 0),
        1,
        1,
        False,
        weights=np.zeros((count, 1, 1), np.int8),
        weight_scales=np.array(scales, np.float32),
        bias=np.array(bias, np.int64).astype(np.int32),
    )
    values = assert_equal(engine, [layer], np.zeros((1, 1), np.int8), rng)
    assert np.count_nonzero(np.abs(values.astype(int) - 0.5) < 127) > count / 2
    tie = (layer.bias == -6) & (layer.weight_scales == 0.25)
    assert tie.any() and np.all(values[0, tie] == -2)  # -1.5; a single rounding, half up, would give -1


@pytest.mark.parametrize("seed", range(20))
def test_encoders(engine, seed):
    """Strided convolutions, global average, latent and head, as exported: features and logits."""
    rng = np.random.default_rng(seed)
    source = Tensor(
        int(rng.integers(20, 201)), int(rng.choice([1, 3, 6])), np.float32(0.05), int(rng.integers(-20, 20))
    )
    layers: list[Layer] = []
    tensor = source
    for width in rng.integers(4, 33, 3):
        kernel, stride, same = int(rng.integers(1, 8)), int(rng.integers(1, 3)), bool(rng.integers(2))
        layers.append(random_conv(rng, tensor, min(kernel, tensor.length), stride, same, int(width), "RELU", -128, 1.5))
        tensor = layers[-1].result
    layers.append(average_pool(tensor, tensor.length, tensor.length, False))
    for width in (96, 18):
        layers.append(random_conv(rng, layers[-1].result, 1, 1, False, width, spread=1.5))
    x = random_input(rng, source)
    features, logits = run_tflite_micro(layers, [len(layers) - 2, len(layers) - 1], x)
    *_, c_features, c_logits = run_c(engine, layers, x, rng)
    np.testing.assert_array_equal(c_features, features)
    np.testing.assert_array_equal(c_logits, logits)
    assert len(np.unique(logits)) > 3


@pytest.mark.parametrize(
    ("logits", "best"),
    [
        ([5], 0),
        ([-128, -128], 0),
        ([1, 3, 2], 1),
        ([7, -7, 7], 0),
        ([-128, 127, 127], 1),
        ([0] * 255 + [1], 255),
        ([0] * 300 + [1] * 9, 300),
    ],
)
def test_class_is_the_first_largest_logit(engine, logits, best):
    arena = np.array([99, *logits], np.int8)
    model = Model(classes=len(logits), logits_offset=1)
    assert engine.scl_network_class(ctypes.byref(model), arena.ctypes.data_as(ctypes.c_void_p)) == best


@pytest.mark.parametrize(
    ("logits", "thresholds", "mask"),
    [
        ([5], [5], 1),
        ([5], [6], 0),
        ([-128, 127, 0, 1], [-128, 127, 1, 0], 0b1011),
        ([-128] * 7, [-127] * 7, 0),
        ([-128] * 7, [-128] * 7, 0b1111111),
        ([127, 0, 0, 0, 0, 0, 1], [1] * 7, 0b1000001),
        ([0] * 14 + [5], [1] * 15, 1 << 14),
    ],
)
def test_with_thresholds_the_class_is_a_mask(engine, logits, thresholds, mask):
    arena, limits = np.array([99, *logits], np.int8), np.array(thresholds, np.int8)
    model = Model(classes=len(logits), logits_offset=1, thresholds=limits.ctypes.data)
    assert engine.scl_network_class(ctypes.byref(model), arena.ctypes.data_as(ctypes.c_void_p)) == mask
