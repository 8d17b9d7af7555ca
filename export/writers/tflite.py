"""The int8 network as a .tflite file, written with the format's own schema: CONV_2D and AVERAGE_POOL_2D of height 1.

Pooling, latent and head as pooling and 1x1 convolutions (not MEAN and FULLY_CONNECTED) leave no rounding rule in which
TFLite Micro and LiteRT's reference kernels differ. Tensors are (1, 1, length, channels); outputs are found by name.
"""

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from export.network.integers import Int8Network
from export.network.layers import FEATURES, LOGITS, AveragePool, Conv, Layer, Tensor
from export.network.operators import of_class
from export.network.tflite_file import output_names, read_operators, tensor_indices
from export.network.tflite_schema import SCHEMA_VERSION, schema
from export.proof.gates import ExportError

ALLOWED_OPERATORS = {"CONV_2D", "AVERAGE_POOL_2D", "RESHAPE"}
FILE_IDENTIFIER = b"TFL3"


def write_tflite(network: Int8Network) -> bytes:
    """The network as a TFLite flatbuffer with outputs "features" and "logits".

    Raises:
        TypeError: it holds a layer that encoders do not.
        ExportError: the file, read back, holds other operators or names.
    """
    import flatbuffers

    writer = _Writer(network)
    for layer in network.network.layers:
        writer.add_layer(layer)
    builder = flatbuffers.Builder(1024)
    builder.Finish(writer.finished().Pack(builder), FILE_IDENTIFIER)
    data = bytes(builder.Output())
    _require_readable(data, network)
    return data


def _require_readable(data: bytes, network: Int8Network) -> None:
    others = set(read_operators(data)) - ALLOWED_OPERATORS
    if others:
        raise ExportError(
            f"model.tflite holds {sorted(others)}, expected no others than {sorted(ALLOWED_OPERATORS)}; "
            "please report it"
        )
    if output_names(data) != [FEATURES, LOGITS]:
        raise ExportError(
            f"model.tflite has the outputs {output_names(data)}, expected {[FEATURES, LOGITS]}; please report it"
        )
    lacking = set(network.network.tensors) - set(tensor_indices(data))
    if lacking:
        raise ExportError(f"model.tflite lacks the tensors {sorted(lacking)}; please report it")


class _Writer:
    """Collects tensors, buffers and operators of one subgraph."""

    def __init__(self, network: Int8Network) -> None:
        self.network = network
        self.schema = schema()
        self.model, self.graph = self.schema.ModelT(), self.schema.SubGraphT()
        self.model.version, self.model.subgraphs = SCHEMA_VERSION, [self.graph]
        self.model.description = "scl-wearable"
        self.model.buffers = [self.schema.BufferT()]  # the first one is empty by convention
        self.model.operatorCodes = []
        self.graph.tensors, self.graph.operators = [], []
        self.index: dict[str, int] = {}
        self._add_activation(network.network.input)

    def add_layer(self, layer: Layer) -> None:
        emit = of_class(EMITTERS, layer, "model.tflite is written of")
        schema, op = self.schema, self.schema.OperatorT()
        op.inputs = [self.index[layer.source.name]]
        emit(self, op, layer)
        options, activation = op.builtinOptions, schema.ActivationFunctionType
        options.strideH, options.strideW = 1, layer.stride
        options.padding = schema.Padding.SAME if layer.same else schema.Padding.VALID
        options.fusedActivationFunction = activation.RELU if layer.relu else activation.NONE
        op.outputs = [self._add_activation(layer.result)]
        self.graph.operators.append(op)

    def conv(self, op: Any, layer: Conv) -> None:
        """The code, constants and options of a CONV_2D of height 1."""
        schema, conv = self.schema, self.network.convs[layer.name]
        op.opcodeIndex = self._operator_code(schema.BuiltinOperator.CONV_2D)
        out, kernel, channels = conv.weights.shape
        zeros = [0] * out
        weights = f"{layer.name}/weights", [out, 1, kernel, channels], "INT8", conv.weight_scales, zeros, conv.weights
        bias = f"{layer.name}/bias", [out], "INT32", conv.bias_scales, zeros, conv.bias
        op.inputs += [self._add_tensor(*weights), self._add_tensor(*bias)]
        op.builtinOptionsType, op.builtinOptions = schema.BuiltinOptions.Conv2DOptions, schema.Conv2DOptionsT()
        op.builtinOptions.dilationHFactor = op.builtinOptions.dilationWFactor = 1

    def average_pool(self, op: Any, layer: AveragePool) -> None:
        """The code and options of an AVERAGE_POOL_2D of height 1."""
        schema = self.schema
        op.opcodeIndex = self._operator_code(schema.BuiltinOperator.AVERAGE_POOL_2D)
        op.builtinOptionsType, op.builtinOptions = schema.BuiltinOptions.Pool2DOptions, schema.Pool2DOptionsT()
        op.builtinOptions.filterHeight, op.builtinOptions.filterWidth = 1, layer.kernel

    def finished(self) -> Any:
        self.graph.inputs = [self.index[self.network.network.input.name]]
        self.graph.outputs = [self.index[FEATURES], self.index[LOGITS]]
        return self.model

    def _add_activation(self, tensor: Tensor) -> int:
        affine = self.network.activations[tensor.name]
        shape = [1, 1, tensor.length, tensor.channels]
        return self._add_tensor(tensor.name, shape, "INT8", [affine.scale], [affine.zero_point])

    def _add_tensor(
        self,
        name: str,
        shape: list[int],
        kind: str,
        scales: Iterable[np.float32],
        zero_points: list[int],
        data: np.ndarray | None = None,
    ) -> int:
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
            if entry.builtinCode == code:
                return index
        entry = self.schema.OperatorCodeT()
        entry.builtinCode = entry.deprecatedBuiltinCode = code
        entry.version = 3 if code == self.schema.BuiltinOperator.CONV_2D else 2  # the versions that know int8
        self.model.operatorCodes.append(entry)
        return len(self.model.operatorCodes) - 1


EMITTERS: dict[type[Layer], Callable[[_Writer, Any, Any], None]] = {
    Conv: _Writer.conv,
    AveragePool: _Writer.average_pool,
}
