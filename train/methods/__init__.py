"""Methods: what is trained, one a file, which has the method's loss and `METHOD`, a `train.methods.base.Method`."""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from train.methods.base import Method

# Where each method is; imported when it is asked for, so that a command's --help does not wait for torch.
METHODS = {
    "baseline": "train.methods.baseline",
    "augment": "train.methods.augment",
    "scl": "train.methods.scl",
    "simclr": "train.methods.simclr",
    "vicreg": "train.methods.vicreg",
}


def named(name: str) -> "Method":
    """The method of that name, one of `METHODS`."""
    method: Method = import_module(METHODS[name]).METHOD
    return method
