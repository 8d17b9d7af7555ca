"""The network as ONNX (opset 13): float, or int8 with QuantizeLinear and DequantizeLinear around every operator.

Input "input" is a float window (batch, channels, samples), normalised and clipped as run.json's "normalisation" says;
the network's outputs, of encoders "features" and "logits", are float (batch, size), sample by sample. Pads are given in
full, since ONNX has no TFLite SAME.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from export.network.curves import VALUE, Curve
from export.network.integers import Int8Network
from export.network.layers import (
    AveragePool,
    Concat,
    Conv,
    Depthwise,
    Layer,
    MaxPool,
    Mean,
    Network,
    Sum,
    Tensor,
    Weighted,
)
from export.network.operators import of_class
from export.network.pointwise import Add, Elementwise, Maximum, Minimum, Multiply, PRelu, Softmax, Subtract, Table
from export.network.slices import Slice
from export.network.tables import curve_of

OPSET, IR_VERSION = 13, 8
JOINTS: dict[type[Layer], str] = {
    Add: "Add",
    Subtract: "Sub",
    Multiply: "Mul",
    Maximum: "Max",
    Minimum: "Min",
    PRelu: "PRelu",
}


def write_onnx(network: Network, int8: Int8Network | None = None) -> bytes:
    """The network as an ONNX file: in float, or with `int8`'s integers and scales.

    Raises TypeError if it holds a layer that is not written.
    """
    return _Writer(network, int8).finished()


class _Writer:
    def __init__(self, network: Network, int8: Int8Network | None) -> None:
        self.network, self.int8 = network, int8
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []
        self.values: dict[str, str] = {}  # name of the float value (batch, channels, length) of each tensor

    def finished(self) -> bytes:
        from onnx import TensorProto, checker, helper

        source = self.network.input
        self.values[source.name] = self._requantized(source.name, source.name)
        for layer in self.network.layers:
            emit = of_class(EMITTERS, layer, "model.onnx is written of")
            value = emit(self, layer, *(self._shaped(layer, source) for source in layer.sources))
            value = self._activated(layer, value)
            self.values[layer.name] = value = self._requantized(layer.name, value)
            if layer.name in self.network.outputs:
                self._node("Flatten", [self._time_major(layer.name, value, layer.result)], layer.name, axis=1)

        def info(name: str, *shape: int) -> Any:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])

        inputs = [info(source.name, source.channels, source.length)]
        outputs = [info(name, self.network.tensors[name].size) for name in self.network.outputs]
        graph = helper.make_graph(self.nodes, "scl-wearable", inputs, outputs, self.initializers)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="scl-wearable")
        checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())

    def conv(self, layer: Conv, value: str) -> str:
        """Adds a Conv; returns the result's name, as all these do."""
        constants = self._constants(layer, lambda weights: weights.transpose(0, 2, 1))
        return self._node("Conv", [value, *constants], f"{layer.name}/sum", **_window(layer), **_dilation(layer))

    def depthwise(self, layer: Depthwise, value: str) -> str:
        """Adds a Conv with a group for each channel of its input."""
        constants = self._constants(layer, lambda weights: weights.T[:, None])
        window = _window(layer) | _dilation(layer)
        return self._node("Conv", [value, *constants], f"{layer.name}/sum", group=layer.source.channels, **window)

    def average_pool(self, layer: AveragePool, value: str) -> str:
        return self._node("AveragePool", [value], f"{layer.name}/sum", count_include_pad=0, **_window(layer))

    def max_pool(self, layer: MaxPool, value: str) -> str:
        return self._node("MaxPool", [value], f"{layer.name}/largest", **_window(layer))

    def mean(self, layer: Mean, value: str) -> str:
        return self._node("ReduceMean", [value], f"{layer.name}/mean", axes=[2], keepdims=1)

    def sum(self, layer: Sum, value: str) -> str:
        axes = self._constant(f"{layer.name}/axes", np.array([2]))
        return self._node("ReduceSum", [value, axes], f"{layer.name}/sum", keepdims=1)

    def concat(self, layer: Concat, *values: str) -> str:
        return self._node("Concat", list(values), f"{layer.name}/joined", axis=2 if layer.along_time else 1)

    def slice(self, layer: Slice, value: str) -> str:
        ends = (layer.start + (layer.length - 1) * layer.stride + 1, layer.first + layer.channels)
        bounds = {"starts": (layer.start, layer.first), "ends": ends, "axes": (2, 1), "steps": (layer.stride, 1)}
        names = [self._constant(f"{layer.name}/{name}", np.array(values)) for name, values in bounds.items()]
        return self._node("Slice", [value, *names], f"{layer.name}/part")

    def elementwise(self, layer: Elementwise, first: str, *second: str) -> str:
        """Adds the node of the layer's class; a constant is (channels, length)."""
        seconds = second or (self._constant_second(layer),)
        return self._node(JOINTS[type(layer)], [first, *seconds], f"{layer.name}/joined")

    def _constant_second(self, layer: Elementwise) -> str:
        assert layer.values is not None
        name, shape = f"{layer.name}/constant", (layer.second.length, layer.channels)
        if self.int8 is None:
            return self._constant(name, layer.values.reshape(shape).T)
        integers = self.int8.rescales[layer.name].constants.reshape(shape).T
        return self._dequantized(self._constant(name, integers), layer.second.name, name)

    def softmax(self, layer: Softmax, value: str) -> str:
        return self._node("Softmax", [value], f"{layer.name}/shares", axis=1)

    def table(self, layer: Table, value: str) -> str:
        """Adds the function's nodes. Raises TypeError if a file has its entries alone."""
        curve = curve_of(layer)
        if curve is None:
            raise TypeError(f"layer {layer.name} is known by its entries; model.onnx is written of functions")
        return self._curve(curve, value, f"{layer.name}/value")

    def _curve(self, curve: Curve, value: str, name: str) -> str:
        operands = [value] if curve == VALUE else []
        for place, operand in enumerate(curve.operands):
            inside = f"{name}/{place}"
            if operand == VALUE:
                operands.append(value)
            elif isinstance(operand, Curve):
                operands.append(self._curve(operand, value, inside))
            else:
                operands.append(self._constant(inside, np.array(operand, np.float32)))
        return self._node(curve.kind, operands, name, **curve.attributes)

    def _activated(self, layer: Layer, value: str) -> str:
        """The value behind a fused activation."""
        if not layer.relu:
            return value
        if layer.ceiling < np.inf:
            return self._clipped(layer, value, layer.ceiling)
        return self._node("Relu", [value], f"{layer.name}/relu")

    def _clipped(self, layer: Layer, value: str, ceiling: float) -> str:
        ends = [
            self._constant(f"{layer.name}/{name}", np.array(end, np.float32))
            for name, end in (("floor", 0), ("ceiling", ceiling))
        ]
        return self._node("Clip", [value, *ends], f"{layer.name}/clipped")

    def _shaped(self, layer: Layer, source: Tensor) -> str:
        """The value that a layer reads, in the shape in which it takes it."""
        written = self.network.tensors[source.name]
        if source == written:
            return self.values[source.name]
        name = f"{layer.name}/{source.name}"
        value = self._time_major(name, self.values[source.name], written)
        shape = self._constant(f"{name}/shape", np.array([-1, source.length, source.channels]))
        value = self._node("Reshape", [value, shape], f"{name}/shaped")
        return self._node("Transpose", [value], f"{name}/channels_first", perm=[0, 2, 1])

    def _time_major(self, name: str, value: str, tensor: Tensor) -> str:
        """The value as (batch, length, channels), or what flattens to the same."""
        if tensor.length == 1:
            return value
        return self._node("Transpose", [value], f"{name}/time_major", perm=[0, 2, 1])

    def _constants(self, layer: Weighted, arranged: Callable[[np.ndarray], np.ndarray]) -> list[str]:
        """Weights, brought into ONNX's order (out, in, kernel), and bias."""
        weights, bias = f"{layer.name}/weights", f"{layer.name}/bias"
        if self.int8 is None:
            return [self._constant(weights, arranged(layer.weights)), self._constant(bias, layer.bias)]
        conv = self.int8.convs[layer.name]
        return [
            self._dequantized_constant(weights, arranged(conv.weights), conv.weight_scales),
            self._dequantized_constant(bias, conv.bias, conv.bias_scales),
        ]

    def _requantized(self, tensor: str, value: str) -> str:
        """Passes a float value through int8 with the tensor's scale and zero point."""
        if self.int8 is None:
            return value
        integer = self._node("QuantizeLinear", [value, *self._affine(tensor)], f"{tensor}/int8")
        return self._dequantized(integer, tensor, tensor)

    def _affine(self, tensor: str) -> list[str]:
        """Scale and zero point of a tensor, as constants."""
        assert self.int8 is not None
        affine, names = self.int8.activations[tensor], [f"{tensor}/scale", f"{tensor}/zero_point"]
        if names[0] not in {constant.name for constant in self.initializers}:
            self._constant(names[0], np.array(affine.scale, np.float32))
            self._constant(names[1], np.array(affine.zero_point, np.int8))
        return names

    def _dequantized(self, integer: str, tensor: str, name: str) -> str:
        """An int8 value with a tensor's scale and zero point as a float one."""
        return self._node("DequantizeLinear", [integer, *self._affine(tensor)], f"{name}/float")

    def _dequantized_constant(self, name: str, integers: np.ndarray, scales: np.ndarray) -> str:
        inputs = [
            self._constant(name, integers),
            self._constant(f"{name}/scale", scales),
            self._constant(f"{name}/zero_point", np.zeros(len(scales), integers.dtype)),
        ]
        return self._node("DequantizeLinear", inputs, f"{name}/float", axis=0)

    def _constant(self, name: str, values: np.ndarray) -> str:
        from onnx import numpy_helper

        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(values).reshape(values.shape), name))
        return name

    def _node(self, kind: str, inputs: list[str], output: str, **attributes: Any) -> str:
        from onnx import helper

        self.nodes.append(helper.make_node(kind, inputs, [output], output, **attributes))
        return output


def _window(layer: Layer) -> dict[str, list[int]]:
    return {"kernel_shape": [layer.kernel], "strides": [layer.stride], "pads": list(layer.pads)}


def _dilation(layer: Layer) -> dict[str, list[int]]:
    return {"dilations": [layer.dilation]} if layer.dilation > 1 else {}


EMITTERS: dict[type[Layer], Callable[..., str]] = {
    Conv: _Writer.conv,
    Depthwise: _Writer.depthwise,
    AveragePool: _Writer.average_pool,
    MaxPool: _Writer.max_pool,
    Mean: _Writer.mean,
    Sum: _Writer.sum,
    Concat: _Writer.concat,
    Slice: _Writer.slice,
    **dict.fromkeys(JOINTS, _Writer.elementwise),
    Softmax: _Writer.softmax,
    Table: _Writer.table,
}
