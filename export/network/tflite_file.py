"""Reads .tflite files back: operators, names, and the integers of convolutions."""

import numpy as np

from export.network.tflite_parts import FileTensor
from export.network.tflite_reader import read_file


def read_operators(data: bytes) -> list[str]:
    """Names of a file's operators, in order, e.g. "CONV_2D"."""
    return [op.kind for op in read_file(data).operators]


def tensor_indices(data: bytes) -> dict[str, int]:
    """Index of every tensor of a file by its name."""
    return {tensor.name: index for index, tensor in enumerate(read_file(data).tensors)}


def output_names(data: bytes) -> list[str]:
    """Names of a file's outputs in the order of its output list."""
    file = read_file(data)
    return [file.tensors[index].name for index in file.outputs]


def read_convs(data: bytes) -> list[tuple[np.ndarray, np.ndarray]]:
    """Weights int8 (out, height, width, in) and bias int32 (out,) of every CONV_2D, in order."""
    file = read_file(data)
    constants = [[file.tensors[i] for i in op.inputs[1:]] for op in file.operators if op.kind == "CONV_2D"]
    return [(constant(weights, np.int8), constant(bias, np.int32)) for weights, bias in constants]


def constant(tensor: FileTensor, kind: type) -> np.ndarray:
    """A constant tensor's values."""
    assert tensor.contents is not None
    values: np.ndarray = tensor.contents.view(np.dtype(kind).newbyteorder("<")).astype(kind, copy=False)
    return values.reshape(tensor.shape)
