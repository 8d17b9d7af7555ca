"""Tensors that must have one scale: what a layer whose tensors are alike reads and writes, and what else keeps theirs.

TFLite joins such tensors without touching their values. So the quantizer gives them one range, that of all of them; a
tensor whose scale is fixed (a sigmoid's) goes through a QUANTIZE first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from export.network.integers import Affine
from export.network.layers import Layer, Network
from export.network.operators import operator_of
from export.network.pointwise import Elementwise, Table

Ranges = dict[str, Sequence[float]]


def brought_together(network: Network, ranges: Mapping[str, Sequence[float]]) -> tuple[Network, Ranges]:
    """The network with a QUANTIZE behind each tensor of a fixed scale that an alike layer reads, and ranges in which
    tensors of one scale have one range.
    """
    if not any(operator_of(layer).alike for layer in network.layers):
        return network, dict(ranges)
    network, ranges = _freed(network, ranges)
    groups = {name: {name} for name in network.tensors}
    for layer in network.layers:
        if operator_of(layer).alike or _keeps_scale(layer):
            joined = set().union(*(groups.get(operand.name, set()) for operand in layer.operands), groups[layer.name])
            groups |= dict.fromkeys(joined, joined)
    alike = {layer.name for layer in network.layers if operator_of(layer).alike}
    constants = {
        layer.name: (float(layer.values.min()), float(layer.values.max()))
        for layer in network.layers
        if isinstance(layer, Elementwise) and layer.values is not None and operator_of(layer).alike
    }
    for group in {id(group): group for group in groups.values()}.values():
        if group & alike:
            known = [ranges[name] for name in group if name in ranges]
            known += [constants[name] for name in group if name in constants]
            low, high = min(float(low) for low, _ in known), max(float(high) for _, high in known)
            ranges |= dict.fromkeys(group, (min(low, 0.0), max(high, 0.0)))
    return network, ranges


def _freed(network: Network, ranges: Mapping[str, Sequence[float]]) -> tuple[Network, Ranges]:
    """With a QUANTIZE between tensors of a fixed scale and the alike layers that read them."""
    fixed: set[str] = set()
    layers: list[Layer] = []
    freed = dict(ranges)
    for layer in network.layers:
        if operator_of(layer).alike:
            moved = {}
            for source in layer.sources:
                if source.name in fixed:
                    table = Table(f"{layer.name}/{source.name}", source, "QUANTIZE")
                    layers.append(table)
                    freed[table.name] = ranges[source.name]
                    moved[source.name] = replace(source, name=table.name)
            layer = layer.reading(moved)
        elif layer.source.name in fixed if _keeps_scale(layer) else _is_fixed(layer):
            fixed.add(layer.name)
        layers.append(layer)
    return replace(network, layers=tuple(layers)), freed


def _keeps_scale(layer: Layer) -> bool:
    """Whether its output has its input's scale and zero point, whatever those are."""
    return _ruled(layer) is ANY


def _is_fixed(layer: Layer) -> bool:
    """Whether its output has always the same."""
    return _ruled(layer) not in (None, ANY)


ANY = Affine(np.float32(1), 0)


def _ruled(layer: Layer) -> Affine | None:
    return operator_of(layer).result(layer, [ANY])
