"""The int8 network as a .tflite file, written with the format's own schema: CONV_2D and AVERAGE_POOL_2D of height 1.

Pooling, latent and head as pooling and 1x1 convolutions (not MEAN and FULLY_CONNECTED) leave no rounding rule in which
TFLite Micro and LiteRT's reference kernels differ. Tensors are (1, 1, length, channels); outputs are found by name.
"""

import numpy as np

from export.network.layers import FEATURES, LOGITS, AveragePool, Conv, Layer
from export.network.quantization import Int8Network
from export.network.tflite_file import operator_code, output_names, read_operators, schema, tensor_indices

ALLOWED_OPERATORS = {"CONV_2D", "AVERAGE_POOL_2D", "RESHAPE"}
FILE_IDENTIFIER = b"TFL3"
SCHEMA_VERSION = 3


def write_tflite(network: Int8Network) -> bytes:
    """The network as a TFLite flatbuffer with outputs "features" and "logits".

    Raises AssertionError if the file, read back, holds other operators or names.
    """
    import flatbuffers

    writer = _Writer()
    writer.add_input(network)
    for layer in network.network.layers:
        writer.add_layer(network, layer)
    builder = flatbuffers.Builder(1024)
    builder.Finish(writer.finished(network).Pack(builder), FILE_IDENTIFIER)
    data = bytes(builder.Output())
    _assert_readable(data, network)
    return data


def _assert_readable(data: bytes, network: Int8Network) -> None:
    operators = set(read_operators(data))
    assert operators <= ALLOWED_OPERATORS, f"model.tflite holds {sorted(operators - ALLOWED_OPERATORS)}"
    assert output_names(data) == [FEATURES, LOGITS], f"model.tflite has outputs {output_names(data)}"
    assert set(tensor_indices(data)) >= set(network.network.tensors), "model.tflite lacks tensors"


class _Writer:
    """Collects tensors, buffers and operators of one subgraph."""

    def __init__(self) -> None:
        self.schema = schema()
        self.model, self.graph = self.schema.ModelT(), self.schema.SubGraphT()
        self.model.version, self.model.subgraphs = SCHEMA_VERSION, [self.graph]
        self.model.description = "scl-wearable"
        self.model.buffers = [self.schema.BufferT()]  # the first one is empty by convention
        self.model.operatorCodes = []
        self.graph.tensors, self.graph.operators = [], []
        self.index: dict[str, int] = {}

    def add_input(self, network: Int8Network) -> None:
        self._add_activation(network, network.network.input)

    def add_layer(self, network: Int8Network, layer: Layer) -> None:
        schema, op = self.schema, self.schema.OperatorT()
        op.inputs = [self.index[layer.source.name]]
        if isinstance(layer, Conv):
            op.opcodeIndex = self._operator_code(schema.BuiltinOperator.CONV_2D)
            op.inputs += self._add_constants(network, layer)
            op.builtinOptionsType, options = schema.BuiltinOptions.Conv2DOptions, schema.Conv2DOptionsT()
            options.dilationHFactor = options.dilationWFactor = 1
            relu = layer.relu
        elif isinstance(layer, AveragePool):
            op.opcodeIndex = self._operator_code(schema.BuiltinOperator.AVERAGE_POOL_2D)
            op.builtinOptionsType, options = schema.BuiltinOptions.Pool2DOptions, schema.Pool2DOptionsT()
            options.filterHeight, options.filterWidth = 1, layer.kernel
            relu = False
        else:
            raise TypeError(f"{layer.name} is a {type(layer).__name__}, which no encoder holds")
        options.strideH, options.strideW = 1, layer.stride
        options.padding = schema.Padding.SAME if layer.same else schema.Padding.VALID
        activation = schema.ActivationFunctionType
        options.fusedActivationFunction = activation.RELU if relu else activation.NONE
        op.builtinOptions = options
        op.outputs = [self._add_activation(network, layer.result)]
        self.graph.operators.append(op)

    def finished(self, network: Int8Network):
        self.graph.inputs = [self.index[network.network.input.name]]
        self.graph.outputs = [self.index[FEATURES], self.index[LOGITS]]
        return self.model

    def _add_activation(self, network: Int8Network, tensor) -> int:
        affine = network.activations[tensor.name]
        shape = [1, 1, tensor.length, tensor.channels]
        return self._add_tensor(tensor.name, shape, "INT8", [affine.scale], [affine.zero_point])

    def _add_constants(self, network: Int8Network, layer: Conv) -> list[int]:
        conv = network.convs[layer.name]
        out, kernel, channels = conv.weights.shape
        zeros = [0] * out
        weights = f"{layer.name}/weights", [out, 1, kernel, channels], "INT8", conv.weight_scales, zeros, conv.weights
        bias = f"{layer.name}/bias", [out], "INT32", conv.bias_scales, zeros, conv.bias
        return [self._add_tensor(*weights), self._add_tensor(*bias)]

    def _add_tensor(self, name, shape, kind, scales, zero_points, data: np.ndarray | None = None) -> int:
        tensor, buffer = self.schema.TensorT(), self.schema.BufferT()
        tensor.name, tensor.shape, tensor.type = name, shape, getattr(self.schema.TensorType, kind)
        tensor.quantization = self.schema.QuantizationParametersT()
        tensor.quantization.scale = [float(scale) for scale in scales]
        tensor.quantization.zeroPoint = zero_points
        tensor.buffer = len(self.model.buffers)
        if data is not None:
            buffer.data = np.frombuffer(data.astype(data.dtype.newbyteorder("<")).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        self.index[name] = len(self.graph.tensors) - 1
        return self.index[name]

    def _operator_code(self, code: int) -> int:
        for index, entry in enumerate(self.model.operatorCodes):
            if operator_code(entry) == code:
                return index
        entry = self.schema.OperatorCodeT()
        entry.builtinCode = entry.deprecatedBuiltinCode = code
        entry.version = 3 if code == self.schema.BuiltinOperator.CONV_2D else 2  # the versions that know int8
        self.model.operatorCodes.append(entry)
        return len(self.model.operatorCodes) - 1
