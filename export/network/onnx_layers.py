"""How ONNX operators with weights become layers: convolutions and dense layers."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from export.network.factors import UnsupportedError
from export.network.integers import Kept
from export.network.layers import Conv, Depthwise, Tensor, Weighted
from export.network.onnx_axes import TRUE_2D, Sliding, sliding
from export.network.onnx_file import MOST_VALUES
from export.network.onnx_operator import OnnxOperator
from export.network.onnx_view import ZERO, Signal, View, signal, spread


def conv(op: OnnxOperator) -> None:
    """Conv: depthwise where every group is one channel, dense otherwise, with zeros between several groups."""
    weights = op.fixed(1, "weights").astype(np.float32)
    if weights.ndim not in (3, 4):
        raise UnsupportedError(f" of {weights.ndim - 2} axes", "a 1-D convolution")
    out, width, *kernel = weights.shape
    slide, tap = sliding(op, kernel)
    groups, channels = op.attribute("group", 1), slide.positions.shape[0]
    if groups * width != channels or out % groups or not groups >= 1:
        raise UnsupportedError(
            f" of {channels} channels in {groups} groups with weights {list(weights.shape)}", "weights that fit"
        )
    bias = _bias(op, out)
    if slide.axes == 2:
        weights, slide = _of_one_axis(weights, slide, tap)
        width = weights.shape[1]
    scales = _scales(op, 0, out)
    if width == 1 and slide.positions.shape[0] * slide.positions.shape[1] > 1:
        depthwise(op, weights, bias, scales, slide)
        return
    if slide.positions.shape[1] > 1:
        raise UnsupportedError(f" beside {slide.positions.shape[1]} others along the second axis", TRUE_2D)
    source = slid(op, slide)
    dense = _ungrouped(weights, groups)
    held = gathered(dense.transpose(0, 2, 1), source.rows, source.tensor.channels)
    layer = _padded(Conv, op, source.tensor, held, bias, slide, source.pads)
    _keep(op, layer, scales)
    op.write(layer, slide.shaped(spread(layer.result, np.arange(out))[:, None]))


def _of_one_axis(weights: np.ndarray, slide: Sliding, tap: int) -> tuple[np.ndarray, Sliding]:
    """The weights (out, in, kernel) of a 2-D kernel that slides along one axis; one that spans the other axis has its
    places there as channels.
    """
    weights = weights if slide.axis == 1 else weights.transpose(0, 1, 3, 2)
    channels, others, samples = slide.positions.shape
    if others == 1 or weights.shape[2] == 1:
        return weights[:, :, tap if others == 1 else 0], slide
    merged = slide.positions.reshape(channels * others, 1, samples)
    weights = weights.reshape(len(weights), weights.shape[1] * others, -1)
    return weights, replace(slide, positions=merged)


def depthwise(
    op: OnnxOperator, weights: np.ndarray, bias: np.ndarray, scales: np.ndarray | None, slide: Sliding
) -> None:
    """Each channel by itself, and each place along the second axis: both are the tensor's channels."""
    channels, others, _ = slide.positions.shape
    source = slid(op, slide)
    if not source.whole and source.pads == (0, 0) or sorted(source.rows) != list(range(source.tensor.channels)):
        raise UnsupportedError(" of some channels of a tensor", "one over all channels")
    multiplicity = len(weights) // channels
    # (channel, multiple) -> the storage's channel, multiple: the tensor's order is the view's `rows`.
    of_view = np.repeat(weights.reshape(channels, 1, multiplicity, -1), others, axis=1)
    biases = np.repeat(bias.reshape(channels, 1, multiplicity), others, axis=1)
    order = np.argsort(source.rows)
    held = of_view.reshape(channels * others, multiplicity, -1)[order].reshape(channels * others * multiplicity, -1)
    layer = _padded(
        Depthwise,
        *(op, source.tensor, np.ascontiguousarray(held.T)),
        *(biases.reshape(-1, multiplicity)[order].ravel(), slide, source.pads),
    )
    if scales is not None:
        scales = np.repeat(scales.reshape(channels, 1, multiplicity), others, axis=1)
        scales = scales.reshape(-1, multiplicity)[order].ravel()
    _keep(op, layer, scales)
    rows = source.rows.reshape(channels, 1, others) * multiplicity + np.arange(multiplicity)[:, None]
    result = spread(layer.result, rows.reshape(-1))
    op.write(layer, slide.shaped(result.reshape(channels * multiplicity, others, -1)))


