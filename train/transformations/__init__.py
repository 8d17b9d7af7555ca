"""What a model is trained to be robust to, one transformation a file; a new one is its file and a line here."""

from scl.artifacts import InputError, shortened
from scl.artifacts.run import TransformationInfo
from train.transformations.base import Headline, Transformation
from train.transformations.disturbance import Disturbance
from train.transformations.rotation import Rotation
from train.transformations.several import Several, are_known
from train.transformations.shift import CircularShift, Shift

__all__ = [
    "TRANSFORMATIONS",
    "CircularShift",
    "Disturbance",
    "Headline",
    "Rotation",
    "Several",
    "Shift",
    "Transformation",
    "from_info",
    "kind",
]

Kind = type[Rotation] | type[Shift] | type[Disturbance]
TRANSFORMATIONS: dict[str, Kind] = {kind.name: kind for kind in (Rotation, Shift, Disturbance)}


def kind(name: str) -> Kind | type[Several]:
    """The class of a transformation. Raises InputError for a name that is not known."""
    return Several if _is_several(name) else _single(name)


def _single(name: str) -> Kind:
    if name not in TRANSFORMATIONS:
        raise InputError(
            f"transformation {name!r} is not known, expected one of {', '.join(TRANSFORMATIONS)}; train again"
        )
    return TRANSFORMATIONS[name]


def _is_several(name: str) -> bool:
    return name not in TRANSFORMATIONS and are_known(name)


def from_info(info: TransformationInfo) -> Transformation:
    """The transformation that a run.json names. Raises InputError for one that is not known, or other parameters."""
    try:
        if _is_several(info.name):
            return Several.from_info(info)
        return _single(info.name).from_parameters(info.parameters)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"transformation {info.name}: parameters {info.parameters} do not fit ({error!r}); train again"
        ) from error


def headline(metrics: dict[str, object]) -> Headline:
    """The plain numbers under the transformation of a metrics.json. Raises InputError if it lacks them."""
    name = str(metrics["transformation"])
    figures = metrics[name]
    if not isinstance(figures, dict):
        raise InputError(f"metrics.json: {name} is {shortened(figures)}, expected figures under it; train anew")
    try:
        result: Headline = kind(name).figures_class(**figures).headline
    except TypeError as error:
        raise InputError(f"metrics.json: {name} has other figures than this version ({error}); train anew") from error
    return result
