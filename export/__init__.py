"""From a trained model to a bundle for boards: quantization, C, TFLite and ONNX, and the proof that they agree.

`from export import deploy` takes a PyTorch module of one's own; it is imported when it is asked for, so that
`import export` stays light.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from export.from_module import deploy

__all__ = ["deploy"]


def __getattr__(name: str) -> Any:
    if name != "deploy":
        raise AttributeError(f"module 'export' has no attribute {name!r}")
    from export.from_module import deploy

    return deploy