def slid(op: OnnxOperator, slide: Sliding) -> Signal:
    return signal(op.view().tensor, slide.positions.reshape(-1, slide.positions.shape[-1]))


def _ungrouped(weights: np.ndarray, groups: int) -> np.ndarray:
    """Weights (out, in of a group, kernel) as (out, in, kernel): the same products, and zeros for other groups."""
    if groups == 1:
        return weights
    out, width, kernel = weights.shape
    if out * width * groups * kernel > MOST_VALUES:
        raise UnsupportedError(f" of {groups} groups", "fewer channels: the engine computes groups as one convolution")
    dense = np.zeros((groups, out // groups, groups, width, kernel), np.float32)
    for group, own in enumerate(weights.reshape(groups, -1, width, kernel)):
        dense[group, :, group] = own
    return dense.reshape(out, groups * width, kernel)


def gemm(op: OnnxOperator) -> None:
    """Gemm: a dense layer."""
    weights = op.fixed(1, "weights").astype(np.float32)
    if weights.ndim != 2 or op.attribute("transA", 0):
        raise UnsupportedError(f" with weights {list(weights.shape)}", "a dense layer over (1, values)")
    turned = op.attribute("transB", 0)
    weights = weights if turned else weights.T
    alpha, beta = op.attribute("alpha", 1.0), op.attribute("beta", 1.0)
    if (alpha, beta) != (1, 1) and op.node.inputs[1] in op.graph.integers:
        raise UnsupportedError(f" with alpha {alpha:g} and beta {beta:g}", "alpha and beta of 1")
    bias = np.float32(beta) * _bias(op, len(weights))
    _dense(op, np.float32(alpha) * weights, bias, _scales(op, 0 if turned else 1, len(weights)))


def matmul(op: OnnxOperator) -> None:
    """MatMul by constant weights: a dense layer, or one for each sample."""
    weights = op.fixed(1, "second factor").astype(np.float32)
    if weights.ndim != 2:
        raise UnsupportedError(f" with weights {list(weights.shape)}", "weights of two axes")
    _dense(op, weights.T, np.zeros(weights.shape[1], np.float32), _scales(op, 1, weights.shape[1]))


def _dense(op: OnnxOperator, weights: np.ndarray, bias: np.ndarray, scales: np.ndarray | None) -> None:
    """Over the last axis: of all values in any order, or of the channels of each sample."""
    view, out = op.view(), len(weights)
    if view.shape[-1] != weights.shape[1] or view.shape[0] != 1 or len(view.shape) > 4:
        raise UnsupportedError(f" over {list(view.shape)} with weights for {weights.shape[1]}", "a batch of 1")
    rows = view.positions.reshape(-1, weights.shape[1])
    if len(rows) == 1:
        tensor, used = view.tensor, rows[0] != ZERO
        held = gathered(weights[:, used], rows[0][used], tensor.size).reshape(out, tensor.length, tensor.channels)
    else:
        found = signal(view.tensor, rows.T)
        if found.pads != (0, 0):
            raise UnsupportedError(" behind padding", "padding of convolutions only")
        tensor = found.tensor
        held = gathered(weights[:, None], found.rows, tensor.channels)
    layer = Conv(op.fresh(), tensor, held, bias)
    _keep(op, layer, scales)
    op.write(layer, spread(layer.result, np.arange(out)).T.reshape(*view.shape[:-1], out))


def gathered(weights: np.ndarray, rows: np.ndarray, channels: int) -> np.ndarray:
    """Weights whose last axis reads the channels `rows`, as weights of all channels; what is read twice adds up."""
    held = np.zeros((channels, *weights.shape[:-1]), np.float32)
    np.add.at(held, rows, np.moveaxis(weights, -1, 0))
    return np.ascontiguousarray(np.moveaxis(held, 0, -1))


def _bias(op: OnnxOperator, out: int) -> np.ndarray:
    if not op.has(2):
        return np.zeros(out, np.float32)
    bias = op.fixed(2, "bias").astype(np.float32)
    if bias.size not in (1, out):
        raise UnsupportedError(f" with a bias of {bias.size} for {out} channels", "one for each channel")
    return np.broadcast_to(bias.ravel(), (out,)).copy()


def _scales(op: OnnxOperator, axis: int, out: int) -> np.ndarray | None:
    """Scales float32 (out,) of weights that the file holds in integers; None of float weights."""
    integers = op.graph.integers.get(op.node.inputs[1])
    if integers is None:
        return None
    if integers.scales.size > 1 and (integers.axis != axis or integers.scales.size != out):
        raise UnsupportedError(
            f" with {integers.scales.size} weight scales along axis {integers.axis}",
            "one scale for each output channel, or for all",
        )
    return np.broadcast_to(integers.scales, (out,)).copy()


def _keep(op: OnnxOperator, layer: Weighted, scales: np.ndarray | None) -> None:
    """Keeps the integers of weights and bias, where the file has them in the kernel's steps."""
    if scales is None:
        return
    held = op.graph.integers.get(op.node.inputs[2]) if op.has(2) else None
    source = op.graph.affines.get(layer.source.name)
    counted = held is not None and source is not None and np.allclose(held.scales, source.scale * scales, rtol=1e-5)
    bias = held.values.ravel().astype(np.int32) if held is not None and counted else None
    op.graph.kept[layer.name] = Kept(scales, bias)


def _padded(
    kind: type[Weighted],
    op: OnnxOperator,
    source: Tensor,
    weights: np.ndarray,
    bias: np.ndarray,
    slide: Sliding,
    more: tuple[int, int],
) -> Weighted:
    before, after = slide.pads[0] + more[0], slide.pads[1] + more[1]
    plain = kind(op.fresh(), source, weights, bias, slide.stride, dilation=slide.dilation)
    if (before, after) == (0, 0):
        return plain
    same, padded = replace(plain, same=True), replace(plain, padding=(before, after))
    unused = (source.length + before + after - slide.span) % slide.stride
    return same if same.pads in ((before, after), (before, after - unused)) else padded


def cropped(op: OnnxOperator, view: View) -> View:
    """A view that cuts samples off which a convolution computed from its padding (a causal convolution as many write
    it: padded at both ends, then cut at the end): the convolution with less padding.
    """
    layer = op.graph.layer(view.tensor.name)
    if not isinstance(layer, Weighted) or len(view.shape) != 3 or (view.positions == ZERO).any():
        return view
    channels, length = layer.channels, view.shape[2]
    times, rows = view.positions[0] // channels, view.positions[0] % channels
    start = int(times[0, 0])
    before = layer.pads[0] - start * layer.stride
    after = (length - 1) * layer.stride + layer.span - layer.source.length - before
    cut = length < layer.result.length and np.array_equal(times, np.tile(start + np.arange(length), (len(times), 1)))
    if not cut or before < 0 or after < 0:
        return view
    new = replace(layer, name=op.graph.fresh(layer.name), same=False, padding=(before, after))
    op.graph.layers.append(new)
    if layer.name in op.graph.kept:
        op.graph.kept[new.name] = op.graph.kept[layer.name]
    if layer.name in op.graph.affines:
        op.graph.affines[new.name] = op.graph.affines[layer.name]
    return View(new.result, ((times - start) * channels + rows)[None])


LAYERS: dict[str, Callable[[OnnxOperator], None]] = {"Conv": conv, "Gemm": gemm, "MatMul": matmul}
