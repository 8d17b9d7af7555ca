"""How ONNX operators of several computed values become layers: sums, products, extremes, joined channels."""

import numpy as np

from export.network.curves import VALUE, Curve
from export.network.factors import UnsupportedError
from export.network.layers import Concat, Tensor
from export.network.onnx_operator import OnnxOperator
from export.network.onnx_parts import copied
from export.network.onnx_pointwise import Rule, by_constant, curve_with_number, divided, write_curve
from export.network.onnx_view import ZERO, View, signal, spread
from export.network.pointwise import Add, Elementwise, Maximum, Minimum, Multiply, Subtract


def add(op: OnnxOperator) -> None:
    if not by_constant(op, lambda value: (np.float32(1), value)):
        _joined(op, Add)


def subtract(op: OnnxOperator) -> None:
    turned = op.constant(0) is not None
    if not by_constant(op, lambda value: (np.float32(-1), value) if turned else (np.float32(1), -value)):
        _joined(op, Subtract, commutes=False)


def maximum(op: OnnxOperator) -> None:
    if not curve_with_number(op, "Max"):
        _joined(op, Maximum)


def minimum(op: OnnxOperator) -> None:
    if not curve_with_number(op, "Min"):
        _joined(op, Minimum)


def multiply(op: OnnxOperator) -> None:
    if not by_constant(op, lambda value: (value, np.float32(0))):
        _joined(op, Multiply)


def _joined(op: OnnxOperator, kind: type[Elementwise], commutes: bool = True) -> None:
    """Of two tensors, or of one and a value for each channel (squeeze and excite, a mean), repeated or not."""
    views = [_unrepeated(op.view(0)), _unrepeated(op.view(1))]
    if commutes and views[0].positions.size < views[1].positions.size:
        views.reverse()
    first, second = views
    if first.shape == second.shape:
        op.write(kind(op.fresh(), first.tensor, _in_order(first, second)), first.positions)
        return
    whole, values = signal(first.tensor, _channels_samples(first)), _channels_samples(second)
    if values.shape != (len(whole.rows), 1) or not whole.whole or second.tensor.size != len(whole.rows):
        raise UnsupportedError(
            f" of {list(first.shape)} by {list(second.shape)}", "a second tensor of the shape, or one value a channel"
        )
    if not np.array_equal(values[:, 0], whole.rows):
        raise UnsupportedError(" of channels in two orders", "two tensors in one order")
    layer = kind(op.fresh(), whole.tensor, Tensor(second.tensor.name, 1, second.tensor.size))
    op.write(layer, first.positions)


def _in_order(first: View, second: View) -> Tensor:
    """The second's tensor, whose values stand at the same places as the first's."""
    if not np.array_equal(first.positions, second.positions) or first.tensor.size != second.tensor.size:
        raise UnsupportedError(" of two tensors in different orders, or of parts", "two whole tensors in one order")
    if np.any(first.positions == ZERO) or first.positions.size != first.tensor.size:
        raise UnsupportedError(" of parts of tensors", "two whole tensors in one order")
    return Tensor(second.tensor.name, first.tensor.length, first.tensor.channels)


def _unrepeated(view: View) -> View:
    """One sample that an Expand repeats over time as that sample."""
    once = view.positions[(slice(None), slice(None), *[slice(1)] * (len(view.shape) - 2))]
    return view.moved(once) if view.positions.size > once.size and (view.positions == once).all() else view


def divide(op: OnnxOperator) -> None:
    """Div: by constants, or by a computed value as the product with its reciprocal."""
    if op.constant(1) is not None or op.constant(0) is not None:
        divided(op)
        return
    write_curve(op, Curve("Reciprocal", (VALUE,)), 1)
    multiply(op.with_second(op.graph.views[op.node.outputs[0]]))


def _channels_samples(view: View) -> np.ndarray:
    """Positions (channels, samples) of (1, channels, samples), axes of length 1 left out."""
    if len(view.shape) < 2 or view.shape[0] != 1:
        raise UnsupportedError(f" over {list(view.shape)}", "one over (1, channels, samples)")
    return view.positions.reshape(view.shape[1], -1)


def concatenate(op: OnnxOperator) -> None:
    """Concat along channels or time, or of values side by side. Parts of one tensor become a view of it, and so do
    zeros beside one.
    """
    views = _with_zeros(op)
    axis = op.axis(op.attribute("axis", 1), len(views[0].shape))
    shapes = [view.shape[:axis] + view.shape[axis + 1 :] for view in views]
    if axis == 0 or len(set(shapes)) > 1 or len({len(view.shape) for view in views}) > 1:
        listed = " and ".join(str(list(view.shape)) for view in views)
        raise UnsupportedError(f" of {listed}", "tensors that differ along one axis, channels or time")
    if len({view.tensor.name for view in views}) == 1:
        together = np.concatenate([view.positions for view in views], axis)
        read = together[together != ZERO]
        if len(np.unique(read)) == read.size:
            op.alias(views[0].moved(together))
            return
    views = [copied(op.graph, view, of_channels=True) for view in views]
    if axis == 2 and len(views[0].shape) == 3:
        _along_time(op, views)
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


def _with_zeros(op: OnnxOperator) -> list[View]:
    """All inputs; constants of zeros as padding of a computed one."""
    places = range(len(op.node.inputs))
    tensor = next(op.view(place).tensor for place in places if op.constant(place) is None)
    views = []
    for place in places:
        values = op.constant(place)
        if values is not None and values.any():
            raise UnsupportedError(" of a constant other than zeros", "values that the model computes, or zeros")
        views.append(op.view(place) if values is None else View(tensor, np.full(values.shape, ZERO)))
    return views


def _along_time(op: OnnxOperator, views: list[View]) -> None:
    """Whole tensors (1, channels, samples), one behind the other."""
    signals = [signal(view.tensor, _channels_samples(view)) for view in views]
    if not all(one.whole and np.array_equal(one.rows, signals[0].rows) for one in signals):
        raise UnsupportedError(
            " along time of parts of tensors, of padding, or of channels in two orders", "whole tensors in one order"
        )
    layer = Concat(op.fresh(), tuple(one.tensor for one in signals), along_time=True)
    op.write(layer, spread(layer.result, signals[0].rows)[None])


PAIRS: dict[str, Rule] = {
    "Add": add,
    "Sub": subtract,
    "Mul": multiply,
    "Div": divide,
    "Max": maximum,
    "Min": minimum,
    "Concat": concatenate,
}
