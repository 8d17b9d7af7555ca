"""From an ONNX file to a bundle: a float model is calibrated on windows, a QDQ model keeps its own scales."""

from dataclasses import replace
from pathlib import Path

from export.given import Options, export_given
from export.given_model import MOST_FILE_BYTES
from export.imported import calibrated, written
from export.network.from_onnx import read
from export.network.from_qdq import integers
from export.report_file import NetworkReport
from scl.artifacts import InputError
from scl.artifacts.files import read_bytes


def export_onnx(path: Path, out: Path, options: Options) -> NetworkReport:
    """Writes the bundle `out` of the file `path`; returns its report.

    Raises:
        InputError: the file is missing, damaged, or uses what the engine lacks; a float one comes without windows.
        ExportError: a runtime differs from TFLite Micro, or the network is beyond the budget.
    """
    where = str(path)
    windows = options.representative
    channels = None if windows is None else windows.windows.shape[1]
    imported = read(read_bytes(path, MOST_FILE_BYTES, "an ONNX file"), where, channels=channels)
    if imported.affines:
        int8 = integers(imported, where)
    elif windows is None:
        raise InputError(
            f"{where}: holds a float model, expected windows to calibrate it on; give --representative windows.npz"
        )
    else:
        int8 = calibrated(imported.network, options, where)
    files = written(int8)
    return export_given(where, files.tflite, out, replace(options, onnx=files.onnx))
