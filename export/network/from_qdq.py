"""The integers of a QDQ model from ONNX: scales, zero points, weights and biases as the file has them.

Nothing is calibrated again. Where a kernel of ours leaves another scale than the file has (a pool keeps its input's, a
softmax has 1/256), a table or a mean brings it to the file's.
"""

from collections.abc import Sequence
from dataclasses import replace

from export.network.from_onnx import Imported
from export.network.fusion import renamed
from export.network.integers import Affine, Int8Network
from export.network.layers import AveragePool, Layer, Mean
from export.network.operators import operator_of
from export.network.pointwise import Table
from export.network.quantization import round_nearest, with_scales
from scl.artifacts import InputError


def integers(imported: Imported, where: str) -> Int8Network:
    """The int8 network of a QDQ file, read by `export.network.from_onnx`.

    Raises InputError if a tensor has no scale.
    """
    affines = dict(imported.affines)
    layers = _requantized(imported.network.layers, affines)
    network = replace(imported.network, layers=tuple(layers))

    def scale_of(name: str) -> Affine:
        if name not in affines:
            raise InputError(
                f"{where}: tensor {name} has no QuantizeLinear behind it, expected one behind every operator and the "
                "input; where your quantizer leaves an operator in float, give the float model with --representative"
            )
        return affines[name]

    return with_scales(network, scale_of, round_nearest, imported.kept)


def _requantized(layers: Sequence[Layer], affines: dict[str, Affine]) -> list[Layer]:
    """With a table, or a mean, behind what leaves another scale than the file's."""
    done: list[Layer] = []
    for layer in layers:
        if operator_of(layer).alike and layer.name in affines:
            tables = _alike(layer, affines)
            done += tables.values()
            layer = layer.reading({name: table.result for name, table in tables.items()})
        sources = [affines[source.name] for source in layer.sources if source.name in affines]
        ruled = operator_of(layer).result(layer, sources) if len(sources) == len(layer.sources) else None
        wanted = affines.setdefault(layer.name, ruled) if ruled is not None else None
        if ruled == wanted:
            done.append(layer)
        elif isinstance(layer, AveragePool) and layer.kernel == layer.source.length and layer.pads == (0, 0):
            done.append(Mean(layer.name, layer.source, layer.kernel, layer.stride))
        elif ruled is not None:
            inner = f"{layer.name}_unscaled"
            before = renamed(layer, layer.name, inner)
            affines[inner] = ruled
            done += [before, Table(layer.name, before.result, "QUANTIZE")]
    return done


def _alike(layer: Layer, affines: dict[str, Affine]) -> dict[str, Table]:
    """A table for each source of a layer whose tensors have one scale, where the file gives that source another."""
    tables = {}
    for source in layer.sources:
        if source.name in affines and affines[source.name] != affines[layer.name]:
            table = Table(f"{layer.name}_of_{source.name}", source, "QUANTIZE")
            affines[table.name] = affines[layer.name]
            tables[source.name] = table
    return tables
