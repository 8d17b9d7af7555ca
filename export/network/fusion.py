"""A network with fewer layers that computes the same: what stands beside a convolution moves into it.

- A depthwise convolution of one sample, as a batch norm is one, moves into the layer with weights before it, or into
  the one behind it where that pads nothing (zeros would have become the shift).
- A ReLU or ReLU6 moves into a layer with weights or a sum before it.
- Functions of one value that follow one another, or are joined, become one table (`export.network.composition`).
- What no output depends on is left out.
"""

import math
from collections.abc import Collection
from dataclasses import fields, replace
from typing import Any, cast

import numpy as np

from export.network.composition import chained, joined
from export.network.layers import Conv, Depthwise, Layer, Tensor, Weighted
from export.network.pointwise import Add, Table

ENDS = (Weighted, Add)  # layers that a ReLU can end
CEILINGS = {"RELU": math.inf, "RELU6": 6.0}


def fused(
    layers: list[Layer], outputs: Collection[str], held: Collection[str] = ()
) -> tuple[list[Layer], dict[str, str]]:
    """Layers in order, and by which name to find a tensor that another layer writes by now.

    Args:
        outputs: tensors that have to stay.
        held: tensors of which a file has the scales: they stay, too, if they are read.
    """
    moved: dict[str, str] = {}
    layers = _needed(layers, outputs)
    while (found := _pair(layers, {*outputs, *held})) is not None:
        before, layer, new = found
        layers = [new if one is layer else one for one in layers if one is not before]
        if new.name != layer.name:
            layers = [renamed(one, layer.name, new.name) for one in layers]
            moved = {old: new.name if name == layer.name else name for old, name in moved.items()}
            moved[layer.name] = new.name
            outputs = [new.name if name == layer.name else name for name in outputs]
            held = [new.name if name == layer.name else name for name in held]
        layers = _needed(layers, outputs)
    return layers, moved


def _pair(layers: list[Layer], stays: Collection[str]) -> tuple[Layer | None, Layer, Layer] | None:
    """Two layers that are one, and that one; None stands for a first one that others may read."""
    written = {layer.name: layer for layer in layers}
    readers = [source.name for layer in layers for source in layer.sources]
    for layer in layers:
        table = joined(layer, written, stays)
        if table is not None:
            return None, layer, table
        before = written.get(layer.source.name)
        if before is None or before.name in stays or readers.count(before.name) > 1:
            continue
        new = _together(before, layer)
        if new is not None:
            return before, layer, new
    return None


def _together(before: Layer, layer: Layer) -> Layer | None:
    """One layer that does what two do, over the first one's source; None if there is none."""
    table = chained(before, layer)
    if table is not None:
        return table
    if isinstance(layer, Table) and layer.function in CEILINGS and isinstance(before, ENDS) and not before.relu:
        return replace(before, relu=True, ceiling=CEILINGS[layer.function])
    if not isinstance(before, Weighted) or not isinstance(layer, Weighted) or before.relu:
        return None
    if _scales(layer) and layer.source.size == before.result.size and layer.source.channels == before.channels:
        gain, shift = _wide(layer.weights[0]), _wide(layer.bias)
        kernels = _wide(before.kernels) * gain[:, None, None]
        bias = _wide(before.bias) * gain + shift
        weights = np.ascontiguousarray(before.arranged(kernels), np.float32)
        return replace(before, weights=weights, bias=bias.astype(np.float32), relu=layer.relu, ceiling=layer.ceiling)
    if _scales(before) and layer.pads == (0, 0) and _tiles(layer.source.channels, before.channels):
        gain, shift = (np.resize(_wide(part), layer.source.channels) for part in (before.weights[0], before.bias))
        if isinstance(layer, Conv):
            weights = _wide(layer.weights) * gain
            bias = _wide(layer.bias) + (_wide(layer.weights) * shift).sum(axis=(1, 2))
        else:
            each = np.repeat(np.arange(layer.source.channels), layer.channels // layer.source.channels)
            weights = _wide(layer.weights) * gain[each]
            bias = _wide(layer.bias) + (_wide(layer.weights) * shift[each]).sum(axis=0)
        source = Tensor(before.source.name, layer.source.length, layer.source.channels)
        return replace(layer, source=source, weights=weights.astype(np.float32), bias=bias.astype(np.float32))
    return None


def _scales(layer: Layer) -> bool:
    """Whether it only scales and shifts each channel."""
    return (
        isinstance(layer, Depthwise)
        and layer.kernel == layer.stride == 1
        and layer.pads == (0, 0)
        and layer.channels == layer.source.channels
    )


def _tiles(channels: int, scaled: int) -> bool:
    """Whether a layer that reads the scaled tensor in another shape still finds each channel's scale in order."""
    return channels % scaled == 0


def _wide(values: np.ndarray) -> np.ndarray:
    return np.asarray(values, np.float64)


def _needed(layers: list[Layer], outputs: Collection[str]) -> list[Layer]:
    wanted, kept = set(outputs), []
    for layer in reversed(layers):
        if layer.name in wanted:
            kept.append(layer)
            wanted |= {source.name for source in layer.sources}
    return kept[::-1]


def renamed(layer: Layer, old: str, new: str) -> Layer:
    """The layer with a tensor's other name, be it one that it reads or its own."""
    changes: dict[str, Any] = {}
    for field in fields(cast(Any, layer)):
        value = getattr(layer, field.name)
        if field.name == "name" and value == old:
            changes["name"] = new
        if isinstance(value, Tensor) and value.name == old:
            changes[field.name] = replace(value, name=new)
        if isinstance(value, tuple) and any(isinstance(one, Tensor) for one in value):
            changes[field.name] = tuple(replace(one, name=new) if one.name == old else one for one in value)
    return cast(Layer, replace(cast(Any, layer), **changes)) if changes else layer
