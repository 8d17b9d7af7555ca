"""From an ONNX file to a bundle: a float model is calibrated on windows, a QDQ model keeps its own scales."""

from dataclasses import replace
from pathlib import Path

from export.given import Options, export_given
from export.given_loss import largest_difference, require_gate
from export.given_model import MOST_FILE_BYTES
from export.imported import COMPARED, calibrated, expected, written
from export.network.from_onnx import Imported, read
from export.network.from_qdq import integers
from export.network.layers import FEATURES, Network
from export.network.without_variant import without_variant
from export.proof.runtimes import run_onnx_file
from export.writers.onnx import write_onnx
from scl.artifacts import InputError
from scl.artifacts.export_report import NetworkReport
from scl.artifacts.files import read_bytes


def export_onnx(path: Path, out: Path, options: Options) -> NetworkReport:
    """Writes the bundle `out` of the file `path`; returns its report.

    Raises:
        InputError: the file is missing, damaged, or uses what the engine lacks; a float one comes without windows.
        ExportError: a runtime differs from TFLite Micro, or the network is beyond the budget.
    """
    where = str(path)
    data, windows = read_bytes(path, MOST_FILE_BYTES, "an ONNX file"), options.representative
    imported = read(data, where, channels=None if windows is None else windows.windows.shape[1])
    require_gate(where, options, is_float=not imported.affines)
    if imported.affines:
        int8 = integers(imported, where)
    elif windows is None:
        raise InputError(
            f"{where}: holds a float model, expected windows to calibrate it on; give --representative windows.npz"
        )
    else:
        network = imported.network
        if options.partition is not None:
            network = without_variant(network, options.partition, where)
        int8 = calibrated(network, options, where)
        options = _with_float(data, imported, network, options, where)
    files = written(int8)
    return export_given(where, files.tflite, out, replace(options, onnx=files.onnx))


def _with_float(data: bytes, imported: Imported, network: Network, options: Options, where: str) -> Options:
    """With the float `network`, of kept dimensions under a partition, which computes what the file does: ONNX Runtime
    runs both.
    """
    assert options.representative is not None
    length = imported.network.input.length
    windows = options.representative.windows[:COMPARED, :, :length]
    answers = expected(imported, run_onnx_file(data, imported.as_given(windows), where))
    if options.partition is not None:
        answers[FEATURES] = answers[FEATURES][:, options.partition.kept]
    onnx = write_onnx(network)
    return replace(options, onnx_float=onnx, float_apart=largest_difference(onnx, windows, answers, where))
