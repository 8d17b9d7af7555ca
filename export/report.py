"""The export's figures as a table on the terminal."""

import sys

from export.proof.gates import MAX_STEPS
from export.proof.loss import FIGURES
from scl.artifacts.export_report import Decided, ExportReport, FloatModel, NetworkReport
from scl.artifacts.manifest import Int8Figures, Streaming
from scl.text import say

Rows = list[tuple[str, str]]


def print_report(report: ExportReport) -> None:
    """Prints the report of a run's export."""
    from rich.table import Table

    from scl.terminal import PlainConsole

    table = Table(title=f"Export of {report.name}", title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column()
    for section in (_sizes, _agreement, _losses):
        for name, value in section(report):
            table.add_row(name, value)
        table.add_section()
    table.add_row("time", f"{report.seconds['total']:.1f} s")
    # A pipe has no width of its own.
    PlainConsole(width=None if sys.stdout.isatty() else 120).print(table)


def print_foreign(report: NetworkReport) -> None:
    """Prints the report of a network that was read from a .tflite file."""
    from export.profile_tables import print_profile

    cost, proof, chosen = report.cost, report.agreement, report.agreement.layers
    print_profile(report, [row.instructions for row in report.layers])
    say(
        f"{report.name} on {report.board}: {cost.instructions:,} instructions per inference, flash "
        f"{cost.flash_bytes:,} bytes, arena {cost.arena_bytes:,} bytes, stack {cost.stack_bytes:,} bytes",
        f"TFLite Micro and C: equal in every bit over {proof.inputs:,} random inputs ({proof.values:,} values),",
        f"and layer by layer over {chosen.inputs:,} chosen inputs ({chosen.values:,} values): extremes, random values,",
        f"and {chosen.borders:,} of the {chosen.all_borders:,} sums that lie beside a step of rounding",
        *(f"{name}: {text}" for name, text in _streaming(report.streaming)),
        *_given(report),
    )


def _given(report: NetworkReport) -> list[str]:
    """What the windows that travel with it say."""
    figures, lines = report.int8, [f"{report.int8.windows:,} windows of {report.data}"]
    if figures.copies:
        lines[0] += f", {figures.copies} copies of each under {report.transformation}: consistency "
        lines[0] += "-" if figures.consistency is None else f"{figures.consistency:.2%}"
    if figures.accuracy is not None:
        under = "" if figures.accuracy_transformed is None else f", of the copies {figures.accuracy_transformed:.2%}"
        lines.append(f"accuracy {figures.accuracy:.2%}{under}")
    if report.float_model is not None:
        lines += _beside_float(report.float_model, figures)
    if report.clipped:
        lines.append(f"{report.clipped:.2%} of the windows' values lie beyond the input's range, and are clipped to it")
    return lines


def _beside_float(exact: FloatModel, int8: Int8Figures) -> list[str]:
    losses = "".join(f", int8 loses {points:+.2f} points of {name}" for name, points in exact.losses(int8).items())
    return [
        f"model_float.onnx in ONNX Runtime: within {exact.apart:.1g} of the given model's largest output",
        f"int8 gives the float model's class for {exact.same_class:.2%} of windows and copies; signal-to-noise ratio "
        f"of the logits {exact.snr_db:.1f} dB{losses}",
    ]


def _sizes(report: ExportReport) -> Rows:
    cost, dropped = report.cost, report.dropped
    files = ", ".join(f"{name} {report.bytes[name]:,}" for name in ("model.tflite", "model.onnx", "model_float.onnx"))
    return [
        ("files", f"{files} bytes"),
        ("network", f"{cost.parameters:,} parameters, {cost.macs:,} multiply-accumulates"),
        (
            "variant dimensions dropped",
            f"{dropped.dimensions}: saved {dropped.parameters:,} parameters, {dropped.bytes:,} bytes of flash "
            f"and {dropped.macs:,} multiply-accumulates",
        ),
        (
            "Cortex-M4F, C model and front end",
            f"flash {cost.flash_bytes:,} bytes, RAM {cost.ram_bytes:,} bytes (arena {cost.arena_bytes:,})",
        ),
        (
            f"network on {report.board}",
            f"{cost.instructions:,} instructions per inference, {cost.stack_bytes:,} bytes of stack",
        ),
        *_streaming(report.streaming),
    ]


def _streaming(kept: Streaming | None) -> Rows:
    if kept is None:
        return []
    text = (
        f"{kept.instructions:,} instructions, {kept.share:.1%} of a whole window's; arena "
        f"{kept.arena_bytes:,} bytes; equal in every bit over {kept.windows_compared:,} windows, and over "
        f"{kept.board_values_compared:,} values on the board"
    )
    return [(f"a hop of {kept.hop} samples", text)]


def _agreement(report: ExportReport) -> Rows:
    rows = []
    for result in report.agreement:
        if result.max_steps == 0:
            text = f"equal in every bit over {result.inputs:,} inputs"
        else:
            text = (
                f"{result.different:.1%} of values differ, {1 - result.within:.3%} by more than {MAX_STEPS} "
                f"steps, none by more than {result.max_steps}; same class for {result.same_class:.2%} of "
                f"{result.inputs:,} inputs, {result.same_class_decided:.2%} without near ties"
            )
        rows.append((f"TFLite Micro and {result.runtime}", text))
    opinion = report.converter
    rows.append(
        (
            "TensorFlow's converter, same ranges and rounding",
            f"{opinion.weights_equal:,} of {opinion.weights:,} weights and {opinion.biases_equal:,} of "
            f"{opinion.biases:,} biases equal, outputs at most {opinion.max_steps} steps apart",
        )
    )
    return rows


def _losses(report: ExportReport) -> Rows:
    evaluation = report.evaluation
    rows = [
        (
            "test windows",
            f"{evaluation.windows:,} of {evaluation.subjects} subjects, {evaluation.copies} copies of each",
        ),
        ("windows and copies that saturate", f"{report.saturated:.2%}"),
        ("windows and copies without a lead", f"{report.abstained:.2%}"),
        *_decision(report.decision),
    ]
    for name in FIGURES:
        label = name.replace("_transformed", f" under {report.transformation}").replace("macro_f1", "macro F1")
        before, after = (_decimal(getattr(figures, name)) for figures in (evaluation.float, evaluation.int8))
        rows.append((label, f"float {before}, int8 {after}"))
    for name in ("accuracy", "macro_f1", "consistency"):
        loss, interval = evaluation.loss_points.of(name)
        spread = f", 95 % interval {interval[0]:+.2f} to {interval[1]:+.2f}" if interval else ""
        what = name if name == "consistency" else name.replace("macro_f1", "macro F1") + ", originals and copies"
        allowed = f" (allowed {report.max_loss:g})" if name in report.limited else ""
        rows.append((f"int8 loses: {what}", f"{loss:+.2f} points{spread}{allowed}"))
    return rows


def _decision(decided: Decided | None) -> Rows:
    if decided is None:
        return []
    rows = [
        (
            "confidence",
            f"expected calibration error {decided.ece_before:.3f}, with a temperature of {decided.temperature:.2f} "
            f"(of {decided.fitted_on:,} validation windows) {decided.ece:.3f}",
        )
    ]
    if decided.bout_s is not None:
        rows.append(("decisions over time", f"a class lasts {decided.bout_s:g} s on average"))
    if decided.unsure_margin > 0:
        rows.append(
            (
                f"unsure below a margin of {decided.unsure_margin:g}",
                f"{decided.unsure:,} of {decided.windows:,} windows; accuracy of the others "
                f"{_decimal(decided.accuracy_answered)}, right of all {decided.accuracy:.4f}",
            )
        )
    return rows


def _decimal(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"
