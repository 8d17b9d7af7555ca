"""All figures of EC57 of one record, and gross and average statistics of several."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import numpy as np

from scl.ec57 import statistics
from scl.ec57.beats import Series
from scl.ec57.inter_patient import InterPatient, Interval, inter_patient, resampled
from scl.ec57.intervals import rr_errors
from scl.ec57.matching import match, match_window
from scl.ec57.matrix import Matrix, beat_matrix, plain
from scl.ec57.runs import Runs, compare_runs, total
from scl.ec57.statistics import Means, Statistics

LEARNING_S = 300.0  # EC57 counts from the end of this learning period on


@dataclass(frozen=True)
class RecordFigures:
    """A device's figures on one record.

    Attributes:
        record: its name.
        matrix: beat-by-beat counts, 7 x 7: what the reference says (rows) by what the device says (columns), each in
            the order N S V F Q O X.
        qrs, veb, sveb: detection of all beats, of ventricular and of supraventricular ectopic ones.
        runs: of ventricular beats.
        rr_error_ms: root of the mean square of the RR intervals' errors; None without intervals.
        rr_intervals: how many those are.
        shutdown_s: how long the device said that it could not read the signal, after the learning period.
    """

    record: str
    matrix: Matrix
    qrs: Statistics
    veb: Statistics
    sveb: Statistics
    runs: Runs
    rr_error_ms: float | None
    rr_intervals: int
    shutdown_s: float


@dataclass(frozen=True)
class Kind:
    """One kind of beat over several records.

    Attributes:
        gross: of the sums over all records, in which each beat counts alike.
        average: means over the records, in which each record counts alike.
        sensitivity_ci95, ppv_ci95: 95 % intervals of the gross figures, of resampled records; None for fewer than 2.
    """

    gross: Statistics
    average: Means
    sensitivity_ci95: Interval | None
    ppv_ci95: Interval | None


@dataclass(frozen=True)
class Summary:
    """A device's figures on several records.

    Attributes:
        records: their names.
        matrix: sum of their beat-by-beat counts.
        qrs, veb, sveb: of each kind of beat.
        runs: sums over the records.
        rr_error_ms: over all intervals of all records; None without intervals.
        shutdown_s: sum.
        inter_patient: F1 of N, S and V.
    """

    records: tuple[str, ...]
    matrix: Matrix
    qrs: Kind
    veb: Kind
    sveb: Kind
    runs: Runs
    rr_error_ms: float | None
    shutdown_s: float
    inter_patient: InterPatient


def compare(
    record: str, reference: Series, test: Series, rate_hz: float, learning_s: float = LEARNING_S
) -> RecordFigures:
    """What a device says of a record's beats against a reference.

    Args:
        reference, test: whole records, learning period included, at the same `rate_hz`.
        learning_s: seconds at the start that do not count; 0 counts all.
    """
    within, start = match_window(rate_hz), int(learning_s * rate_hz + 0.5)
    matched = match(reference.at, test.at, within)
    counts = beat_matrix(reference, test, matched, start)
    errors = rr_errors(reference, test, matched, start)
    unreadable = np.maximum(test.unreadable, [start, start - 1])
    return RecordFigures(
        record=record,
        matrix=plain(counts),
        qrs=statistics.qrs(counts),
        veb=statistics.veb(counts),
        sveb=statistics.sveb(counts),
        runs=compare_runs(reference, test, within, start),
        rr_error_ms=float(np.sqrt(np.mean(errors.astype(np.float64) ** 2)) * 1000 / rate_hz) if len(errors) else None,
        rr_intervals=len(errors),
        shutdown_s=float((unreadable[:, 1] - unreadable[:, 0] + 1).sum() / rate_hz),
    )


def summarize(records: Sequence[RecordFigures], without: Collection[str] = ()) -> Summary:
    """Gross and average statistics over records, but for those named in `without`.

    Raises ValueError where none is left.
    """
    kept = [record for record in records if record.record not in without]
    if not kept:
        raise ValueError("there are no records to sum up")
    matrices = np.array([record.matrix for record in kept], np.int64)
    squares = sum((record.rr_error_ms or 0) ** 2 * record.rr_intervals for record in kept)
    intervals = sum(record.rr_intervals for record in kept)
    parts = [record.runs for record in kept]
    return Summary(
        records=tuple(record.record for record in kept),
        matrix=plain(matrices.sum(axis=0)),
        qrs=_kind(matrices, "qrs", [record.qrs for record in kept]),
        veb=_kind(matrices, "veb", [record.veb for record in kept]),
        sveb=_kind(matrices, "sveb", [record.sveb for record in kept]),
        runs=Runs(*(total([getattr(part, kind) for part in parts]) for kind in ("couplets", "short", "long", "any"))),
        rr_error_ms=float(np.sqrt(squares / intervals)) if intervals else None,
        shutdown_s=sum(record.shutdown_s for record in kept),
        inter_patient=inter_patient(list(matrices)),
    )


def _kind(matrices: np.ndarray, name: str, records: Sequence[Statistics]) -> Kind:
    of, tally = {
        "qrs": (statistics.qrs, statistics.qrs_tally),
        "veb": (statistics.veb, statistics.veb_tally),
        "sveb": (statistics.sveb, statistics.sveb_tally),
    }[name]

    def share(counts: np.ndarray, rest: int) -> np.ndarray:
        tallies = tally(counts)
        with np.errstate(invalid="ignore"):
            return np.asarray(tallies[0] / (tallies[0] + tallies[rest]))

    return Kind(
        of(matrices.sum(axis=0)),
        statistics.means(records),
        resampled(matrices, lambda sums: share(sums, rest=1)),
        resampled(matrices, lambda sums: share(sums, rest=2)),
    )
