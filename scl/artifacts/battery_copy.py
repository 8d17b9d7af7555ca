"""What a row of battery.npz is under: an entry of a bundle's manifest."""

from dataclasses import dataclass

from scl.artifacts.fields import Line, Name, NotNegative


@dataclass(frozen=True)
class BatteryCopy:
    """What one row of battery.npz is under: a nuisance of train/transformations/nuisances at a strength.

    Attributes:
        sentence: what it does, for reports.
        unit: of the strength; empty where the nuisance is there or not.
    """

    name: Name
    sentence: Line
    unit: str
    strength: NotNegative

    @property
    def at(self) -> str:
        """The strength with its unit; empty where the nuisance is there or not."""
        return f"{self.strength:g} {self.unit}" if self.unit else ""
