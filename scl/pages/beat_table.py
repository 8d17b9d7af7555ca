"""EC57's figures as rows of text, for a terminal and for a page."""

from collections.abc import Sequence
from dataclasses import dataclass

from scl.ec57.comparison import RecordFigures, Summary
from scl.ec57.matrix import LABELS, Matrix
from scl.ec57.statistics import Statistics
from scl.pages import parts
from scl.pages.rendering import number

COLUMNS = ("record", "beats", "QRS Se", "PPV", "V", "V Se", "PPV", "S", "S Se", "PPV", "RR, ms")
CAPTION = (
    "Sensitivity (Se) and positive predictive value (PPV) in per cent by ANSI/AAMI EC57: all beats (QRS), ventricular "
    "(V) and supraventricular ectopic beats (S), and the RMS error of RR intervals. Not a medical device."
)
Row = tuple[str, ...]


@dataclass(frozen=True)
class BeatTable:
    """Texts: a row for each record, and behind them those of all."""

    caption: str
    columns: Row
    records: tuple[Row, ...]
    totals: tuple[Row, ...]


def beat_table(records: Sequence[RecordFigures], summary: Summary, without: Sequence[Summary] = ()) -> BeatTable:
    """Records by the figures of their QRS complexes, V and S; then gross, average and, for each summary of `without`,
    the gross figures of fewer records.
    """
    rows = [
        (one.record, *_figures(one.qrs), *_figures(one.veb), *_figures(one.sveb), number(one.rr_error_ms, 1))
        for one in records
    ]
    kinds = (summary.qrs, summary.veb, summary.sveb)
    average = [text for kind in kinds for text in ("", _percent(kind.average.sensitivity), _percent(kind.average.ppv))]
    totals = [_gross("gross", summary), ("average", *average, "")]
    for fewer in without:
        left_out = ", ".join(name for name in summary.records if name not in fewer.records)
        totals.append(_gross(f"gross without {left_out}", fewer))
    return BeatTable(CAPTION, COLUMNS, tuple(rows), tuple(totals))


def counts(caption: str, matrix: Matrix) -> parts.Matrix:
    """The beat-by-beat matrix for a page: reference by device; O is a beat of one side alone, X one in a shutdown."""
    return parts.confusion(caption, list(LABELS), matrix, others=())


def _gross(name: str, summary: Summary) -> Row:
    gross = [text for kind in (summary.qrs, summary.veb, summary.sveb) for text in _figures(kind.gross)]
    return (name, *gross, number(summary.rr_error_ms, 1))


def _figures(of: Statistics) -> Row:
    """How many beats the reference has, sensitivity and positive predictive value."""
    return (number(of.true_positives + of.false_negatives, 0), _percent(of.sensitivity), _percent(of.ppv))


def _percent(value: float | None) -> str:
    return number(None if value is None else 100 * value, 2)
