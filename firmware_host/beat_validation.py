"""validation.json of a bundle that finds heartbeats: what a board answered to whole recordings, how far that is from
the desktop, and how it compares with the annotations.
"""

from dataclasses import dataclass

import numpy as np

from firmware_host.beat_battery_types import BeatBattery
from firmware_host.beat_parity import BeatParity
from firmware_host.validation import DataName, ExportFacts, Inference, Sources, Thresholds
from scl.artifacts.fields import Fraction, Name, NotNegative, Sha256, TaskName, Whole
from scl.artifacts.json_files import Artifact
from scl.artifacts.manifest import SplitName
from scl.artifacts.provenance import Provenance
from scl.ec57.comparison import RecordFigures, Summary
from scl.ec57.inter_patient import accuracies
from scl.ec57.strips import Strips

REPORT = "validation.json"


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
        share = float(accuracies(np.array(self.all.matrix)))
        return None if np.isnan(share) else share


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
        battery: None where it was not played.
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
    battery: BeatBattery | None = None

    kind = "beat_validation"
    schema = 3
    advice = "validate again with python -m firmware_host.validate"


def beats_in(record: RecordFigures) -> int:
    """How many beats of a record count, of both sides."""
    return sum(map(sum, record.matrix))
