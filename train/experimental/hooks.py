"""What experimental options put in place of the main path's parts. They are imported only where one is asked for."""

from typing import TYPE_CHECKING

from train.methods.contrast import Contrast
from train.model.encoder import Classifier
from train.run.config import TrainConfig

if TYPE_CHECKING:
    from train.run.objective import Objective


def classifier_class(config: TrainConfig) -> type[Classifier]:
    """With `--allocation auto` one whose dimensions change their groups; `settled` makes an ordinary one of it."""
    if config.experimental.allocation == "auto":
        from train.experimental.allocation import Allocating

        return Allocating
    return Classifier


def settled(model: Classifier) -> Classifier:
    """An ordinary classifier as it is, one of `--allocation auto` as an ordinary one."""
    from train.experimental.allocation import Allocating

    return model.settled() if isinstance(model, Allocating) else model


def contrast_for(config: TrainConfig, model: Classifier) -> Contrast | None:
    """The loss between two views of `--also` or `--allocation auto`; None: the method's own."""
    if config.experimental.also:
        from train.experimental.compound import CompoundContrast, parts_of

        return CompoundContrast(config, model.partition, parts_of(config.experimental.also))
    if config.experimental.allocation == "auto":
        from train.experimental.allocation import AllocatedContrast, Allocating

        assert isinstance(model, Allocating)
        return AllocatedContrast(config, model)
    return None


def objective_class(config: TrainConfig) -> "type[Objective]":
    """With `--also` one whose views differ in one of several transformations."""
    if config.experimental.also:
        from train.experimental.compound import CompoundObjective

        return CompoundObjective
    from train.run.objective import Objective

    return Objective
