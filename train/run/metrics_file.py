"""What the JSON files of training hold that are written as dictionaries: docs/schemas is made from these types."""

from typing import Literal, NotRequired

from typing_extensions import TypedDict

from scl.artifacts.architecture import Architecture
from scl.artifacts.label_groups import LabelGroup
from scl.artifacts.run import DataSource, Split
from scl.group_figures import GroupFigures
from scl.partition import Partition
from train.run.evaluate import Retrieval
from train.transformations.disturbance import DisturbanceFigures
from train.transformations.rotation import RotationFigures
from train.transformations.shift import ShiftFigures, StripFigures


class Recorded(TypedDict):
    """Figures of windows as recorded, as `train.run.evaluate.Evaluation` says them."""

    windows: int
    subjects: int
    accuracy: float
    macro_f1: float
    negative_similarity: float
    effective_rank: float
    macro_auc: NotRequired[float | None]
    confusion: NotRequired[list[list[int]]]
    per_class: NotRequired[list[dict[str, float | int | None]]]
    retrieval: NotRequired[Retrieval]


class MetricsFile(Recorded, extra_items=RotationFigures | ShiftFigures | StripFigures | DisturbanceFigures):  # type: ignore[call-arg]  # PEP 728
    """metrics.json: the figures of a run's test part. Figures of transformed copies stand under the transformation's
    name, and under those of its other kinds; with the classes of `groups` as one under `label_groups`.
    """

    kind: Literal["metrics"]
    schema: Literal[3]
    task: str
    method: str
    transformation: str
    labels: list[str]
    partition: Partition
    split: Split
    part: Literal["test"]
    data: str
    groups: NotRequired[list[LabelGroup]]
    label_groups: NotRequired[GroupFigures]
    other_classes: NotRequired[dict[str, list[int]]]
    consistency_by_construction: NotRequired[dict[str, str]]
    warnings: list[str]


class FusionMetricsFile(Recorded):
    """metrics.json of `train.fusion`, with the figures under each transformation."""

    kind: Literal["fusion"]
    schema: Literal[1]
    note: str
    labels: list[str]
    pairs: dict[str, int]
    split: dict[str, Split]
    rotation: RotationFigures | ShiftFigures
    shift: RotationFigures | ShiftFigures
    both: RotationFigures | ShiftFigures


class FusionRunFile(TypedDict):
    """run.json of `train.fusion`: the options, and architecture and recordings of both sensors."""

    kind: Literal["fusion"]
    schema: Literal[1]
    config: dict[str, object]
    architecture: list[Architecture]
    data: list[dict[str, object]]


class ProbeFile(TypedDict):
    """probe.json: what a linear probe reads of each group of the latent, and each dimension's invariance."""

    kind: Literal["probe"]
    schema: Literal[1]
    transformation: str
    windows: int
    groups: dict[str, dict[str, float]]
    invariance: list[float]
    parts: NotRequired[dict[str, dict[str, float]]]


class ResumeFile(TypedDict):
    """resume.json of an interrupted run: what has to be equal where it goes on."""

    kind: Literal["resume"]
    schema: Literal[1]
    config: dict[str, object]
    split: Split
    data: DataSource
    versions: dict[str, str]
