"""From a .tflite file made elsewhere to a bundle."""

from pathlib import Path

from export.given import Options, export_given
from export.given_loss import require_gate
from export.given_model import MOST_FILE_BYTES
from scl.artifacts.export_report import NetworkReport
from scl.artifacts.files import read_bytes


def export_tflite(path: Path, out: Path, options: Options) -> NetworkReport:
    """Writes the bundle `out` of the file `path`; returns its report.

    Raises as `export_given` does, and InputError if the file is missing or damaged.
    """
    require_gate(str(path), options, is_float=False)
    return export_given(str(path), read_bytes(path, MOST_FILE_BYTES, "an int8 .tflite file"), out, options)
