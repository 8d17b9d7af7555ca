"""A .tflite file's graph and what has been read of it, operator by operator."""

import math
from dataclasses import dataclass, field

import numpy as np

from export.network.integers import Affine, Int8Conv, Rescale
from export.network.layers import Layer
from export.network.order import Order
from export.network.tflite_parts import TFLiteFile
from scl.artifacts import InputError
from scl.artifacts.errors import shortened

FULL_INT8 = (
    "convert the model with full integer quantization: in TensorFlow converter.optimizations = "
    "[tf.lite.Optimize.DEFAULT], a converter.representative_dataset of real recordings, and "
    "converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]; behind litert-torch "
    "ai_edge_quantizer with its recipe static_wi8_ai8"
)
OTHER_KINDS = {
    "INT16": "convert it with int8 activations, [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]: the engine's tensors are int8",
    "UINT8": "convert it with TensorFlow 2's converter, which quantizes to int8 and leaves uint8 to the ends",
}


@dataclass(frozen=True)
class Origin:
    """Where a layer stands in the file.

    Args:
        reads: indices of the file's tensors that it reads, one for each of its sources.
        operators: indices of the operators that are it, in the order in which they run.
    """

    reads: tuple[int, ...]
    operators: tuple[int, ...]


@dataclass(frozen=True)
class Pads:
    """Zeros around a tensor, which the convolution that reads it has to take over.

    Args:
        before: values; `after`: likewise.
        reads: index in the file of the tensor without them.
        operators: indices of those between that tensor and this one.
    """

    before: int
    after: int
    reads: int
    operators: tuple[int, ...] = ()


@dataclass(frozen=True)
class Places:
    """An int8 tensor's values as int32, to which `added` was added: places in a table.

    Args:
        reads: index in the file of the int8 tensor.
        operators: indices of those between that tensor and this one.
    """

    added: int
    reads: int
    operators: tuple[int, ...]


@dataclass
class TFLiteGraph:
    """A file's graph, and what has been read of it.

    Args:
        contents: the file's.
        where: names the file in errors.
        count: operators that have been read.
        names: of the network's tensor that lies in a file's tensor, by the file's index.
        orders: in which that one holds its values, where it is not as they stand; likewise.
        pads: likewise, of tensors with zeros around.
        places: likewise, of tensors that are places in a table.
        values: of tensors that were computed of shapes; likewise.
        ends: the int8 tensor that lies in one of another type at an end of the file; likewise.
        tensors: index in the file, by name.
        origins: of layers, by name.
    """

    contents: TFLiteFile
    where: str
    count: int = 0
    names: dict[int, str] = field(default_factory=dict)
    orders: dict[int, Order] = field(default_factory=dict)
    pads: dict[int, Pads] = field(default_factory=dict)
    places: dict[int, Places] = field(default_factory=dict)
    values: dict[int, np.ndarray] = field(default_factory=dict)
    ends: dict[int, int] = field(default_factory=dict)
    layers: list[Layer] = field(default_factory=list)
    activations: dict[str, Affine] = field(default_factory=dict)
    convs: dict[str, Int8Conv] = field(default_factory=dict)
    rescales: dict[str, Rescale] = field(default_factory=dict)
    clamps: dict[str, tuple[int, int]] = field(default_factory=dict)
    tensors: dict[str, int] = field(default_factory=dict)
    origins: dict[str, Origin] = field(default_factory=dict)

    def name(self, index: int, name: str) -> None:
        """Calls the file's tensor `index` by a name."""
        self.names[index] = name
        self.activations[name] = self.affine(index)
        self.tensors[name] = index

    def known(self, index: int) -> bool:
        """Whether something lies in a tensor before the next operator runs."""
        constant = index >= 0 and self.contents.tensors[index].contents is not None
        return constant or index in self.names or index in self.values

    def order(self, index: int) -> Order:
        """In which a tensor holds the network's values."""
        return self.orders.get(index) or Order.of(self.shape(index))

    def shape(self, index: int) -> list[int]:
        return list(self.contents.tensors[index].shape)

    def affine(self, index: int, constant: bool = False) -> Affine:
        """Scale and zero point of an activation, or of a constant beside one."""
        tensor = self.contents.tensors[index]
        text = f"{self.where}: tensor {index} ({shortened(tensor.name)})"
        if tensor.kind != "INT8":
            raise InputError(
                f"{text} is of {tensor.kind.lower() or 'no known kind'}; {OTHER_KINDS.get(tensor.kind, FULL_INT8)}"
            )
        if tensor.contents is not None and not constant:
            raise InputError(f"{text} is a constant, expected one that is computed; convert the model again")
        scales, zero_points = tensor.scales.tolist(), tensor.zero_points.tolist()
        if len(scales) != 1 or not (math.isfinite(scales[0]) and scales[0] > 0):
            raise InputError(
                f"{text} has the scales {shortened(scales)}, expected one above 0; convert it with full integer "
                "quantization and a representative data set"
            )
        if not -128 <= zero_points[0] <= 127:
            raise InputError(f"{text} has the zero point {zero_points[0]}, expected -128 to 127; convert it again")
        return Affine(np.float32(scales[0]), zero_points[0])
