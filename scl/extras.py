"""The packages of the extras, which a light installation does not have."""

from importlib.util import find_spec

EXTRAS = {  # of packages by the names that are imported; an extra is installed whole, so its first imports tell
    "torch": "train",
    "safetensors": "train",
    "scipy": "train",
    "tqdm": "train",
    "pandas": "train",
    "wfdb": "ecg",
    "onnx": "export",
    "onnxruntime": "export",
    "onnxscript": "export",
    "ai_edge_litert": "export",
    "tflite_micro": "export",
    "tensorflow": "export",
    "serial": "host",
    "cobs": "host",
    "rich": "host",
    "jinja2": "host",
    "starlette": "monitor",
    "uvicorn": "monitor",
    "websockets": "monitor",
    "ray": "cluster",
}


class MissingExtraError(ModuleNotFoundError):
    """The message names what is missing and the command that installs it."""

    def __init__(self, package: str) -> None:
        command = f"python -m pip install 'scl-wearable[{EXTRAS[package]}]'"
        super().__init__(f"{package} is not installed; run {command}", name=package)


def require(*packages: str) -> None:
    """Raises MissingExtraError where one of those packages, keys of EXTRAS, is not installed."""
    for package in packages:
        if find_spec(package) is None:
            raise MissingExtraError(package)


def named(error: Exception) -> MissingExtraError | None:
    """An import's error with the extra that would help; None if it is another error, or none would."""
    package = (error.name or "").partition(".")[0] if isinstance(error, ModuleNotFoundError) else ""
    return MissingExtraError(package) if package in EXTRAS else None
