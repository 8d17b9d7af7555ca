"""A .tflite file with dilated convolutions whole where another tool has taken them apart.

TensorFlow's converter, where it does not know the batch, writes a dilated convolution as SPACE_TO_BATCH_ND, a plain
convolution of samples that stand `block` apart, and BATCH_TO_SPACE_ND. The file's shapes between them are those of
another batch, and TensorFlow Lite Micro takes shapes at their word. The samples that are put before and after, less
those that are cut off in the end, are a PAD before the dilated convolution.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from export.network.tflite_file import constant
from export.network.tflite_operator import MOST_STEP
from export.network.tflite_parts import FileOperator, TFLiteFile
from export.network.tflite_reader import read_file
from export.network.tflite_schema import packed, schema

SPREAD, GATHERED = "SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"
CHAIN = (("EXPAND_DIMS", "RESHAPE"), ("CONV_2D", "DEPTHWISE_CONV_2D"), ("RESHAPE", "SQUEEZE"), (GATHERED,))
VALID = {"padding": 1, "strideW": 1, "strideH": 1, "dilationWFactor": 1, "dilationHFactor": 1}


class _OtherError(Exception):
    """What is no dilated convolution."""


@dataclass(frozen=True)
class _Apart:
    """A dilated convolution that was taken apart.

    Args:
        chain: indices of its operators; of CHAIN the first and the third may be -1, left out.
        block: samples from one tap to the next.
        axis: of time, in what it reads; `across`: in what the convolution reads.
        padding: samples before and after.
    """

    chain: tuple[int, ...]
    block: int
    axis: int
    across: int
    padding: tuple[int, int]


def with_dilation(data: bytes, where: str) -> bytes:
    """The file with such convolutions whole where that is well defined; the same bytes if it has none.

    Raises InputError as `read_file` does.
    """
    file = read_file(data, where)
    apart = []
    for index, op in enumerate(file.operators):
        if op.kind == SPREAD:
            try:
                apart.append(_apart(file, index))
            except _OtherError:
                continue  # the reader of networks says what to do about it
    if not apart:
        return data
    model = schema().ModelT.InitFromObj(schema().Model.GetRootAsModel(data, 0))
    left_out = {index for one in apart for index in _make_whole(model, file, one)}
    graph = model.subgraphs[0]
    graph.operators = [op for index, op in enumerate(graph.operators) if index not in left_out]
    return packed(model)


def _apart(file: TFLiteFile, first: int) -> _Apart:
    """The convolution that begins with the SPACE_TO_BATCH_ND of that index."""
    chain, at = [first], first
    for kinds in CHAIN:
        reader = _only_reader(file, at)
        if file.operators[reader].kind in kinds:
            at = reader
            chain.append(at)
        else:
            _require("RESHAPE" in kinds)
            chain.append(-1)
    spread, conv, gathered = (file.operators[chain[place]] for place in (0, 2, 4))
    blocks, padding = _numbers(file, spread)
    blocks_again, crops = _numbers(file, gathered)
    source, middle = (list(file.tensors[op.inputs[0]].shape) for op in (spread, conv))
    _require(blocks.ndim == 1 <= blocks.size and np.array_equal(blocks, blocks_again) and blocks.min() > 0)
    _require(padding.shape == crops.shape == (blocks.size, 2) and len(source) == blocks.size + 2 and source[0] == 1)
    moved, left = np.flatnonzero(blocks > 1), padding - crops
    _require(moved.size == 1 and not np.delete(padding, moved, axis=0).any())
    _require(min(left.min(), crops.min()) >= 0 and padding.max() <= MOST_STEP)
    axis, block = int(moved[0]) + 1, int(blocks[moved[0]])
    length = source[axis] + int(padding[moved[0]].sum())
    _require(len(middle) == 4)
    across = [place for place in (1, 2) if (middle[place] * block, middle[3 - place]) == (length, 1)]
    _require(len(across) == 1)
    _require({name: conv.options.get(name) for name in VALID} == VALID)
    _require(_affine(file, conv.outputs[0]) == _affine(file, gathered.outputs[0]))
    before, after = left[moved[0]].tolist()
    return _Apart(tuple(chain), block, axis, across[0], (before, after))


def _require(condition: bool) -> None:
    if not condition:
        raise _OtherError


def _only_reader(file: TFLiteFile, index: int) -> int:
    """The operator that reads what another writes, as the first of its inputs, if that is the only use of it."""
    outputs = file.operators[index].outputs
    _require(len(outputs) == 1 and outputs[0] >= 0)
    readers = [at for at, op in enumerate(file.operators) if outputs[0] in op.inputs]
    _require(len(readers) == 1 and outputs[0] not in file.outputs)
    _require(file.operators[readers[0]].inputs[0] == outputs[0])
    return readers[0]


def _numbers(file: TFLiteFile, op: FileOperator) -> tuple[np.ndarray, np.ndarray]:
    """Its constants: blocks, and samples that it puts around or cuts off."""
    _require(len(op.inputs) == 3 and len(op.outputs) == 1 and min(*op.inputs, *op.outputs) >= 0)
    tensors = [file.tensors[index] for index in op.inputs[1:]]
    _require(all(tensor.kind == "INT32" and tensor.contents is not None for tensor in tensors))
    blocks, around = (constant(tensor, np.int32).astype(np.int64) for tensor in tensors)
    return blocks, around


def _affine(file: TFLiteFile, index: int) -> tuple[list[float], list[int]]:
    tensor = file.tensors[index]
    return tensor.scales.tolist(), tensor.zero_points.tolist()


def _make_whole(model: Any, file: TFLiteFile, apart: _Apart) -> list[int]:
    """Changes the model's operators to a dilated convolution; indices of those that have to go."""
    graph, (first, before, conv, after, last) = model.subgraphs[0], apart.chain
    spread, convolution, gathered = (graph.operators[index] for index in (first, conv, last))
    shape, left_out = list(file.tensors[spread.inputs[0]].shape), [last]
    if any(apart.padding):
        rows = np.zeros((len(shape), 2), np.int32)
        rows[apart.axis] = apart.padding
        shape[apart.axis] += sum(apart.padding)
        graph.tensors[spread.outputs[0]].shape = shape
        spread.inputs = [spread.inputs[0], _added(model, rows)]
        spread.opcodeIndex = _code(model, "PAD")
        spread.builtinOptionsType, spread.builtinOptions = schema().BuiltinOptions.PadOptions, schema().PadOptionsT()
        source = spread.outputs[0]
    else:
        left_out.append(first)
        source = spread.inputs[0]
    read = graph.operators[before] if before >= 0 else convolution
    read.inputs = [source, *read.inputs[1:]]
    held = graph.tensors[convolution.inputs[0]]
    if before >= 0:
        held.shape = [1, 1, 1, shape[-1]]
        held.shape[apart.across] = shape[apart.axis]
        if file.operators[before].kind == "RESHAPE":
            _reshape(model, read, held.shape)
    written = list(file.tensors[gathered.outputs[0]].shape)
    setattr(convolution.builtinOptions, f"dilation{'_HW'[apart.across]}Factor", apart.block)
    if after < 0:
        convolution.outputs = gathered.outputs
        return left_out
    result = [1, 1, 1, written[-1]]
    result[apart.across] = written[apart.axis]
    graph.tensors[convolution.outputs[0]].shape = result
    graph.operators[after].outputs = gathered.outputs
    if file.operators[after].kind == "RESHAPE":
        _reshape(model, graph.operators[after], written)
    return left_out


