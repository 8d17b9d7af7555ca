"""Leaves the variant rows of a latent out of a network that computes them: what reads the latent must read none."""

from dataclasses import replace

import numpy as np

from export.network.layers import FEATURES, Conv, Layer, Network, Tensor
from scl.artifacts import InputError
from scl.partition import Partition


def without_variant(network: Network, partition: Partition, where: str) -> Network:
    """The network with the kept rows of "features" alone; `where` names in errors what it is from.

    Raises InputError if it has no latent of the partition's size, or a layer reads a variant dimension.
    """
    latent = next((layer for layer in network.layers if layer.name == FEATURES), None)
    if latent is None or FEATURES not in network.outputs:
        raise InputError(
            f"{where}: returns logits alone, expected (latent, logits) for the partition {partition}: return both, or "
            "leave the partition out"
        )
    if latent.result != Tensor(FEATURES, 1, partition.size) or not isinstance(latent, Conv):
        raise InputError(
            f"{where}: the latent is {latent.result.length} x {latent.result.channels} of a {type(latent).__name__}, "
            f"expected {partition.size} values of a Linear for the partition {partition}; change one of the two"
        )
    kept = partition.kept
    shorter = _rows(latent, kept)
    others = (_reading(layer, shorter.result, kept, partition, where) for layer in network.layers)
    return replace(network, layers=tuple(shorter if one.name == FEATURES else one for one in others))


def _rows(layer: Conv, kept: np.ndarray) -> Conv:
    return replace(layer, weights=layer.weights[kept], bias=layer.bias[kept])


def _reading(layer: Layer, latent: Tensor, kept: np.ndarray, partition: Partition, where: str) -> Layer:
    """The layer over the shorter latent, if it reads it."""
    if FEATURES not in (source.name for source in layer.sources):
        return layer
    variant = partition.variant_slice
    if not isinstance(layer, Conv) or layer.source.length != 1 or layer.weights[..., variant].any():
        raise InputError(
            f"{where}: layer {layer.name} reads the variant dimensions {variant.start} to {variant.stop - 1} of the "
            f"latent, which the partition {partition} drops on the board; give the head the others alone: "
            "latent[:, partition.kept]"
        )
    return replace(layer, source=latent, weights=np.ascontiguousarray(layer.weights[..., kept]))
