"""How ONNX operators of several computed values become layers: products, differences, extremes, joined channels."""

import numpy as np

from export.network.factors import UnsupportedError
from export.network.layers import Concat, Tensor
from export.network.onnx_operator import OnnxOperator
from export.network.onnx_pointwise import Rule, by_constant, pair
from export.network.onnx_view import ZERO, View, signal, spread
from export.network.pointwise import Maximum, Minimum, Multiply, Subtract


def subtract(op: OnnxOperator) -> None:
    turned = op.constant(0) is not None
    if by_constant(op, lambda value: (np.float32(-1), value) if turned else (np.float32(1), -value)):
        return
    first, second = pair(op)
    op.write(Subtract(op.fresh(), first.tensor, second.tensor), first.positions)


def maximum(op: OnnxOperator) -> None:
    first, second = pair(op)
    op.write(Maximum(op.fresh(), first.tensor, second.tensor), first.positions)


def minimum(op: OnnxOperator) -> None:
    first, second = pair(op)
    op.write(Minimum(op.fresh(), first.tensor, second.tensor), first.positions)


def multiply(op: OnnxOperator) -> None:
    """Mul: by constants, of two tensors, or of each channel by one value (squeeze and excite), repeated or not."""
    if by_constant(op, lambda value: (value, np.float32(0))):
        return
    views = [_unrepeated(op.view(0)), _unrepeated(op.view(1))]
    if views[0].positions.size < views[1].positions.size:
        views.reverse()
    first, second = views
    if first.shape == second.shape:
        first, second = pair(op)
        op.write(Multiply(op.fresh(), first.tensor, second.tensor), first.positions)
        return
    whole, factors = signal(first.tensor, _channels_samples(first)), _channels_samples(second)
    if factors.shape != (len(whole.rows), 1) or not whole.whole or second.tensor.size != len(whole.rows):
        raise UnsupportedError(f" of {list(first.shape)} by {list(second.shape)}", "one factor for each channel")
    if not np.array_equal(factors[:, 0], whole.rows):
        raise UnsupportedError(" of channels in two orders", "two tensors in one order")
    layer = Multiply(op.fresh(), whole.tensor, Tensor(second.tensor.name, 1, second.tensor.size))
    op.write(layer, first.positions)


def _unrepeated(view: View) -> View:
    """One sample that an Expand repeats over time as that sample."""
    once = view.positions[(slice(None), slice(None), *[slice(1)] * (len(view.shape) - 2))]
    return view.moved(once) if view.positions.size > once.size and (view.positions == once).all() else view


def _channels_samples(view: View) -> np.ndarray:
    """Positions (channels, samples) of (1, channels, samples), axes of length 1 left out."""
    if len(view.shape) < 2 or view.shape[0] != 1:
        raise UnsupportedError(f" over {list(view.shape)}", "one over (1, channels, samples)")
    return view.positions.reshape(view.shape[1], -1)


def concatenate(op: OnnxOperator) -> None:
    """Concat along the channels, or of values side by side. Parts of one tensor become a view of it."""
    views = [op.view(place) for place in range(len(op.node.inputs))]
    axis = op.axis(op.attribute("axis", 1), len(views[0].shape))
    shapes = [view.shape[:axis] + view.shape[axis + 1 :] for view in views]
    if axis == 0 or len(set(shapes)) > 1 or len({len(view.shape) for view in views}) > 1:
        raise UnsupportedError(f" of {' and '.join(str(list(view.shape)) for view in views)}", "tensors that fit")
    if len({view.tensor.name for view in views}) == 1:
        together = np.concatenate([view.positions for view in views], axis)
        if len(np.unique(together)) == together.size:
            op.alias(views[0].moved(together))
            return
    if len(views[0].shape) == 2 or all(n == 1 for n in views[0].shape[2:]):
        sources = [Tensor(view.tensor.name, 1, view.tensor.size) for view in views]
        rows = [view.positions.reshape(-1) for view in views]
        shape = (1, -1, *views[0].shape[2:])
    else:
        if axis != 1:
            raise UnsupportedError(f" along axis {axis}", "one along the channels, axis 1")
        signals = [signal(view.tensor, _channels_samples(view)) for view in views]
        sources, rows = [one.tensor for one in signals], [one.rows for one in signals]
        if any(one.pads != (0, 0) for one in signals) or len({source.length for source in sources}) > 1:
            raise UnsupportedError(" of padding, or over different times", "tensors of as many samples")
        shape = (1, -1, *views[0].shape[2:])
    if any((part == ZERO).any() for part in rows):
        raise UnsupportedError(" of padding", "padding of convolutions only")
    starts = np.cumsum([0] + [source.channels for source in sources[:-1]])
    layer = Concat(op.fresh(), tuple(sources))
    joined = np.concatenate([start + part for start, part in zip(starts, rows, strict=True)])
    op.write(layer, spread(layer.result, joined).reshape(shape))


PAIRS: dict[str, Rule] = {
    "Sub": subtract,
    "Mul": multiply,
    "Max": maximum,
    "Min": minimum,
    "Concat": concatenate,
}
