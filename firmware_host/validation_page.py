"""validation.html: a validation report as a page. Every figure in it is one of validation.json."""

from pathlib import Path
from typing import Protocol

from firmware_host.battery_page import picture, weakest
from firmware_host.breakdown import RINGS
from firmware_host.breakdown_types import Breakdown, ClassFigures, DirectionBin, Pairs
from firmware_host.validation import DataName, Sources, Validation
from firmware_host.validation_table import unmeasured
from firmware_host.verdict_words import verdict_sentences
from scl.artifacts.manifest import SplitName
from scl.pages import charts
from scl.pages.parts import FIGURES, Rows, Tile, confusion, cost_rows, difference, provenance_rows
from scl.pages.rendering import number, render, share

TEMPLATE = Path(__file__).with_name("validation.html")


def page(v: Validation) -> str:
    """The report as HTML, with style and charts inline."""
    export = v.export
    return render(
        TEMPLATE,
        {
            "v": v,
            "sentences": verdict_sentences(v),
            "tiles": tiles(v),
            "unmeasured": unmeasured(v),
            "charts": _charts(v),
            "battery_weakest": None if v.battery is None else weakest(v.battery),
            "classes": worst_first(v.breakdown.classes),
            "matrices": _matrices(v.breakdown),
            "figures": FIGURES.items(),
            "group_figures": _group_figures(v),
            "cost": [] if export is None else cost_rows(export.cost, export.board),
            "exactness": _exactness(v),
            "link": _link(v),
            "sources": [
                *source_rows(v, v.sources),
                ("Seed of the copies", str(v.sources.seed)),
                *provenance_rows(v.provenance),
            ],
            "exported": [] if export is None else provenance_rows(export.provenance),
        },
    )


def tiles(v: Validation) -> list[Tile]:
    """The two figures that matter, or what there is without labels or copies."""
    of = f"{v.windows:,} windows"
    answered = Tile(
        "Answers equal to the desktop's",
        f"{v.parity.compared - v.parity.windows_off:,} of {v.sent:,}",
        None,
        "every feature and logit, in every bit",
    )
    if v.transformation is None:
        if v.accuracy is None:
            return [answered]
        return [Tile("Accuracy", share(v.accuracy), v.accuracy_ci95, of), answered]
    what = v.sentence or v.transformation
    copies = f"{v.sent - v.windows:,} copies of {of}"
    consistency = Tile(
        f"Consistency under {what}",
        share(v.consistency),
        v.consistency_ci95,
        f"copies that keep the class of their window; {copies}",
    )
    if v.accuracy_transformed is None:
        return [consistency, answered]
    accuracy = Tile(
        f"Accuracy under {what}",
        share(v.accuracy_transformed),
        v.accuracy_transformed_ci95,
        f"as recorded {share(v.accuracy)}; {copies}",
    )
    return [accuracy, consistency]


def worst_first(classes: tuple[ClassFigures, ...]) -> list[ClassFigures]:
    """Classes by the least of their figures, the lowest first; those without a window last."""

    def least(row: ClassFigures) -> float:
        figures = (row.recall_transformed, row.consistency, row.recall)
        return min((value for value in figures if value is not None), default=2.0)

    return sorted(classes, key=least)


def _group_figures(v: Validation) -> Rows:
    """Keys and names of the figures that the classes and their groups both have."""
    unsure = [("answered_accuracy", "Accuracy where the board is not unsure")] if v.unsure else []
    return [
        (key, name) for key, name in FIGURES.items() if v.transformation or key in ("accuracy", "macro_f1")
    ] + unsure


def _charts(v: Validation) -> dict[str, object]:
    """By name; those that the transformation has."""
    drawn: dict[str, object] = dict.fromkeys(("angle", "shift", "sphere", "latency", "layers", "memory", "battery"))
    parts, export = v.breakdown, v.export
    if parts.by_angle:
        edges = sorted({edge for row in parts.by_angle for edge in (row.low_deg, row.high_deg)})
        middles = [(row.low_deg + row.high_deg) / 2 for row in parts.by_angle]
        drawn["angle"] = _shares(
            "angle", "rotation angle", middles, parts.by_angle, [(e, f"{e:g}") for e in edges], "degrees"
        )
    if parts.by_shift:
        known = all(row.seconds is not None for row in parts.by_shift)
        places = [row.seconds or 0.0 if known else row.samples for row in parts.by_shift]
        ends = sorted({0.0, min(places), max(places)})
        drawn["shift"] = _shares(
            "shift",
            "shift",
            places,
            parts.by_shift,
            [(x, f"{x:.3g}") for x in ends],
            "seconds later" if known else "samples later",
        )
    if parts.by_direction:
        drawn["sphere"] = _sphere(parts.by_direction)
    if v.battery is not None:
        drawn["battery"] = picture(v.battery)
    if parts.latency:
        rows = [(f"to {b.high_ms:.1f} ms", float(b.windows), f"{b.windows:,}") for b in parts.latency]
        drawn["latency"] = charts.bars("latency", "Latency in flight", "Windows by the time of their answer.", rows)
    if export is not None:
        drawn["layers"] = charts.layer_bars(export.layers, export.board)
        drawn["memory"] = charts.memory_map("memory", export.memory_map, export.layers, export.cost.arena_bytes)
    return drawn


