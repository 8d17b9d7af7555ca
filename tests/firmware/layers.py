"""Convolutions and average pools, written as a .tflite for TFLite Micro and as operators for the C engine."""

import ctypes
import math
from dataclasses import dataclass

import flatbuffers
import numpy as np

CONV, AVERAGE_POOL = 0, 1


class Op(ctypes.Structure):
    """scl_op of network.h."""

    _fields_ = [
        ("run", ctypes.c_void_p),
        *((name, ctypes.c_uint16) for name in ("in_length", "in_channels", "out_length", "out_channels")),
        *((name, ctypes.c_uint16) for name in ("kernel", "stride", "dilation", "pad_left")),
        *((name, ctypes.c_int16) for name in ("in_zero_point", "second_zero_point")),
        *((name, ctypes.c_int16) for name in ("out_zero_point", "act_min", "act_max")),
        *((name, ctypes.c_uint32) for name in ("in_offset", "second_offset", "out_offset")),
        *((name, ctypes.c_void_p) for name in ("weights", "bias", "multiplier", "shift")),
        ("scratch_offset", ctypes.c_uint32),
    ]


class Model(ctypes.Structure):
    """scl_network of network.h."""

    _fields_ = [
        ("ops", ctypes.POINTER(Op)),
        *((name, ctypes.c_uint16) for name in ("op_count", "window", "channels", "features", "classes")),
        *((name, ctypes.c_uint32) for name in ("arena_bytes", "input_offset", "features_offset", "logits_offset")),
        ("hash", ctypes.c_void_p),
        ("labels", ctypes.c_void_p),
        ("thresholds", ctypes.c_void_p),
    ]


@dataclass(frozen=True)
class Tensor:
    length: int
    channels: int
    scale: np.float32
    zero_point: int


@dataclass(frozen=True)
class Layer:
    kind: int
    source: Tensor
    result: Tensor
    kernel: int
    stride: int
    same: bool
    activation: str = "NONE"  # or RELU, RELU6
    weights: np.ndarray | None = None  # int8 (out, kernel, in)
    weight_scales: np.ndarray | None = None  # float32 (out,)
    bias: np.ndarray | None = None  # int32 (out,)


def out_length(length: int, kernel: int, stride: int, same: bool) -> int:
    return math.ceil(length / stride) if same else (length - kernel) // stride + 1


def random_conv(
    rng, source, kernel, stride, same, out_channels, activation="NONE", zero_point=None, spread=None
) -> Layer:
    """Random weights; the output scale is drawn around one that fills int8."""
    weights = rng.integers(-127, 128, (out_channels, kernel, source.channels)).astype(np.int8)
    weight_scales = np.float32(10) ** rng.uniform(-4, -1, out_channels).astype(np.float32)
    typical = 74 * 74 * math.sqrt(kernel * source.channels)  # standard deviation of the sum of products
    bias = rng.normal(0, typical, out_channels).astype(np.int32)
    spread = 10 ** rng.uniform(-0.5, 1) if spread is None else spread
    scale = np.float32(float(source.scale) * float(np.median(weight_scales)) * typical / 64 * spread)
    zero_point = int(rng.integers(-128, 128)) if zero_point is None else zero_point
    length = out_length(source.length, kernel, stride, same)
    result = Tensor(length, out_channels, scale, zero_point)
    return Layer(CONV, source, result, kernel, stride, same, activation, weights, weight_scales, bias)


def average_pool(source, kernel, stride, same, activation="NONE") -> Layer:
    result = Tensor(out_length(source.length, kernel, stride, same), source.channels, source.scale, source.zero_point)
    return Layer(AVERAGE_POOL, source, result, kernel, stride, same, activation)


