"""Parts of tensors in ONNX against ONNX Runtime: the last samples, every other one, halves of the channels."""

import numpy as np
import pytest

from export.network.layers import AveragePool, Conv, MaxPool
from export.network.pointwise import Add, Multiply, Table
from export.network.slices import Slice
from tests.export.network.test_from_onnx import CONV, D, W, graph, require_as_onnx_runtime

CONSTANTS = {
    "w": W,
    "v": W[:, :2].copy(),
    "d": D[:4],
    "last": np.array(-1),
    "lasts": np.array([-1]),
    "ends": np.array([1 << 60]),
    "two": np.array([2]),
    "five": np.array([5]),
    "zero": np.array([0]),
    "time": np.array([2]),
    "channels": np.array([1]),
}
LAST = ("Gather", ["c", "last"], "l", {"axis": 2})
ROWS = ("Transpose", ["c"], "t", {"perm": [0, 2, 1]})
FROM = ("Slice", ["c", "five", "ends", "time"], "s", {})
HALVES = ("Split", ["c"], ["a", "b"], {"axis": 1, "num_outputs": 2})


@pytest.mark.parametrize(
    ("nodes", "kinds"),
    [
        ([LAST, ("MatMul", ["l", "d"], "y", {})], [Conv, Slice, Conv]),
        ([ROWS, ("Gather", ["t", "last"], "l", {"axis": 1}), ("MatMul", ["l", "d"], "y", {})], [Conv, Slice, Conv]),
        (
            [("Slice", ["c", "lasts", "ends", "time"], "l", {}), ("Squeeze", ["l", "time"], "q", {})]
            + [("MatMul", ["q", "d"], "y", {})],
            [Conv, Slice, Conv],
        ),
        ([LAST, ("Tanh", ["l"], "y", {})], [Conv, Slice, Table]),
        ([LAST], [Conv, Slice]),
        ([FROM, ("GlobalAveragePool", ["s"], "y", {})], [Conv, Slice, AveragePool]),
        ([("Slice", ["c", "zero", "ends", "time", "two"], "s", {}), ("Relu", ["s"], "y", {})], [Conv, Slice, Table]),
        ([HALVES, ("Sigmoid", ["b"], "g", {}), ("Mul", ["a", "g"], "y", {})], [Conv, Slice, Table, Slice, Multiply]),
        ([HALVES, ("MaxPool", ["b"], "y", {"kernel_shape": [2]})], [Conv, Slice, MaxPool]),
        ([FROM, ("Slice", ["c", "zero", "thirteen", "time"], "r", {}), ("Add", ["r", "s"], "y", {})],
         [Conv, Slice, Slice, Add]),
    ],
)  # fmt: skip
def test_parts_are_copied_where_they_are_read_as_tensors(nodes, kinds) -> None:
    nodes[-1] = (*nodes[-1][:2], "y", nodes[-1][3])
    imported = require_as_onnx_runtime(graph([CONV, *nodes], CONSTANTS | {"thirteen": np.array([13])}))
    assert [type(layer) for layer in imported.network.layers] == kinds


def test_a_part_that_several_layers_read_is_copied_once() -> None:
    nodes = [("Slice", ["x", "five", "ends", "time"], "s", {}), ("Conv", ["s", "w"], "k", {})]
    nodes += [("Identity", ["s"], "i", {}), ("Conv", ["i", "w"], "h", {}), ("Add", ["k", "h"], "y", {})]
    layers = require_as_onnx_runtime(graph(nodes, CONSTANTS)).network.layers
    assert [type(layer) for layer in layers] == [Slice, Conv, Conv, Add]
    assert (layers[0].start, layers[0].length, layers[0].channels) == (5, 15, 3)


def test_weights_read_some_channels_without_a_copy() -> None:
    nodes = [("Slice", ["x", "channels", "ends", "channels"], "s", {}), ("Conv", ["s", "v"], "y", {})]
    assert [type(layer) for layer in require_as_onnx_runtime(graph(nodes, CONSTANTS)).network.layers] == [Conv]


@pytest.mark.parametrize(
    ("kind", "inputs"), [("Add", "cm"), ("Add", "mc"), ("Sub", "cm"), ("Mul", "cm"), ("Max", "mc"), ("Min", "cm")]
)
def test_a_value_for_each_channel_serves_all_samples(kind: str, inputs: str) -> None:
    """Of each channel less its mean over time, and the like."""
    nodes = [CONV, ("ReduceMean", ["c", "time"], "m", {}), (kind, [*inputs], "y", {})]
    joined = require_as_onnx_runtime(graph(nodes, CONSTANTS)).network.layers[-1]
    assert (joined.source.length, joined.second.length) == (18, 1)
