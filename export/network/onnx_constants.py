"""Constants of an ONNX graph that are computed from constants, mostly shapes: nothing of it is left to the board."""

import math
from collections.abc import Callable

import numpy as np

from export.network.factors import UnsupportedError
from export.network.onnx_file import MOST_VALUES
from export.network.onnx_operator import OnnxOperator

Values = np.ndarray


def shape_of(op: OnnxOperator) -> Values:
    """Shape: of a value that is computed, too."""
    held = op.constant(0)
    shape = op.view().shape if held is None else held.shape
    end = op.attribute("end", len(shape))
    return np.array(shape[op.attribute("start", 0) : end], np.int64)


def constant(op: OnnxOperator) -> Values:
    """Constant: a tensor, numbers or one number."""
    for name in ("value", "value_float", "value_floats", "value_int", "value_ints"):
        if op.node.attributes.get(name) is not None:
            kind = np.float32 if "float" in name else np.int64
            value = op.node.attributes[name]
            return value if isinstance(value, np.ndarray) else np.array(value, kind)
    raise UnsupportedError(" of text or of no value", "one of numbers")


def constant_of_shape(op: OnnxOperator) -> Values:
    shape = [int(n) for n in op.fixed(0, "shape").ravel()]
    _require_small(shape)
    value = op.attribute("value", np.zeros(1, np.float32))
    return np.full(shape, value.ravel()[0])


def cast(op: OnnxOperator) -> Values:
    from onnx import TensorProto

    kinds = {TensorProto.FLOAT: np.float32, TensorProto.INT64: np.int64, TensorProto.INT32: np.int32}
    kind = op.attribute("to", None)
    if kind not in kinds:
        raise UnsupportedError(f" of a constant to type {kind}", "float32, int32 or int64")
    return op.fixed(0, "value").astype(kinds[kind])


def _of_two(compute: Callable[[Values, Values], Values]) -> Callable[[OnnxOperator], Values]:
    def run(op: OnnxOperator) -> Values:
        first, second = op.fixed(0, "value"), op.fixed(1, "value")
        _require_small(np.broadcast_shapes(first.shape, second.shape))
        return np.asarray(compute(first, second), first.dtype)

    return run


def _divided(first: Values, second: Values) -> Values:
    if np.issubdtype(first.dtype, np.integer):
        return np.asarray(np.trunc(first / second))  # towards zero, as ONNX divides integers
    return np.asarray(first / second)


def _of_one(compute: Callable[[Values], Values]) -> Callable[[OnnxOperator], Values]:
    def run(op: OnnxOperator) -> Values:
        values = op.fixed(0, "value")
        return np.asarray(compute(values), values.dtype)

    return run


def gather(op: OnnxOperator) -> Values:
    values, index = op.fixed(0, "value"), op.fixed(1, "index")
    _require_small((values.size, index.size))
    return np.take(values, index.astype(np.int64), axis=op.axis(op.attribute("axis", 0), values.ndim))


def concatenated(op: OnnxOperator) -> Values:
    parts = [op.fixed(place, "part") for place in range(len(op.node.inputs))]
    return np.concatenate(parts, axis=op.attribute("axis", 0))


def _require_small(shape: tuple[int, ...] | list[int]) -> None:
    if any(n < 0 for n in shape) or math.prod(shape) > MOST_VALUES:
        raise UnsupportedError(f" of the shape {list(shape)}", f"at most {MOST_VALUES:,} values")


FOLDED: dict[str, Callable[[OnnxOperator], Values]] = {
    "Constant": constant,
    "ConstantOfShape": constant_of_shape,
    "Cast": cast,
    "Concat": concatenated,
    "Gather": gather,
    "Add": _of_two(np.add),
    "Sub": _of_two(np.subtract),
    "Mul": _of_two(np.multiply),
    "Div": _of_two(_divided),
    "Pow": _of_two(np.power),
    "Sqrt": _of_one(np.sqrt),
    "Neg": _of_one(np.negative),
    "Reciprocal": _of_one(np.reciprocal),
    "Identity": _of_one(lambda values: values),
}
