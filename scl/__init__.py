"""Structured Contrastive Learning as a small library: partition, loss, negatives, transforms, metrics, files.

The names below are imported when they are asked for, so that `import scl` stays without torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scl.loss import SCLTerms, StructuredContrastiveLoss
    from scl.partition import Partition

__all__ = ["Partition", "SCLTerms", "StructuredContrastiveLoss"]
__version__ = "0.1.0"

_HOMES = {
    "Partition": "scl.partition",
    "SCLTerms": "scl.loss",
    "StructuredContrastiveLoss": "scl.loss",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'scl' has no attribute {name!r}")
    return getattr(import_module(_HOMES[name]), name)
