"""The int8 network as a .tflite file, written with the format's own schema: operators of height 1.

Pooling, latent and head of encoders trained here as pooling and 1x1 convolutions (not MEAN and FULLY_CONNECTED) leave
no rounding rule in which TFLite Micro and LiteRT's reference kernels differ. Tensors are (1, 1, length, channels);
outputs are found by name.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from export.network.from_file import supported
from export.network.integers import Int8Network
from export.network.layers import Layer, Tensor
from export.network.operators import of_class
from export.network.tflite_file import output_names, read_operators, tensor_indices
from export.network.tflite_schema import SCHEMA_VERSION, schema
from export.proof.gates import ExportError
from export.writers.tflite_layers import EMITTERS

FILE_IDENTIFIER = b"TFL3"


def write_tflite(network: Int8Network) -> bytes:
    """The network as a TFLite flatbuffer with the network's outputs.

    Raises:
        TypeError: it holds a layer that is not written.
        ExportError: the file, read back, holds other operators or names.
    """
    import flatbuffers

    writer = TFLiteWriter(network)
    for layer in network.network.layers:
        writer.add_layer(layer)
    builder = flatbuffers.Builder(1024)
    builder.Finish(writer.finished().Pack(builder), FILE_IDENTIFIER)
    data = bytes(builder.Output())
    _require_readable(data, network)
    return data


def _require_readable(data: bytes, network: Int8Network) -> None:
    others, outputs = set(read_operators(data)) - set(supported()), list(network.network.outputs)
    if others:
        raise ExportError(
            f"model.tflite holds {sorted(others)}, expected no others than {supported()}; please report it"
        )
    if output_names(data) != outputs:
        raise ExportError(f"model.tflite has the outputs {output_names(data)}, expected {outputs}; please report it")
    lacking = set(network.network.tensors) - set(tensor_indices(data))
    if lacking:
        raise ExportError(f"model.tflite lacks the tensors {sorted(lacking)}; please report it")


class TFLiteWriter:
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
        self._add_activation(network.network.input.name, network.network.input)

    def add_layer(self, layer: Layer) -> None:
        emit = of_class(EMITTERS, layer, "model.tflite is written of")
        op = self.schema.OperatorT()
        op.inputs = [self._shaped(layer, source) for source in layer.sources]
        if layer.padding != (0, 0):
            op.inputs[0] = self._padded(layer, op.inputs[0])
        emit(self, op, layer)
        op.outputs = [self._add_activation(layer.name, layer.result)]
        self.graph.operators.append(op)

    def describe(self, op: Any, code: str, options: str, version: int) -> None:
        """Gives an operator its code, in the version that knows int8, and empty options if it has any."""
        op.opcodeIndex = self._operator_code(getattr(self.schema.BuiltinOperator, code), version)
        if not options:
            return
        op.builtinOptionsType = getattr(self.schema.BuiltinOptions, options)
        op.builtinOptions = getattr(self.schema, f"{options}T")()

    def finished(self) -> Any:
        network = self.network.network
        self.graph.inputs = [self.index[network.input.name]]
        self.graph.outputs = [self.index[name] for name in network.outputs]
        return self.model

    def _shaped(self, layer: Layer, source: Tensor) -> int:
        """The tensor that a layer reads, by a RESHAPE if the layer takes it in another shape than it was written in."""
        if source == self.network.network.tensors[source.name]:
            return self.index[source.name]
        op, shape = self.schema.OperatorT(), np.array(_shape(source), np.int32)
        name = f"{layer.name}/{source.name}"
        target = self.add_tensor(f"{name}/shape", shape.shape, "INT32", [], [], shape)
        self.describe(op, "RESHAPE", "ReshapeOptions", version=1)
        op.inputs, op.builtinOptions.newShape = [self.index[source.name], target], shape.tolist()
        op.outputs = [self._add_activation(name, source)]
        self.graph.operators.append(op)
        return self.index[name]

    def _padded(self, layer: Layer, source: int) -> int:
        """That tensor with the layer's own zeros around it, by a PAD."""
        op, name, (before, after) = self.schema.OperatorT(), f"{layer.name}/padded", layer.padding
        rows = np.array([[0, 0], [0, 0], [before, after], [0, 0]], np.int32)
        self.describe(op, "PAD", "PadOptions", version=2)
        op.inputs = [source, self.add_tensor(f"{layer.name}/zeros", rows.shape, "INT32", [], [], rows)]
        op.outputs = [self._add_activation(name, replace(layer.source, length=layer.source.length + before + after))]
        self.graph.operators.append(op)
        return self.index[name]

    def _add_activation(self, name: str, tensor: Tensor) -> int:
        affine = self.network.activations[tensor.name]
        return self.add_tensor(name, _shape(tensor), "INT8", [affine.scale], [affine.zero_point])

    def add_tensor(
        self,
        name: str,
        shape: Sequence[int],
        kind: str,
        scales: Iterable[np.float32],
        zero_points: list[int],
        data: np.ndarray | None = None,
        axis: int = 0,
    ) -> int:
        """Adds a tensor, with what it holds if it is a constant; `axis` is that of its scales. Returns its index."""
        tensor, buffer = self.schema.TensorT(), self.schema.BufferT()
        tensor.name, tensor.shape, tensor.type = name, list(shape), getattr(self.schema.TensorType, kind)
        tensor.quantization = self.schema.QuantizationParametersT()
        tensor.quantization.scale = [float(scale) for scale in scales]
        tensor.quantization.zeroPoint = zero_points
        tensor.quantization.quantizedDimension = axis
        tensor.buffer = len(self.model.buffers)
        if data is not None:
            buffer.data = np.frombuffer(data.astype(data.dtype.newbyteorder("<")).tobytes(), np.uint8)
        self.model.buffers.append(buffer)
        self.graph.tensors.append(tensor)
        self.index[name] = len(self.graph.tensors) - 1
        return self.index[name]

    def _operator_code(self, code: int, version: int) -> int:
        for index, entry in enumerate(self.model.operatorCodes):
            if entry.builtinCode == code:
                return index
        entry = self.schema.OperatorCodeT()
        entry.builtinCode = entry.deprecatedBuiltinCode = code
        entry.version = version
        self.model.operatorCodes.append(entry)
        return len(self.model.operatorCodes) - 1


def _shape(tensor: Tensor) -> list[int]:
    return [1, 1, tensor.length, tensor.channels]
