"""One operator of a .tflite file as a file of its own, so that its inputs can be chosen freely."""

import copy
from collections.abc import Mapping
from typing import Any

import numpy as np

from export.network.layers import Layer
from export.network.tflite_schema import schema
from export.proof.runtimes import interpreter


class CutOperator:
    """TFLite Micro on one operator, with the file's own constants, scales and options.

    Args:
        data: the file that holds it.
        operator: its index there.
        layer: what `export.network.from_file` made of it.
    """

    def __init__(self, data: bytes, operator: int, layer: Layer) -> None:
        model = schema().ModelT.InitFromObj(schema().Model.GetRootAsModel(data, 0))
        graph = model.subgraphs[0]
        op = graph.operators[operator]
        # The operator's activations stand first among its inputs, in the order of the layer's sources.
        activations = op.inputs[: len(layer.sources)]
        self.sources = {int(index): source.name for index, source in zip(activations, layer.sources, strict=True)}
        self.shapes = [[int(n) for n in graph.tensors[index].shape] for index in self.sources]
        self.interpreter = interpreter(_cut(model, op, list(self.sources)))

    def run(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Sources int8 (size,) by name -> the result int8 (size,)."""
        for index, (name, shape) in enumerate(zip(self.sources.values(), self.shapes, strict=True)):
            self.interpreter.set_input(values[name].reshape(shape), index)
        self.interpreter.invoke()
        result: np.ndarray = self.interpreter.get_output(0).ravel()
        return result


def _cut(model: Any, op: Any, inputs: list[int]) -> bytes:
    """The file of one operator that reads `inputs`, by their index in the model."""
    import flatbuffers

    alone, graph = schema().ModelT(), schema().SubGraphT()
    alone.version, alone.subgraphs, alone.buffers = model.version, [graph], [schema().BufferT()]
    alone.operatorCodes = [model.operatorCodes[op.opcodeIndex]]
    graph.tensors, places = [], {-1: -1}
    for index in dict.fromkeys([*op.inputs, *op.outputs]):
        if index < 0:
            continue
        tensor = copy.copy(model.subgraphs[0].tensors[index])
        contents = model.buffers[tensor.buffer]
        tensor.buffer = 0
        if contents.data is not None and len(contents.data):
            tensor.buffer = len(alone.buffers)
            alone.buffers.append(contents)
        places[index] = len(graph.tensors)
        graph.tensors.append(tensor)
    moved = copy.copy(op)
    moved.opcodeIndex = 0
    moved.inputs, moved.outputs = [places[index] for index in op.inputs], [places[index] for index in op.outputs]
    graph.operators, graph.inputs, graph.outputs = [moved], [places[index] for index in inputs], moved.outputs
    builder = flatbuffers.Builder(1024)
    builder.Finish(alone.Pack(builder), b"TFL3")
    return bytes(builder.Output())
