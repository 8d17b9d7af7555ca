"""Parts of a .tflite file as files of their own: one layer, so that its inputs can be chosen freely, and the network
between its int8 ends.
"""

import copy
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from export.network.ends import OUTSIDE
from export.network.from_file import Foreign
from export.network.layers import Layer
from export.network.tflite_reader import read_file
from export.network.tflite_schema import packed, schema
from export.proof.runtimes import interpreter


class CutOperator:
    """TFLite Micro on the operators that are one layer, with the file's own constants, scales and options.

    Args:
        data: the file that holds them.
        read: what `export.network.from_file` made of it.
        layer: one of its layers.
    """

    def __init__(self, data: bytes, read: Foreign, layer: Layer) -> None:
        model, origin = _model(data, read), read.origins[layer.name]
        self.read, self.name = read, layer.name
        self.sources = dict(zip(origin.reads, (source.name for source in layer.sources), strict=True))
        graph = model.subgraphs[0]
        self.shapes = [[int(n) for n in graph.tensors[index].shape] for index in self.sources]
        operators = [graph.operators[index] for index in origin.operators]
        self.interpreter = interpreter(_cut(model, operators, list(self.sources), [read.tensors[layer.name]]))

    def run(self, values: Mapping[str, np.ndarray]) -> np.ndarray:
        """Sources int8 (size,) by name -> the result int8 (size,)."""
        for place, ((index, name), shape) in enumerate(zip(self.sources.items(), self.shapes, strict=True)):
            self.interpreter.set_input(self.read.to_file(index, values[name]).reshape(shape), place)
        self.interpreter.invoke()
        return self.read.to_network(self.name, self.interpreter.get_output(0))


def between_int8(data: bytes, read: Foreign) -> bytes:
    """The file from the int8 tensor that its input becomes to those that its outputs are made of; the same bytes if
    these are its ends. Tensors keep their indices; what was computed of shapes is constant.
    """
    file, source = read_file(data), read.tensors["input"]
    if file.inputs == (source,) and file.outputs == read.ends:
        return data
    model = _model(data, read)
    (graph,) = model.subgraphs
    outside = {index for index, tensor in enumerate(file.tensors) if tensor.contents is None and tensor.kind in OUTSIDE}
    graph.operators = [
        op
        for op, known in zip(graph.operators, file.operators, strict=True)
        if outside.isdisjoint((*known.inputs, *known.outputs)) and not set(known.outputs) <= set(read.values)
    ]
    graph.inputs, graph.outputs, model.signatureDefs = [source], list(read.ends), None
    return packed(model)


def _model(data: bytes, read: Foreign) -> Any:
    """The file's objects; what was computed of shapes is constant."""
    model = schema().ModelT.InitFromObj(schema().Model.GetRootAsModel(data, 0))
    for index, values in read.values.items():
        model.subgraphs[0].tensors[index].buffer = len(model.buffers)
        model.buffers.append(schema().BufferT())
        model.buffers[-1].data = np.frombuffer(values.astype("<i4").tobytes(), np.uint8)
    return model


def _cut(model: Any, operators: Sequence[Any], inputs: list[int], outputs: list[int]) -> bytes:
    """The file of some operators that read `inputs` and write `outputs`, by their indices in the model."""
    alone, graph = schema().ModelT(), schema().SubGraphT()
    alone.version, alone.subgraphs, alone.buffers = model.version, [graph], [schema().BufferT()]
    alone.operatorCodes = model.operatorCodes
    graph.tensors, graph.operators, places = [], [], {-1: -1}
    for index in dict.fromkeys(at for op in operators for at in (*op.inputs, *op.outputs)):
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
    for op in operators:
        moved = copy.copy(op)
        moved.inputs, moved.outputs = ([places[at] for at in indices] for indices in (op.inputs, op.outputs))
        graph.operators.append(moved)
    graph.inputs, graph.outputs = ([places[index] for index in indices] for indices in (inputs, outputs))
    return packed(alone)
