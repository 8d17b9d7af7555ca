"""The integers of a deployed network: scales and zero points of its tensors, and what each layer's kernel reads.

`export.network.quantization` makes them of a trained network, `export.network.from_file` reads those of a file.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from export.network.layers import Network


@dataclass(frozen=True)
class Affine:
    """value = scale * (q - zero_point), q in [-128, 127]."""

    scale: np.float32
    zero_point: int

    def quantize(self, x: np.ndarray) -> np.ndarray:
        """Float array -> int8 array of the same shape, rounded half to even and clamped."""
        q = np.rint(np.asarray(x, np.float64) / float(self.scale)) + self.zero_point
        integers: np.ndarray = np.clip(q, -128, 127).astype(np.int8)
        return integers

    def dequantize(self, q: np.ndarray) -> np.ndarray:
        """Integer array -> float32 array of the same shape."""
        values: np.ndarray = ((q.astype(np.int32) - self.zero_point) * self.scale).astype(np.float32)
        return values


@dataclass(frozen=True, eq=False)
class Int8Conv:
    """The integers of one convolution."""

    weights: np.ndarray  # int8 (out, kernel, in); of a depthwise one (kernel, out)
    weight_scales: np.ndarray  # float32 (out,)
    bias: np.ndarray  # int32 (out,)
    bias_scales: np.ndarray  # float32 (out,), input scale * weight scale
    multiplier: np.ndarray  # int32 (out,), Q31
    shift: np.ndarray  # int8 (out,), positive: left


@dataclass(frozen=True, eq=False)
class Kept:
    """Integers that a file has of a layer: its weights are whole steps of these scales."""

    weight_scales: np.ndarray  # float32 (out,)
    bias: np.ndarray | None  # int32 (out,), in steps of input times weights; None: in float alone


@dataclass(frozen=True, eq=False)
class Rescale:
    """The integers of a layer without weights: factors as multipliers and shifts, and what else its kernel reads. Each
    array may be empty.
    """

    multiplier: np.ndarray  # int32 (n,), Q31
    shift: np.ndarray  # int8 (n,), positive: left
    bias: np.ndarray  # int32 (m,)
    constants: np.ndarray = field(default_factory=lambda: np.empty(0, np.int8))  # int8 (k,)


@dataclass(frozen=True, eq=False)
class Int8Network:
    """A network with one table of scales and zero points, and the integers of each layer, by name.

    Args:
        network: its shapes.
        activations: of every tensor.
        convs: of every convolution, depthwise or not.
        rescales: of the layers without weights that change scales.
        clamps: least and largest value of layers that end elsewhere than `limits` would say.
    """

    network: Network
    activations: dict[str, Affine]
    convs: dict[str, Int8Conv]
    rescales: Mapping[str, Rescale] = field(default_factory=dict)
    clamps: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def limits(self, name: str) -> tuple[int, int]:
        """Least and largest value that layer `name` may write: a fused ReLU ends at the zero point."""
        if name in self.clamps:
            return self.clamps[name]
        layer = next(layer for layer in self.network.layers if layer.name == name)
        return (self.activations[name].zero_point if layer.relu else -128), 127


def quantize_multiplier(scale: float) -> tuple[int, int]:
    """(multiplier, shift) with scale = multiplier / 2^31 * 2^shift, multiplier in [2^30, 2^31): TFLite's rule."""
    fraction, shift = math.frexp(scale)
    multiplier = math.floor(fraction * 2**31 + 0.5)
    if multiplier == 2**31:
        multiplier, shift = 2**30, shift + 1
    return (0, 0) if shift < -31 else (multiplier, shift)
