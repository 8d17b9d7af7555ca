"""The test figures of a run as lines of text."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from scl.artifacts.label_groups import LabelGroups
from scl.artifacts.run import RunInfo
from train.data.tasks import TASKS
from train.run.evaluate import Evaluation
from train.transformations import from_info
from train.transformations.base import Figures, Headline


@dataclass(frozen=True)
class Metrics:
    """metrics.json: the figures of a run's test part, and what to know before trusting them.

    Attributes:
        others: figures under other kinds of the transformation.
        other_classes: how often windows of classes that the model has not are given each of its own.
    """

    info: RunInfo
    evaluation: Evaluation
    others: Mapping[str, Figures] = field(default_factory=dict)
    other_classes: Mapping[str, list[int]] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()

    @property
    def groups(self) -> LabelGroups:
        """Classes that count as one in the figures of a second level."""
        return LabelGroups.parse(str(self.info.config.get("groups", "")))

    @property
    def by_construction(self) -> dict[str, str]:
        """Where consistency is 1 whatever was learned, by the figures' name in metrics.json, and why."""
        transformation = from_info(self.info.transformation)
        kinds = {transformation.name: transformation, **transformation.others()}
        reasons = {name: kind.by_construction(self.info.frontend) for name, kind in kinds.items()}
        return {name: reason for name, reason in reasons.items() if reason is not None}


def summary(metrics: Metrics) -> str:
    """What metrics.json says, in short."""
    info, test = metrics.info, metrics.evaluation
    task, copies = TASKS[info.task], test.transformed.headline
    reasons = metrics.by_construction
    consistency = consistency_words(copies, task.group, reasons.get(test.name))
    leaky = f"  LEAKY SPLIT: windows of one {task.group} are in training and test" if info.split.leaky else ""
    similarity = ", ".join(f"{group} {value:.3f}" for group, value in copies.similarity.items())
    lines = [
        f"test: {test.windows} windows of {test.subjects} {task.group}s, split by {info.split.name}{leaky}",
        f"  {'as recorded':15} accuracy {test.accuracy:.3f}  macro F1 {test.macro_f1:.3f}",
        f"  {'under ' + test.name:15} accuracy {copies.accuracy:.3f}  macro F1 {copies.macro_f1:.3f}  "
        f"consistency {consistency}",
        f"  {'similarity':15} {similarity}; different windows {test.negative_similarity:.3f}, "
        f"effective rank {test.effective_rank:.1f}",
    ]
    lines += _group_lines(metrics)
    lines += _class_lines(metrics, task.sensitivity)
    lines += test.transformed.sentences(metrics.others)
    lines += [
        f"  {name}: consistency is 1 by construction: {reasons[name]}" for name in metrics.others if name in reasons
    ]
    found = test.retrieval
    if found is not None:
        lines.append(
            f"  {'retrieval':15} recall at 1 {found.recall_at_1:.3f}, at 5 {found.recall_at_5:.3f}, mean "
            f"reciprocal rank {found.mean_reciprocal_rank:.3f}, same record {found.same_group_at_1:.3f} "
            f"({found.gallery} windows, {found.samples} samples)"
        )
    return "\n".join(lines + [f"warning: {text}" for text in metrics.warnings])


def consistency_words(copies: Headline, group: str, reason: str | None) -> str:
    """The consistency of copies with its interval, or with the reason why it is 1 by construction."""
    interval, value = copies.consistency_ci95, _number(copies.consistency)
    if reason is not None:
        return f"{value} (by construction: {reason})"
    return f"{value} (95 % interval {interval[0]:.3f} to {interval[1]:.3f}, by {group})" if interval else value


def _group_lines(metrics: Metrics) -> list[str]:
    """Figures with the classes of a group as one."""
    found, names = metrics.evaluation.label_groups, metrics.groups.names(metrics.info.labels)
    if found is None:
        return []
    return [
        f"  {f'{len(names)} groups':15} accuracy {_number(found.accuracy)}  macro F1 {_number(found.macro_f1)}; under "
        f"{metrics.evaluation.name} {_number(found.accuracy_transformed)}, {_number(found.macro_f1_transformed)} "
        f"({', '.join(f'{group.name}: {len(group.labels)} classes' for group in metrics.groups)})"
    ]


def _class_lines(metrics: Metrics, sensitivity: bool) -> list[str]:
    labels, test, lines = metrics.info.labels, metrics.evaluation, []
    if test.confusion is None:
        lines.append(f"  {'macro AUC':15} {_number(test.macro_auc)}")
    if sensitivity and test.per_class is not None:
        rows = zip(labels, test.per_class, strict=True)
        parts = (f"{label} {_number(row['recall'])}/{_number(row['precision'])}" for label, row in rows)
        lines.append(f"  {'Se/PPV':15} {', '.join(parts)}")
    for label, counts in metrics.other_classes.items():
        taken = ", ".join(f"{count} as {known}" for count, known in zip(counts, labels, strict=True))
        lines.append(f"  {label + ' beats':15} {taken} (not counted above)")
    return lines


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