def _reshape(model: Any, op: Any, shape: list[int]) -> None:
    op.inputs = [op.inputs[0], _added(model, np.array(shape, np.int32))]
    op.builtinOptionsType, op.builtinOptions = schema().BuiltinOptions.ReshapeOptions, schema().ReshapeOptionsT()
    op.builtinOptions.newShape = shape


def _added(model: Any, values: np.ndarray) -> int:
    """The index of a new constant int32."""
    tensor, buffer = schema().TensorT(), schema().BufferT()
    tensor.name, tensor.shape, tensor.type = "", list(values.shape), schema().TensorType.INT32
    tensor.buffer, buffer.data = len(model.buffers), np.frombuffer(values.astype("<i4").tobytes(), np.uint8)
    model.buffers.append(buffer)
    model.subgraphs[0].tensors.append(tensor)
    return len(model.subgraphs[0].tensors) - 1


def _code(model: Any, kind: str) -> int:
    """The index of an operator's code, in the version that knows int8."""
    value = getattr(schema().BuiltinOperator, kind)
    for index, entry in enumerate(model.operatorCodes):
        if max(entry.builtinCode, entry.deprecatedBuiltinCode) == value:
            return index
    entry = schema().OperatorCodeT()
    entry.builtinCode = entry.deprecatedBuiltinCode = value
    entry.version = 2
    model.operatorCodes.append(entry)
    return len(model.operatorCodes) - 1
