"""What a model is trained to be robust to, one transformation a file."""

from typing import Any

from scl.artifacts import InputError
from train.transformations.base import Transformation
from train.transformations.rotation import Rotation
from train.transformations.shift import CircularShift, Shift

__all__ = ["CircularShift", "Rotation", "Shift", "Transformation", "from_info"]


def from_info(info: dict[str, Any]) -> Transformation:
    """The transformation that a run.json names. Raises InputError for one that is not known."""
    name = info["transformation"]
    if name == Rotation.name:
        return Rotation()
    if name == Shift.name:
        return Shift(**info["shift"])
    raise InputError(f"transformation {name!r} is not known, expected {Rotation.name!r} or {Shift.name!r}")
