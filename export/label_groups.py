"""Groups of labels that a bundle carries, so that its validation states figures of both levels."""

from typing import TYPE_CHECKING

from scl.artifacts import InputError
from scl.artifacts.label_groups import LabelGroups

if TYPE_CHECKING:
    from scl.artifacts.run import RunInfo


def label_groups(info: "RunInfo", given: LabelGroups | None) -> LabelGroups:
    """Those that are given, else those that the run was trained with. Raises InputError for what are no groups of the
    run's labels, and for a run whose windows have not one label each.
    """
    groups = LabelGroups.parse(str(info.config.get("groups", ""))) if given is None else given
    if groups and (info.multilabel or info.frontend.beats is not None):
        raise InputError(f"--groups are of windows with one label each, run {info.name} has others; leave it out")
    try:
        groups.check(info.labels)
    except ValueError as error:
        raise InputError(f"run {info.name}: {error}; give other --groups") from error
    return groups
