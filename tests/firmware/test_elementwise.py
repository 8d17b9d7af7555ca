"""Operators of two tensors: every pair of values in the pinned TFLite Micro wheel and in C, and the rule of factors."""

from dataclasses import replace

import numpy as np
import pytest

from export.network import factors, from_file
from export.network.fixed_point import requantize
from export.network.integers import Affine, quantize_multiplier
from scl.artifacts import InputError
from tests.firmware.random_models import Model
from tests.firmware.test_rules import F32, engine_runs, tflite_micro

KINDS = {"ADD": "Add", "SUB": "Sub", "MUL": "Mul", "MAXIMUM": "MaximumMinimum", "MINIMUM": "MaximumMinimum"}
FIRST, SECOND = np.meshgrid(np.arange(-128, 128), np.arange(-128, 128))
SHAPE = [1, 1, 256, 256]


def joined(kind: str, ends: list[Affine], shapes: tuple[list[int], list[int]] = (SHAPE, SHAPE), alone=True) -> Model:
    """One operator of two inputs; as the engine has one, `alone` False makes the second of the first by a MEAN or a
    QUANTIZE before it.
    """
    model = Model()
    at = model.input(shapes[0], ends[0].scale, ends[0].zero_point)
    second = model.activation(shapes[1], ends[1].scale, ends[1].zero_point)
    if alone:
        model.graph.inputs.append(second)
    elif shapes[0] == shapes[1]:
        model.operator("QUANTIZE", [at], second, model.s.QuantizeOptionsT())
    else:
        axes = model.tensor([2], model.s.TensorType.INT32, [], [], np.array([1, 2], np.int32))
        model.operator("MEAN", [at, axes], second, model.s.ReducerOptionsT())
    options = getattr(model.s, f"{KINDS[kind]}OptionsT")()
    model.operator(kind, [at, second], model.activation(shapes[0], ends[2].scale, ends[2].zero_point), options)
    return model


def ends_of(kind: str, rng: np.random.Generator) -> list[Affine]:
    """Scales and zero points of both inputs and the result."""
    scales = [10 ** rng.uniform(-2, 0) for _ in range(2)]
    typical = scales[0] * scales[1] * 60 if kind == "MUL" else max(scales)
    scales.append(typical * 10 ** rng.uniform(-0.3, 0.5))
    ends = [Affine(F32(scale), int(rng.integers(-128, 128))) for scale in scales]
    return [ends[0]] * 3 if KINDS[kind] == "MaximumMinimum" else ends


@pytest.mark.parametrize("kind", KINDS)
def test_every_pair_of_values_is_tflite_micros(engine, kind):
    rng = np.random.default_rng(0)
    for _ in range(5):
        ends = ends_of(kind, rng)
        expected = tflite_micro(joined(kind, ends), FIRST, SECOND)
        found = engine_runs(engine, joined(kind, ends, alone=False), FIRST, SECOND)
        np.testing.assert_array_equal(found, expected, err_msg=str(ends))
        assert len(np.unique(expected)) > 100


@pytest.mark.parametrize("kind", KINDS)
def test_one_sample_serves_all(engine, kind):
    rng = np.random.default_rng(1)
    for _ in range(5):
        ends, shapes = ends_of(kind, rng), ([1, 1, 256, 256], [1, 256])
        second = rng.permutation(256) - 128
        expected = tflite_micro(joined(kind, ends, shapes), FIRST.T, second)
        found = engine_runs(engine, joined(kind, ends, shapes, alone=False), FIRST.T, second)
        np.testing.assert_array_equal(found, expected, err_msg=str(ends))


def prelu(ends: list[Affine], slopes: np.ndarray) -> Model:
    """A PRELU over all values in each of 256 channels."""
    model = Model()
    at = model.input(SHAPE, ends[0].scale, ends[0].zero_point)
    second = model.tensor([1, 1, 256], model.s.TensorType.INT8, ends[1].scale, ends[1].zero_point, slopes)
    model.operator("PRELU", [at, second], model.activation(SHAPE, ends[2].scale, ends[2].zero_point), None)
    return model


def test_every_value_with_every_slope_is_tflite_micros(engine):
    rng, slopes, values = np.random.default_rng(0), np.arange(-128, 128).astype(np.int8), set()
    for _ in range(5):
        first, second, result = ends_of("SUB", rng)
        ends = [first, replace(second, scale=F32(second.scale / 100)), result]
        expected = tflite_micro(prelu(ends, slopes), FIRST.T)
        np.testing.assert_array_equal(engine_runs(engine, prelu(ends, slopes), FIRST.T), expected, err_msg=str(ends))
        values |= set(expected.tolist())
    assert len(values) > 200


