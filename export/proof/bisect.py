"""Finds the first layer in which a board and TFLite Micro part, and by how much.

On an emulated board both run the same noise: no recording is needed, so it serves bundles of runs and of foreign files
alike. On a board behind a port both run an evaluation window (`export.cost.probe`).
"""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.cost import instructions
from export.network import from_file
from export.network.tflite_reader import read_file
from export.proof import foreign
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.errors import shortened
from scl.artifacts.export_report import read_report
from scl.artifacts.manifest import BundleManifest, NetworkManifest
from scl.model_source import c_folder


@dataclass(frozen=True)
class LayerErrors:
    """One layer's values on the board, minus TFLite Micro's, in steps."""

    name: str
    histogram: dict[int, int]  # values by error

    @property
    def different(self) -> int:
        return sum(count for steps, count in self.histogram.items() if steps)


def bisect(bundle: Bundle[BundleManifest], board: str = instructions.BOARD) -> list[LayerErrors]:
    """Runs a bundle's C on an emulated board and its model.tflite in TFLite Micro; layer by layer, in order.

    Raises InputError if the bundle's files are of different models, or as `export.cost.instructions.measure` does.
    """
    report = read_report(bundle)
    x = instructions.noise(report.cost.arena_bytes)[report.input.offset : report.input.end]
    with tempfile.TemporaryDirectory() as build:
        written = instructions.tensors(c_folder(bundle), Path(build), board)
    return layer_errors(bundle, x, written)


def layer_errors(bundle: Bundle[BundleManifest], x: np.ndarray, written: Sequence[np.ndarray]) -> list[LayerErrors]:
    """What each operator of a bundle's C wrote for the input x (int8), `written`, against TFLite Micro.

    Raises InputError if the bundle's files are of different models.
    """
    names = [row.name for row in read_report(bundle).layers]
    path = bundle.file("model.tflite")
    file = read_file(path.read_bytes(), str(path))
    indices = {tensor.name: index for index, tensor in enumerate(file.tensors)}
    given = isinstance(bundle.manifest, NetworkManifest)
    read = from_file.read(path.read_bytes(), str(path)) if given else None
    if read is not None:
        indices, x = read.tensors, read.to_file(read.tensors["input"], x)
    if len(written) != len(names):
        raise InputError(
            f"{bundle.path}: c runs {len(written)} operators, its report lists {len(names)}; export it again"
        )
    lacking = [name for name in names if name not in indices]
    if lacking:
        raise InputError(f"{path}: has no tensor {shortened(lacking[0])}, which its report lists; export it again")
    errors = []
    expected = foreign.tensors(path, x, [indices[name] for name in names])
    sizes = [len(values) for values in written]
    if sizes != [len(values) for values in expected]:
        raise InputError(f"{path}: its tensors are not as large as those that c writes, {sizes}; export it again")
    for name, values, right in zip(names, written, expected, strict=True):
        steps = values.astype(int) - (right if read is None else read.to_network(name, right))
        errors.append(LayerErrors(name, dict(sorted(Counter(steps.tolist()).items()))))
    return errors


def describe(errors: list[LayerErrors]) -> str:
    """The first layer that differs, with its histogram; or that none does."""
    first = next((layer for layer in errors if layer.different), None)
    if first is None:
        values = sum(sum(layer.histogram.values()) for layer in errors)
        return f"every layer equals TFLite Micro's: {len(errors)} layers, {values:,} values"
    total = sum(first.histogram.values())
    lines = [
        f"layer {first.name} is the first that differs: {first.different:,} of {total:,} values; steps and values:"
    ]
    return "\n".join(lines + [f"{steps:+5d} {count:7,}" for steps, count in first.histogram.items()])
