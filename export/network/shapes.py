"""Operators of .tflite files that compute with shapes: what they write is known at export, and no layer becomes of it.

A converter that does not know the batch writes them between a convolution and a RESHAPE, as of a Flatten.
"""

import numpy as np

from export.network.factors import UnsupportedError
from export.network.operators import FileForm
from export.network.tflite_operator import TFLiteOperator

MOST_VALUES = 64  # of a computed shape: tensors have a handful of axes
PLAIN_SHAPES = "shapes of whole numbers, taken apart and put together along one axis"


def shape(op: TFLiteOperator) -> None:
    """SHAPE: of a tensor in the file."""
    _keep(op, np.array(op.shape(), np.int32))


def strided_slice(op: TFLiteOperator) -> None:
    """STRIDED_SLICE of a shape: some of its sizes, or one."""
    values, (begin, end, step) = op.constant(0), (op.constant(place).ravel().tolist() for place in (1, 2, 3))
    if values.ndim != 1 or not len(begin) == len(end) == len(step) == 1 or step[0] < 1:
        raise UnsupportedError(f" of the shape {list(values.shape)}", PLAIN_SHAPES)
    if any(op.options[name] for name in ("ellipsisMask", "newAxisMask", "offset")):
        raise UnsupportedError(" with an ellipsis, a new axis or an offset", PLAIN_SHAPES)
    if op.options["shrinkAxisMask"] & 1:
        if not -len(values) <= begin[0] < len(values):
            raise UnsupportedError(f" of place {begin[0]} of {len(values)}", PLAIN_SHAPES)
        _keep(op, values[begin[0]])
        return
    first = None if op.options["beginMask"] & 1 else begin[0]
    last = None if op.options["endMask"] & 1 else end[0]
    _keep(op, values[first : last : step[0]])


def pack(op: TFLiteOperator) -> None:
    """PACK of sizes to a shape."""
    sizes = [op.constant(place) for place in range(len(op.inputs))]
    if any(size.ndim for size in sizes) or op.options["axis"] not in (0, -1):
        raise UnsupportedError(" of shapes", PLAIN_SHAPES)
    _keep(op, np.stack(sizes))


def concatenation(op: TFLiteOperator) -> None:
    """CONCATENATION of shapes to a longer one."""
    shapes = [op.constant(place) for place in range(len(op.inputs))]
    if any(part.ndim != 1 for part in shapes) or op.options["axis"] not in (0, -1):
        raise UnsupportedError(" of numbers", PLAIN_SHAPES)
    _keep(op, np.concatenate(shapes))


def gather(op: TFLiteOperator) -> None:
    """GATHER of some sizes of a shape."""
    values, places = op.constant(0), op.constant(1)
    if values.ndim != 1 or op.options["axis"] or op.options["batchDims"]:
        raise UnsupportedError(f" of the shape {list(values.shape)}", PLAIN_SHAPES)
    if places.size and not (places.min() >= 0 and places.max() < values.size):
        raise UnsupportedError(f" of the places {places.ravel().tolist()} of {values.size}", PLAIN_SHAPES)
    _keep(op, values[places])


def _keep(op: TFLiteOperator, value: np.ndarray) -> None:
    """Keeps what the operator writes, which has to have the file's shape."""
    tensor = op.file.contents.tensors[op.output]
    if value.size > MOST_VALUES:
        raise UnsupportedError(f" of {value.size} values", PLAIN_SHAPES)
    if tensor.kind != "INT32" or list(tensor.shape) != list(value.shape):
        held = f"{list(tensor.shape)} of {tensor.kind.lower()}"
        raise UnsupportedError(f" that writes {held} where {list(value.shape)} of int32 was expected", PLAIN_SHAPES)
    op.file.values[op.output] = value.astype(np.int32)


SHAPES = {
    "SHAPE": FileForm(shape, "ShapeOptions", 1, bare=True),
    "STRIDED_SLICE": FileForm(strided_slice, "StridedSliceOptions", 2, (4, 4)),
    "PACK": FileForm(pack, "PackOptions", 2, (1, 8)),
    "CONCATENATION": FileForm(concatenation, "ConcatenationOptions", 2, (1, 8)),
    "GATHER": FileForm(gather, "GatherOptions", 2, (2, 2)),
}