def tflite(layers: list[Layer], outputs: list[int]) -> bytes:
    """A .tflite file of the layers in a row; tensors are (1, 1, length, channels), outputs are indices of layers."""
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

    model, graph = schema.ModelT(), schema.SubGraphT()
    model.version, model.subgraphs, model.buffers, model.operatorCodes = 3, [graph], [schema.BufferT()], []
    graph.tensors, graph.operators, graph.inputs = [], [], [0]

    def add(name, shape, kind, scales, zero_points, data=None) -> int:
        tensor = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name, shape, kind, len(model.buffers)
        tensor.quantization = schema.QuantizationParametersT()
        tensor.quantization.scale = [float(s) for s in scales]
        tensor.quantization.zeroPoint = [int(z) for z in zero_points]
        buffer = schema.BufferT()
        buffer.data = None if data is None else np.frombuffer(data.tobytes(), np.uint8)
        model.buffers.append(buffer)
        graph.tensors.append(tensor)
        return len(graph.tensors) - 1

    def activations(name, t: Tensor) -> int:
        return add(name, [1, 1, t.length, t.channels], schema.TensorType.INT8, [t.scale], [t.zero_point])

    for code in (schema.BuiltinOperator.CONV_2D, schema.BuiltinOperator.AVERAGE_POOL_2D):
        entry = schema.OperatorCodeT()
        entry.builtinCode = entry.deprecatedBuiltinCode = code
        model.operatorCodes.append(entry)

    tensors = [activations("input", layers[0].source)]
    for i, layer in enumerate(layers):
        op = schema.OperatorT()
        op.opcodeIndex, op.inputs = layer.kind, [tensors[-1]]
        if layer.kind == CONV:
            o, k, c = layer.weights.shape
            zeros = np.zeros(o, int)
            op.inputs.append(
                add(f"w{i}", [o, 1, k, c], schema.TensorType.INT8, layer.weight_scales, zeros, layer.weights)
            )
            bias_scales = layer.weight_scales * layer.source.scale
            op.inputs.append(add(f"b{i}", [o], schema.TensorType.INT32, bias_scales, zeros, layer.bias))
            op.builtinOptionsType, options = schema.BuiltinOptions.Conv2DOptions, schema.Conv2DOptionsT()
            options.dilationHFactor = options.dilationWFactor = 1
        else:
            op.builtinOptionsType, options = schema.BuiltinOptions.Pool2DOptions, schema.Pool2DOptionsT()
            options.filterHeight, options.filterWidth = 1, layer.kernel
        options.strideH, options.strideW = 1, layer.stride
        options.padding = schema.Padding.SAME if layer.same else schema.Padding.VALID
        options.fusedActivationFunction = getattr(schema.ActivationFunctionType, layer.activation)
        op.builtinOptions = options
        tensors.append(activations(f"t{i}", layer.result))
        op.outputs = [tensors[-1]]
        graph.operators.append(op)
    graph.outputs = [tensors[1 + i] for i in outputs]
    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def run_tflite_micro(layers, outputs, x) -> list[np.ndarray]:
    from tflite_micro.python.tflite_micro import runtime

    interpreter = runtime.Interpreter.from_bytes(tflite(layers, outputs), arena_size=1 << 20)
    interpreter.set_input(x[None, None], 0)
    interpreter.invoke()
    return [interpreter.get_output(i)[0, 0].copy() for i in range(len(outputs))]


def quantize_multiplier(scale: float) -> tuple[int, int]:
    """TFLite's QuantizeMultiplier: scale = multiplier / 2^31 * 2^shift."""
    fraction, shift = math.frexp(scale)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)


def activation_range(layer: Layer) -> tuple[int, int]:
    zero = layer.result.zero_point
    six = zero + math.floor(float(np.float32(6) / layer.result.scale) + 0.5)
    return {"NONE": (-128, 127), "RELU": (zero, 127), "RELU6": (zero, min(127, six))}[layer.activation]


