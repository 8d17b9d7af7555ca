"""Reads .tflite files back with the format's schema: operators, names, and the integers of convolutions."""

from functools import lru_cache
from typing import Any

import numpy as np


def schema() -> Any:
    """The generated schema module; the wheel of the reference interpreter ships it, so file and reader share one."""
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated

    return schema_py_generated


def read_operators(data: bytes) -> list[str]:
    """Names of a file's operators, in order, e.g. "CONV_2D"."""
    names = {code: name for name, code in vars(schema().BuiltinOperator).items() if not name.startswith("_")}
    model = _parsed(data)
    return [names[operator_code(model.operatorCodes[op.opcodeIndex])] for op in model.subgraphs[0].operators]


def tensor_indices(data: bytes) -> dict[str, int]:
    """Index of every tensor of a file by its name."""
    return {tensor.name.decode(): index for index, tensor in enumerate(_parsed(data).subgraphs[0].tensors)}


def output_names(data: bytes) -> list[str]:
    """Names of a file's outputs in the order of its output list."""
    graph = _parsed(data).subgraphs[0]
    return [graph.tensors[index].name.decode() for index in graph.outputs]


def read_convs(data: bytes) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights int8 (out, height, width, in) and bias int32 (out,) of every CONV_2D, in order."""
    model, convs = _parsed(data), []
    graph = model.subgraphs[0]
    for op, name in zip(graph.operators, read_operators(data), strict=True):
        if name == "CONV_2D":
            weights, bias = (graph.tensors[index] for index in op.inputs[1:])
            convs.append((_constant(model, weights, np.int8), _constant(model, bias, np.int32)))
    return convs


def operator_code(entry: Any) -> int:
    """The builtin operator of an operator code entry, whichever of its two fields holds it."""
    return int(max(entry.builtinCode, entry.deprecatedBuiltinCode))


@lru_cache(maxsize=2)
def _parsed(data: bytes) -> Any:
    return schema().ModelT.InitFromObj(schema().Model.GetRootAsModel(data, 0))


def _constant(model: Any, tensor: Any, kind: type) -> np.ndarray:
    return np.frombuffer(bytes(model.buffers[tensor.buffer].data), kind).reshape(tensor.shape)
