"""Random int8 models of every operator the engine has, as .tflite files written here with the format's schema.

Scales are random, with one for all of an operator's weights or one for each channel. Of some operators a few channels
have weights of 0 and a bias at a border of rounding: their accumulator is the bias, whatever the input, and lies where
a scale that is off by some 1e-8 gives another value.
"""

import math
from dataclasses import replace

import flatbuffers
import numpy as np
import pytest

from export.network import operators, readers, tables, tflite_operator
from export.network.integers import Affine
from export.network.layers import Conv


class Model:
    """A file in the making: tensors, operators one behind the other, one output."""

    def __init__(self, seed: int = 0) -> None:
        from tflite_micro.tensorflow.lite.micro.python import schema_py_generated as schema

        self.s, self.rng = schema, np.random.default_rng(seed)
        self.model, self.graph = schema.ModelT(), schema.SubGraphT()
        self.model.version, self.model.subgraphs = 3, [self.graph]
        self.model.buffers, self.model.operatorCodes = [schema.BufferT()], []
        self.graph.tensors, self.graph.operators = [], []
        self.kinds: list[str] = []

    def input(self, shape: list[int], scale: float, zero_point: int | None = None) -> int:
        """Adds the input, which the first operator reads."""
        self.graph.inputs = [self.activation(shape, scale, zero_point)]
        self.at = self.graph.inputs[0]
        return self.at

    def bytes(self) -> bytes:
        builder = flatbuffers.Builder(1024)
        builder.Finish(self.model.Pack(builder), b"TFL3")
        return bytes(builder.Output())

    def tensor(self, shape, kind, scales, zero_points, data=None) -> int:
        tensor, buffer = self.s.TensorT(), self.s.BufferT()
        tensor.name, tensor.shape, tensor.type = f"t{len(self.graph.tensors)}", list(shape), kind
        tensor.quantization = self.s.QuantizationParametersT()
        tensor.quantization.scale = [float(s) for s in np.atleast_1d(scales)]
        tensor.quantization.zeroPoint = [int(z) for z in np.atleast_1d(zero_points)]
        tensor.buffer = len(self.model.buffers)
        buffer.data = None if data is None else np.frombuffer(np.ascontiguousarray(data).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        return len(self.graph.tensors) - 1

    def activation(self, shape, scale, zero_point=None) -> int:
        zero_point = int(self.rng.integers(-128, 128)) if zero_point is None else zero_point
        return self.tensor(shape, self.s.TensorType.INT8, np.float32(scale), zero_point)

    def function(self, kind: str, shape: list[int]) -> None:
        """A function of one value, of those of `tables.FUNCTIONS`."""
        name, source = operators.TABLE_OPTIONS.get(kind), self.affine(self.at)
        options = getattr(self.s, f"{name}T")() if name else None
        if kind == "LEAKY_RELU":
            options.alpha = float(self.rng.uniform(0, 0.5))
        ruled = tables.FUNCTIONS[kind].result_of(source)
        scale = float(source.scale) * 10 ** self.rng.uniform(-0.3, 0.3)
        result = (scale, None) if ruled is None else (ruled.scale, ruled.zero_point)
        self.operator(kind, [self.at], self.activation(shape, *result), options)

    def scale_of(self, index: int) -> np.float32:
        return np.float32(self.graph.tensors[index].quantization.scale[0])

    def affine(self, index: int) -> Affine:
        return Affine(self.scale_of(index), self.zero_point_of(index))

    def zero_point_of(self, index: int) -> int:
        return self.graph.tensors[index].quantization.zeroPoint[0]

    def like(self, shape: list[int]) -> int:
        """A tensor of the scale of the last one."""
        return self.activation(list(shape), self.scale_of(self.at), self.zero_point_of(self.at))

    def integers(self, values) -> int:
        """A constant of int32."""
        values = np.array(values, np.int32)
        return self.tensor(values.shape, self.s.TensorType.INT32, [], [], values)

    def strided_slice(self, bounds, shape: list[int], **options: int) -> None:
        """STRIDED_SLICE by (begin, end, step) of each axis."""
        held = self.s.StridedSliceOptionsT()
        for name, value in options.items():
            setattr(held, name, value)
        constants = [self.integers(values) for values in zip(*bounds, strict=True)]
        self.operator("STRIDED_SLICE", [self.at, *constants], self.like(shape), held)

    def slice_of(self, begins: list[int], sizes: list[int], shape: list[int]) -> None:
        """SLICE."""
        constants = [self.integers(begins), self.integers(sizes)]
        self.operator("SLICE", [self.at, *constants], self.like(shape), self.s.SliceOptionsT())

    def split(self, axis: int, sizes: list[int], kind: str = "SPLIT_V") -> list[int]:
        """SPLIT or SPLIT_V into parts, which it returns; the last tensor is the first of them then."""
        shape, place = [int(n) for n in self.graph.tensors[self.at].shape], self.integers(axis)
        inputs = [place, self.at] if kind == "SPLIT" else [self.at, self.integers(sizes), place]
        parts = []
        for size in sizes:
            shape[axis] = size
            parts.append(self.like(shape))
        options = getattr(self.s, "SplitOptionsT" if kind == "SPLIT" else "SplitVOptionsT")()
        options.numSplits = len(sizes)
        self.operator(kind, inputs, parts[0], options)
        self.graph.operators[-1].outputs = list(parts)
        return parts

    def operator(self, kind: str, inputs: list[int], output: int, options) -> None:
        code = getattr(self.s.BuiltinOperator, kind)
        codes = [entry.builtinCode for entry in self.model.operatorCodes]
        if code not in codes:
            entry = self.s.OperatorCodeT()
            entry.builtinCode = entry.deprecatedBuiltinCode = code
            self.model.operatorCodes.append(entry)
            codes.append(code)
        op = self.s.OperatorT()
        op.opcodeIndex, op.inputs, op.outputs = codes.index(code), inputs, [output]
        if options is not None:
            op.builtinOptionsType = getattr(self.s.BuiltinOptions, type(options).__name__.removesuffix("T"))
            op.builtinOptions = options
        self.graph.operators.append(op)
        self.kinds.append(kind)
        self.at, self.graph.outputs = output, [output]


class RandomModel(Model):
    """One input, one output; tensors (1, 1, time, channels), or (1, time, 1, channels) where `tall`."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.idle_rng, self.view_rng, self.part_rng = (np.random.default_rng([seed, place]) for place in (1, 2, 3))
        self.tall = bool(self.rng.integers(2))
        length = int(self.rng.integers(4, 28))
        self.shape = (length, int(self.rng.choice([1, 2, 3, 4, 5, 7, 8, 12])))
        self.input_shape = self.shape
        self.input(self.four(self.shape), 10 ** self.rng.uniform(-2, 0))
        for _ in range(int(self.rng.integers(1, 5))):
            self.grow()
        self.finish()

    def four(self, shape: tuple[int, int]) -> list[int]:
        return [1, shape[0], 1, shape[1]] if self.tall else [1, 1, *shape]

    def random_activation(self) -> int:
        kinds = self.s.ActivationFunctionType
        return [kinds.NONE, kinds.RELU, kinds.RELU6][int(self.rng.integers(3))]

    def pad(self) -> int:
        """Now and then zeros before and after the next convolution; returns how many at most."""
        if self.view_rng.integers(4):
            return 0
        before, after = self.view_rng.integers(0, 5, 2).tolist()
        rows = [[0, 0], [before, after], [0, 0], [0, 0]] if self.tall else [[0, 0], [0, 0], [before, after], [0, 0]]
        self.shape = (self.shape[0] + before + after, self.shape[1])
        table = self.tensor([4, 2], self.s.TensorType.INT32, [], [], np.array(rows, np.int32))
        result = self.activation(self.four(self.shape), self.scale_of(self.at), self.zero_point_of(self.at))
        self.operator("PAD", [self.at, table], result, self.s.PadOptionsT())
        return max(before, after)

    def window(self, options, dilated: bool, padded: int = 0) -> tuple[int, int, int]:
        """Draws kernel, stride, dilation and padding that fit; returns kernel and the output's length."""
        length = self.shape[0]
        kernel = max(int(self.rng.integers(1, 8)), padded + 1)
        stride = int(self.rng.integers(1, 4))
        dilation = int(self.rng.integers(1, 4)) if dilated and self.rng.integers(3) == 0 else 1
        if dilation > 1:
            stride = 1
        span = (kernel - 1) * dilation + 1
        same = bool(self.rng.integers(2)) or span > length
        options.padding = self.s.Padding.SAME if same else self.s.Padding.VALID
        options.strideH, options.strideW = (stride, 1) if self.tall else (1, stride)
        if dilated:
            options.dilationHFactor, options.dilationWFactor = (dilation, 1) if self.tall else (1, dilation)
        return kernel, math.ceil(length / stride) if same else (length - span) // stride + 1, dilation

    def weights(self, shape, out: int, axis: int, products: int, bias_needed: bool = False) -> tuple[int, int, float]:
        """Random weights and bias; also a typical deviation of a sum in steps of the input's scale times 1."""
        count = 1 if self.rng.integers(2) else out
        scales = (10 ** self.rng.uniform(-3, -1, count)).astype(np.float32)
        values = self.rng.integers(-127, 128, shape).astype(np.int8)
        w = self.tensor(shape, self.s.TensorType.INT8, scales, [0] * count, values)
        self.graph.tensors[w].quantization.quantizedDimension = axis
        typical = 74 * 74 * math.sqrt(products)
        bias = self.rng.normal(0, typical, out).astype(np.int32)
        if self.rng.integers(8) == 0 and not bias_needed:
            b = -1
        else:
            b = self.tensor([out], self.s.TensorType.INT32, scales * self.scale_of(self.at), [0] * count, bias)
        return w, b, float(np.median(scales)) * typical

    def idle_channels(self, result: int, w: int, b: int, axis: int, activation) -> None:
        """Takes the weights from some output channels and gives them biases at borders of rounding.

        Their scale is made smaller: the larger an accumulator, the smaller an error of the scale it shows.
        """
        weights = self.graph.tensors[w]
        one_scale = len(weights.quantization.scale) == 1
        if b < 0 or self.idle_rng.integers(4 if one_scale else 2):
            return
        biases = self.graph.tensors[b]
        values = self.constant(w, np.int8).reshape(weights.shape)
        bias = self.constant(b, np.int32)
        idle = np.flatnonzero(self.idle_rng.integers(2, size=len(bias)))
        scales = np.array(weights.quantization.scale, np.float32)
        scales[slice(None) if one_scale else idle] *= np.float32(10 ** self.idle_rng.uniform(-4, 0))
        source, target = self.scale_of(self.at), float(self.scale_of(result))
        weights.quantization.scale, biases.quantization.scale = scales.tolist(), (scales * source).tolist()
        limits = self.limits(result, activation)
        np.moveaxis(values, axis, 0)[idle] = 0
        for channel in idle:
            scale = float(source) * float(np.broadcast_to(scales, len(bias))[channel]) / target
            bias[channel] = self.at_border(scale, self.zero_point_of(result), *limits)
        for tensor, array in ((weights, values), (biases, bias)):
            self.model.buffers[tensor.buffer].data = np.frombuffer(array.tobytes(), np.uint8)

    def at_border(self, scale: float, zero_point: int, low: int, high: int) -> int:
        """An accumulator whose product with `scale` lies, for its size, near the border of two values in low..high."""
        borders = (np.arange(low, max(high, low + 1)) - zero_point + 0.5) / scale
        near = np.concatenate([np.floor(borders), np.ceil(borders)])
        distance = np.abs(near - np.tile(borders, 2)) / np.maximum(np.abs(near), 1)
        usable = np.abs(near) < 2**30
        nearest = np.argsort(np.where(usable, distance, np.inf))[:8]
        return int(near[self.idle_rng.choice(nearest)]) if usable.any() else 0

    def limits(self, result: int, activation) -> tuple[int, int]:
        """Least and largest value under a fused activation."""
        kinds, zero = self.s.ActivationFunctionType, self.zero_point_of(result)
        six = zero + round(6 / float(self.scale_of(result)))
        return {kinds.NONE: (-128, 127), kinds.RELU: (zero, 127), kinds.RELU6: (zero, min(six, 127))}[activation]

    def constant(self, index: int, kind: type) -> np.ndarray:
        """A copy of what a constant tensor holds, flat."""
        return np.frombuffer(self.model.buffers[self.graph.tensors[index].buffer].data.tobytes(), kind).copy()

    def output_scale(self, typical: float) -> float:
        return float(self.scale_of(self.at)) * typical / 64 * 10 ** self.rng.uniform(-0.3, 0.7)

    def conv(self) -> None:
        options = self.s.Conv2DOptionsT()
        kernel, length, _ = self.window(options, dilated=True, padded=self.pad())
        out, channels = int(self.rng.integers(1, 14)), self.shape[1]
        shape = [out, kernel, 1, channels] if self.tall else [out, 1, kernel, channels]
        w, b, typical = self.weights(shape, out, 0, kernel * channels)
        options.fusedActivationFunction = self.random_activation()
        result = self.activation(self.four((length, out)), self.output_scale(typical))
        self.idle_channels(result, w, b, 0, options.fusedActivationFunction)
        self.operator("CONV_2D", [self.at, w, b], result, options)
        self.shape = (length, out)

    def depthwise(self) -> None:
        options = self.s.DepthwiseConv2DOptionsT()
        kernel, length, _ = self.window(options, dilated=True, padded=self.pad())
        multiplicity = 1 if self.rng.integers(3) else 2
        out = self.shape[1] * multiplicity
        options.depthMultiplier = multiplicity
        shape = [1, kernel, 1, out] if self.tall else [1, 1, kernel, out]
        w, b, typical = self.weights(shape, out, 3, kernel, bias_needed=True)  # TFLite Micro ends without
        options.fusedActivationFunction = self.random_activation()
        result = self.activation(self.four((length, out)), self.output_scale(typical))
        self.idle_channels(result, w, b, 3, options.fusedActivationFunction)
        self.operator("DEPTHWISE_CONV_2D", [self.at, w, b], result, options)
        self.shape = (length, out)

    def pool(self) -> None:
        options = self.s.Pool2DOptionsT()
        kernel, length, _ = self.window(options, dilated=False)
        options.filterHeight, options.filterWidth = (kernel, 1) if self.tall else (1, kernel)
        options.fusedActivationFunction = self.random_activation()
        kind = "MAX_POOL_2D" if self.rng.integers(2) else "AVERAGE_POOL_2D"
        result = self.activation(
            self.four((length, self.shape[1])), self.scale_of(self.at), self.zero_point_of(self.at)
        )
        self.operator(kind, [self.at], result, options)
        self.shape = (length, self.shape[1])

    def residual(self) -> None:
        """A branch of one convolution that keeps the shape, added to what it read."""
        before, shape = self.at, self.shape
        options = self.s.Conv2DOptionsT()
        options.padding, options.strideH, options.strideW = self.s.Padding.SAME, 1, 1
        options.dilationHFactor = options.dilationWFactor = 1
        kernel, channels = int(self.rng.integers(1, 6)), shape[1]
        filters = [channels, kernel, 1, channels] if self.tall else [channels, 1, kernel, channels]
        w, b, typical = self.weights(filters, channels, 0, kernel * channels)
        result = self.activation(self.four(shape), self.output_scale(typical))
        self.operator("CONV_2D", [before, w, b], result, options)
        self.join([result, before] if self.rng.integers(2) else [before, result], result)

    def gate(self) -> None:
        """What was read and its mean, as of a squeeze-and-excite; or a constant of one sample, or of all."""
        before, shape = self.at, self.shape
        if self.rng.integers(2):
            self.mean()
            mean = self.graph.tensors[self.at]
            self.reshape(self.four(self.shape))
            self.graph.tensors[self.at].quantization = mean.quantization
            second, self.shape = self.at, shape
        else:
            samples, scale = (1 if self.rng.integers(2) else shape[0]), 10 ** self.rng.uniform(-2, 0)
            values = self.rng.integers(-128, 128, (samples, shape[1])).astype(np.int8)
            sizes, zero_point = self.four(values.shape), int(self.rng.integers(-128, 128))
            second = self.tensor(sizes, self.s.TensorType.INT8, np.float32(scale), zero_point, values)
        self.join([before, second], second)

    def join(self, inputs: list[int], new: int) -> None:
        """An elementwise operator; of MAXIMUM and MINIMUM all tensors have one scale, which the new one takes over."""
        kind = str(self.rng.choice(["ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"]))
        first, second = (self.affine(index) for index in inputs)
        scale = max(first.scale, second.scale) * 10 ** self.rng.uniform(-0.3, 0.5)
        result: tuple[float, int | None] = (float(first.scale * second.scale) * 60 if kind == "MUL" else scale, None)
        if kind in ("MAXIMUM", "MINIMUM"):
            (other,) = {*inputs} - {new}
            taken, held = (self.graph.tensors[index].quantization for index in (new, other))
            taken.scale, taken.zeroPoint = held.scale, held.zeroPoint
            options, result = self.s.MaximumMinimumOptionsT(), (self.scale_of(other), self.zero_point_of(other))
        else:
            options = getattr(self.s, f"{kind.capitalize()}OptionsT")()
            options.fusedActivationFunction = self.random_activation()
        if kind != "SUB" and self.rng.integers(3) == 0:
            inputs = inputs[::-1]
        self.operator(kind, inputs, self.activation(self.four(self.shape), *result), options)

    def beside(self) -> None:
        """What was read beside its maxima over two samples, or behind them."""
        before, shape = self.at, self.shape
        pool = self.s.Pool2DOptionsT()
        pool.padding, pool.strideH, pool.strideW = self.s.Padding.SAME, 1, 1
        pool.filterHeight, pool.filterWidth = (2, 1) if self.tall else (1, 2)
        ends = float(self.scale_of(before)), self.zero_point_of(before)
        self.operator("MAX_POOL_2D", [before], self.activation(self.four(shape), *ends), pool)
        options, time = self.s.ConcatenationOptionsT(), 1 if self.tall else 2
        options.axis = int(self.rng.choice([time, 3, -1]))
        self.shape = (2 * shape[0], shape[1]) if options.axis == time else (shape[0], 2 * shape[1])
        self.operator("CONCATENATION", [self.at, before], self.activation(self.four(self.shape), *ends), options)

    def prelu(self) -> None:
        slopes = self.rng.integers(-128, 128, (1, 1, self.shape[1])).astype(np.int8)
        zero_point, kind = int(self.rng.integers(-128, 128)), self.s.TensorType.INT8
        constant = self.tensor(slopes.shape, kind, np.float32(10 ** self.rng.uniform(-2.5, -1.5)), zero_point, slopes)
        scale = float(self.scale_of(self.at)) * 10 ** self.rng.uniform(-0.3, 0.3)
        self.operator("PRELU", [self.at, constant], self.activation(self.four(self.shape), scale), None)

    def unary(self) -> None:
        """A function of one value."""
        functions = sorted(tables.FUNCTIONS.keys() - ({"LOGISTIC", "TANH"} if self.scale_of(self.at) > 4 else set()))
        self.function(str(self.rng.choice(functions)), self.four(self.shape))

    def grow(self) -> None:
        steps = (self.conv, self.conv, self.depthwise, self.depthwise, self.pool, self.residual, self.residual)
        steps += (self.gate, self.gate, self.unary, self.unary, self.beside, self.prelu)
        steps[int(self.rng.integers(len(steps)))]()

    def reshape(self, shape: list[int]) -> None:
        options = self.s.ReshapeOptionsT()
        options.newShape = shape
        result = self.activation(shape, self.scale_of(self.at), self.zero_point_of(self.at))
        target = self.tensor([len(shape)], self.s.TensorType.INT32, [], [], np.array(shape, np.int32))
        self.operator("RESHAPE", [self.at, target], result, options)

    def transpose(self) -> bool:
        """Channels before time, now and then; whether it was done."""
        if self.view_rng.integers(2):
            return False
        height, width = (self.shape[0], 1) if self.tall else (1, self.shape[0])
        axes = self.tensor([4], self.s.TensorType.INT32, [], [], np.array([0, 3, 1, 2], np.int32))
        shape = [1, self.shape[1], height, width]
        result = self.activation(shape, self.scale_of(self.at), self.zero_point_of(self.at))
        self.operator("TRANSPOSE", [self.at, axes], result, None)
        return True

    def mean(self) -> None:
        options = self.s.ReducerOptionsT()
        options.keepDims = bool(self.rng.integers(2))
        first = self.transpose()
        axes = self.tensor([2], self.s.TensorType.INT32, [], [], np.array([2, 3] if first else [1, 2], np.int32))
        length, channels = self.shape
        kind = str(self.rng.choice(["MEAN", "MEAN", "SUM", "REDUCE_MAX"]))
        same = kind == "REDUCE_MAX" or bool(self.rng.integers(2))
        scale = self.scale_of(self.at) * (1 if same else 10 ** self.rng.uniform(-0.7, 0.3))
        if kind == "SUM":
            same, scale = False, scale * math.sqrt(length)
        shape = [1, channels, 1, 1] if first else [1, 1, 1, channels]
        shape = shape if options.keepDims else [1, channels]
        result = self.activation(shape, scale, self.zero_point_of(self.at) if same else None)
        self.operator(kind, [self.at, axes], result, options)
        self.shape = (1, channels)

    def dense(self) -> None:
        size, out = self.shape[0] * self.shape[1], int(self.rng.integers(2, 12))
        options = self.s.FullyConnectedOptionsT()
        options.fusedActivationFunction = self.random_activation()
        w, b, typical = self.weights([out, size], out, 0, size)
        result = self.activation([1, out], self.output_scale(typical))
        self.idle_channels(result, w, b, 0, options.fusedActivationFunction)
        self.operator("FULLY_CONNECTED", [self.at, w, b], result, options)
        self.shape = (1, out)

    def softmax(self) -> None:
        options = self.s.SoftmaxOptionsT()
        options.beta = float(self.rng.choice([1.0, 1.0, 0.5, 2.0]))
        shape = [int(n) for n in self.graph.tensors[self.at].shape]
        self.operator("SOFTMAX", [self.at], self.activation(shape, 1 / 256, -128), options)

    def part(self) -> None:
        """Some samples, or some channels."""
        rng, shape = self.part_rng, self.four(self.shape)
        axis = (1 if self.tall else 2) if rng.integers(2) else 3
        size = shape[axis]
        first, kind = int(rng.integers(size)), str(rng.choice(["STRIDED_SLICE", "SLICE", "SPLIT", "SPLIT_V"]))
        begins, ends, steps = [0] * 4, list(shape), [1] * 4
        if kind.startswith("SPLIT"):
            equal = [size // 2] * 2 if size % 2 == 0 else [1] * size
            self.split(axis, equal if kind == "SPLIT" or first == 0 else [first, size - first], kind)
            return
        begins[axis], ends[axis] = first, int(rng.integers(first, size)) + 1
        if kind == "SLICE":
            sizes = [end - begin for begin, end in zip(begins, ends, strict=True)]
            self.slice_of(begins, sizes, sizes)
            return
        steps[axis] = int(rng.integers(1, 4)) if axis < 3 else 1
        bounds = list(zip(begins, ends, steps, strict=True))
        self.strided_slice(bounds, [len(range(*bound)) for bound in bounds])

    def finish(self) -> None:
        ending = int(self.rng.integers(4))
        if ending == 0:
            self.part()
        if ending == 1:
            self.mean()
        elif ending == 2:
            self.transpose()
            self.reshape([1, self.shape[0] * self.shape[1]])
        if ending:
            self.dense()
            if self.rng.integers(2):
                self.dense()
            if self.rng.integers(2):
                self.softmax()


def read_dense_with_float32_product(monkeypatch: pytest.MonkeyPatch) -> None:
    """Gives FULLY_CONNECTED the rule that it once had: with one scale of weights, the product of scales is float32."""
    correct = tflite_operator.effective_scales

    def effective_scales(source: np.float32, weights: np.ndarray, result: np.float32) -> np.ndarray:
        one = np.all(weights == weights[0])
        return (source * weights).astype(np.float64) / float(result) if one else correct(source, weights, result)

    def dense(op: tflite_operator.TFLiteOperator) -> Conv:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(tflite_operator, "effective_scales", effective_scales)
            return readers.dense(op)

    conv = operators.tflite_operators()["FULLY_CONNECTED"]
    form = replace(conv.forms["FULLY_CONNECTED"], read=dense)
    wrong = replace(conv, forms={**conv.forms, "FULLY_CONNECTED": form})
    monkeypatch.setattr(operators, "OPERATORS", [wrong if op is conv else op for op in operators.OPERATORS])
