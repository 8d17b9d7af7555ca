"""How ONNX operators that work value by value become layers: activations, batch norms, sums, a softmax."""

from collections.abc import Callable

import numpy as np

from export.network import curves
from export.network.curves import VALUE, Curve
from export.network.factors import UnsupportedError
from export.network.layers import Depthwise, Tensor
from export.network.onnx_operator import OnnxOperator
from export.network.onnx_view import ZERO, View, signal
from export.network.pointwise import LOOKUP, PRelu, Softmax, Table

Rule = Callable[[OnnxOperator], None]
OfValue = Callable[[np.ndarray], tuple[np.ndarray | np.float32, np.ndarray | np.float32]]  # of a constant: gain, shift


def table(function: str) -> Rule:
    """An operator that is one function of a value."""

    def read(op: OnnxOperator) -> None:
        _table(op, function)

    return read


def _table(op: OnnxOperator, function: str, slope: float = 0.0) -> None:
    view = op.view()
    if (view.positions == ZERO).any():
        raise UnsupportedError(" behind padding", "padding of convolutions only")
    op.write(Table(op.fresh(), view.tensor, function, slope), view.positions)


def leaky_relu(op: OnnxOperator) -> None:
    _table(op, "LEAKY_RELU", op.attribute("alpha", 0.01))


def hard_sigmoid(op: OnnxOperator) -> None:
    """HardSigmoid; PyTorch's as hard swish has it, relu6(x + 3) / 6, where sum and quotient move into neighbours that
    multiply.
    """
    alpha, beta = op.attribute("alpha", 0.2), op.attribute("beta", 0.5)
    if abs(alpha - 1 / 6) > 1e-4 or beta != 0.5:
        write_curve(op, Curve("HardSigmoid", (VALUE,), {"alpha": alpha, "beta": beta}))
        return
    view = op.view()
    scaled(op, view, *(np.full(view.shape, value, np.float32) for value in (1, 3)))
    six = Table(op.fresh(), op.graph.views[op.node.outputs[0]].tensor, "RELU6")
    op.write(six, view.positions)
    scaled(op, View(six.result, view.positions), *(np.full(view.shape, value, np.float32) for value in (1 / 6, 0)))


def clip(op: OnnxOperator) -> None:
    """Clip: a ReLU6 or a ReLU where it is one."""
    ends = []
    for place, name, none in ((1, "min", -np.inf), (2, "max", np.inf)):
        held = op.fixed(place, name) if op.has(place) else np.array(op.attribute(name, none))
        ends.append(float(held.ravel()[0]))
    functions = {(0.0, 6.0): "RELU6", (0.0, np.inf): "RELU"}
    low, high = ends
    if high > 1e30:
        high = np.inf
    if (low, high) in functions:
        _table(op, functions[low, high])
        return
    below = VALUE if low < -1e30 else Curve("Max", (VALUE, low))
    write_curve(op, below if high == np.inf else Curve("Min", (below, high)))


def divided(op: OnnxOperator) -> None:
    """Div of or by constants."""
    if curve_with_number(op, "Div", places=(0,)):
        return
    if not np.all(op.fixed(1, "divisor")):
        raise UnsupportedError(" by 0", "a division by other constants")
    by_constant(op, lambda value: (1 / value, np.float32(0)))


def by_constant(op: OnnxOperator, of_value: OfValue) -> bool:
    """Whether one input is constant; then the other is scaled and shifted, by channel."""
    constants = [place for place in (0, 1) if op.constant(place) is not None]
    if not constants:
        return False
    (place,) = constants
    view = op.view(1 - place)
    values = op.fixed(place, "value").astype(np.float32)
    if np.broadcast_shapes(values.shape, view.shape) != view.shape:
        raise UnsupportedError(f" of {list(values.shape)} and {list(view.shape)}", "a constant for each channel")
    gain, shift = (np.broadcast_to(part, view.shape) for part in of_value(values))
    scaled(op, view, gain, shift)
    return True


def scaled(op: OnnxOperator, view: View, gain: np.ndarray, shift: np.ndarray) -> None:
    """Writes gain * x + shift, both of the view's shape and the same over all of time, as a depthwise convolution of
    one sample; `export.network.fusion` moves it into a neighbour.
    """
    weights, bias = (by_channel(view, part) for part in (gain, shift))
    op.write(Depthwise(op.fresh(), view.tensor, weights[None], bias), view.positions)


def by_channel(view: View, values: np.ndarray) -> np.ndarray:
    """Values of a whole tensor's view, the same over all of time, by the tensor's channels: float32 (channels,)."""
    if (view.positions == ZERO).any() or len(np.unique(view.positions)) != view.tensor.size:
        raise UnsupportedError(" of a part of a tensor, or of padding", "one over all channels and samples")
    rows = values.ravel()[np.argsort(view.positions.ravel())].reshape(view.tensor.length, view.tensor.channels)
    if (rows != rows[0]).any():
        raise UnsupportedError(" of a constant that changes over time", "a constant for each channel")
    return np.ascontiguousarray(rows[0], np.float32)


