"""The parts of a .tflite file, as `export.network.tflite_reader` has checked them."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class FileTensor:
    """A tensor.

    Args:
        kind: of the schema's TensorType, such as "INT8".
        contents: uint8, what it holds if it is a constant; as many bytes as its shape needs.
        scales: float32; as many as zero points.
        zero_points: int64.
        axis: that the scales belong to, where there are several.
    """

    name: str
    shape: tuple[int, ...]
    kind: str
    contents: np.ndarray | None
    scales: np.ndarray
    zero_points: np.ndarray
    axis: int

    @property
    def size(self) -> int:
        """Values in it."""
        return math.prod(self.shape)


@dataclass(frozen=True, eq=False)
class FileOperator:
    """An operator.

    Args:
        kind: of the schema's BuiltinOperator, such as "CONV_2D".
        inputs: indices of tensors; -1 stands for one that is left out.
        outputs: likewise.
        options_kind: such as "Conv2DOptions"; empty if it has none.
        options: by the schema's names.
    """

    kind: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options_kind: str
    options: Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class TFLiteFile:
    """A file's only graph: tensors, operators in the order in which they run, and indices of its inputs and outputs."""

    tensors: tuple[FileTensor, ...]
    operators: tuple[FileOperator, ...]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
