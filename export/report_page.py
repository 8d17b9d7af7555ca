"""export_report.html: the export's report as a page. Every figure in it is one of export_report.json."""

from pathlib import Path

from scl.artifacts import write_artifact, write_bytes
from scl.artifacts.export_report import PAGE, REPORT, ExportReport, ModelFigures, NetworkReport
from scl.artifacts.manifest import Int8Figures, Streaming
from scl.pages import charts
from scl.pages.parts import FIGURES, Rows, Tile, cost_rows, provenance_rows
from scl.pages.rendering import points, render, share

TEMPLATE = Path(__file__).with_name("report_page.html")
Report = ExportReport | NetworkReport
Figures = ModelFigures | Int8Figures


def write_report(folder: Path, report: Report) -> None:
    """Writes the report into a bundle folder, as JSON and as a page."""
    write_artifact(folder / REPORT, report)
    write_bytes(folder / PAGE, page(report).encode())


def page(report: Report) -> str:
    """The report as HTML, with style and charts inline."""
    return render(
        TEMPLATE,
        {
            "r": report,
            "sentences": _sentences(report),
            "tiles": _tiles(report),
            "figures": _figures(report),
            "losses": _losses(report) if isinstance(report, ExportReport) else [],
            "agreement": report.agreement if isinstance(report, ExportReport) else (),
            "proof": _proof(report),
            "cost": cost_rows(report.cost, report.board),
            "layers": charts.layer_bars(report.layers, report.board),
            "memory": charts.memory_map("memory", report.memory_map, report.layers, report.cost.arena_bytes),
            "files": sorted(report.bytes.items()) if isinstance(report, ExportReport) else [],
            "seconds": list(report.seconds.items()) if isinstance(report, ExportReport) else [],
            "sources": [*_sources(report), *provenance_rows(report.provenance)],
        },
    )


def _both(report: Report) -> tuple[Figures | None, Figures, str]:
    """The float model's figures, the int8 model's, and what they are of."""
    if isinstance(report, ExportReport):
        evaluation = report.evaluation
        of = f"{evaluation.windows:,} test windows of {evaluation.subjects:,} subjects or records"
        return evaluation.float, evaluation.int8, f"{of}, {evaluation.copies} copies of each"
    figures: Int8Figures = report.int8
    exact = None if report.float_model is None else report.float_model.figures
    return exact, figures, f"{figures.windows:,} windows of {report.data}, {figures.copies} copies of each"


def _sentences(report: Report) -> list[tuple[str, str]]:
    if isinstance(report, NetworkReport):
        proof = report.agreement
        return [
            (
                "Exact",
                f"the C equals TensorFlow Lite Micro in every bit over {proof.inputs:,} random inputs, and layer by "
                f"layer over {proof.layers.inputs:,} chosen ones.",
            )
        ]
    exact = [result for result in report.agreement if result.max_steps == 0]
    names = " and ".join(result.runtime for result in exact)
    inputs = min((result.inputs for result in exact), default=0)
    losses = report.evaluation.loss_points
    limited = ", ".join(f"{losses.of(name)[0]:+.2f} of {name.replace('_', ' ')}" for name in report.limited)
    return [
        ("Exact", f"{names} equal TensorFlow Lite Micro in every bit over {inputs:,} real windows and copies."),
        ("Int8", f"loses, in points, {limited}; {report.max_loss:g} were allowed."),
    ]


def _tiles(report: Report) -> list[Tile]:
    exact, int8, of = _both(report)
    under = f" under {report.transformation}" if report.transformation else ""
    tiles = []
    for name, what in (("accuracy_transformed", "Accuracy"), ("consistency", "Consistency")):
        value, before = getattr(int8, name), None if exact is None else getattr(exact, name)
        if value is not None:
            note = "" if before is None else f"float {share(before)}; "
            tiles.append(Tile(f"{what}{under}, int8", share(value), None, note + of))
    if not tiles and int8.accuracy is not None:
        tiles.append(Tile("Accuracy, int8", share(int8.accuracy), None, of))
    cost = report.cost
    return [
        *tiles,
        Tile("Flash", f"{cost.flash_bytes:,} bytes", None, "engine, model and front end"),
        Tile("RAM", f"{cost.ram_bytes:,} bytes", None, f"{cost.arena_bytes:,} of them arena"),
    ]


