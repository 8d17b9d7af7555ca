"""The network as ONNX (opset 13): float, or int8 with QuantizeLinear and DequantizeLinear around every operator.

Input "input" is a float window (batch, channels, samples), normalised and clipped as run.json's "normalisation" says;
outputs "features" and "logits" are float (batch, size). Pads are given in full, since ONNX has no TFLite SAME.
"""

from typing import Any

import numpy as np

from export.network.layers import FEATURES, LOGITS, AveragePool, Conv, Layer, Network
from export.network.quantization import Int8Network

OPSET, IR_VERSION = 13, 8


def write_onnx(network: Network, int8: Int8Network | None = None) -> bytes:
    """The network as an ONNX file: in float, or with `int8`'s integers and scales."""
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
            value = self._requantized(layer.name, self._layer(layer, value))
            if layer.name in (FEATURES, LOGITS):
                self._node("Flatten", [value], layer.name, axis=1)

        def info(name: str, *shape: int):
            return helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape])

        inputs = [info(source.name, source.channels, source.length)]
        outputs = [info(name, self.network.tensors[name].channels) for name in (FEATURES, LOGITS)]
        graph = helper.make_graph(self.nodes, "scl-wearable", inputs, outputs, self.initializers)
        opset = helper.make_opsetid("", OPSET)
        model = helper.make_model(graph, opset_imports=[opset], ir_version=IR_VERSION, producer_name="scl-wearable")
        checker.check_model(model, full_check=True)
        return model.SerializeToString()

    def _layer(self, layer: Layer, value: str) -> str:
        window = {"kernel_shape": [layer.kernel], "strides": [layer.stride], "pads": list(layer.pads)}
        out = f"{layer.name}/sum"
        if isinstance(layer, AveragePool):
            return self._node("AveragePool", [value], out, count_include_pad=0, **window)
        if not isinstance(layer, Conv):
            raise TypeError(f"{layer.name} is a {type(layer).__name__}, which no encoder holds")
        out = self._node("Conv", [value, *self._constants(layer)], out, **window)
        return self._node("Relu", [out], f"{layer.name}/relu") if layer.relu else out

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
