"""The quantizer against exact fractions, its own specification and TensorFlow's converter."""

import math
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from export.network import from_file
from export.network.float_run import run_float
from export.network.integers import quantize_multiplier
from export.network.layers import Conv, Network, Tensor
from export.network.pointwise import Add, Softmax
from export.network.quantization import affine, quantize, round_keeping_sums, round_nearest
from export.proof import converter
from export.proof.runtimes import run_tflite_micro
from export.writers.tflite import write_tflite
from scl.artifacts import InputError
from tests.export.network.random_networks import random_network, random_windows


def exact_multiplier(scale: float) -> tuple[int, int]:
    """scale * 2^(31 - shift) rounded half up in exact arithmetic, with the one shift that puts it into [2^30, 2^31)."""
    value = Fraction(scale)
    shift = next(s for s in range(-1100, 1100) if value * Fraction(2) ** (31 - s) < 2**31)
    multiplier = math.floor(value * Fraction(2) ** (31 - shift) + Fraction(1, 2))
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)


@settings(deadline=None)
@given(st.floats(1e-12, 1e6))
def test_multiplier_equals_exact_fractions(scale):
    multiplier, shift = quantize_multiplier(scale)
    assert (multiplier, shift) == exact_multiplier(scale)
    if multiplier:
        assert 2**30 <= multiplier < 2**31
        assert abs(Fraction(multiplier) * Fraction(2) ** (shift - 31) / Fraction(scale) - 1) <= Fraction(1, 2**31)


@pytest.mark.parametrize(
    ("scale", "expected"),
    [
        (1.0, (2**30, 1)),
        (0.5, (2**30, 0)),
        (2.0**-20, (2**30, -19)),
        (math.nextafter(1.0, 0), (2**30, 1)),  # rounds up to a power of two
        (2.0**-33, (0, 0)),
    ],
)
def test_multiplier_at_powers_of_two(scale, expected):
    assert quantize_multiplier(scale) == expected == exact_multiplier(scale)


@settings(deadline=None)
@given(st.floats(-1e3, 0), st.floats(0, 1e3))
def test_activation_scale_covers_the_range_and_holds_zero(low, high):
    if high - low < 1e-3:
        return
    found = affine("x", {"x": [low, high]})
    scale = float(found.scale)
    assert scale == pytest.approx((high - low) / 255, rel=1e-6)
    assert -128 <= found.zero_point <= 127
    assert scale * (-128 - found.zero_point) == pytest.approx(low, abs=0.51 * scale)
    assert scale * (127 - found.zero_point) == pytest.approx(high, abs=0.51 * scale)
    assert found.quantize(np.zeros(1))[0] == found.zero_point


@pytest.mark.parametrize("limits", [[0.5, 2.0], [-2.0, -0.5], [0.0, 0.0], [-1.0, math.inf], [math.nan, 1.0]])
def test_a_range_without_zero_or_width_is_refused(limits):
    with pytest.raises(InputError, match="tensor block0 has the range"):
        affine("block0", {"block0": limits})


def test_a_missing_range_is_named():
    with pytest.raises(InputError, match="no range for tensor logits, only for input"):
        affine("logits", {"input": [-1, 1]})


def small_network(weights: np.ndarray, bias: np.ndarray) -> Network:
    source = Tensor("input", 5, weights.shape[2])
    features = Conv("features", source, weights.astype(np.float32), bias.astype(np.float32))
    head = Conv("logits", features.result, np.ones((1, 1, len(weights)), np.float32), np.zeros(1, np.float32))
    return Network((features, head))


RANGES = {"input": [-1.0, 1.0], "features": [-4.0, 4.0], "logits": [-4.0, 4.0]}


def test_a_channel_of_tiny_weights_and_a_large_bias_keeps_its_bias():
    """Scaled by its weights alone, the bias would be beyond int32."""
    weights = np.array([1e-12, 0.0, 0.5]).reshape(3, 1, 1)
    bias = np.array([1.5, -1.0, 0.25])
    conv = quantize(small_network(weights, bias), RANGES).convs["features"]
    assert np.abs(conv.bias.astype(np.int64)).max() <= 2**30
    np.testing.assert_allclose(conv.bias * conv.bias_scales.astype(float), bias, rtol=1e-2)
    np.testing.assert_allclose(conv.bias_scales, conv.weight_scales * np.float32(2 / 255), rtol=1e-6)


def test_a_dead_channel_is_zero():
    conv = quantize(small_network(np.zeros((1, 1, 1)), np.zeros(1)), RANGES).convs["features"]
    assert not conv.weights.any() and not conv.bias.any() and np.isfinite(conv.weight_scales).all()


@pytest.mark.parametrize(("keep_sums", "steps"), [(False, 0.5001), (True, 1.0)])
def test_weights_are_near_their_values(exported, keep_sums, steps):
    network = quantize(exported.network.network, exported.ranges, keep_sums)
    for layer in network.network.convs:
        conv = network.convs[layer.name]
        scales = conv.weight_scales.astype(float)[:, None, None]
        assert (np.abs(conv.weights * scales - layer.weights) <= scales * steps).all()
        assert (np.abs(conv.weights).max(axis=(1, 2)) == 127).all()
        error = np.abs(conv.bias * conv.bias_scales.astype(float) - layer.bias)
        assert (error <= conv.bias_scales * 0.5001).all()


