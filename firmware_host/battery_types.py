"""What validation.json says of the battery: a model's figures under each nuisance, at each strength."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

from firmware_host.parity import Parity
from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.fields import Fraction, Whole
from scl.robustness import Interval


@dataclass(frozen=True)
class Scores:
    """Figures of windows under one nuisance; intervals are clustered by subject or record, None for a single one.

    Attributes:
        consistency: share of the windows that keep the class that they have as recorded; None of those.
    """

    accuracy: Fraction
    accuracy_ci95: Interval | None
    macro_f1: Fraction
    macro_f1_ci95: Interval | None
    consistency: Fraction | None
    consistency_ci95: Interval | None


@dataclass(frozen=True)
class Scored(BatteryCopy):
    """A nuisance at one strength, and what the board made of it; row: of battery.npz."""

    row: Whole
    board: Scores


@dataclass(frozen=True)
class Rung(Scored):
    """A nuisance at one strength, of windows; `row` is `transform` in battery.csv.

    Attributes:
        lost: windows without an answer, and those that the board abstained from: errors in every figure.
        desktop: of TFLite Micro's answers.
    """

    lost: Whole
    desktop: Scores


@dataclass(frozen=True)
class BatteryReport:
    """What a board made of the battery.

    Attributes:
        windows: originals, of so many groups (subjects or records); sent: those and every copy.
        lost: without an answer; stopped: why it ended early.
        recorded: the same windows without a nuisance.
        rungs: the nuisance with the lowest macro F1 first, each by rising strength.
    """

    windows: Whole
    groups: Whole
    sent: Whole
    lost: Whole
    stopped: str | None
    parity: Parity
    recorded: Scores
    rungs: tuple[Rung, ...]

    @property
    def by_row(self) -> dict[int, Rung]:
        """By their rows."""
        return {rung.row: rung for rung in self.rungs}

    @property
    def by_nuisance(self) -> dict[str, tuple[Rung, ...]]:
        """Ladders by name, the weakest first."""
        return ladders(self.rungs)

    @property
    def played(self) -> str:
        """What was sent, in words."""
        return f"{self.windows} windows, {self.sent} sent"


Step = TypeVar("Step", bound=Scored)


def ladders(rungs: Sequence[Step]) -> dict[str, tuple[Step, ...]]:
    """The rungs of each nuisance by its name, in their order."""
    names = dict.fromkeys(rung.name for rung in rungs)
    return {name: tuple(rung for rung in rungs if rung.name == name) for name in names}
