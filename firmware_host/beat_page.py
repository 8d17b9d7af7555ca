"""A validation of heartbeats as a page, on the terminal and as annotation files: all figures are the JSON file's."""

import sys
from pathlib import Path

from firmware_host import battery_page
from firmware_host.beat_lines import annotate
from firmware_host.beat_measure import Answered
from firmware_host.beat_pictures import Pictures, pictures
from firmware_host.beat_validation import REPORT, BeatValidation, Compared, beats_in
from firmware_host.hello import NO_DEVICE
from firmware_host.validation_page import source_rows
from scl.artifacts import write_artifact, write_bytes
from scl.artifacts.golden_beats import GoldenBeats
from scl.artifacts.manifest import BundleManifest
from scl.ec57.inter_patient import InterPatient
from scl.ec57.statistics import BEATS, Statistics
from scl.ec57.strips import MAX_SHIFT_S, Strips
from scl.pages import beat_charts
from scl.pages.beat_table import BeatTable, beat_table, counts
from scl.pages.parts import Matrix, Rows, Tile, confusion, cost_rows, provenance_rows
from scl.pages.rendering import number, render, share
from scl.robustness import Interval

TEMPLATE = Path(__file__).with_name("beats.html")
LATER = f"up to {MAX_SHIFT_S:.2f} s later"
PAGE, ANNOTATIONS = "validation.html", "annotations"
ANNOTATOR = "scl"  # suffix of the annotation files
WIDTH = 120  # of the table, in characters
MORE = "for its figures give a larger --limit, or none"


def write_report(
    folder: Path, v: BeatValidation, manifest: BundleManifest, golden: GoldenBeats, answered: Answered
) -> None:
    """validation.json, the page, and an annotation file for each recording, into `folder`."""
    write_artifact(folder / REPORT, v)
    write_bytes(folder / PAGE, page(v, pictures(golden, answered.stretches, manifest)).encode())
    (folder / ANNOTATIONS).mkdir()
    for stretch, records in enumerate(answered.stretches):
        path = folder / ANNOTATIONS / f"{golden.groups[stretch]}.{ANNOTATOR}"
        annotate(path, records, manifest, golden.part(stretch))


def page(v: BeatValidation, drawn: Pictures | None) -> str:
    """The report as HTML, with pictures of what the board answered."""
    return render(
        TEMPLATE,
        {
            "v": v,
            "about": about(v),
            "no_device": NO_DEVICE,
            "tiles": _tiles(v),
            "table": None if v.compared is None else table_of(v.compared),
            "matrices": [] if v.compared is None else _matrices(v.compared),
            "stretch": None if drawn is None else drawn.stretch,
            "ecg": None if drawn is None else beat_charts.ecg("ecg", drawn.stretch),
            "rr": None if drawn is None else beat_charts.tachogram("rr", drawn.intervals),
            "rows": rows(v),
            "battery": None if v.battery is None else battery_page.picture(v.battery),
            "battery_weakest": None if v.battery is None else battery_page.weakest(v.battery),
            "sources": [*source_rows(v, v.sources), *provenance_rows(v.provenance)],
        },
    )


def print_table(v: BeatValidation) -> None:
    """What the page says, in short."""
    from scl.terminal import PlainConsole, columns

    console = PlainConsole(width=None if sys.stdout.isatty() else WIDTH)  # a pipe has no width of its own
    if v.compared is not None:
        table = table_of(v.compared)
        console.print(columns(f"{v.name} on {v.board}: {about(v)}", table.columns, [table.records, table.totals]))
        console.print(table.caption, highlight=False)
    for name, value in rows(v):
        console.print(f"{name}: {value}", highlight=False)
    if v.battery is not None:
        console.print(battery_page.table(v.battery))
    for reason in v.missed:
        console.print(f"missed: {reason}", style="red", highlight=False)
    console.print(NO_DEVICE, highlight=False)
    console.print(f"{'passed' if v.passed else 'not passed'}: {v.verdict}", style="bold", highlight=False)


def about(v: BeatValidation) -> str:
    """What the bundle is about."""
    return "strips of ten seconds by their heartbeats" if v.task == "strip" else "heartbeats"


def table_of(c: Compared) -> BeatTable:
    """Records, and all of them with and without the one that has most S beats."""
    return beat_table(c.records, c.all, [] if c.without is None else [c.without])


