"""What a reader of an ONNX operator is given: the node, what its inputs are by now, and where its result goes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from export.network.factors import UnsupportedError
from export.network.integers import Affine, Kept
from export.network.layers import Layer, Tensor
from export.network.names import layer_name
from export.network.onnx_file import MOST_VALUES, OnnxNode
from export.network.onnx_view import Signal, View, plain, signal
from export.network.tflite_operator import MOST


@dataclass(frozen=True, eq=False)
class Integers:
    """A constant that the file holds in integers: value = scale * integer, along `axis` if there are several scales."""

    values: np.ndarray
    scales: np.ndarray  # float32 (1,) or (n,)
    axis: int


@dataclass(eq=False)
class OnnxGraph:
    """The network as far as it has been read.

    Args:
        constants, views: what each value of the graph is, by name.
        integers: constants that were dequantized, by name.
        affines: scale and zero point of a tensor of the network, where the file has them.
        kept: integers of weights and bias of a layer, by its name.
    """

    opset: int
    constants: dict[str, np.ndarray]
    views: dict[str, View] = field(default_factory=dict)
    integers: dict[str, Integers] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    affines: dict[str, Affine] = field(default_factory=dict)
    kept: dict[str, Kept] = field(default_factory=dict)

    def layer(self, name: str) -> Layer | None:
        """The layer that writes a tensor; None of the input."""
        return next((layer for layer in self.layers if layer.name == name), None)

    def fresh(self, called: str) -> str:
        """A name for a layer that no other has, of letters, digits and underscores as C takes it."""
        digits = re.sub(r"\W+", "_", called, flags=re.ASCII).strip("_")
        otherwise = f"layer_{digits}" if digits else "layer"
        return layer_name(called, {"input", *(layer.name for layer in self.layers)}, otherwise)


@dataclass(frozen=True, eq=False)
class OnnxOperator:
    """A node of the graph that is being read. Its methods raise UnsupportedError for what the network cannot be."""

    graph: OnnxGraph
    node: OnnxNode

    @property
    def kind(self) -> str:
        return self.node.kind

    def fresh(self) -> str:
        """A name for a layer of it: after its module, or its kind where the module is what holds it all."""
        return self.graph.fresh(self.node.called)

    def attribute(self, name: str, default: Any) -> Any:
        value = self.node.attributes.get(name)
        return default if value is None else value

    def has(self, place: int) -> bool:
        return len(self.node.inputs) > place and bool(self.node.inputs[place])

    def constant(self, place: int) -> np.ndarray | None:
        """An input's values, if they are known; None if they are computed or left out."""
        return self.graph.constants.get(self.node.inputs[place]) if self.has(place) else None

    def fixed(self, place: int, what: str) -> np.ndarray:
        """An input that has to be known."""
        values = self.constant(place)
        if values is None:
            raise UnsupportedError(f" whose {what} is not constant", f"a constant {what}")
        return values

    def view(self, place: int = 0) -> View:
        """An input that is computed."""
        if not self.has(place) or self.node.inputs[place] not in self.graph.views:
            raise UnsupportedError(" of constants alone", "one of a value that the model computes")
        return self.graph.views[self.node.inputs[place]]

    def with_second(self, view: View) -> "OnnxOperator":
        """The same node with another second input."""
        name = f"{self.node.outputs[0]}/second"
        self.graph.views[name] = view
        return replace(self, node=replace(self.node, inputs=(self.node.inputs[0], name)))

    def listed(self, name: str, place: int, default: Sequence[int] | None = None) -> list[int]:
        """Integers that newer operator sets have as an input, older ones as an attribute."""
        if self.has(place):
            return [int(value) for value in self.fixed(place, name).ravel()]
        value = self.node.attributes.get(name)
        if value is None and default is None:
            raise UnsupportedError(f" without {name}", f"one with constant {name}")
        return list(default or []) if value is None else list(value)

    def axis(self, value: int, axes: int) -> int:
        """An axis counted from the front."""
        if not -axes <= value < axes:
            raise UnsupportedError(f" along axis {value} of {axes}", f"an axis below {axes}")
        return value % axes

    def signal(self, place: int = 0) -> Signal:
        """An input (1, channels, samples), or (1, channels) as one sample."""
        shape = self.view(place).shape
        if len(shape) not in (2, 3) or shape[0] != 1:
            raise UnsupportedError(f" over {list(shape)}", "one over (1, channels, samples): drop the axes of length 1")
        positions = self.view(place).positions
        return signal(self.view(place).tensor, positions.reshape(shape[1], -1))

    def whole(self, place: int = 0) -> Signal:
        """An input (1, channels, samples) that is one of the network's tensors, its channels in any order."""
        found = self.signal(place)
        if not found.whole:
            raise UnsupportedError(
                " of a part of a tensor, or of padding", "one over all channels and samples: cut and pad elsewhere"
            )
        return found

    def write(self, layer: Layer, positions: np.ndarray | None = None) -> None:
        """Adds a layer; the result is its tensor, at `positions` if not (1, channels, samples)."""
        result = layer.result
        if result.length < 1:
            raise UnsupportedError(f" that spans {layer.span} samples over {layer.source.length}", "a shorter kernel")
        self.require_small(result)
        self.graph.layers.append(layer)
        self.alias(View(result, plain(result) if positions is None else positions))

    def alias(self, view: View) -> None:
        """The result is a view of what is there."""
        if view.positions.size > MOST_VALUES:
            raise UnsupportedError(f" that writes {list(view.shape)}", f"at most {MOST_VALUES:,} values")
        self.graph.views[self.node.outputs[0]] = view

    def require_small(self, result: Tensor) -> None:
        if max(result.length, result.channels) > MOST or result.size > MOST_VALUES:
            raise UnsupportedError(
                f" that writes {result.length} x {result.channels}", f"at most {MOST} samples and channels"
            )
