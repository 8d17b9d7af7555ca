"""SUM, REDUCE_MAX and CONCATENATION: the wheel's rule of a sum's factor, several parts, and what is refused."""

import numpy as np
import pytest

from export.network import from_file
from export.network.fixed_point import requantize
from export.network.integers import quantize_multiplier
from scl.artifacts import InputError
from tests.firmware.random_models import Model
from tests.firmware.test_rules import F32, assert_answers, engine_runs, told_apart

LENGTH, CHANNELS = 40, 8


def reduced(kind: str, source: F32, result: F32, zero_point: int = 0) -> Model:
    """One operator over all of time."""
    model = Model()
    at = model.input([1, 1, LENGTH, CHANNELS], source, zero_point)
    axes = model.tensor([2], model.s.TensorType.INT32, [], [], np.array([1, 2], np.int32))
    options = model.s.ReducerOptionsT()
    options.keepDims = True
    model.operator(kind, [at, axes], model.activation([1, 1, 1, CHANNELS], result, zero_point), options)
    return model


def test_the_ratio_of_a_sum_is_float64(engine):
    rng, cases = np.random.default_rng(0), 0
    for _ in range(3000):
        result, half, total = F32(10 ** rng.uniform(-2, 1)), int(rng.integers(127)) + 0.5, int(rng.integers(1, 5000))
        source = F32(float(result) * half / total)
        right, rival = (quantize_multiplier(ratio) for ratio in (float(source) / float(result), float(source / result)))
        sums = told_apart(np.arange(-127 * LENGTH, 127 * LENGTH), right, [rival])
        sums = sums[np.abs(requantize(sums, *right)) < 127][:CHANNELS]
        if not sums.size:
            continue
        cases += 1
        whole, rest = np.divmod(sums, LENGTH)
        x = np.zeros((LENGTH, CHANNELS), np.int8)
        x[:, : sums.size] = whole + (np.arange(LENGTH)[:, None] < rest)
        assert_answers(engine, reduced("SUM", source, result), x, requantize(x.sum(axis=0, dtype=int), *right))
        if cases > 30:
            return
    pytest.fail("no scales tell the rules apart")


def test_a_maximum_over_time_is_a_max_pool(engine):
    x = np.random.default_rng(0).integers(-128, 100, (LENGTH, CHANNELS)).astype(np.int8)
    assert_answers(engine, reduced("REDUCE_MAX", F32(0.1), F32(0.1), 7), x, x.max(axis=0).astype(int))


def parts_of(axis: int, count: int, scale: float = 0.1, fused: str = "NONE") -> Model:
    """A CONCATENATION of a tensor's maxima over 1, 2, ... samples."""
    model = Model()
    at = model.input([1, 1, 6, 4], 0.1, 3)
    tensors = []
    for kernel in range(1, count + 1):
        pool = model.s.Pool2DOptionsT()
        pool.padding, pool.strideH, pool.strideW = model.s.Padding.SAME, 1, 1
        pool.filterHeight, pool.filterWidth = 1, kernel
        tensors.append(model.activation([1, 1, 6, 4], 0.1, 3))
        model.operator("MAX_POOL_2D", [at], tensors[-1], pool)
    options = model.s.ConcatenationOptionsT()
    options.axis, options.fusedActivationFunction = axis, getattr(model.s.ActivationFunctionType, fused)
    shape = [1, 1, 6, 4]
    shape[axis] *= count
    model.operator("CONCATENATION", tensors, model.activation(shape, scale, 3), options)
    return model


@pytest.mark.parametrize("axis", [1, 2, 3, -1, -2])
@pytest.mark.parametrize("count", [1, 2, 3, 10])
def test_parts_stand_side_by_side_or_behind_each_other(engine, axis, count):
    parts = np.random.default_rng(0).integers(-128, 128, (count, 6, 4)).astype(np.int8)
    expected = np.concatenate(parts, axis=1 if axis in (3, -1) else 0)
    np.testing.assert_array_equal(engine_runs(engine, parts_of(axis, count), *parts), expected.ravel())


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (parts_of(3, 2, scale=0.2), "operator 2 is CONCATENATION of tensors of several scales; .* one scale"),
        (parts_of(3, 2, fused="RELU"), "operator 2 is CONCATENATION with a fused activation; .* a RELU behind it"),
        (parts_of(3, 11), "operator 11 is CONCATENATION with 11 inputs and 1 outputs; .* 1 to 10 inputs"),
        (reduced("REDUCE_MAX", F32(0.1), F32(0.2)), "operator 0 is REDUCE_MAX that changes the scale"),
        (reduced("SUM", F32(1), F32(1e-7)), "operator 0 is SUM whose sums may reach .* overflows 32 bits"),
    ],
)
def test_what_is_not_supported_is_said(model, message):
    with pytest.raises(InputError, match=message):
        from_file.read(model.bytes(), "model.tflite")
