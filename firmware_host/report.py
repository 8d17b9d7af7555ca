"""Writes a validation report: validation.json, windows.csv and a page that needs no other file."""

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

from firmware_host.bundle import Bundle, Golden
from firmware_host.figures import Answers, per_class, steps
from scl.artifacts import write_bytes, write_json
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF, SATURATED

TEMPLATE = Path(__file__).with_name("report.html")
CSV_COLUMNS = (
    "window", "transform", "group", "label", "predicted", "expected", "consistent", "features_lsb", "logits_lsb",
    "input_ok", "saturated", "lead_off", "attempts", "latency_ms",
)  # fmt: skip


def write_report(folder: Path, validation: dict[str, Any], bundle: Bundle, golden: Golden, answers: Answers) -> None:
    """All three files into `folder`."""
    write_json(folder / "validation.json", validation)
    write_bytes(folder / "windows.csv", windows_csv(bundle, golden, answers).encode())
    write_bytes(folder / "validation.html", page(validation, bundle, golden, answers).encode())


def windows_csv(bundle: Bundle, golden: Golden, answers: Answers) -> str:
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
                bundle.class_name(int(golden.labels[at])),
                bundle.class_name(int(predicted), "abstained" if seen else "lost"),
                bundle.class_name(int(expected[at])),
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


def page(validation: dict[str, Any], bundle: Bundle, golden: Golden, answers: Answers) -> str:
    """The report as HTML, with style and pictures inline."""
    import jinja2

    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["share"] = lambda value: "–" if value is None else f"{100 * value:.2f} %"
    environment.filters["number"] = lambda value, digits=3: "–" if value is None else f"{value:,.{digits}f}"
    copies = {"untouched": slice(0, 1), "transformed": slice(1, None)}
    tables = {
        name: per_class(golden.labels[part], answers.predictions[part], bundle.labels)
        for name, part in copies.items()
        if golden.thresholds is None and len(golden.labels[part])
    }
    return environment.from_string(TEMPLATE.read_text("utf-8")).render(
        v=validation, manifest=bundle.manifest, labels=bundle.labels, tables=tables
    )


def print_table(validation: dict[str, Any], out: Path) -> None:
    """What the report says, in short, on the terminal."""
    from rich.console import Console
    from rich.table import Table

    v, desktop = validation, validation["desktop"]
    table = Table(
        title=f"{v['name']} on {v['board']}: {v['windows']} windows, {v['sent']} sent, split by {v['split']['name']}"
    )
    table.add_column("")
    table.add_column("board", justify="right")
    table.add_column("desktop int8", justify="right")
    for key, name in (
        ("accuracy", "accuracy"),
        ("accuracy_transformed", f"accuracy under {v['transformation']}"),
        ("macro_f1", "macro F1"),
        ("macro_f1_transformed", f"macro F1 under {v['transformation']}"),
        ("consistency", "consistency"),
    ):
        table.add_row(name, _share(v[key]), _share(desktop[key]))
    low, high = v["consistency_ci95"] or (None, None)
    table.add_row("  95 % interval, clustered by group", f"{_share(low)} - {_share(high)}", "")
    changed = v["changed_labels"]
    if changed and changed["share"]:
        table.add_row(
            f"  over all pairs ({_share(changed['share'])} change their label)", _share(v["consistency_all_pairs"]), ""
        )
        table.add_row("  changed labels that are followed", _share(changed["followed"]), "")
    for key in ("similarity_invariant", "negative_similarity", "effective_rank"):
        table.add_row(key.replace("_", " "), _decimal(v[key]), _decimal(desktop[key]))
    parity = v["parity"]
    table.add_row("parity, largest difference in steps", f"{parity['max_lsb']} over {parity['compared']} windows", "0")
    table.add_row("network inputs that differ", str(parity["input_crc32_off"]), "0")
    table.add_row("lost / retried / duplicated", f"{v['lost']} / {v['retried']} / {v['duplicated']}", "")
    if v["resets"]:
        table.add_row("resets of the board", str(v["resets"]), "")
    if v["abstained"]:
        table.add_row("abstained, counted as errors", str(v["abstained"]), "")
    inference = v["inference"]
    if inference["instructions"] is not None:
        table.add_row("instructions per inference", f"{inference['instructions']:,}", "")
    else:
        table.add_row("time per inference", f"{inference['seconds'] * 1e3:.3f} ms", "")
    table.add_row("latency in flight, median (p95)", "{median_ms:.1f} ({p95_ms:.1f}) ms".format(**v["latency"]), "")
    console = Console()
    console.print(table)
    for reason in v["missed"]:
        console.print(f"missed: {reason}", style="red", highlight=False)
    console.print(f"{'passed' if v['passed'] else 'not passed'}: {v['verdict']}", style="bold", highlight=False)
    print(f"report: {out / 'validation.html'}")


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.2f} %"


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"
