"""How far a board's beats are from the desktop's, counted."""

from dataclasses import dataclass

from scl.artifacts.fields import Whole


@dataclass(frozen=True)
class BeatParity:
    """How the board's beats differ from the golden ones, number by number.

    Attributes:
        expected, answered: golden beats, and those that the board answered.
        compared: beats of the same number in the same stretch.
        strips, strips_off: strips of ten seconds by their worst beat, as recorded and started later, and
            those of them with another class than the desktop's.
        samples_off, intervals_off, inputs_off, outputs_off, classes_off, flags_off, rhythms_off: those of them that
            differ in the R peak or when it was answered, the interval, the network's input, a feature or logit, the
            class, the flags, the rhythm.
    """

    expected: Whole
    answered: Whole
    compared: Whole
    samples_off: Whole
    intervals_off: Whole
    inputs_off: Whole
    outputs_off: Whole
    classes_off: Whole
    flags_off: Whole
    rhythms_off: Whole
    strips: Whole
    strips_off: Whole

    @property
    def lost(self) -> int:
        """Beats that the board was to answer, and did not."""
        return self.expected - self.compared

    @property
    def off(self) -> int:
        """Beats that are not there, or too many, and numbers that differ."""
        return self.lost + self.different

    @property
    def different(self) -> int:
        """Beats too many, and numbers that differ."""
        more = self.answered - self.compared
        return more + self.samples_off + self.intervals_off + self.inputs_off + self.outputs_off + self.unsaid

    @property
    def unsaid(self) -> int:
        """Classes, flags and rhythms that differ."""
        return self.classes_off + self.flags_off + self.rhythms_off
