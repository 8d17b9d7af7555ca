"""Parts of a tensor that ONNX's Slice, Gather and Split take: copied where what reads them wants a whole tensor."""

import numpy as np

from export.network.layers import Tensor
from export.network.onnx_operator import OnnxGraph
from export.network.onnx_view import ZERO, View
from export.network.slices import Slice

Box = tuple[int, int, int, int, int]  # first sample, samples, first channel, channels, samples from one to the next


def copied(graph: OnnxGraph, view: View, of_channels: bool) -> View:
    """The view over a copy of what it reads, where that is some of its tensor's samples, or of their channels if
    `of_channels`; the same view else.
    """
    written = graph.layer(view.tensor.name)
    whole = view.tensor if written is None else written.result
    box = _box(whole, view.positions, of_channels)
    if box is None:
        return view
    start, length, first, channels, stride = box
    layer = next((one for one in graph.layers if isinstance(one, Slice) and _taken(one) == (whole.name, box)), None)
    if layer is None:
        name = graph.fresh(f"{whole.name}_part")
        layer = Slice(name, whole, start, length, first, channels, stride)
        graph.layers.append(layer)
        if whole.name in graph.affines:
            graph.affines[name] = graph.affines[whole.name]
    times, rows = view.positions // whole.channels, view.positions % whole.channels
    moved = (times - start) // stride * channels + rows - first
    return View(layer.result, np.where(view.positions == ZERO, ZERO, moved))


def _box(whole: Tensor, positions: np.ndarray, of_channels: bool) -> Box | None:
    """The least part of a tensor that holds those places; None if it is all, or they are none."""
    places = np.unique(positions[positions != ZERO])
    if not places.size:
        return None
    times, rows = np.unique(places // whole.channels), np.unique(places % whole.channels)
    stride = int(np.gcd.reduce(np.diff(times))) if times.size > 1 else 1
    length = int(times[-1] - times[0]) // stride + 1
    first, last = (int(rows[0]), int(rows[-1])) if of_channels else (0, whole.channels - 1)
    if (length, last - first + 1) == (whole.length, whole.channels):
        return None
    return int(times[0]), length, first, last - first + 1, stride


def _taken(layer: Slice) -> tuple[str, Box]:
    return layer.source.name, (layer.start, layer.length, layer.first, layer.channels, layer.stride)


def with_whole_inputs(graph: OnnxGraph, inputs: list[str], of_channels: bool) -> None:
    """Has a node's inputs read copies of the parts that they are."""
    for name in inputs:
        if name in graph.views:
            graph.views[name] = copied(graph, graph.views[name], of_channels)