def batch_norm(op: OnnxOperator) -> None:
    """BatchNormalization as it is outside training."""
    if op.attribute("training_mode", 0):
        raise UnsupportedError(" in training mode", "a model in evaluation mode: call .eval() before exporting")
    gain, bias, mean, variance = (
        op.fixed(i, what).astype(np.float64) for i, what in ((1, "scale"), (2, "bias"), (3, "mean"), (4, "variance"))
    )
    view = op.view()
    shape = [1, gain.size] + [1] * (len(view.shape) - 2)
    if len(view.shape) < 2 or view.shape[1] != gain.size or (variance < 0).any():
        raise UnsupportedError(f" of {gain.size} channels over {list(view.shape)}", "constants for each channel")
    gain = gain / np.sqrt(variance + op.attribute("epsilon", 1e-5))
    shift = bias - mean * gain
    spread_out = [np.broadcast_to(part.astype(np.float32).reshape(shape), view.shape) for part in (gain, shift)]
    scaled(op, view, *spread_out)


def softmax(op: OnnxOperator) -> None:
    """Softmax over the channels of each sample."""
    view = op.view()
    axes = len(view.shape)
    axis = op.axis(op.attribute("axis", -1 if op.graph.opset >= 13 else 1), axes)
    if op.graph.opset < 13 and any(n > 1 for n in view.shape[axis + 1 :]):
        raise UnsupportedError(f" over {list(view.shape[axis:])} values together", "one over the channels alone")
    positions = np.moveaxis(view.positions, axis, 0).reshape(view.shape[axis], -1)
    found = signal(view.tensor, positions)
    if not found.whole:
        raise UnsupportedError(" of a part of a tensor, or of padding", "one over all channels and samples")
    op.write(Softmax(op.fresh(), found.tensor), view.positions)


def write_curve(op: OnnxOperator, curve: Curve, place: int = 0) -> None:
    """Writes a function of each value by itself."""
    view = op.view(place)
    if (view.positions == ZERO).any():
        raise UnsupportedError(" behind padding", "padding of convolutions only")
    op.write(Table(op.fresh(), view.tensor, LOOKUP, curve=curve), view.positions)


def curve_with_number(op: OnnxOperator, kind: str, places: tuple[int, ...] = (0, 1)) -> bool:
    """Whether one input is a single number, in one of those places; then the operator is a function of the other."""
    for place in places:
        number = op.constant(place)
        if number is not None and number.size == 1 and op.constant(1 - place) is None:
            operands = (VALUE, float(number.item())) if place else (float(number.item()), VALUE)
            write_curve(op, Curve(kind, operands), 1 - place)
            return True
    return False


def function(op: OnnxOperator) -> None:
    """An operator that is a function of a value, with numbers as attributes."""
    attributes = {name: value for name, value in op.node.attributes.items() if name in ("alpha", "beta", "gamma")}
    write_curve(op, Curve(op.kind, (VALUE,), attributes))


def power(op: OnnxOperator) -> None:
    if not curve_with_number(op, "Pow"):
        raise UnsupportedError(" of two computed values, or of several constants", "one constant exponent for all")


def prelu(op: OnnxOperator) -> None:
    """PRelu with a slope for each channel; with one for all it is a LeakyRelu."""
    slopes, view = op.fixed(1, "slope").astype(np.float32), op.view()
    if (slopes == slopes.ravel()[0]).all():
        _table(op, "LEAKY_RELU", float(slopes.ravel()[0]))
        return
    tensor, name = view.tensor, op.fresh()
    values = by_channel(view, np.broadcast_to(slopes, view.shape))[None]
    second = Tensor(f"{name}/slopes", 1, tensor.channels)
    op.write(PRelu(name, tensor, second, values=values), view.positions)


POINTWISE: dict[str, Rule] = {
    "Relu": table("RELU"),
    "Sigmoid": table("LOGISTIC"),
    "Tanh": table("TANH"),
    "HardSigmoid": hard_sigmoid,
    "HardSwish": table("HARD_SWISH"),
    "LeakyRelu": leaky_relu,
    "Clip": clip,
    "BatchNormalization": batch_norm,
    "Softmax": softmax,
    "PRelu": prelu,
    "Pow": power,
    "Gelu": lambda op: write_curve(op, curves.gelu(op.attribute("approximate", "none"))),
    "Mish": lambda op: write_curve(op, curves.mish()),
    "Celu": lambda op: write_curve(op, curves.celu(op.attribute("alpha", 1.0))),
    "Swish": lambda op: write_curve(op, curves.swish(op.attribute("alpha", 1.0))),
    **dict.fromkeys(curves.OF_ONE, function),
}
