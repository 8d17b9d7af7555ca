"""What kind of file `export.quantize --from` was given, by its first bytes and its name."""

from pathlib import Path

from scl.artifacts import InputError
from scl.artifacts.files import read_bytes

TFLITE, ONNX = b"TFL3", b"\x08"  # from byte 4 on; the first byte, of the field for the format's version
TORCH = "give the module to deploy (docs/tutorials/pytorch.md)"
KERAS = "convert the model to int8 (docs/tutorials/tflite.md)"
WINDOWS = "give windows with --representative"
ADVICE = {
    ".pt": TORCH,
    ".pth": TORCH,
    ".pt2": TORCH,
    ".safetensors": TORCH,
    ".keras": KERAS,
    ".h5": KERAS,
    ".pb": KERAS,
    ".npz": WINDOWS,
    ".npy": WINDOWS,
}


def is_onnx(path: Path, most: int) -> bool:
    """Whether a file of at most `most` bytes is to be read as ONNX, not as .tflite.

    Raises InputError if its name says that it is of another kind.
    """
    ending = path.suffix.lower()
    try:
        head = read_bytes(path, most, "a model")[:8]
    except InputError:  # its reader says what is wrong
        return ending == ".onnx"
    if head[4:8] == TFLITE:
        return False
    if ending == ".onnx" or head[:1] == ONNX:
        return True
    if ending in ADVICE:
        raise InputError(f"{path}: is a {ending} file, expected a .tflite or .onnx file; {ADVICE[ending]}")
    return False
