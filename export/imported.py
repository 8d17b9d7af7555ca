"""From a float network to int8 by the windows that its user hands over: calibrated, quantized by our quantizer."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from export.given_options import Options
from export.golden.choice import spread
from export.golden.window_copies import window_copies
from export.network.from_onnx import Imported
from export.network.integers import Int8Network
from export.network.layers import LOGITS, Network
from export.network.quantization import quantize
from export.representative import Representative
from export.tensor_ranges import tensor_ranges
from export.writers.onnx import write_onnx
from export.writers.tflite import write_tflite
from scl.artifacts import InputError

COMPARED = 32  # windows, with the floats of where the network is from
MOST_WINDOWS, COPIES = 400, 2  # that ranges are calibrated on, and transformed copies of each


@dataclass(frozen=True)
class Files:
    """An int8 network as files."""

    tflite: bytes
    onnx: bytes


def expected(imported: Imported, values: Sequence[np.ndarray]) -> dict[str, np.ndarray]:
    """A model's outputs, each (n, ...) in its own order, as the network's (n, size), by name."""
    ordered = {}
    for name, order, given in zip(imported.network.outputs, imported.outputs, values, strict=True):
        ordered[name] = np.empty((len(given), order.size), np.float32)
        ordered[name][:, order] = given.reshape(len(given), -1)
    return ordered


def calibrated(network: Network, options: Options, where: str) -> Int8Network:
    """The network in int8, its ranges from the given windows and, under a transformation, their copies.

    Raises InputError if the windows do not fit the network, or a tensor is zero for all of them.
    """
    given = options.representative
    assert given is not None  # deploy and export_onnx see to it
    if given.windows.shape[1] != network.input.channels:
        raise InputError(
            f"{where}: takes windows of {network.input.channels} channels, the representative ones have "
            f"{given.windows.shape[1]}; give them as windows (n, channels, samples)"
        )
    _require_logits_last(network, given, where)
    chosen = given.windows[spread(len(given.windows), MOST_WINDOWS)]
    # Another seed: the copies that are validated are not those that were calibrated on.
    copies = window_copies(where, chosen, network.input.length, options.transformation, COPIES, options.seed + 1)
    windows = copies.windows.reshape(-1, *copies.windows.shape[2:])
    return quantize(network, tensor_ranges(network, windows, given.labels is not None, where))


def _require_logits_last(network: Network, given: Representative, where: str) -> None:
    """Raises InputError where labels fit the first of two outputs, and names do not say that they fit the last."""
    sizes = [network.tensors[name].size for name in network.outputs]
    classes = 0 if given.labels is None or given.names is not None else given.labels.max() + 1
    if len(sizes) == 2 and network.outputs[-1] == LOGITS and sizes[0] == classes < sizes[1]:
        raise InputError(
            f"{where}: returns {sizes[0]} and {sizes[1]} values, and labels are of {classes} classes; put the latent "
            "first and the logits last, or give names of all classes"
        )


def written(int8: Int8Network) -> Files:
    """The network as TFLite and as ONNX in QDQ format."""
    return Files(write_tflite(int8), write_onnx(int8.network, int8))
