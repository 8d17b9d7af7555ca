"""The network as ONNX (opset 13): float, or int8 with QuantizeLinear and DequantizeLinear around every operator.

Input "input" is a float window (batch, channels, samples), normalised and clipped as run.json's "normalisation" says;
outputs "features" and "logits" are float (batch, size). Pads are given in full, since ONNX has no TFLite SAME.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from export.network.integers import Int8Network
from export.network.layers import FEATURES, LOGITS, AveragePool, Conv, Layer, Network
from export.network.operators import of_class

OPSET, IR_VERSION = 13, 8


def write_onnx(network: Network, int8: Int8Network | None = None) -> bytes:
    """The network as an ONNX file: in float, or with `int8`'s integers and scales.

    Raises TypeError if it holds a layer that encoders do not.
    """
    return _Writer(network, int8).finished()


class _Writer:
    def __init__(self, network: Network, int8: Int8Network | None) -> None:
        self.network, self.int8 = network, int8
        self.nodes: list[Any] = []
        self.initializers: list[Any] = []

    def finished(self) -> bytes:
        from onnx import TensorProto, checker, helper

        source = self.network.input
        value = self._requantized(source.name, source.name)
        for layer in self.network.layers:
            emit = of_class(EMITTERS, layer, "model.onnx is written of")
            value = self._requantized(layer.name, emit(self, layer, value))
            if layer.name in (FEATURES, LOGITS):
                self._node("Flatten", [value], layer.name, axis=1)

        def info(name: str, *shape: int) -> Any:
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])

        inputs = [info(source.name, source.channels, source.length)]
        outputs = [info(name, self.network.tensors[name].channels) for name in (FEATURES, LOGITS)]
        graph = helper.make_graph(self.nodes, "scl-wearable", inputs, outputs, self.initializers)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="scl-wearable")
        checker.check_model(model, full_check=True)
        return bytes(model.SerializeToString())

    def conv(self, layer: Conv, value: str) -> str:
        """Adds a Conv, and a Relu if one is fused; returns the result's name."""
        out = self._node("Conv", [value, *self._constants(layer)], f"{layer.name}/sum", **_window(layer))
        return self._node("Relu", [out], f"{layer.name}/relu") if layer.relu else out

    def average_pool(self, layer: AveragePool, value: str) -> str:
        """Adds an AveragePool; returns the result's name."""
        return self._node("AveragePool", [value], f"{layer.name}/sum", count_include_pad=0, **_window(layer))

    def _constants(self, layer: Conv) -> list[str]:
        weights, bias = f"{layer.name}/weights", f"{layer.name}/bias"
        if self.int8 is None:
            return [self._constant(weights, layer.weights.transpose(0, 2, 1)), self._constant(bias, layer.bias)]
        conv = self.int8.convs[layer.name]
        return [
            self._dequantized_constant(weights, conv.weights.transpose(0, 2, 1), conv.weight_scales),
            self._dequantized_constant(bias, conv.bias, conv.bias_scales),
        ]

    def _requantized(self, tensor: str, value: str) -> str:
        """Passes a float value through int8 with the tensor's scale and zero point."""
        if self.int8 is None:
            return value
        affine = self.int8.activations[tensor]
        scale = self._constant(f"{tensor}/scale", np.array(affine.scale, np.float32))
        zero_point = self._constant(f"{tensor}/zero_point", np.array(affine.zero_point, np.int8))
        integer = self._node("QuantizeLinear", [value, scale, zero_point], f"{tensor}/int8")
        return self._node("DequantizeLinear", [integer, scale, zero_point], f"{tensor}/float")

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


EMITTERS: dict[type[Layer], Callable[[_Writer, Any, str], str]] = {
    Conv: _Writer.conv,
    AveragePool: _Writer.average_pool,
}
