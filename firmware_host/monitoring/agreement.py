"""A board's heartbeats beside those that somebody else knows, as they come."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firmware_host.monitoring.heart_source import Marks
from scl.ec57.matching import match


@dataclass(frozen=True)
class ClassAgreement:
    """Known beats of one class: how many there are, and to how many of them the board gave the same class."""

    name: str
    known: int
    same: int


@dataclass(frozen=True)
class Agreement:
    """Beats of which no later answer can change what is said here.

    Attributes:
        classes: of the model's, those that occurred.
        missed: known beats, of any class, that the board has none of.
        extra: beats of the board that nobody knows.
        others: known beats of classes that the model does not have.
    """

    classes: tuple[ClassAgreement, ...]
    missed: int
    extra: int
    others: int

    @property
    def known(self) -> int:
        """Known beats of the model's classes."""
        return sum(one.known for one in self.classes)

    @property
    def same(self) -> int:
        """Those to which the board gave the same class."""
        return sum(one.same for one in self.classes)


def agreement(
    known: Marks, at: np.ndarray, names: Sequence[str], labels: Sequence[str], within: int, counted: np.ndarray
) -> Agreement:
    """Matches as EC57 does (scl.ec57.matching) and counts the settled beats.

    Settled is what lies more than `within` samples before the latest beat of the board: beats come in order.

    Args:
        known: all known beats from the stream's begin on, later ones too.
        at, names: (n,) sample and class of the board's beats so far.
        labels: the model's classes; nothing else is the same as anything.
        counted: bool (samples,), the samples whose known beats count.
    """
    settled = int(at[-1]) - within if len(at) else 0
    pairs = match(known.at, at, within)
    wanted = (known.at < settled) & counted[known.at]
    totals, same = dict.fromkeys(labels, 0), dict.fromkeys(labels, 0)
    for i in np.flatnonzero(wanted & np.isin(known.names, labels)).tolist():
        name = known.names[i]
        totals[name] += 1
        same[name] += bool(pairs[i] >= 0) and names[pairs[i]] == name
    extra = np.ones(len(at), bool)
    extra[pairs[pairs >= 0]] = False
    return Agreement(
        tuple(ClassAgreement(name, totals[name], same[name]) for name in labels if totals[name]),
        missed=int((wanted & (pairs < 0)).sum()),
        extra=int((extra & (at < settled) & counted[at]).sum()),
        others=int((wanted & ~np.isin(known.names, labels)).sum()),
    )
