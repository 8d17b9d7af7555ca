"""Writes a validation report: validation.json, windows.csv and a page that needs no other file."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from firmware_host.figures import Answers, per_class, steps
from firmware_host.model import class_name
from firmware_host.validation import REPORT, Validation
from scl.artifacts import write_artifact, write_bytes
from scl.artifacts.fields import MOST_LABELS
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import BundleManifest, Manifest
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.text import cell, printable

TEMPLATE = Path(__file__).with_name("report.html")
CSV_COLUMNS = (
    "window", "transform", "group", "label", "predicted", "expected", "consistent", "features_lsb", "logits_lsb",
    "input_ok", "saturated", "lead_off", "attempts", "latency_ms",
)  # fmt: skip


def write_report(
    folder: Path, validation: Validation, manifest: BundleManifest, golden: Golden, answers: Answers
) -> None:
    """All three files into `folder`."""
    write_artifact(folder / REPORT, validation)
    write_bytes(folder / "windows.csv", windows_csv(manifest, golden, answers).encode())
    write_bytes(folder / "validation.html", page(validation, manifest, golden, answers).encode())


def windows_csv(manifest: BundleManifest, golden: Golden, answers: Answers) -> str:
    """One row per window and transformation; empty cells where the window was lost."""
    expected = golden.predictions
    features, logits = steps(answers.features, golden.features), steps(answers.logits, golden.logits)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for transform, window in np.ndindex(answers.predictions.shape):
        at = transform, window
        predicted = answers.predictions[at]
        seen = answers.answered[at]
        writer.writerow(
            [
                golden.rows[window],
                transform,
                golden.groups[window],
                cell(class_name(manifest, int(golden.labels[at]), "")),
                cell(class_name(manifest, int(predicted), "abstained" if seen else "lost")),
                cell(class_name(manifest, int(expected[at]))),
                int(predicted != LOST and predicted == answers.predictions[0, window]),
                features[at] if seen else "",
                logits[at] if seen else "",
                int(answers.input_crc32[at] == golden.input_crc32[at]) if seen else "",
                int(answers.flags[at] & SATURATED > 0) if seen else "",
                int(answers.flags[at] & LEAD_OFF > 0) if seen else "",
                answers.attempts[at],
                f"{answers.latency_s[at] * 1e3:.3f}" if seen else "",
            ]
        )
    return out.getvalue()


def page(validation: Validation, manifest: BundleManifest, golden: Golden, answers: Answers) -> str:
    """The report as HTML, with style and pictures inline."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True,
        finalize=lambda value: printable(value) if isinstance(value, str) else value,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["share"] = lambda value: "–" if value is None else f"{100 * value:.2f} %"
    environment.filters["number"] = lambda value, digits=3: "–" if value is None else f"{value:,.{digits}f}"
    copies = {"untouched": slice(0, 1), "transformed": slice(1, None)}
    names = tabled_classes(manifest)
    tables = {
        name: per_class(golden.labels[part], answers.predictions[part], names)
        for name, part in copies.items()
        if names and len(golden.labels[part])
    }
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(
        v=validation, unmeasured=unmeasured(validation, manifest), labels=names, tables=tables
    )


def tabled_classes(manifest: BundleManifest) -> list[str]:
    """Names of the classes that have a row in the report; none where labels are not known, are bit masks, or are more
    than a table has room for.
    """
    if not manifest.labelled or manifest.thresholds is not None or manifest.classes > MOST_LABELS:
        return []
    return [class_name(manifest, code) for code in range(manifest.classes)]


def unmeasured(validation: Validation, manifest: BundleManifest) -> list[str]:
    """Which figures the windows of a model from elsewhere do not tell, and what would."""
    missing = []
    if not manifest.labelled:
        missing.append("no accuracy: the windows have no labels; give export.quantize --representative with labels")
    if manifest.transformation is None:
        missing.append("no consistency: there are no transformed copies; give export.quantize --transformation")
    if not isinstance(manifest, Manifest) and validation.desktop.effective_rank is None:
        missing.append("no similarity: the model gives out no features; name one of its outputs features")
    return missing


def print_table(validation: Validation, manifest: BundleManifest) -> None:
    """What the report says, in short, on the terminal: of a model from elsewhere the figures that there are."""
    from rich.table import Table

    from scl.terminal import PlainConsole

    v, desktop, trained_here = validation, validation.desktop, isinstance(manifest, Manifest)
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
            table.add_row(name, share(board_value), share(desktop_value))
    if trained_here or v.consistency_ci95:
        low, high = v.consistency_ci95 or (None, None)
        table.add_row("  95 % interval, clustered by group", f"{share(low)} - {share(high)}", "")
    changed = v.changed_labels
    if changed and changed.share:
        table.add_row(
            f"  over all pairs ({share(changed.share)} change their label)", share(v.consistency_all_pairs), ""
        )
        table.add_row("  changed labels that are followed", share(changed.followed), "")
    for key in ("similarity_invariant", "negative_similarity", "effective_rank"):
        if trained_here or getattr(desktop, key) is not None:
            table.add_row(key.replace("_", " "), _decimal(getattr(v, key)), _decimal(getattr(desktop, key)))
    for name, value, expected in _exactness(v):
        table.add_row(name, value, expected)
    console = PlainConsole()
    if v.lost or v.stopped is not None:
        console.print(f"{v.verdict}: {v.missed[0]}", style="bold red", highlight=False)
    console.print(table)
    for reason in unmeasured(v, manifest):
        console.print(reason, highlight=False)
    for reason in v.missed:
        console.print(f"missed: {reason}", style="red", highlight=False)
    console.print(f"{'passed' if v.passed else 'not passed'}: {v.verdict}", style="bold", highlight=False)


def _exactness(v: Validation) -> Iterator[tuple[str, str, str]]:
    """Rows of the table about the link and the network."""
    yield "parity, largest difference in steps", f"{v.parity.max_lsb} over {v.parity.compared} windows", "0"
    yield "network inputs that differ", str(v.parity.input_crc32_off), "0"
    yield "lost / retried / duplicated", f"{v.lost} / {v.retried} / {v.duplicated}", ""
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


def share(value: float | None) -> str:
    """A share in per cent, for a table."""
    return "-" if value is None else f"{100 * value:.2f} %"


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
