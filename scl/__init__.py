"""Structured Contrastive Learning as a small library: partition, loss, negatives, transforms, metrics, files.

The names below are imported when they are asked for, so that `import scl` stays without torch.
"""

from typing import TYPE_CHECKING

from scl.lazy import importer

if TYPE_CHECKING:
    from scl.loss import SCLTerms, StructuredContrastiveLoss
    from scl.partition import Partition

__all__ = ["Partition", "SCLTerms", "StructuredContrastiveLoss"]
__version__ = "0.1.0"

__getattr__ = importer(
    __name__,
    {
        "Partition": "scl.partition",
        "SCLTerms": "scl.loss",
        "StructuredContrastiveLoss": "scl.loss",
    },
)
