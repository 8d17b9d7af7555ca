"""Groups of labels: classes that count as one where a model's figures are stated at a second level."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from scl.artifacts.errors import shortened
from scl.artifacts.fields import Labels, Line

FORM = "NAME=LABEL+LABEL,NAME=LABEL+LABEL"


@dataclass(frozen=True)
class LabelGroup:
    """Classes that count as one, which has this name."""

    name: Line
    labels: Labels

    def __str__(self) -> str:
        return f"{self.name}={'+'.join(self.labels)}"


class LabelGroups(tuple[LabelGroup, ...]):
    """Groups of some of a model's labels; a label in none of them is a group of itself. None at all: no second level.

    Examples:
        >>> groups = LabelGroups.parse("eating=soup+chips,moving=walking+jogging")
        >>> labels = ("walking", "soup", "sitting", "chips", "jogging")
        >>> groups.names(labels)
        ('moving', 'eating', 'sitting')
        >>> groups.numbers(labels).tolist()
        [0, 1, 2, 1, 0]
        >>> str(groups)
        'eating=soup+chips,moving=walking+jogging'
    """

    @classmethod
    def parse(cls, text: str) -> "LabelGroups":
        """Reads "eating=soup+chips,moving=walking+jogging"; an empty text is no groups.

        Raises ValueError for another form, and for a group without labels or with a label twice.
        """
        groups = []
        for part in text.split(",") if text else []:
            name, equals, labels = (piece.strip() for piece in part.partition("="))
            if not name or not equals:
                raise ValueError(f"groups is {shortened(text)}, expected {FORM}")
            members = tuple(label.strip() for label in labels.split("+") if label.strip())
            if not members:
                raise ValueError(f"groups: {name} has no labels, expected {FORM}")
            groups.append(LabelGroup(name, members))
        return cls(groups)

    def __str__(self) -> str:
        return ",".join(map(str, self))

    def check(self, labels: Sequence[str]) -> None:
        """Raises ValueError unless these are groups of different labels of a model, whose names no other class has."""
        group_of: dict[str, str] = {}
        names = [group.name for group in self]
        for group in self:
            if names.count(group.name) > 1:
                raise ValueError(f"groups: {group.name} is there twice, expected different names")
            for label in group.labels:
                if label not in labels:
                    raise ValueError(
                        f"groups: {group.name} has {label}, which is no label; labels: {', '.join(labels)}"
                    )
                if label in group_of:
                    raise ValueError(f"groups: {label} is in {group_of[label]} and in {group.name}, expected in one")
                group_of[label] = group.name
            if group.name in labels and group.name not in group.labels:
                raise ValueError(
                    f"groups: {group.name} is the name of a class that is not in it, expected another name"
                )

    @property
    def group_of(self) -> dict[str, str]:
        """The group's name of each label that is in one."""
        return {label: group.name for group in self for label in group.labels}

    def names(self, labels: Sequence[str]) -> tuple[str, ...]:
        """Of the second level: groups, and labels that are in none, in the order of their first label."""
        return tuple(dict.fromkeys(self._names(labels)))

    def numbers(self, labels: Sequence[str]) -> np.ndarray:
        """The place in `names` of each label: (labels,) int64."""
        names = self.names(labels)
        return np.array([names.index(name) for name in self._names(labels)], np.int64)

    def _names(self, labels: Sequence[str]) -> list[str]:
        group_of = self.group_of
        return [group_of.get(label, label) for label in labels]