def test_kernels_keep_their_sums(exported):
    """A constant input meets the sum of a kernel: half a step off at most, where nearest rounding is often further."""
    nearest = quantize(exported.network.network, exported.ranges, keep_sums=False)
    worst = {}
    for network in (exported.network, nearest):
        for layer in network.network.convs:
            conv = network.convs[layer.name]
            exact = layer.weights / conv.weight_scales.astype(float)[:, None, None]
            off = np.abs(conv.weights.sum(axis=1, dtype=int) - exact.sum(axis=1)).max()
            worst.setdefault(layer.name, []).append(off)
    assert all(kept <= 0.5001 for kept, _ in worst.values())
    assert worst["block0"][1] > 1 and worst["block1"][1] > 1
    assert worst["features"][1] <= 0.5001, "1x1 kernels are rounded to the nearest either way"


def test_rounding_by_hand():
    x = np.array([0.4, 0.4, 0.4, -1.7, 2.0]).reshape(1, 5, 1)  # sum 1.5
    np.testing.assert_array_equal(round_nearest(x).ravel(), [0, 0, 0, -2, 2])
    np.testing.assert_array_equal(round_keeping_sums(x).ravel(), [1, 1, 0, -2, 2])
    for value in (-2.5, -0.5, 0.5, 1.5, 0.49, -0.51):
        single = np.full((1, 1, 1), value)
        assert round_keeping_sums(single) == round_nearest(single)


def test_pooling_has_its_inputs_scale(exported):
    pool = next(layer for layer in exported.network.network.layers if layer.name == "pool")
    assert exported.network.activations["pool"] == exported.network.activations[pool.source.name]


def test_tensorflows_converter_quantizes_the_same(exported):
    """Same float network, same ranges: every int8 weight and int32 bias, and so every output."""
    network = quantize(exported.network.network, exported.ranges, keep_sums=False)
    inputs = exported.inputs[:: len(exported.inputs) // 40]
    outputs = run_tflite_micro(write_tflite(network), inputs)
    theirs = converter.convert(network.network, exported.ranges)
    opinion = converter.compare(theirs, network, inputs, outputs)
    assert opinion.weights == sum(layer.weights.size for layer in exported.network.network.convs)
    assert opinion.weights_equal / opinion.weights > 0.9999
    assert opinion.biases_equal / opinion.biases > 0.99
    assert opinion.max_bias_difference <= 1
    assert opinion.max_steps <= 1


def test_the_second_opinion_sees_another_quantization(exported):
    inputs = exported.inputs[:10]
    outputs = run_tflite_micro(exported.tflite, inputs)
    layers = list(exported.network.network.layers)
    layers[0] = replace(layers[0], weights=layers[0].weights + np.float32(0.05))
    theirs = converter.convert(Network(tuple(layers)), exported.ranges)
    opinion = converter.compare(theirs, exported.network, inputs, outputs)
    assert opinion.weights_equal < opinion.weights
    assert opinion.max_steps > 1


@pytest.mark.parametrize("seed", range(60))
def test_every_layers_integers_are_those_that_the_written_file_is_read_with(seed):
    """The reader derives them from the file's scales, by TFLite Micro's rules; its outputs are near the float ones."""
    network = random_network(seed)
    windows = random_windows(network, 30, seed)
    tensors = run_float(network, windows)
    ours = quantize(network, {name: (min(0, x.min()), max(0, x.max())) for name, x in tensors.items()})
    one_output = replace(ours, network=replace(ours.network, outputs=network.outputs[-1:]))
    theirs = from_file.read(write_tflite(one_output), "model.tflite").network
    for layer, other in zip(ours.network.layers, theirs.network.layers, strict=True):
        assert type(layer) is type(other)
        assert (layer.source.size, layer.result.size) == (other.source.size, other.result.size)
        assert ours.activations[layer.name] == theirs.activations[other.name]
        assert ours.limits(layer.name) == theirs.limits(other.name)
        for field in ("convs", "rescales"):
            mine, read = getattr(ours, field).get(layer.name), getattr(theirs, field).get(other.name)
            assert (mine is None) == (read is None)
            for part in vars(mine) if mine else ():
                np.testing.assert_array_equal(getattr(mine, part), getattr(read, part), err_msg=f"{layer} {part}")
    found = run_tflite_micro(write_tflite(ours), ours.activations["input"].quantize(windows))
    for name, values in run_float(network, windows).items():
        if name != "input":
            error = ours.activations[name].dequantize(found[name]) - values.reshape(len(windows), -1)
            assert np.abs(error).mean() <= 0.03 * np.ptp(np.append(values, 0)), name


def test_scales_beyond_the_kernels_are_refused():
    source = Tensor("input", 4, 2)
    add = Network((Add("sum", source, source),), ("sum",))
    with pytest.raises(InputError, match="layer sum is one from steps of .*, expected an output in steps over 2.-19"):
        quantize(add, {"input": [-1, 1], "sum": [-1e-9, 1e-9]})
    softmax = Network((Softmax("shares", source),), ("shares",))
    with pytest.raises(
        InputError, match="layer shares is one with beta 1 of an input .*; calibrate with other windows"
    ):
        quantize(softmax, {"input": [-1e-9, 1e-9]})
