"""What a model is trained to be robust to, one transformation a file."""

from scl.artifacts import InputError
from scl.artifacts.run import TransformationInfo
from train.transformations.base import Transformation
from train.transformations.rotation import Rotation
from train.transformations.shift import CircularShift, Shift

__all__ = ["CircularShift", "Rotation", "Shift", "Transformation", "from_info"]


def from_info(info: TransformationInfo) -> Transformation:
    """The transformation that a run.json names. Raises InputError for one that is not known, or other parameters."""
    kinds: dict[str, type[Rotation] | type[Shift]] = {Rotation.name: Rotation, Shift.name: Shift}
    if info.name not in kinds:
        raise InputError(f"transformation {info.name!r} is not known, expected one of {', '.join(kinds)}")
    try:
        return kinds[info.name].from_parameters(info.parameters)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(f"transformation {info.name}: parameters {info.parameters} do not fit ({error!r})") from error