def test_the_factor_of_slopes_is_float64(engine):
    rng, cases = np.random.default_rng(0), 0
    for _ in range(4000):
        product, half = int(rng.integers(1, 16000)), int(rng.integers(127)) + 0.5
        a, result = (F32(10 ** rng.uniform(-2, 0)) for _ in range(2))
        b = F32(float(result) * half / product / float(a))
        x = np.unique(np.minimum(FIRST, 0) * SECOND)
        exact = float(a) * float(b) / float(result)
        right, *rivals = (
            np.clip(requantize(x, *quantize_multiplier(factor)), -128, 127)
            for factor in (exact, float(F32(exact)), float(a * b) / float(result))
        )
        if a / result < 2**20 and not all(np.array_equal(right, rival) for rival in rivals):
            cases += 1
            model = prelu([Affine(scale, 0) for scale in (a, b, result)], np.arange(-128, 128).astype(np.int8))
            expected = tflite_micro(model, FIRST.T).reshape(256, 256)
            below = right[np.searchsorted(x, np.minimum(FIRST, 0) * SECOND)].T
            np.testing.assert_array_equal(np.where(FIRST.T < 0, below, expected), expected)
            np.testing.assert_array_equal(engine_runs(engine, model, FIRST.T), expected.ravel())
        if cases > 10:
            return
    pytest.fail("no scales tell the rules apart")


def test_the_factor_of_a_product_is_float64(engine):
    """Scales whose product or quotient, rounded to float32, would give another value."""
    rng, cases = np.random.default_rng(0), 0
    x = np.unique(FIRST * SECOND)
    for _ in range(4000):
        product, half = int(rng.integers(1, 16000)), int(rng.integers(127)) + 0.5
        a, result = (F32(10 ** rng.uniform(-2, 0)) for _ in range(2))
        b = F32(float(result) * half / product / float(a))
        exact = float(a) * float(b) / float(result)
        right, *rivals = (
            np.clip(requantize(x, *quantize_multiplier(factor)), -128, 127)
            for factor in (exact, float(F32(exact)), float(a * b) / float(result))
        )
        if all(np.array_equal(right, rival) for rival in rivals):
            continue
        cases += 1
        ends = [Affine(scale, 0) for scale in (a, b, result)]
        expected = tflite_micro(joined("MUL", ends), FIRST, SECOND)
        np.testing.assert_array_equal(right[np.searchsorted(x, FIRST * SECOND)].ravel(), expected)
        np.testing.assert_array_equal(engine_runs(engine, joined("MUL", ends, alone=False), FIRST, SECOND), expected)
        if cases > 20:
            return
    pytest.fail("no scales tell the rules apart")


def test_the_factors_of_a_difference_are_float64():
    """All pairs of values, with scales for which factors of float32 would give another difference."""
    rng, cases = np.random.default_rng(1), 0
    for _ in range(100):
        a = F32(10 ** rng.uniform(-3, 0))
        b, result = (F32(a * F32(rng.integers(1, 32)) / F32(rng.integers(1, 16))) for _ in range(2))
        ends = [Affine(scale, 0) for scale in (a, b, result)]
        twice = F32(2) * max(a, b)
        in_float32 = [a / twice, b / twice, twice / (F32(2**20) * result)]
        rescale = factors.of_addition(*ends)
        right, rival = (
            difference(pairs)
            for pairs in (list(zip(rescale.multiplier.tolist(), rescale.shift.tolist(), strict=True)),
                          [quantize_multiplier(float(factor)) for factor in in_float32])
        )  # fmt: skip
        if np.array_equal(right, rival):
            continue
        cases += 1
        np.testing.assert_array_equal(tflite_micro(joined("SUB", ends), FIRST, SECOND), right.ravel())
    assert cases > 10


def difference(pairs: list[tuple[int, int]]) -> np.ndarray:
    """SUB of all pairs of values by TFLite's formula; zero points are 0."""
    first, second = (requantize(x << 20, *pair) for x, pair in zip((FIRST, SECOND), pairs, strict=False))
    return np.clip(requantize(first - second, *pairs[2]), -128, 127)


@pytest.mark.parametrize(
    ("kind", "scales", "shapes", "message"),
    [
        ("MAXIMUM", (1, 2, 1), ([1, 1, 4, 3], [1, 3]), "MAXIMUM of tensors of several scales; .* one scale"),
        (
            "MUL",
            (1, 1, 1),
            ([1, 1, 4, 3], [1, 1, 4, 1]),
            r"MUL of .*4, 3\] and \[1, 1, 4, 1\]; .* a sample of as",
        ),
        ("SUB", (1, 1, 1), ([1, 3], [1, 1, 4, 3]), "SUB from a constant or a single sample; .* takes those from"),
        ("MUL", (1, 1, 1e-8), ([1, 3], [1, 3]), "MUL whose sums may reach .* overflows 32 bits"),
    ],
)
def test_what_the_kernels_cannot_join_is_said(kind, scales, shapes, message):
    model = Model()
    values = [(scale, 0) for scale in scales]
    at = model.input(shapes[0], *values[0])
    first = model.activation(shapes[0], *values[0])
    model.operator("QUANTIZE", [at], first, model.s.QuantizeOptionsT())
    second = model.tensor(shapes[1], model.s.TensorType.INT8, *values[1], np.zeros(shapes[1], np.int8))
    if kind == "SUB":
        first, second = second, first
    options = getattr(model.s, f"{KINDS[kind]}OptionsT")()
    model.operator(kind, [first, second], model.activation(shapes[0], *values[2]), options)
    with pytest.raises(InputError, match=f"operator 1 is {message}"):
        from_file.read(model.bytes(), "model.tflite")
