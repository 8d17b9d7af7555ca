"""validation.json: what a board answered, how far that is from the desktop, and what it cost."""

from dataclasses import dataclass

from firmware_host.battery_types import BatteryReport
from firmware_host.breakdown_types import Breakdown
from firmware_host.messages import Stats
from firmware_host.parity import Parity
from scl.artifacts.export_report import LayerRow, Losses, Place
from scl.artifacts.fields import Fraction, Line, Name, NotNegative, Sha256, Whole
from scl.artifacts.json_files import Artifact
from scl.artifacts.label_groups import LabelGroup
from scl.artifacts.manifest import Cost, Int8Figures, SplitName
from scl.artifacts.provenance import Provenance
from scl.group_figures import GroupFigures
from scl.robustness import ChangedLabels, Interval

REPORT = "validation.json"


@dataclass(frozen=True)
class CopyFigures:
    """Figures of one transformed copy of all windows; None where nothing defines one."""

    transform: str
    accuracy: Fraction | None
    macro_f1: Fraction | None
    consistency: Fraction | None
    consistency_ci95: Interval | None
    lost: Whole
    similarity_invariant: float | None


@dataclass(frozen=True)
class Figures:
    """Figures of a model's answers, by docs/DESIGN.md; None where nothing defines one, an interval also for a single
    group.
    """

    accuracy_transformed: Fraction | None
    accuracy_transformed_ci95: Interval | None
    macro_f1_transformed: Fraction | None
    consistency: Fraction | None
    consistency_ci95: Interval | None
    consistency_all_pairs: Fraction | None
    changed_labels: ChangedLabels | None
    accuracy: Fraction | None
    accuracy_ci95: Interval | None
    macro_f1: Fraction | None
    similarity_invariant: float | None
    negative_similarity: float | None
    effective_rank: float | None
    per_transform: tuple[CopyFigures, ...]


@dataclass(frozen=True)
class DataName:
    """Which data set the windows are of."""

    name: Name


@dataclass(frozen=True)
class Exchange:
    """Which windows were sent to which board, and what came back.

    Attributes:
        board, firmware: what the board says of itself.
        windows: originals; sent: those and their copies.
        groups: subjects or records that the windows are of.
        retried: times that chunks of a window were sent again; duplicated: answers that nothing waited for any more.
        saturated, abstained: windows with these flags.
        unsure: windows whose decision is that the board is unsure; answered_accuracy: of the others, lost and
            abstained ones counted as wrong, None where labels are not known or there are none.
        transformation, sensor, split, task: of a bundle from elsewhere None where it has none.
        stopped: why it ended before all was measured; None if it did not. What is not measured then is lost or None.
    """

    name: Name
    board: str
    firmware: str
    port: str
    model_hash: Sha256
    transformation: Name | None
    sensor: Name | None
    split: SplitName | None
    data: DataName
    task: str | None
    windows: Whole
    groups: Whole
    sent: Whole
    lost: Whole
    retried: Whole
    duplicated: Whole
    resets: Whole
    stopped: str | None
    saturated: Whole
    abstained: Whole
    unsure: Whole
    answered_accuracy: Fraction | None
    parity: Parity


@dataclass(frozen=True)
class Inference:
    """Cost of one inference on a silent line: instructions where we started an emulator, seconds elsewhere."""

    ticks: Whole
    tick_hz: Whole
    instructions: Whole | None
    seconds: NotNegative | None

    @property
    def cost(self) -> str:
        """Instructions or milliseconds, with their unit."""
        if self.instructions is not None:
            return f"{self.instructions:,} instructions"
        return "not known" if self.seconds is None else f"{self.seconds * 1e3:.3f} ms"


@dataclass(frozen=True)
class Latency:
    """From a window's first byte to its answer; None if no window was answered."""

    min_ms: float | None
    median_ms: float | None
    p95_ms: float | None


@dataclass(frozen=True)
class LinkUse:
    """What the windows took on the line; `board` has the board's counters, None if it was reset meanwhile."""

    baud: Whole | None
    bytes_sent: Whole
    bytes_received: Whole
    seconds: NotNegative
    sent_bytes_per_s: NotNegative
    received_bytes_per_s: NotNegative
    host_damaged_frames: Whole
    board: Stats | None


@dataclass(frozen=True)
class Measured(Figures, Exchange):
    """A validation without its verdict; `desktop` has the golden outputs' figures."""

    desktop: Figures
    inference: Inference | None
    latency: Latency
    link: LinkUse


@dataclass(frozen=True)
class Thresholds:
    """What was asked for."""

    min_accuracy: Fraction | None
    min_consistency: Fraction | None


def below(figure: str, value: float | None, least: float) -> str:
    """Of a report: a figure is below its threshold, or not known."""
    return f"{figure} is {'not known' if value is None else f'{value:.4f}'}, at least {least:g} was asked for"


@dataclass(frozen=True)
class ExportFacts:
    """What the bundle's export report says of the model.

    Attributes:
        float, int8: on the windows that the export compared them on; float is None of a model that was int8 already.
        losses: points that int8 loses, of a run.
        board: on which instructions were counted.
    """

    float: Int8Figures | None
    int8: Int8Figures
    losses: Losses | None
    cost: Cost
    board: str
    layers: tuple[LayerRow, ...]
    memory_map: tuple[Place, ...]
    provenance: Provenance


@dataclass(frozen=True)
class Sources:
    """What was validated, by its SHA-256.

    Attributes:
        bundle: of its manifest.json, which lists the hash of every file.
        windows: of the samples that were sent, in the order of windows.csv.
        run: of the run that was exported; None of a model from elsewhere.
        firmware: of the program that was built here; None on a board that was flashed before.
        seed: of the transformation's draws.
    """

    bundle: Sha256
    windows: Sha256
    run: Sha256 | None
    firmware: Sha256 | None
    seed: Whole


@dataclass(frozen=True)
class Background:
    """What a validation says besides what it measured.

    Attributes:
        sentence: what the transformation does, in words; empty without one.
        export: None of a bundle without an export report.
    """

    sentence: str
    breakdown: Breakdown
    export: ExportFacts | None
    sources: Sources
    provenance: Provenance


@dataclass(frozen=True)
class Verdict:
    """What came of it.

    Attributes:
        missed: why it was not passed, a sentence each.
    """

    thresholds: Thresholds
    missed: tuple[str, ...]
    verdict: str
    passed: bool


@dataclass(frozen=True)
class LevelFigures(GroupFigures):
    """Figures with the classes of a group as one; `answered_accuracy` as that of all classes."""

    answered_accuracy: Fraction | None


@dataclass(frozen=True)
class LabelGroupFigures:
    """Figures of a second level, over the same answers.

    Attributes:
        names: of the groups, and of the classes that are in none.
    """

    groups: tuple[LabelGroup, ...]
    names: tuple[Line, ...]
    board: LevelFigures
    desktop: LevelFigures


@dataclass(frozen=True)
class Validation(Measured, Background, Verdict, Artifact):
    """validation.json: what a board answered, and the verdict; `battery` None where it was not played, `label_groups`
    of a bundle without groups.
    """

    battery: BatteryReport | None = None
    label_groups: LabelGroupFigures | None = None

    kind = "validation"
    schema = 7
    advice = "validate again with python -m firmware_host.validate"