def c_op(engine, layer: Layer, in_offset: int, out_offset: int, keep: list) -> Op:
    """`keep` gets the arrays the op points to."""
    run = ctypes.cast(engine.scl_conv if layer.kind == CONV else engine.scl_average_pool, ctypes.c_void_p)
    op = Op(run=run, dilation=1, kernel=layer.kernel, stride=layer.stride, in_offset=in_offset, out_offset=out_offset)
    op.in_length, op.in_channels, op.in_zero_point = layer.source.length, layer.source.channels, layer.source.zero_point
    op.out_length, op.out_channels = layer.result.length, layer.result.channels
    op.out_zero_point = layer.result.zero_point
    op.act_min, op.act_max = activation_range(layer)
    needed = (op.out_length - 1) * op.stride + op.kernel
    op.pad_left = max(0, needed - op.in_length) // 2 if layer.same else 0
    if layer.kind == CONV:
        scales = layer.weight_scales.astype(float) * float(layer.source.scale) / float(layer.result.scale)
        multiplier, shift = zip(*map(quantize_multiplier, scales), strict=True)
        weights = np.append(layer.weights.ravel(), np.full(3, 77, np.int8))  # read, but worth nothing
        arrays = (weights, layer.bias, np.array(multiplier, np.int32), np.array(shift, np.int8))
        op.weights, op.bias, op.multiplier, op.shift = (a.ctypes.data for a in arrays)
        keep.extend(arrays)
    return op


def narrow(layer: Layer) -> bool:
    """What the DSP kernel asks for: its requantization is a short one."""
    scales = layer.weight_scales.astype(float) * float(layer.source.scale) / float(layer.result.scale)
    shifts = [quantize_multiplier(scale)[1] for scale in scales]
    return min(shifts) >= -22 and max(shifts) <= -1 and bool(np.all(np.abs(layer.bias.astype(np.int64)) < 2**29))


def run_c(engine, layers, x, rng) -> list[np.ndarray]:
    """Every tensor's values after scl_network_run; the arena holds noise between them, which must not change."""
    gap, keep, offsets, end = 64, [], [], 64
    tensors = [layers[0].source, *(layer.result for layer in layers)]
    for t in tensors:
        offsets.append(end)
        end += t.length * t.channels + gap
    scratch = -(-end // 4) * 4
    room = max(8 * 4 * -(-layer.kernel * layer.source.channels // 4) for layer in layers)
    arena = np.frombuffer(rng.bytes(scratch + room + gap), np.int8).copy()
    slices = [slice(o, o + t.length * t.channels) for o, t in zip(offsets, tensors, strict=True)]
    arena[slices[0]] = x.ravel()
    before = arena.copy()
    ops = (Op * len(layers))(*(c_op(engine, y, offsets[i], offsets[i + 1], keep) for i, y in enumerate(layers)))
    used = 0
    for op, layer in zip(ops, layers, strict=True):
        row = layer.kernel * layer.source.channels
        if layer.kind == CONV and row <= 512 and 3 * layer.stride <= 7 * layer.kernel and narrow(layer):
            op.scratch_offset, used = scratch, max(used, 8 * 4 * -(-row // 4))
            op.run = ctypes.cast(engine.scl_conv_narrow, ctypes.c_void_p)
    model = Model(ops=ops, op_count=len(layers), arena_bytes=end, input_offset=offsets[0])
    engine.scl_network_run(ctypes.byref(model), arena.ctypes.data_as(ctypes.c_void_p))
    outside = np.ones(len(arena), bool)
    outside[scratch : scratch + used] = False
    for s in slices[1:]:
        outside[s] = False
    np.testing.assert_array_equal(arena[outside], before[outside], err_msg="written outside the outputs")
    return [arena[s].reshape(t.length, t.channels) for s, t in zip(slices[1:], tensors[1:], strict=True)]


def assert_equal(engine, layers, x, rng) -> np.ndarray:
    """C equals TFLite Micro in the last layer; returns its values."""
    (expected,) = run_tflite_micro(layers, [len(layers) - 1], x)
    np.testing.assert_array_equal(run_c(engine, layers, x, rng)[-1], expected, err_msg=str(layers))
    return expected


def random_source(rng, length: int) -> Tensor:
    channels = int(rng.choice([1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 33]))
    return Tensor(length, channels, np.float32(10 ** rng.uniform(-3, 0)), int(rng.integers(-128, 128)))


def random_input(rng, source: Tensor) -> np.ndarray:
    return rng.integers(-128, 128, (source.length, source.channels)).astype(np.int8)
