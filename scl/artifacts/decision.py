"""How a bundle decides: the entry of its manifest in units, which a board has in integers (scl/belief.py)."""

from dataclasses import dataclass

from scl.artifacts.fields import Fraction, Positive
from scl.belief import MOST_CLASSES, DecisionSettings, settings_of


def check_decides(classes: int) -> None:
    """ValueError for another number of classes than a decision can be about; 0: there are no windows of one class."""
    if not 2 <= classes <= MOST_CLASSES:
        raise ValueError(f"decision: expected none of a model without windows of one of 2 to {MOST_CLASSES} classes")


@dataclass(frozen=True)
class Decision:
    """What decides behind the logits.

    Attributes:
        temperature: by which logits are divided before their softmax, fitted on the validation windows.
        bout_s: seconds that a class lasts on average, for the belief filter; None: each window is decided by itself.
        unsure: least difference of the two largest shares; below it the answer is "unsure"; 0: never.
    """

    temperature: Positive
    bout_s: Positive | None
    unsure: Fraction

    def settings(self, scale: float, hop_s: float, window_s: float) -> DecisionSettings:
        """In integers, for logits of this scale and windows of a stream so far apart. Raises ValueError for a bout that
        is not longer than the hop.
        """
        return settings_of(self.temperature, scale, hop_s, window_s, self.bout_s, self.unsure)
