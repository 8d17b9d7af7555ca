"""Layers that are together a function of one value, as one table: an activation that exporters write as several
nodes.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace

from export.network import curves
from export.network.curves import VALUE, Curve
from export.network.layers import Depthwise, Layer
from export.network.pointwise import LOOKUP, Add, Elementwise, Maximum, Minimum, Multiply, Subtract, Table
from export.network.tables import curve_of

MOST_SIZE = 100  # operators of a function: each reads the one inside as often as it says
KINDS: dict[type[Layer], str] = {Add: "Add", Subtract: "Sub", Multiply: "Mul", Maximum: "Max", Minimum: "Min"}


def chained(before: Layer, layer: Layer) -> Table | None:
    """A function of a function as one table; None if one of them is none, or both only scale and shift."""
    inner, outer = _function(before), _function(layer)
    if inner is None or outer is None or not any(isinstance(one, Table) for one in (before, layer)):
        return None
    if outer.size + outer.values * (inner.size - 1) > MOST_SIZE:
        return None
    return Table(layer.name, replace(layer.source, name=before.source.name), LOOKUP, curve=outer.of(inner))


def joined(layer: Layer, written: Mapping[str, Layer], stays: Collection[str]) -> Table | None:
    """A layer that joins two functions of one tensor's values, as one table over that tensor; None if it is none.

    Args:
        written: layers, by name.
        stays: tensors that are read as they are.
    """
    if type(layer) not in KINDS or not isinstance(layer, Elementwise) or layer.values is not None or layer.relu:
        return None
    if layer.second.length != layer.source.length:
        return None
    first, second = (_of_tensors(one.name, written, stays) for one in layer.operands)
    for name, curve in first:
        for other, beside in second:
            if name == other and curve.size + beside.size < MOST_SIZE:
                source = replace(layer.source, name=name)
                return Table(layer.name, source, LOOKUP, curve=Curve(KINDS[type(layer)], (curve, beside)))
    return None


def _of_tensors(name: str, written: Mapping[str, Layer], stays: Collection[str]) -> Sequence[tuple[str, Curve]]:
    """Of which tensors' values a tensor is a function, and of which: of its own, and of those its layer reads."""
    own, layer = (name, VALUE), written.get(name)
    function = None if layer is None or name in stays else _function(layer)
    return [own] if layer is None or function is None else [own, (layer.source.name, function)]


def _function(layer: Layer) -> Curve | None:
    """What a layer computes of each value by itself, whatever its channel."""
    if isinstance(layer, Table):
        return curve_of(layer)
    if not isinstance(layer, Depthwise) or layer.relu or layer.weights.size != layer.source.channels:
        return None
    one = layer.kernel == layer.stride == 1 and layer.pads == (0, 0)
    if not one or (layer.weights != layer.weights[0, 0]).any() or (layer.bias != layer.bias[0]).any():
        return None
    return curves.scaled(float(layer.weights[0, 0]), float(layer.bias[0]))
