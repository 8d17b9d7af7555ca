"""How ONNX pools become layers: those that slide, and those over all of time."""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from export.network.factors import UnsupportedError
from export.network.layers import AveragePool, MaxPool, Pool, Sum
from export.network.onnx_axes import TRUE_2D, sliding
from export.network.onnx_layers import depthwise, slid
from export.network.onnx_operator import OnnxOperator
from export.network.onnx_view import signal, spread


def max_pool(op: OnnxOperator) -> None:
    """MaxPool without indices."""
    if len(op.node.outputs) > 1 and op.node.outputs[1]:
        raise UnsupportedError(" that also writes where the largest was", "one without indices")
    if set(op.attribute("dilations", [1])) != {1}:
        raise UnsupportedError(f" with dilations {op.attribute('dilations', [1])}", "dilations of 1")
    _pool(op, MaxPool)


def average_pool(op: OnnxOperator) -> None:
    """AveragePool; one that counts its padding is a depthwise convolution."""
    slide, _ = sliding(op, op.attribute("kernel_shape", []))
    if slide.pads == (0, 0) or not op.attribute("count_include_pad", 0):
        _pool(op, AveragePool)
        return
    if op.attribute("ceil_mode", 0):
        raise UnsupportedError(" with ceil_mode that counts padding", "ceil_mode=False, or count_include_pad=False")
    channels = slide.positions.shape[0]
    weights = np.full((channels, 1, slide.kernel), np.float32(1) / slide.kernel, np.float32)
    depthwise(op, weights, np.zeros(channels, np.float32), None, slide)


def _pool(op: OnnxOperator, kind: type[Pool]) -> None:
    slide, _ = sliding(op, op.attribute("kernel_shape", []))
    source = slid(op, slide)
    if not source.whole:
        raise UnsupportedError(" of a part of a tensor, or of padding", "one over all channels and samples")
    channels, others, _ = slide.positions.shape
    if slide.axes == 2 and others > 1 and op.attribute("kernel_shape", [])[1 - slide.axis] > 1:
        raise UnsupportedError(" of two dimensions", TRUE_2D)
    layer = kind(op.fresh(), source.tensor, slide.kernel, slide.stride)
    before, after = slide.pads
    after -= (source.tensor.length + before + after - slide.span) % slide.stride  # zeros that no window reaches
    if (before, after) != (0, 0) and after >= 0:
        layer = replace(layer, same=True)
    if after >= 0 and layer.pads != (before, after):
        # TFLite has no other padding of pools. Of every sample's window, padded as SAME does, each so many-th is one.
        every = replace(layer, name=f"{layer.name}_every", stride=1)
        if every.pads not in (slide.pads, (before, after)) or every.result.length != source.tensor.length:
            raise UnsupportedError(f" with padding {slide.pads}", f"padding of {(slide.kernel - 1) // 2}, or none")
        op.write(every)
        layer = kind(layer.name, every.result, 1, slide.stride)
    op.write(layer, slide.shaped(spread(layer.result, source.rows).reshape(channels, others, -1)))


def global_average_pool(op: OnnxOperator) -> None:
    _over_all(op, AveragePool, range(2, len(op.view().shape)), True)


def global_max_pool(op: OnnxOperator) -> None:
    _over_all(op, MaxPool, range(2, len(op.view().shape)), True)


def reduce_mean(op: OnnxOperator) -> None:
    _over_all(op, AveragePool, *_reduced(op))


def reduce_max(op: OnnxOperator) -> None:
    _over_all(op, MaxPool, *_reduced(op))


def reduce_sum(op: OnnxOperator) -> None:
    _over_all(op, Sum, *_reduced(op))


def _reduced(op: OnnxOperator) -> tuple[list[int], bool]:
    """The axes that a reduction is over, and whether it keeps them."""
    axes = len(op.view().shape)
    given = [op.axis(axis, axes) for axis in op.listed("axes", 1, range(1, axes))]
    return given, bool(op.attribute("keepdims", 1))


def _over_all(op: OnnxOperator, kind: type[Pool], axes: Sequence[int], keepdims: bool) -> None:
    """A pool as long as its input. An average is written as a pool, in which all of TFLite's runtimes round alike."""
    view = op.view()
    kept = [axis for axis in range(len(view.shape)) if axis not in axes]
    samples = view.positions.transpose(*kept, *axes).reshape(-1, int(np.prod([view.shape[axis] for axis in axes])))
    found = signal(view.tensor, samples)
    if not found.whole:
        raise UnsupportedError(" of a part of a tensor, or of padding", "one over all channels and samples")
    layer = kind(op.fresh(), found.tensor, found.tensor.length, found.tensor.length)
    shape = [1 if axis in axes else n for axis, n in enumerate(view.shape) if keepdims or axis not in axes]
    op.write(layer, spread(layer.result, found.rows).reshape(shape))


POOLS: dict[str, Callable[[OnnxOperator], None]] = {
    "MaxPool": max_pool,
    "AveragePool": average_pool,
    "GlobalAveragePool": global_average_pool,
    "GlobalMaxPool": global_max_pool,
    "ReduceMean": reduce_mean,
    "ReduceMax": reduce_max,
    "ReduceSum": reduce_sum,
}
