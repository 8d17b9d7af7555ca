"""transfer.json: a run's figures on other recordings, by what the run did with each person."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MaxLen

from scl.artifacts.fields import MOST_LABELS, Count, Fraction, Hz, Line, Name, Real, Sha256, TaskName, Whole
from scl.artifacts.json_files import Artifact
from scl.robustness import Interval
from train.run.class_figures import ClassesFigures
from train.run.people import Part, Reason

TRANSFER = "transfer.json"


@dataclass(frozen=True)
class RunOfTransfer:
    """The run, and the recordings that it was trained on."""

    name: Name
    task: TaskName
    weights_sha256: Sha256
    data_set: Name
    data_sha256: Sha256


@dataclass(frozen=True)
class DataOfTransfer:
    """The recordings.

    Attributes:
        same_archive: they are what the run was trained on, by the checksum.
        compared: samples could be compared with the run's own, or need not be.
        rate_hz: before they were brought to the run's rate.
    """

    data_set: Name
    name: Line
    sha256: Sha256
    same_archive: bool
    compared: bool
    rate_hz: Hz


@dataclass(frozen=True)
class PeopleOfPart:
    """Subjects or records that are in one part of the run, and how they were recognized (new ones were not)."""

    part: Part
    reason: Reason | None
    names: tuple[str, ...]


@dataclass(frozen=True)
class CopiesOfTransfer:
    """Figures of transformed copies of the windows of people that the run did not train on.

    Attributes:
        accuracy, macro_f1: None without a class that is the run's.
        consistency_by_construction: why consistency is 1 whatever was learned; None where it is measured.
        similarity: of latents, by group of dimensions.
        own_consistency: of all of the run's own test windows.
    """

    transformation: Name
    draws: Count
    accuracy: Fraction | None
    macro_f1: Fraction | None
    consistency: Fraction | None
    consistency_ci95: Interval | None
    consistency_by_construction: Line | None
    similarity: dict[Name, Real]
    negative_similarity: Real
    effective_rank: Real
    own_consistency: Fraction | None


@dataclass(frozen=True)
class OtherClass:
    """A class that the run does not have: its windows, and how many of them are given each of the run's classes."""

    label: Line
    windows: Whole
    taken_as: dict[Line, Whole]


@dataclass(frozen=True)
class Transfer(Artifact):
    """transfer.json: a run's figures on other recordings.

    Attributes:
        group: "subject" or "record".
        windows, persons: of people that the run did not train on, of all classes.
        classes: that the run and the recordings share by name, in the run's order.
        absent: classes of the run without a window here.
        own: of the run's own test windows of these classes.
        new: of people that the run did not train on; its own test people are among them.
        trained, validated: of those that it trained on, or was validated on.
        other_classes: of the new people.
        notes: what was said besides.
    """

    run: RunOfTransfer
    data: DataOfTransfer
    group: Line
    seed: Whole
    people: tuple[PeopleOfPart, ...]
    windows: Whole
    persons: Whole
    classes: Annotated[tuple[Line, ...], MaxLen(MOST_LABELS)]
    absent: Annotated[tuple[Line, ...], MaxLen(MOST_LABELS)]
    own: ClassesFigures | None
    new: ClassesFigures | None
    trained: ClassesFigures | None
    validated: ClassesFigures | None
    copies: CopiesOfTransfer | None
    other_classes: tuple[OtherClass, ...]
    notes: tuple[str, ...]

    kind = "transfer"
    schema = 2
    advice = "evaluate again with python -m train.transfer"
