"""validation.json of a bundle that finds heartbeats: what a board answered to whole recordings, how far that is from
the desktop, and how it compares with the annotations.
"""

from dataclasses import dataclass

from firmware_host.validation import DataName, ExportFacts, Inference, Sources, Thresholds
from scl.artifacts.fields import Fraction, Name, NotNegative, Sha256, TaskName, Whole
from scl.artifacts.json_files import Artifact
from scl.artifacts.manifest import SplitName
from scl.artifacts.provenance import Provenance
from scl.ec57.comparison import RecordFigures, Summary
from scl.ec57.matrix import Matrix, O
from scl.ec57.strips import Strips

REPORT = "validation.json"


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


@dataclass(frozen=True)
class Compared:
    """The board's beats against the annotated ones by EC57.

    Attributes:
        learning_s: seconds at the start of each record that do not count: EC57's learning period, or 0 where no record
            has a beat behind it.
        records: each without those.
        all: of them together.
        without: all but the record that most S beats are of, and its name; None for fewer than two records.
        whole: all, with the learning period.
        strips: of ten seconds, by their worst beat.
    """

    learning_s: NotNegative
    records: tuple[RecordFigures, ...]
    all: Summary
    without: Summary | None
    without_record: str
    whole: Summary
    strips: Strips

    @property
    def accuracy(self) -> float | None:
        """The share of annotated N, S and V, and of beats that the board found where none is, that it named right.
        None without a beat.
        """
        return _accuracy(self.all.matrix)


@dataclass(frozen=True)
class BeatValidation(Artifact):
    """validation.json of heartbeats.

    Attributes:
        task: "beat", or "strip": what the bundle is about, and thresholds are of.
        seconds: of ECG that were sent.
        resets: of the board, behind each of which the next recording was played.
        stopped: why it ended before all was answered; None if it did not.
        latency_s: from the R peak to the answer, in time of the recording: median, 99th percentile and largest.
        compared: None where it was stopped. Beats that were lost to a reset are missed ones.
        accuracy: of `compared`.
    """

    name: Name
    board: str
    firmware: str
    port: str
    model_hash: Sha256
    sensor: Name
    task: TaskName
    split: SplitName | None
    data: DataName
    stretches: Whole
    seconds: NotNegative
    resets: Whole
    stopped: str | None
    parity: BeatParity
    latency_s: tuple[NotNegative, NotNegative, NotNegative] | None
    compared: Compared | None
    accuracy: Fraction | None
    inference: Inference | None
    bytes_sent: Whole
    bytes_received: Whole
    export: ExportFacts | None
    sources: Sources
    provenance: Provenance
    thresholds: Thresholds
    missed: tuple[str, ...]
    verdict: str
    passed: bool

    kind = "beat_validation"
    schema = 2
    advice = "validate again with python -m firmware_host.validate"


def beats_in(record: RecordFigures) -> int:
    """How many beats of a record count, of both sides."""
    return sum(map(sum, record.matrix))


def _accuracy(matrix: Matrix) -> float | None:
    """Of counts (7, 7): N, S and V named so, over all of them and the extra beats."""
    total = sum(map(sum, matrix[:3])) + sum(map(sum, matrix[O:]))
    return sum(matrix[row][row] for row in range(3)) / total if total else None
