"""The test figures of a run as lines of text."""

from typing import Any

from train.run.evaluate import headline


def summary(metrics: dict[str, Any]) -> str:
    """What metrics.json says, in short."""
    name = metrics["transformation"]
    turned, groups = headline(metrics, name), "subject" if metrics["task"] == "imu" else "record"
    interval = turned["consistency_ci95"]
    spread = f" (95 % interval {interval[0]:.3f} to {interval[1]:.3f}, by {groups})" if interval else ""
    leaky = f"  LEAKY SPLIT: windows of one {groups} are in training and test" if metrics["split"]["leaky"] else ""
    similarity = ", ".join(f"{group} {value:.3f}" for group, value in turned["similarity"].items())
    lines = [
        f"test: {metrics['windows']} windows of {metrics['subjects']} {groups}s, split by "
        f"{metrics['split']['name']}{leaky}",
        f"  {'as recorded':15} accuracy {metrics['accuracy']:.3f}  macro F1 {metrics['macro_f1']:.3f}",
        f"  {'under ' + name:15} accuracy {turned['accuracy']:.3f}  macro F1 {turned['macro_f1']:.3f}  "
        f"consistency {turned['consistency']:.3f}{spread}",
        f"  {'similarity':15} {similarity}; different windows {metrics['negative_similarity']:.3f}, "
        f"effective rank {metrics['effective_rank']:.1f}",
    ]
    if "macro_auc" in metrics:
        lines.append(f"  {'macro AUC':15} {_number(metrics['macro_auc'])}")
    if metrics["task"] != "imu" and "per_class" in metrics:
        rows = zip(metrics["labels"], metrics["per_class"], strict=True)
        parts = (f"{label} {_number(row['recall'])}/{_number(row['precision'])}" for label, row in rows)
        lines.append(f"  {'Se/PPV':15} {', '.join(parts)}")
    for label, counts in metrics.get("other_classes", {}).items():
        taken = ", ".join(f"{count} as {known}" for count, known in zip(counts, metrics["labels"], strict=True))
        lines.append(f"  {label + ' beats':15} {taken} (not counted above)")
    if name == "shift":
        changed, found = metrics["shift"]["changed_labels"], metrics["retrieval"]
        lines.append(
            f"  {'shift':15} {changed['share']:.1%} of the pairs change their label, {_number(changed['followed'])} of "
            f"those are followed; consistency over all pairs {metrics['shift']['all_pairs_consistency']:.3f}; circular "
            f"{metrics['shift_circular']['mean_consistency']:.3f}"
        )
        lines.append(
            f"  {'retrieval':15} recall at 1 {found['recall_at_1']:.3f}, at 5 {found['recall_at_5']:.3f}, mean "
            f"reciprocal rank {found['mean_reciprocal_rank']:.3f}, same record {found['same_group_at_1']:.3f} "
            f"({found['gallery']} windows, {found['samples']} samples)"
        )
    return "\n".join(lines + [f"warning: {text}" for text in metrics["warnings"]])


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
