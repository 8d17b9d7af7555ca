"""From the trained classifier to the network that is deployed: batch norm folded in, variant rows left out.

The head reads no variant dimension, so leaving their rows out of the latent layer changes neither logits nor kept
features.
"""

from typing import TYPE_CHECKING, cast

import numpy as np

from export.network.layers import FEATURES, LOGITS, AveragePool, Conv, Network, Tensor
from scl.artifacts.export_report import Dropped

if TYPE_CHECKING:
    from torch import Tensor as Parameter

    from train.model.encoder import Classifier, ConvBlock


def fold(model: "Classifier", samples: int) -> Network:
    """The deployed network of a classifier in evaluation mode, for normalised windows (samples, channels).

    A batch norm after a convolution without bias is y = g (Wx - m) / s + b, so W g / s and b - m g / s; computed in
    float64, stored in float32. A "flatten" encoder's latent layer becomes a convolution as long as what it reads.
    """
    blocks = [cast("ConvBlock", block) for block in model.encoder.blocks]
    tensor = Tensor("input", samples, blocks[0].conv.in_channels)
    layers: list[Conv | AveragePool] = []

    def add(layer: Conv | AveragePool) -> Tensor:
        layers.append(layer)
        return layer.result

    for index, block in enumerate(blocks):
        weights, bias = _folded(block)
        stride, same = block.conv.stride[0], block.padding == "same"
        tensor = add(Conv(f"block{index}", tensor, weights, bias, stride, same, relu=True))
    latent = model.encoder.latent
    if model.encoder.architecture.pool == "average":
        tensor = add(AveragePool("pool", tensor, tensor.length, tensor.length))
    kept = model.partition.kept
    rows = _array(latent.weight)[kept].reshape(len(kept), tensor.length, tensor.channels)
    tensor = add(Conv(FEATURES, tensor, _float32(rows), _float32(_array(latent.bias)[kept])))
    add(Conv(LOGITS, tensor, _float32(_array(model.head.weight)[:, None]), _float32(_array(model.head.bias))))
    return Network(tuple(layers))


def dropped(model: "Classifier") -> Dropped:
    """What leaving the variant rows out saves."""
    rows, width = model.partition.variant, model.encoder.latent.in_features
    return Dropped(rows, rows * (width + 1), rows * (width + 4), rows * width)


def _folded(block: "ConvBlock") -> tuple[np.ndarray, np.ndarray]:
    """Weights (out, kernel, in) and bias (out,) of a convolution and the batch norm behind it."""
    norm = block.norm
    assert norm.running_mean is not None and norm.running_var is not None  # of a trained one
    gain = _array(norm.weight) / np.sqrt(_array(norm.running_var) + norm.eps)
    weights = _array(block.conv.weight) * gain[:, None, None]
    return _float32(weights.transpose(0, 2, 1)), _float32(_array(norm.bias) - _array(norm.running_mean) * gain)


def _array(parameter: "Parameter") -> np.ndarray:
    return np.asarray(parameter.detach().cpu().double().numpy())


def _float32(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, np.float32)
