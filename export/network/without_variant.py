"""Leaves the variant rows of a latent out of a network that computes them: what reads the latent must read none."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from export.network.layers import FEATURES, Conv, Layer, Network, Tensor
from export.network.pointwise import Table
from scl.artifacts import InputError
from scl.partition import Partition


def without_variant(network: Network, partition: Partition) -> Network:
    """The network with the kept rows of "features" alone.

    Raises InputError if it has no latent of the partition's size, or a layer reads a variant dimension.
    """
    latent = next((layer for layer in network.layers if layer.name == FEATURES), None)
    if latent is None or FEATURES not in network.outputs:
        raise InputError(
            f"the module returns logits alone, expected (latent, logits) for the partition {partition}: return both, "
            "or leave the partition out"
        )
    if latent.result != Tensor(FEATURES, 1, partition.size) or not isinstance(latent, Conv):
        raise InputError(
            f"the latent is {latent.result.length} x {latent.result.channels} of a {type(latent).__name__}, expected "
            f"{partition.size} values of a Linear for the partition {partition}; change one of the two"
        )
    shorter: dict[str, Layer] = {FEATURES: _rows(latent, partition.kept)}
    layers: list[Layer] = []
    for layer in network.layers:
        read = {source.name for source in layer.sources} & set(shorter)
        if isinstance(layer, Table) and read:  # keeps dimensions apart
            shorter[layer.name] = replace(layer, source=shorter[layer.source.name].result)
        layers.append(shorter.get(layer.name) or (_reading(layer, shorter, partition) if read else layer))
    return replace(network, layers=tuple(layers))


def _rows(layer: Conv, kept: np.ndarray) -> Conv:
    return replace(layer, weights=layer.weights[kept], bias=layer.bias[kept])


def _reading(layer: Layer, shorter: Mapping[str, Layer], partition: Partition) -> Layer:
    """A layer that reads the latent, over the shorter one."""
    variant = partition.variant_slice
    if not isinstance(layer, Conv) or layer.source.length != 1 or layer.weights[..., variant].any():
        raise InputError(
            f"layer {layer.name} reads the variant dimensions {variant.start} to {variant.stop - 1} of the latent, "
            f"which the partition {partition} drops on the board; give the head the others alone: "
            "latent[:, partition.kept]"
        )
    weights = np.ascontiguousarray(layer.weights[..., partition.kept])
    return replace(layer, source=shorter[layer.source.name].result, weights=weights)