def rows(v: BeatValidation) -> Rows:
    """What was measured, in words."""
    same = v.parity
    lines = [] if v.compared is None or v.task == "beat" else _strip_rows(v.compared.strips)
    lines += [
        ("Beats equal to the desktop's", f"{same.compared - _beats_off(v):,} of {same.expected:,}, in every number"),
        (
            "Strips equal to the desktop's",
            f"{same.strips - same.strips_off:,} of {same.strips:,}, as recorded and started {LATER}; the "
            f"worst class of the latest ten seconds is among every beat's numbers",
        ),
        ("Answered", f"{same.answered:,} beats of {v.seconds / 3600:.2f} hours of ECG"),
    ]
    if v.resets:
        lines.append(("Resets of the board", f"{v.resets}; {same.lost:,} beats were lost, which count as missed"))
    if v.latency_s is not None:
        middle, late, last = v.latency_s
        lines.append(("From the R peak to the answer", f"{middle:.2f} s; 99 %: {late:.2f} s; at most {last:.2f} s"))
    if v.compared is not None:
        lines += _figures(v.compared)
        lines += _strip_rows(v.compared.strips) if v.task == "beat" else []
    if v.inference is not None:
        lines.append(("An inference of the network alone", v.inference.cost))
    if v.export is not None:
        lines += cost_rows(v.export.cost, v.export.board)
    return lines


def _strip_rows(strips: Strips) -> Rows:
    return [
        (
            f"{strips.strips:,} strips of ten seconds by their worst beat",
            f"accuracy {number(strips.accuracy)}, macro F1 {number(strips.macro_f1)}",
        ),
        (
            f"The same strips {LATER}",
            f"accuracy {number(strips.accuracy_transformed)}, macro F1 {number(strips.macro_f1_transformed)}; "
            f"{share(strips.consistency, 2)} of {strips.pairs:,} pairs keep their class"
            f"{_interval(strips.consistency_ci95)}",
        ),
    ]


def _figures(c: Compared) -> Rows:
    ten = c.all.inter_patient
    runs = c.all.runs.any
    result = [
        ("Beats that count", counted(c)),
        ("Accuracy: N, S and V found and named so", share(c.accuracy, 2)),
        ("F1 of N, S, V", f"{', '.join(number(f1) for f1 in ten.f1)}; macro {number(ten.macro_f1)}{_between(ten)}"),
        ("QRS with the first five minutes", _share_pair(c.whole.qrs.gross)),
        ("Runs of three V and more", f"Se {share(runs.sensitivity, 2)}, PPV {share(runs.ppv, 2)}"),
    ]
    if c.without is not None:
        fewer = c.without.inter_patient
        name = f"F1 of N, S, V without {c.without_record}"
        result.insert(3, (name, f"{', '.join(map(number, fewer.f1))}; macro {number(fewer.macro_f1)}"))
    return result


def counted(c: Compared) -> str:
    """Of which beats the figures by EC57 are, and what to do where that is not all."""
    every, counted = (sum(map(sum, of.matrix[BEATS])) for of in (c.whole, c.all))
    if not c.learning_s:
        return (
            f"all {every:,} annotated ones. EC57 leaves out each recording's first five minutes, and behind these none "
            f"was played: {MORE}"
        )
    none = [record.record for record in c.records if not beats_in(record)]
    left_out = f"{counted:,} of {every:,} annotated ones: EC57 leaves out each recording's first five minutes"
    return left_out + f", behind which {len(none)} of {len(c.records)} have none: {MORE}" * bool(none)


def _part(c: Compared) -> str:
    return "without each record's first five minutes" if c.learning_s else "in whole recordings"


def _share_pair(statistics: Statistics) -> str:
    return f"Se {share(statistics.sensitivity, 2)}, PPV {share(statistics.ppv, 2)}"


def _between(figures: InterPatient) -> str:
    return _interval(figures.macro_f1_ci95)


def _interval(interval: Interval | None) -> str:
    return "" if interval is None else f" (95 % interval {interval[0]:.3f} to {interval[1]:.3f}, by record)"


def _beats_off(v: BeatValidation) -> int:
    """At most so many beats differ in some number."""
    same = v.parity
    return min(same.compared, same.off)


def _tiles(v: BeatValidation) -> list[Tile]:
    same = v.parity
    beats = f"{same.compared - _beats_off(v):,} of {same.expected:,}"
    strips = f"strips: {same.strips - same.strips_off:,} of {same.strips:,}"
    tiles = [Tile("Beats equal to the desktop's", beats, None, strips)]
    if v.compared is not None and v.task == "strip":
        of, note = v.compared.strips, f"{v.compared.strips.strips:,} strips by their worst beat"
        tiles += [
            Tile("Accuracy of ten seconds", share(of.accuracy, 1), None, note),
            Tile("Macro F1 of ten seconds", number(of.macro_f1), None, note),
            Tile("Consistency", share(of.consistency, 2), of.consistency_ci95, f"started {LATER}"),
        ]
    elif v.compared is not None:
        ten = v.compared.all.inter_patient
        tiles.append(Tile("Macro F1 of N, S, V", number(ten.macro_f1), ten.macro_f1_ci95, "beats that the board found"))
    return tiles


def _matrices(c: Compared) -> list[Matrix]:
    return [
        counts(f"Annotated beats by the board's, {_part(c)}", c.all.matrix),
        confusion("Ten seconds by their worst beat", ["N", "S", "V"], c.strips.confusion, others=["none"]),
    ]
