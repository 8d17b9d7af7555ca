"""The deployed network, described once: 1-D layers with plain float weights, in the order in which they run.

Layers that read the same sample only stand in `export.network.pointwise`.

`export.network.quantization` gives it its integers, and the writers (TFLite, ONNX, C) only spell both out. Tensors are
time-major: (length, channels). A tensor bears the name of the layer that writes it; the first layer reads "input". A
trained encoder is a chain of convolutions and average pools whose last two layers write "features" (the kept latent
dimensions) and "logits"; a network read from a file (`export.network.from_file`) may hold the other layers and has
outputs of its own.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, cast

import numpy as np

FEATURES, LOGITS = "features", "logits"
SIX = 6.0


@dataclass(frozen=True)
class Tensor:
    """A named tensor (length, channels)."""

    name: str
    length: int
    channels: int

    @property
    def size(self) -> int:
        return self.length * self.channels


class Layer:
    """What a layer is to all that handle layers: the geometry of a kernel over time, and what it costs. The input has
    zeros around it (`padding`, as a causal convolution has), and TFLite's SAME adds its own to those, VALID none.
    """

    name: str
    source: Tensor
    kernel: int
    stride: int
    same: bool
    padding: tuple[int, int] = (0, 0)
    dilation: int
    channels: int
    relu: bool = False  # a fused ReLU, which of a ReLU6 ends at `ceiling`, SIX
    ceiling: float = math.inf
    skipped: int = 0  # values of its input before the first that it reads
    parameters: int = 0
    macs: int = 0  # multiply-accumulates; products with padding are counted, as is usual

    @property
    def sources(self) -> tuple[Tensor, ...]:
        return (self.source,)

    @property
    def operands(self) -> tuple[Tensor, ...]:
        """What it reads that has a scale: its sources, and a constant beside them."""
        return self.sources

    def keeps_step_with(self, source: Tensor) -> bool:
        """Whether it reads a source in step with what it writes, so that its output may lie over it."""
        return source.size == self.source.size  # another one is read again for every sample

    @property
    def span(self) -> int:
        """Samples from the first tap to the last, both included."""
        return (self.kernel - 1) * self.dilation + 1

    @property
    def result(self) -> Tensor:
        """The tensor this layer writes."""
        length = self.source.length + sum(self.padding)
        if self.same:
            return Tensor(self.name, -(-length // self.stride), self.channels)
        return Tensor(self.name, (length - self.span) // self.stride + 1, self.channels)

    def over(self, source: Tensor) -> "Layer":
        """The same layer over another input."""
        layer: Layer = replace(cast(Any, self), source=source)
        return layer

    def reading(self, moved: Mapping[str, Tensor]) -> "Layer":
        """The same layer over other sources, by the names of those that it has."""
        fields = {
            name: moved[value.name] for name, value in vars(self).items() if getattr(value, "name", None) in moved
        }
        layer: Layer = replace(cast(Any, self), **fields)
        return layer

    @property
    def pads(self) -> tuple[int, int]:
        """Zeros before and after, in all; of an odd number that SAME adds, the one more comes after."""
        before, after = self.padding
        if not self.same:
            return before, after
        length = self.source.length + before + after
        total = max((self.result.length - 1) * self.stride + self.span - length, 0)
        return before + total // 2, after + total - total // 2


@dataclass(frozen=True, eq=False)
class Weighted(Layer):
    """What multiplies; with bias and, if `relu`, a fused ReLU."""

    name: str
    source: Tensor
    weights: np.ndarray  # float32
    bias: np.ndarray  # float32 (out,)
    stride: int = 1
    same: bool = False
    relu: bool = False
    dilation: int = 1
    ceiling: float = math.inf
    padding: tuple[int, int] = (0, 0)

    @property
    def parameters(self) -> int:  # type: ignore[override]
        return self.weights.size + self.bias.size

    @property
    def macs(self) -> int:  # type: ignore[override]
        return self.result.length * self.weights.size

    @property
    def kernels(self) -> np.ndarray:
        """The weights of each output channel: a view (out, kernel, in)."""
        raise NotImplementedError

    def arranged(self, kernels: np.ndarray) -> np.ndarray:
        """Other weights (out, kernel, in), in the order of this layer's."""
        raise NotImplementedError


