"""From a trained model to a bundle for boards: quantization, C, TFLite and ONNX, and the proof that they agree.

`from export import deploy` takes a PyTorch module of one's own; it is imported when it is asked for, so that
`import export` stays light.
"""

from typing import TYPE_CHECKING

from scl.lazy import importer

if TYPE_CHECKING:
    from export.from_module import deploy

__all__ = ["deploy"]

__getattr__ = importer(__name__, {"deploy": "export.from_module"})