def _shares(
    name: str,
    over: str,
    places: list[float],
    rows: "tuple[Pairs, ...]",
    ticks: list[tuple[float, str]],
    unit: str,
) -> object:
    dots = [charts.Dot(x, row.consistency, row.consistency_ci95) for x, row in zip(places, rows, strict=True)]
    series = [charts.Series("consistency", dots, "mark")]
    similar = [charts.Dot(x, row.similarity_invariant, None) for x, row in zip(places, rows, strict=True)]
    if any(dot.value is not None for dot in similar):
        series.append(charts.Series("similarity x 100", similar, "second"))
    known = [row.consistency for row in rows if row.consistency is not None]
    spread = f"from {share(min(known))} to {share(max(known))}" if known else "not known"
    description = f"Consistency is {spread}; the table below has each bin."
    return charts.shares(name, f"Consistency and similarity by {over}", description, series, ticks, unit)


def _sphere(cells: tuple[DirectionBin, ...]) -> object:
    known = [cell for cell in cells if cell.consistency is not None]
    worst = min(known, key=lambda cell: cell.consistency or 0, default=None)
    title = "No copies." if worst is None else f"Lowest {share(worst.consistency)} around {worst.middle}."
    return charts.sphere(
        "sphere", "Consistency by direction, in per cent", title, RINGS, [cell.consistency for cell in cells]
    )


def _matrices(parts: Breakdown) -> list[object]:
    counts = parts.confusions
    if counts is None:
        return []
    before, after = counts.untouched, counts.transformed
    matrices = [confusion("As recorded: a row is the true class, a column the board's answer", counts.labels, before)]
    if after:
        matrices += [
            confusion("Transformed: a row is the true class, a column the board's answer", counts.labels, after),
            difference("Difference, transformed from as recorded, in points of a row", counts.labels, before, after),
        ]
    return list(matrices)


def _exactness(v: Validation) -> Rows:
    parity = v.parity
    return [
        ("Answers compared with TensorFlow Lite Micro's", f"{parity.compared:,} of {v.sent:,}"),
        ("Windows that differ", f"{parity.windows_off:,}"),
        (
            "Largest difference of a feature, of a logit",
            f"{_steps(parity.features_max_lsb)}, {_steps(parity.logits_max_lsb)}",
        ),
        ("Network inputs that differ (front end)", f"{parity.input_crc32_off:,}"),
        ("Classes that differ", f"{parity.predictions_off:,}"),
        ("Flags of saturation or no signal that differ", f"{parity.flags_off:,}"),
        ("Windows with a saturated count", f"{v.saturated:,}"),
        ("Windows the board abstained from (no signal), counted as errors", f"{v.abstained:,}"),
    ]


def _steps(value: int | None) -> str:
    return "not known" if value is None else f"{value} step{'s' * (value != 1)}"


def _link(v: Validation) -> Rows:
    link, latency, board = v.link, v.latency, v.link.board
    rows = [
        ("Windows lost", f"{v.lost:,} of {v.sent:,}"),
        ("Sent again, answered twice", f"{v.retried:,}, {v.duplicated:,}"),
        ("Resets of the board, each followed by a greeting", f"{v.resets:,}"),
        ("Damaged frames seen by the host", f"{link.host_damaged_frames:,}"),
        ("Damaged frames seen by the board", "not known" if board is None else f"{board.crc_errors:,}"),
        ("Framing errors on the board", "not known" if board is None else f"{board.framing_errors:,}"),
        ("Bytes overrun on the board", "not known" if board is None else f"{board.overrun_bytes:,}"),
        ("Bytes sent, received", f"{link.bytes_sent:,}, {link.bytes_received:,}"),
        (
            "Bytes per second sent, received",
            f"{number(link.sent_bytes_per_s, 0)}, {number(link.received_bytes_per_s, 0)}",
        ),
        (
            "Latency in flight: least, median, 95th percentile",
            f"{number(latency.min_ms, 1)}, {number(latency.median_ms, 1)}, {number(latency.p95_ms, 1)} ms",
        ),
        ("Time taken", f"{number(link.seconds, 1)} s"),
    ]
    return [("One inference", _inference(v)), *rows]


def _inference(v: Validation) -> str:
    if v.inference is None:
        return "not measured"
    return v.inference.cost + (" (emulated; not cycles)" if v.inference.instructions is not None else ", silent line")


class Origin(Protocol):
    """What reports of windows and of heartbeats say of where they are from."""

    @property
    def board(self) -> str: ...
    @property
    def firmware(self) -> str: ...
    @property
    def port(self) -> str: ...
    @property
    def model_hash(self) -> str: ...
    @property
    def split(self) -> SplitName | None: ...
    @property
    def data(self) -> DataName: ...


def source_rows(v: Origin, sources: Sources) -> Rows:
    """What was validated where, in words."""
    hashes = [
        ("Model", v.model_hash),
        ("Bundle's manifest", sources.bundle),
        ("Windows as they were sent", sources.windows),
        ("Run", sources.run or "none: a model from elsewhere"),
        ("Firmware", sources.firmware or f"{v.firmware}, flashed before"),
    ]
    split = "none" if v.split is None else v.split.name + (", leaky: it flatters" if v.split.leaky else "")
    return [
        *((f"{name}, SHA-256", text) for name, text in hashes),
        ("Board and firmware", f"{v.board}, {v.firmware}, on {v.port}"),
        ("Data, split", f"{v.data.name}, {split}"),
    ]
