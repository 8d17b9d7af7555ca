"""From a float network to int8 by the windows that its user hands over: calibrated, quantized by our quantizer."""

from dataclasses import dataclass

import numpy as np

from export.network.float_run import run_float
from export.network.integers import Int8Network
from export.network.layers import LOGITS, Network
from export.network.quantization import quantize
from export.proof.gates import ExportError
from export.representative import Representative
from export.tensor_ranges import tensor_ranges
from export.writers.onnx import write_onnx
from export.writers.tflite import write_tflite
from scl.artifacts import InputError

COMPARED = 32  # windows
ROUNDING = 1e-4  # of the largest output: float32 sums in another order, layer behind layer


@dataclass(frozen=True)
class Files:
    """An int8 network as files."""

    tflite: bytes
    onnx: bytes


def calibrated(network: Network, representative: Representative, where: str) -> Int8Network:
    """The network in int8. Raises InputError if the windows do not fit it, or a tensor is zero for all of them."""
    require_windows(network, representative, where)
    ranges = tensor_ranges(network, representative.windows, representative.labels is not None, where)
    return quantize(network, ranges)


def require_windows(network: Network, representative: Representative, where: str) -> None:
    """Raises InputError unless windows and labels are the network's."""
    source, windows = network.input, representative.windows
    if windows.shape[1:] != (source.channels, source.length):
        raise InputError(
            f"{where}: takes windows of {source.channels} channels and {source.length} samples, the representative "
            f"ones have {windows.shape[1]} and {windows.shape[2]}; give it windows as it is given them"
        )
    classes, labels = network.tensors[LOGITS].size, representative.labels
    if labels is not None and labels.max() >= classes:
        raise InputError(
            f"{where}: has {classes} outputs, the label of a representative window is {labels.max()}; number the "
            "classes from 0, or leave the labels out"
        )
    if representative.names is not None and len(representative.names) != classes:
        raise InputError(
            f"{where}: has {classes} outputs, {len(representative.names)} names are given; give each output one"
        )


def require_same_floats(network: Network, windows: np.ndarray, expected: tuple[np.ndarray, ...], where: str) -> None:
    """Raises ExportError unless the network computes what its source does: `expected`, an array for each output."""
    tensors = run_float(network, windows.transpose(0, 2, 1))
    for name, values in zip(network.outputs, expected, strict=True):
        ordered = values.reshape(*values.shape[:2], -1).transpose(0, 2, 1).reshape(len(windows), -1)
        apart = np.abs(tensors[name].reshape(len(windows), -1) - ordered).max()
        if not apart <= ROUNDING * max(np.abs(values).max(), 1):
            raise ExportError(
                f"{where}: the network read from it differs in {name} by up to {apart:g}; please report it with the "
                "module"
            )


def written(int8: Int8Network) -> Files:
    """The network as TFLite and as ONNX in QDQ format."""
    return Files(write_tflite(int8), write_onnx(int8.network, int8))
