"""Functions of one value: the tables are what the pinned TFLite Micro wheel answers to all 256 inputs, and the C's."""

from collections.abc import Iterator

import numpy as np
import pytest

from export.network import from_file, tables
from export.network.fixed_point import requantize
from export.network.integers import Affine, quantize_multiplier
from export.network.operators import tflite_operators
from export.network.tables import FUNCTIONS, VALUES, table
from scl.artifacts import InputError
from tests.firmware.random_models import Model
from tests.firmware.test_rules import F32, engine_runs, tflite_micro

CASES = 150  # pairs of scales and zero points of each function


def unary(kind: str, source: Affine, result: Affine, slope: float = 0.0) -> Model:
    """One operator that reads 256 values."""
    model = Model()
    at = model.input([1, 1, 256, 1], source.scale, source.zero_point)
    name = tflite_operators()[kind].forms[kind].options
    options = getattr(model.s, f"{name}T")() if name else None
    if kind == "LEAKY_RELU":
        options.alpha = slope
    model.operator(kind, [at], model.activation([1, 1, 256, 1], result.scale, result.zero_point), options)
    return model


def affines(function: str, rng: np.random.Generator) -> tuple[Affine, Affine]:
    """Random scales and zero points of source and result, as the function allows them."""
    source = Affine(F32(10 ** rng.uniform(-3.5, 0.5)), int(rng.integers(-128, 128)))
    free = Affine(F32(float(source.scale) * 10 ** rng.uniform(-1.5, 1)), int(rng.integers(-128, 128)))
    return source, FUNCTIONS[function].result_of(source) or free


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_table_is_what_tflite_micro_computes(engine, function):
    rng, values = np.random.default_rng(0), set()
    for case in range(CASES):
        source, result = affines(function, rng)
        slope = float(F32(rng.uniform(-0.5, 1.5)))
        model = unary(function, source, result, slope)
        expected = tflite_micro(model, VALUES)
        np.testing.assert_array_equal(table(function, source, result, slope), expected, err_msg=f"{source} {result}")
        values |= set(expected.tolist())
        if case % 10 == 0:
            np.testing.assert_array_equal(engine_runs(engine, model, VALUES), expected)
    assert len(values) > 200


def quotients_that_tell(function: str, rng: np.random.Generator) -> Iterator[tuple[Affine, Affine, float]]:
    """Scales and slopes for which a quotient rounded to float32 would give another value."""
    for _ in range(2000):
        scale, x, half = 10 ** rng.uniform(-3, 0), int(rng.integers(1, 128)), int(rng.integers(128)) + 0.5
        slope = float(F32(rng.uniform(0.01, 2))) if function == "LEAKY_RELU" else 1.0
        result = F32(scale)
        source = F32(float(result) * half / x / slope)
        exact = float(source) * slope / float(result)
        right, wrong = (requantize(VALUES, *quantize_multiplier(factor)) for factor in (exact, float(F32(exact))))
        below = VALUES < 0 if function == "LEAKY_RELU" else VALUES > 0
        if np.any((right != wrong) & below & (np.abs(right) < 127)):
            yield Affine(source, 0), Affine(result, 0), slope


@pytest.mark.parametrize("function", ["QUANTIZE", "RELU", "LEAKY_RELU"])
def test_ratios_of_scales_are_float64(function):
    cases = list(quotients_that_tell(function, np.random.default_rng(0)))
    assert len(cases) > 50
    for source, result, slope in cases[:100]:
        expected = tflite_micro(unary(function, source, result, slope), VALUES)
        np.testing.assert_array_equal(table(function, source, result, slope), expected, err_msg=f"{source} {result}")


def test_the_factor_of_a_hard_swish_is_float64():
    """Scales whose quotient, rounded to float32, would have another upper half."""
    rng, cases = np.random.default_rng(0), 0
    for _ in range(4000):
        result = F32(rng.uniform(0.5, 1))
        source = F32((int(rng.integers(2**14, 2**15)) + 0.5) / 2**15 * float(result) * 2.0 ** rng.integers(-2, 3))
        exact = float(source) / 128 / float(result)
        pair = Affine(source, int(rng.integers(-128, 128))), Affine(result, 0)
        rounded = float(F32(exact))
        if tables._high16(quantize_multiplier(exact)[0]) != tables._high16(quantize_multiplier(rounded)[0]):
            cases += 1
            expected = tflite_micro(unary("HARD_SWISH", *pair), VALUES)
            np.testing.assert_array_equal(table("HARD_SWISH", *pair), expected, err_msg=str(pair))
    assert cases > 20


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_table_is_near_its_function(function):
    """Within two steps of the real function where that is in range: a check that needs no TFLite."""
    rng, slope = np.random.default_rng(1), 0.25
    for _ in range(CASES):
        source, result = affines(function, rng)
        if source.scale > 0.1 or (function == "HARD_SWISH" and result.scale < source.scale):
            continue
        real = FUNCTIONS[function].real(source.dequantize(VALUES).astype(np.float64), slope)
        exact = np.clip(real / float(result.scale) + result.zero_point, -128, 127)
        assert np.abs(table(function, source, result, slope) - exact).max() < 2, (source, result)


@pytest.mark.parametrize(
    ("kind", "source", "result", "slope", "message"),
    [
        ("LOGISTIC", (0.1, 0), (0.004, -128), 0, "LOGISTIC whose output has the scale 0.004 .* scale 0.00390625"),
        (
            "TANH",
            (0.1, 0),
            (1 / 128, 3),
            0,
            "TANH whose output has .* zero point 3; .* scale 0.0078125 and zero point 0",
        ),
        ("TANH", (1e-9, 0), (1 / 128, 0), 0, "TANH of an input in steps of 1e-09; .* steps between 2.-27 and 8"),
        ("LOGISTIC", (1e9, 0), (1 / 256, -128), 0, "LOGISTIC of an input in steps of 1e.09"),
        ("RELU6", (0.1, 0), (0.05, 0), 0, "RELU6 whose output has the scale 0.05"),
        ("HARD_SWISH", (1, 0), (1 / 200, 0), 0, "HARD_SWISH from steps of 1 to steps of 0.005; .* 1/128 to 256"),
        ("QUANTIZE", (1, 0), (1e-12, 0), 0, "QUANTIZE that multiplies by 1e.12"),
        ("RELU", (1, 0), (1e-8, 0), 0, "RELU whose sums may reach .* overflows 32 bits"),
        ("LEAKY_RELU", (1, 0), (1, 0), float("nan"), "LEAKY_RELU with a slope of nan; .* a finite slope"),
    ],
)
def test_what_the_kernels_cannot_carry_out_is_said(kind, source, result, slope, message):
    pair = (Affine(F32(scale), zero_point) for scale, zero_point in (source, result))
    with pytest.raises(InputError, match=f"operator 0 is {message}"):
        from_file.read(unary(kind, *pair, slope).bytes(), "model.tflite")