def _figures(report: Report) -> list[tuple[str, str, str, str]]:
    """Name, float, int8, and what int8 loses in points."""
    exact, int8, _ = _both(report)
    rows = []
    for name, title in FIGURES.items():
        before, after = None if exact is None else getattr(exact, name), getattr(int8, name)
        loss = None if before is None or after is None else before - after
        rows.append((title, share(before, 2), share(after, 2), points(loss, 2)))
    return rows


def _losses(report: ExportReport) -> list[tuple[str, str, str, str]]:
    """Name, points, interval and what was allowed: paired over originals and copies."""
    rows = []
    for name in ("accuracy", "macro_f1", "consistency"):
        loss, interval = report.evaluation.loss_points.of(name)
        allowed = f"{report.max_loss:g}" if name in report.limited else "any"
        spread = "–" if interval is None else f"{interval[0]:+.2f} to {interval[1]:+.2f}"
        rows.append((name.replace("_", " ").capitalize().replace("f1", "F1"), f"{loss:+.2f}", spread, allowed))
    return rows


def _proof(report: Report) -> Rows:
    if isinstance(report, NetworkReport):
        layers = report.agreement.layers
        rows = [
            ("Random inputs, values", f"{report.agreement.inputs:,}, {report.agreement.values:,}"),
            ("Layer by layer: chosen inputs, values", f"{layers.inputs:,}, {layers.values:,}"),
            ("Sums beside a step of rounding that were tried", f"{layers.borders:,} of {layers.all_borders:,}"),
            ("Values of the windows beyond the input's range", share(report.clipped, 2)),
        ]
        beside = report.float_model
        if beside is not None:
            rows += [
                ("model_float.onnx from the given model, of its largest output", f"{beside.apart:.1g}"),
                ("Same class as the float model", share(beside.same_class, 2)),
                ("Signal-to-noise ratio of the logits", f"{beside.snr_db:.1f} dB"),
            ]
        return rows + _hop(report.streaming)
    opinion, dropped = report.converter, report.dropped
    rows = [
        ("Same class as the float model", share(report.evaluation.same_class, 2)),
        (
            "Weights, biases equal to those of TensorFlow's converter",
            f"{opinion.weights_equal:,} of {opinion.weights:,}, {opinion.biases_equal:,} of {opinion.biases:,}",
        ),
        ("Its outputs apart from ours", f"at most {opinion.max_steps} steps"),
        (
            "Variant dimensions left out",
            f"{dropped.dimensions}: {dropped.parameters:,} parameters, {dropped.bytes:,} bytes, {dropped.macs:,} MACs",
        ),
        ("Windows and copies that saturate, without a lead", f"{share(report.saturated)}, {share(report.abstained)}"),
    ]
    decided = report.decision
    if decided is not None:
        rows += [
            ("Temperature, of validation windows", f"{decided.temperature:.3f}, {decided.fitted_on:,}"),
            ("Expected calibration error, before", f"{decided.ece:.3f}, {decided.ece_before:.3f}"),
            ("Test windows answered, right of those", f"{share(decided.coverage)}, {share(decided.accuracy_answered)}"),
        ]
    return rows + _hop(report.streaming)


def _hop(kept: Streaming | None) -> Rows:
    if kept is None:
        return []
    costs = f"{kept.instructions:,} instructions, {share(kept.share)} of a whole window's"
    return [(f"A stream's hop of {kept.hop} samples", f"{costs}; arena {kept.arena_bytes:,} bytes")]


def _sources(report: Report) -> Rows:
    rows = [("Model, SHA-256", report.model_hash)]
    if isinstance(report, ExportReport):
        rows.append(("Run, SHA-256", report.run_hash))
    return rows
