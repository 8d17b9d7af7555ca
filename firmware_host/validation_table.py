"""A validation on the terminal, in short."""

from collections.abc import Iterator

from firmware_host.battery_page import table as battery_table
from firmware_host.battery_types import BatteryReport
from firmware_host.validation import LabelGroupFigures, Measured, Verdict
from scl.pages.rendering import number, share


def unmeasured(v: Measured) -> list[str]:
    """Which figures the windows of a model from elsewhere do not tell, and what would."""
    missing = []
    if v.desktop.accuracy is None:
        missing.append("no accuracy: the windows have no labels; give export.quantize --representative with labels")
    if v.transformation is None:
        missing.append("no consistency: there are no transformed copies; give export.quantize --transformation")
    if v.task is None and v.desktop.effective_rank is None:
        missing.append("no similarity: the model gives out no features; name one of its outputs features")
    return missing


def print_table(
    v: Measured,
    judged: Verdict,
    battery: BatteryReport | None = None,
    label_groups: LabelGroupFigures | None = None,
) -> None:
    """What the report says, in short, on the terminal: of a model from elsewhere the figures that there are."""
    from rich.table import Table

    from scl.terminal import PlainConsole

    desktop, trained_here = v.desktop, v.task is not None
    of = f"split by {v.split.name}" if v.split else f"of {v.data.name}"
    table = Table(title=f"{v.name} on {v.board}: {v.windows} windows, {v.sent} sent, {of}")
    table.add_column("")
    table.add_column("board", justify="right")
    table.add_column("desktop int8", justify="right")
    for name, board_value, desktop_value in (
        ("accuracy", v.accuracy, desktop.accuracy),
        (f"accuracy under {v.transformation}", v.accuracy_transformed, desktop.accuracy_transformed),
        ("macro F1", v.macro_f1, desktop.macro_f1),
        (f"macro F1 under {v.transformation}", v.macro_f1_transformed, desktop.macro_f1_transformed),
        ("consistency", v.consistency, desktop.consistency),
    ):
        if trained_here or desktop_value is not None:
            table.add_row(name, share(board_value, 2), share(desktop_value, 2))
    if trained_here or v.consistency_ci95:
        low, high = v.consistency_ci95 or (None, None)
        table.add_row("  95 % interval, clustered by group", f"{share(low, 2)} - {share(high, 2)}", "")
    changed = v.changed_labels
    if changed and changed.share:
        table.add_row(
            f"  over all pairs ({share(changed.share, 2)} change their label)", share(v.consistency_all_pairs, 2), ""
        )
        table.add_row("  changed labels that are followed", share(changed.followed, 2), "")
    for key in ("similarity_invariant", "negative_similarity", "effective_rank"):
        if trained_here or getattr(desktop, key) is not None:
            table.add_row(key.replace("_", " "), number(getattr(v, key)), number(getattr(desktop, key)))
    if label_groups is not None:
        for row in _grouped(v, label_groups):
            table.add_row(*row)
    for name, value, expected in _exactness(v):
        table.add_row(name, value, expected)
    console = PlainConsole()
    if v.lost or v.stopped is not None:
        console.print(f"{judged.verdict}: {judged.missed[0]}", style="bold red", highlight=False)
    console.print(table)
    if battery is not None:
        console.print(battery_table(battery))
    for reason in unmeasured(v):
        console.print(reason, highlight=False)
    for reason in judged.missed:
        console.print(f"missed: {reason}", style="red", highlight=False)
    console.print(f"{'passed' if judged.passed else 'not passed'}: {judged.verdict}", style="bold", highlight=False)


def _grouped(v: Measured, groups: LabelGroupFigures) -> Iterator[tuple[str, str, str]]:
    """Rows of the table with the classes of a group as one."""
    of, board, desktop = f"{len(groups.names)} groups", groups.board, groups.desktop
    yield f"accuracy of {of}", share(board.accuracy, 2), share(desktop.accuracy, 2)
    yield f"macro F1 of {of}", share(board.macro_f1, 2), share(desktop.macro_f1, 2)
    if board.macro_f1_transformed is not None:
        under = f"of {of} under {v.transformation}"
        yield f"accuracy {under}", share(board.accuracy_transformed, 2), share(desktop.accuracy_transformed, 2)
        yield f"macro F1 {under}", share(board.macro_f1_transformed, 2), share(desktop.macro_f1_transformed, 2)
    if v.unsure:
        yield f"accuracy of {of}, not unsure", share(board.answered_accuracy, 2), share(desktop.answered_accuracy, 2)


def _exactness(v: Measured) -> Iterator[tuple[str, str, str]]:
    """Rows of the table about the link and the network."""
    yield "parity, largest difference in steps", f"{v.parity.max_lsb} over {v.parity.compared} windows", "0"
    yield "network inputs that differ", str(v.parity.input_crc32_off), "0"
    yield "lost / retried / duplicated", f"{v.lost} / {v.retried} / {v.duplicated}", ""
    yield "decisions that differ", str(v.parity.decisions_off), "0"
    if v.unsure:
        yield "unsure, of all that were sent", f"{v.unsure} of {v.sent}", ""
        yield "accuracy of the others", share(v.answered_accuracy, 2), ""
    if v.resets:
        yield "resets of the board", str(v.resets), ""
    if v.abstained:
        yield "abstained, counted as errors", str(v.abstained), ""
    inference, latency = v.inference, v.latency
    if inference is not None and inference.instructions is not None:
        yield "instructions per inference", f"{inference.instructions:,}", ""
    if inference is not None and inference.seconds is not None:
        yield "time per inference", f"{inference.seconds * 1e3:.3f} ms", ""
    if latency.median_ms is not None:
        yield "latency in flight, median (p95)", f"{latency.median_ms:.1f} ({latency.p95_ms:.1f}) ms", ""
