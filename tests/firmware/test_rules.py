"""The rule of each operator's integers, taken from the pinned TFLite Micro wheel, where other rules would differ.

Each test draws scales, takes the accumulators at which the rule and its rivals (a product or a ratio of scales rounded
to float32, a multiplier one off) give different values, and has TFLite Micro run them. What it answers must be what the
rule says, and what the C engine answers with the integers that `export.network.from_file` derives.
"""

import math

import numpy as np
import pytest

from export.network import arena, from_file
from tests.firmware.random_models import Model
from tests.firmware.test_operators import run_layer

F32 = np.float32


def quantize_multiplier(scale: float) -> tuple[int, int]:
    """TFLite's QuantizeMultiplier: scale = multiplier / 2^31 * 2^shift."""
    fraction, shift = math.frexp(scale)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    return (multiplier // 2, shift + 1) if multiplier == 2**31 else (multiplier, shift)


def multiply(x: np.ndarray, multiplier: int, shift: int) -> np.ndarray:
    """TFLite's MultiplyByQuantizedMultiplier in wide integers: rounded to Q31 half up, then half away from zero."""
    high = ((x.astype(np.int64) << max(shift, 0)) * multiplier + 2**30) >> 31
    right = max(-shift, 0)
    magnitude = (np.abs(high) + (1 << right >> 1)) >> right
    return np.sign(high) * magnitude


def near_borders(scale: float) -> np.ndarray:
    """Accumulators whose product with `scale` lies near the border between two values."""
    below = np.floor((np.arange(-127, 127) + 0.5) / scale).astype(np.int64)
    near = np.unique(np.concatenate([below + offset for offset in range(-1, 3)]))
    return near[np.abs(near) < 2**31 - 1]


def told_apart(x: np.ndarray, right: tuple[int, int], rivals: list[tuple[int, int]]) -> np.ndarray:
    """Those of the accumulators at which a rival's value is another."""
    expected = multiply(x, *right)
    return x[np.any([multiply(x, *rival) != expected for rival in rivals], axis=0)]


def assert_answers(engine, model: Model, x: np.ndarray, expected: np.ndarray | None = None) -> None:
    """TFLite Micro gives what is expected for one input, and so does the C engine's only layer."""
    answer = tflite_micro(model, x)
    if expected is not None:
        np.testing.assert_array_equal(answer, np.clip(expected, -128, 127), err_msg=f"{model.kinds} in TFLite Micro")
    np.testing.assert_array_equal(engine_runs(engine, model, x), answer, err_msg=f"{model.kinds} in C")


def tflite_micro(model: Model, *inputs: np.ndarray) -> np.ndarray:
    """The output, flat, of a file with several inputs."""
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(model.bytes(), arena_size=1 << 20)
    for index, x in enumerate(inputs):
        shape = model.graph.tensors[model.graph.inputs[index]].shape
        interpreter.set_input(x.astype(np.int8).reshape(shape), index)
    interpreter.invoke()
    return interpreter.get_output(0).ravel()


def engine_runs(engine, model: Model, *inputs: np.ndarray) -> np.ndarray:
    """What the C's last layer of a model makes of its inputs, flat."""
    network = from_file.read(model.bytes(), "model.tflite").network
    memory, layer = arena.schedule(network.network), network.network.layers[-1]
    block = np.zeros(memory.size, np.int8)
    for source, x in zip(dict.fromkeys(layer.sources), inputs, strict=True):
        block[memory.offsets[source.name] :][: x.size] = x.ravel()
    run_layer(engine, network, memory, layer, block)
    return block[memory.offsets[layer.name] :][: layer.result.size]


def idle(kind: str, one_scale: bool, source: F32, weights: F32, result: F32, bias: np.ndarray) -> Model:
    """One operator whose weights are 0: the bias of each output channel is its accumulator."""
    model, out = Model(), len(bias)
    dense = kind == "FULLY_CONNECTED"
    at = model.input([1, 1] if dense else [1, 1, 1, 1], source, 0)
    shape = {"FULLY_CONNECTED": [out, 1], "CONV_2D": [out, 1, 1, 1], "DEPTHWISE_CONV_2D": [1, 1, 1, out]}[kind]
    scales = np.full(1 if one_scale else out, weights)
    zeros = [0] * scales.size
    w = model.tensor(shape, model.s.TensorType.INT8, scales, zeros, np.zeros(shape, np.int8))
    model.graph.tensors[w].quantization.quantizedDimension = 3 if kind == "DEPTHWISE_CONV_2D" else 0
    b = model.tensor([out], model.s.TensorType.INT32, scales * source, zeros, bias.astype(np.int32))
    options = {
        "FULLY_CONNECTED": model.s.FullyConnectedOptionsT,
        "CONV_2D": model.s.Conv2DOptionsT,
        "DEPTHWISE_CONV_2D": model.s.DepthwiseConv2DOptionsT,
    }[kind]()
    if not dense:
        options.padding, options.strideH, options.strideW = model.s.Padding.VALID, 1, 1
        options.dilationHFactor = options.dilationWFactor = 1
    if kind == "DEPTHWISE_CONV_2D":
        options.depthMultiplier = out
    output = model.activation([1, out] if dense else [1, 1, 1, out], result, 0)
    model.operator(kind, [at, w, b], output, options)
    return model


def rivals_of_a_product(source: F32, weights: F32, result: F32) -> tuple[tuple[int, int], list[tuple[int, int]]]:
    """The rule for an accumulator's multiplier, and what else it might be."""
    multiplier, shift = quantize_multiplier(float(source) * float(weights) / float(result))
    float32_product = quantize_multiplier(float(source * weights) / float(result))
    float32_factor = quantize_multiplier(float(F32(float(source) * float(weights) / float(result))))
    return (multiplier, shift), [float32_product, float32_factor, (multiplier + 1, shift), (multiplier - 1, shift)]


@pytest.mark.parametrize("one_scale", [False, True])
@pytest.mark.parametrize("kind", ["FULLY_CONNECTED", "CONV_2D", "DEPTHWISE_CONV_2D"])
def test_products_of_scales_are_float64(engine, kind, one_scale):
    rng, cases = np.random.default_rng(0), 0
    for _ in range(100):
        source, weights = (F32(10 ** rng.uniform(-3, 0)) for _ in range(2))
        result = F32(float(source) * float(weights) / 10 ** rng.uniform(-6.5, -2))
        right, rivals = rivals_of_a_product(source, weights, result)
        bias = told_apart(near_borders(float(source) * float(weights) / float(result)), right, rivals)
        if bias.size:
            cases += 1
            model = idle(kind, one_scale, source, weights, result, bias)
            assert_answers(engine, model, np.zeros((1, 1), np.int8), multiply(bias, *right))
    assert cases > 50


def test_the_dense_layer_that_was_wrong(engine):
    """Its product of scales, rounded to float32, gives another value at these biases."""
    source, weights, result = F32(0.024790890514850616), F32(0.0195566825568676), F32(0.36449846625334064)
    right, (float32_product, *_) = rivals_of_a_product(source, weights, result)
    assert right != float32_product
    x = np.arange(-100_000, 100_000)
    bias = told_apart(x, right, [float32_product])
    assert bias.size
    assert_answers(
        engine, idle("FULLY_CONNECTED", True, source, weights, result, bias), np.zeros((1, 1), np.int8),
        multiply(bias, *right),
    )  # fmt: skip


def test_products_of_scales_are_float64_without_a_bias(engine):
    """A dense layer with one scale, whose accumulator comes from its input."""
    rng, cases, width = np.random.default_rng(0), 0, 40
    for _ in range(400):
        source, weights = (F32(10 ** rng.uniform(-3, 0)) for _ in range(2))
        result = F32(float(source) * float(weights) / 10 ** rng.uniform(-4, -3))
        right, rivals = rivals_of_a_product(source, weights, result)
        near = near_borders(float(source) * float(weights) / float(result))
        for accumulator in told_apart(near[np.abs(near) < 127 * 127 * (width - 2)], right, rivals)[:1]:
            cases += 1
            whole, rest = divmod(abs(int(accumulator)), 127)
            steps = [min(127, max(0, whole - 127 * i)) for i in range(width - 1)] + [rest]
            model = Model()
            at = model.input([1, width], source, 0)
            values = np.array([[127] * (width - 1) + [1]], np.int8)
            w = model.tensor([1, width], model.s.TensorType.INT8, weights, 0, values)
            output = model.activation([1, 1], result, 0)
            model.operator("FULLY_CONNECTED", [at, w, -1], output, model.s.FullyConnectedOptionsT())
            x = (np.array(steps) * int(np.sign(accumulator))).astype(np.int8)
            assert_answers(engine, model, x, multiply(np.array([accumulator]), *right))
    assert cases > 100


def test_the_ratio_of_a_mean_is_float64_and_its_multiplier_is_cut(engine):
    rng, channels, cases = np.random.default_rng(0), 8, 0
    for _ in range(300):
        length, zero_point = int(rng.integers(2, 400)), int(rng.integers(-128, 128))
        source = F32(10 ** rng.uniform(-3, 0))
        result = F32(float(source) * 10 ** rng.uniform(-1.2, 0.3))
        right = divided(quantize_multiplier(float(source) / float(result)), length)
        rivals = [
            divided(quantize_multiplier(float(source / result)), length),
            quantize_multiplier(float(source) / float(result) / length),
        ]
        sums = told_apart(np.arange(-(128 + zero_point) * length, (127 - zero_point) * length + 1), right, rivals)
        sums = rng.permutation(sums)[:channels]
        if not sums.size:
            continue
        cases += 1
        whole, rest = np.divmod(sums + zero_point * length, length)
        x = np.zeros((length, channels), np.int8)
        x[:, : sums.size] = whole + (np.arange(length)[:, None] < rest)
        model = Model()
        at = model.input([1, 1, length, channels], source, zero_point)
        axes = model.tensor([2], model.s.TensorType.INT32, [], [], np.array([1, 2], np.int32))
        options = model.s.ReducerOptionsT()
        options.keepDims = True
        model.operator("MEAN", [at, axes], model.activation([1, 1, 1, channels], result, 0), options)
        expected = multiply((x.astype(np.int64) - zero_point).sum(axis=0), *right)
        assert_answers(engine, model, x, expected)
    assert cases > 50


def divided(fixed: tuple[int, int], length: int) -> tuple[int, int]:
    """A mean's multiplier: what is left of a division by the length, with as many bits before it as there are."""
    multiplier, shift = fixed
    bits = min(length.bit_length() - 1, 32, 31 + shift)
    return (multiplier << bits) // length, shift - bits


def added(first: np.ndarray, second: np.ndarray, scales: tuple[F32, F32, F32], kind: type) -> np.ndarray:
    """ADD by TFLite's formula with factors of `kind`; zero points are 0."""
    a, b, result = map(kind, scales)
    twice = kind(2) * max(a, b)
    factors = (quantize_multiplier(float(factor)) for factor in (a / twice, b / twice, twice / (kind(2**20) * result)))
    of_first, of_second, of_sum = factors
    return multiply(multiply(first << 20, *of_first) + multiply(second << 20, *of_second), *of_sum)


def test_the_factors_of_an_addition_are_float64(engine):
    """All pairs of values, with scales for which factors of float32 would give another sum."""
    rng, cases, shape = np.random.default_rng(1), 0, [1, 1, 256, 256]
    first, second = np.meshgrid(np.arange(-128, 128), np.arange(-128, 128))
    for _ in range(100):
        a = F32(10 ** rng.uniform(-3, 0))
        b, result = (F32(a * F32(rng.integers(1, 32)) / F32(rng.integers(1, 16))) for _ in range(2))
        expected = np.clip(added(first, second, (a, b, result), np.float64), -128, 127)
        if np.array_equal(expected, np.clip(added(first, second, (a, b, result), F32), -128, 127)):
            continue
        cases += 1
        model = Model()
        at = model.input(shape, a, 0)
        model.graph.inputs.append(model.activation(shape, b, 0))
        model.operator("ADD", list(model.graph.inputs), model.activation(shape, result, 0), model.s.AddOptionsT())
        np.testing.assert_array_equal(tflite_micro(model, first, second), expected.ravel())
        # The engine's networks have one input: there the second tensor is what a convolution writes.
        before = idle("DEPTHWISE_CONV_2D", True, a, F32(1), b, np.zeros(256))
        before.graph.tensors[before.graph.inputs[0]].shape = before.graph.tensors[before.at].shape = shape
        before.graph.operators[0].builtinOptions.depthMultiplier = 1
        before.operator("ADD", [at, before.at], before.activation(shape, result, 0), before.s.AddOptionsT())
        np.testing.assert_array_equal(engine_runs(engine, before, first, second), expected.ravel())
    assert cases > 10


def test_the_factor_of_a_softmax_is_float64(engine):
    """Scales for which the product with beta, rounded to float32, would give other probabilities."""
    rng, cases, classes = np.random.default_rng(0), 0, 4
    while cases < 4:
        scale, beta = F32(10 ** rng.uniform(-2.5, -1)), F32(rng.uniform(0.1, 3))
        x = 127 - rng.integers(0, 1 + min(255, int(4 / (scale * beta))), (4000, classes))
        x[:, 0] = 127
        model, rival = softmax(scale, beta, x.shape), softmax(scale * beta, F32(1), x.shape)
        if np.array_equal(engine_runs(engine, model, x), engine_runs(engine, rival, x)):
            continue
        cases += 1
        assert_answers(engine, model, x.astype(np.int8))


def softmax(scale: F32, beta: F32, shape: tuple[int, int]) -> Model:
    model = Model()
    options = model.s.SoftmaxOptionsT()
    options.beta = float(beta)
    at = model.input(list(shape), scale, 0)
    model.operator("SOFTMAX", [at], model.activation(shape, 1 / 256, -128), options)
    return model


@pytest.mark.parametrize("kind", ["AVERAGE_POOL_2D", "MAX_POOL_2D", "ADD", "FULLY_CONNECTED", "CONV_2D"])
def test_the_limit_of_a_relu6_is_a_float32_quotient(engine, kind):
    """Scales at which 6 / scale is half a step in float32 and not in float64."""
    apart = 0
    for half in range(1, 250, 5):
        exact = F32(6 / (half + 0.5))
        for scale in (exact, np.nextafter(exact, F32(0)), np.nextafter(exact, F32(9))):
            limit, other = (-128 + math.floor(float(quotient) + 0.5) for quotient in (F32(6) / scale, 6 / float(scale)))
            apart += limit != other
            assert_answers(engine, saturated(kind, scale), np.full(1, 127, np.int8), np.array([limit]))
    assert apart > 10


def saturated(kind: str, scale: F32) -> Model:
    """One operator on one value, with a fused ReLU6 that it reaches; its scales and zero points of -128 are equal."""
    if kind in ("FULLY_CONNECTED", "CONV_2D"):
        model = idle(kind, True, scale, F32(1), scale, np.array([2**20]))
        model.graph.tensors[model.at].quantization.zeroPoint = [-128]
        model.graph.operators[0].builtinOptions.fusedActivationFunction = model.s.ActivationFunctionType.RELU6
        return model
    model = Model()
    at = model.input([1, 1, 1, 1], scale, -128)
    if kind == "ADD":
        options, inputs = model.s.AddOptionsT(), [at, at]
    else:
        options, inputs = model.s.Pool2DOptionsT(), [at]
        options.filterHeight = options.filterWidth = options.strideH = options.strideW = 1
        options.padding = model.s.Padding.VALID
    options.fusedActivationFunction = model.s.ActivationFunctionType.RELU6
    model.operator(kind, inputs, model.activation([1, 1, 1, 1], scale, -128), options)
    return model