class Conv(Weighted):
    """Convolution, weights (out, kernel, in). A dense layer is one that reads a single sample."""

    @property
    def kernel(self) -> int:  # type: ignore[override]
        return int(self.weights.shape[1])

    @property
    def channels(self) -> int:  # type: ignore[override]
        return int(self.weights.shape[0])

    @property
    def kernels(self) -> np.ndarray:
        return self.weights

    def arranged(self, kernels: np.ndarray) -> np.ndarray:
        return kernels


class Depthwise(Weighted):
    """Convolution of each channel by itself, weights (kernel, out): output channel c reads input c // (out / in)."""

    @property
    def kernel(self) -> int:  # type: ignore[override]
        return int(self.weights.shape[0])

    @property
    def channels(self) -> int:  # type: ignore[override]
        return int(self.weights.shape[1])

    @property
    def kernels(self) -> np.ndarray:
        return self.weights.T[..., None]

    def arranged(self, kernels: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(kernels[..., 0].T)


@dataclass(frozen=True, eq=False)
class Pool(Layer):
    """What makes one sample of `kernel`, channel by channel."""

    name: str
    source: Tensor
    kernel: int
    stride: int
    same: bool = False
    dilation = 1

    @property
    def channels(self) -> int:  # type: ignore[override]
        return self.source.channels


class AveragePool(Pool):
    """Mean over `kernel` samples; its output has its input's scale."""


class MaxPool(Pool):
    """Largest of `kernel` samples; its output has its input's scale."""


class Mean(Pool):
    """Mean over all samples, with a scale of its own."""


class Sum(Pool):
    """Sum over all samples, with a scale of its own."""


@dataclass(frozen=True, eq=False)
class Concat(Layer):
    """Several tensors side by side (as channels), or one behind the other (along time); all have one scale."""

    name: str
    parts: tuple[Tensor, ...]
    along_time: bool = False
    kernel = stride = dilation = 1
    same = False

    @property
    def source(self) -> Tensor:  # type: ignore[override]
        return self.parts[0]

    @property
    def sources(self) -> tuple[Tensor, ...]:
        return self.parts

    @property
    def channels(self) -> int:  # type: ignore[override]
        return self.source.channels if self.along_time else sum(part.channels for part in self.parts)

    @property
    def result(self) -> Tensor:
        length = sum(part.length for part in self.parts) if self.along_time else self.source.length
        return Tensor(self.name, length, self.channels)

    def reading(self, moved: Mapping[str, Tensor]) -> "Concat":
        return replace(self, parts=tuple(moved.get(part.name, part) for part in self.parts))

    def keeps_step_with(self, source: Tensor) -> bool:
        return False


@dataclass(frozen=True)
class Network:
    """Layers in order, each reading what earlier ones wrote, in any shape of that size.

    Args:
        layers: at least one.
        outputs: tensors that outlive the run; the last one is what the class is read from.
        window: the input as it is given, where that is not as the first layer takes it.

    Raises:
        ValueError: the layers do not fit together, or an output is none of theirs.
    """

    layers: tuple[Layer, ...]
    outputs: tuple[str, ...] = (FEATURES, LOGITS)
    window: Tensor | None = None

    def __post_init__(self) -> None:
        if len(set(self.names)) != len(self.names) or not set(self.outputs) <= set(self.names):
            raise ValueError(f"layers {self.names}: expected different names, {' and '.join(self.outputs)} among them")
        sizes = {self.input.name: self.input.size}
        for layer in self.layers:
            for source in layer.sources:
                if source.size != sizes.get(source.name):
                    raise ValueError(
                        f"{layer.name} reads {source}, but of that {sizes.get(source.name, 0)} are written"
                    )
            sizes[layer.name] = layer.result.size
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
        return self.window or self.layers[0].source

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
