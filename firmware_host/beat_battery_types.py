"""What validation.json says of a battery of heartbeats: a model's figures under each nuisance, at each strength."""

from dataclasses import dataclass

from firmware_host.battery_types import Scored, Scores, ladders
from firmware_host.beat_parity import BeatParity
from scl.artifacts.fields import Fraction, NotNegative, Whole


@dataclass(frozen=True)
class BeatScores(Scores):
    """Figures of stretches of ECG under one nuisance; intervals are of resampled records, None for a single one.

    Accuracy, macro F1 and consistency are of the beats annotated N, S or V. A beat that is missed is wrong in all
    three, and one that is found where none is annotated is wrong in the first two.

    Attributes:
        consistency: share of the beats that are found as recorded and keep the class that they have there; None of
            those as recorded.
        sensitivity, ppv: of all beats of whatever class; None without beats.
    """

    sensitivity: Fraction | None
    ppv: Fraction | None


@dataclass(frozen=True)
class BeatRung(Scored):
    """A nuisance at one strength, of heartbeats."""

    board: BeatScores


@dataclass(frozen=True)
class BeatBattery:
    """What a board made of a battery of heartbeats.

    Attributes:
        records: recordings, of each of which one stretch was played as recorded and under each nuisance.
        beats: annotated N, S or V in them.
        seconds: of ECG that were sent.
        resets, stopped: as of the validation.
        recorded: the same stretches without a nuisance.
        rungs: the nuisance with the lowest macro F1 first, each by rising strength.
    """

    records: Whole
    beats: Whole
    seconds: NotNegative
    resets: Whole
    stopped: str | None
    parity: BeatParity
    recorded: BeatScores
    rungs: tuple[BeatRung, ...]

    @property
    def by_nuisance(self) -> dict[str, tuple[BeatRung, ...]]:
        """Ladders by name, the weakest first."""
        return ladders(self.rungs)

    @property
    def played(self) -> str:
        """What was sent, in words."""
        return f"{self.beats} beats of {self.records} recordings, {self.seconds / 60:.0f} minutes sent"
