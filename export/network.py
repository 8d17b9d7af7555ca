"""The deployed network, described once: a chain of 1-D convolutions and average pools, folded to plain float weights.

`export.int8` gives it its integers, and the writers (TFLite, ONNX, C) only spell both out. Tensors are time-major:
(length, channels). A tensor bears the name of the layer that writes it; the first layer reads "input", and the last two
write "features" (the kept latent dimensions) and "logits".
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

FEATURES, LOGITS = "features", "logits"


@dataclass(frozen=True)
class Tensor:
    """A named tensor (length, channels)."""

    name: str
    length: int
    channels: int

    @property
    def size(self) -> int:
        return self.length * self.channels


class _Sliding:
    """Geometry of a kernel that slides over time, with TFLite's SAME padding or none (VALID)."""

    name: str
    source: Tensor
    kernel: int
    stride: int
    same: bool
    channels: int

    @property
    def result(self) -> Tensor:
        """The tensor this layer writes."""
        length = self.source.length
        if self.same:
            return Tensor(self.name, -(-length // self.stride), self.channels)
        return Tensor(self.name, (length - self.kernel) // self.stride + 1, self.channels)

    @property
    def pads(self) -> tuple[int, int]:
        """Zeros before and after; of an odd number the one more comes after (TFLite's SAME)."""
        if not self.same:
            return 0, 0
        total = max((self.result.length - 1) * self.stride + self.kernel - self.source.length, 0)
        return total // 2, total - total // 2


@dataclass(frozen=True, eq=False)
class Conv(_Sliding):
    """Convolution with bias and, if `relu`, a fused ReLU."""

    name: str
    source: Tensor
    weights: np.ndarray  # float32 (out, kernel, in)
    bias: np.ndarray  # float32 (out,)
    stride: int = 1
    same: bool = False
    relu: bool = False

    @property
    def kernel(self) -> int:  # type: ignore[override]
        return self.weights.shape[1]

    @property
    def channels(self) -> int:  # type: ignore[override]
        return self.weights.shape[0]

    @property
    def parameters(self) -> int:
        return self.weights.size + self.bias.size

    @property
    def macs(self) -> int:
        """Multiply-accumulates; products with padding are counted, as is usual."""
        return self.result.length * self.weights.size


@dataclass(frozen=True, eq=False)
class AveragePool(_Sliding):
    """Mean over `kernel` samples; its output has its input's scale."""

    name: str
    source: Tensor
    kernel: int
    stride: int
    same: bool = False

    @property
    def channels(self) -> int:  # type: ignore[override]
        return self.source.channels

    parameters = macs = 0


@dataclass(frozen=True)
class Network:
    """Layers in order, each reading the one before it.

    Raises ValueError if they do not fit together or the last two are not called features and logits.
    """

    layers: tuple[Conv | AveragePool, ...]

    def __post_init__(self) -> None:
        if self.names[-2:] != [FEATURES, LOGITS] or len(set(self.names)) != len(self.names):
            raise ValueError(f"layers {self.names}: expected different names, the last two {FEATURES} and {LOGITS}")
        for before, layer in zip(self.layers, self.layers[1:], strict=False):
            if layer.source != before.result:
                raise ValueError(f"{layer.name} reads {layer.source}, but {before.name} writes {before.result}")
        for layer in self.layers:
            if isinstance(layer, Conv) and layer.weights.shape[2] != layer.source.channels:
                raise ValueError(f"{layer.name}: weights are {layer.weights.shape}, its input {layer.source}")
            if layer.result.length < 1:
                raise ValueError(f"{layer.name}: a kernel of {layer.kernel} does not fit into {layer.source}")

    @property
    def names(self) -> list[str]:
        return [layer.name for layer in self.layers]

    @property
    def input(self) -> Tensor:
        return self.layers[0].source

    @cached_property
    def tensors(self) -> dict[str, Tensor]:
        """Every activation tensor by name, the input first."""
        return {tensor.name: tensor for tensor in (self.input, *(layer.result for layer in self.layers))}

    @property
    def convs(self) -> list[Conv]:
        return [layer for layer in self.layers if isinstance(layer, Conv)]

    @property
    def parameters(self) -> int:
        return sum(layer.parameters for layer in self.layers)

    @property
    def macs(self) -> int:
        return sum(layer.macs for layer in self.layers)
