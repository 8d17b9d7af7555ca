"""Two validation reports of heartbeats side by side: EC57's figures of the records that both have, paired by record."""

from collections.abc import Callable, Iterator

import numpy as np

from firmware_host.beat_validation import BeatValidation
from firmware_host.comparison import Difference, Fact, cost_texts, difference, origin_texts
from scl.artifacts import InputError
from scl.ec57 import statistics
from scl.ec57.inter_patient import macro_f1s, resampled
from scl.pages.rendering import number, share

Counts = Callable[[np.ndarray], np.ndarray]  # of matrices (..., 7, 7)
KINDS: tuple[tuple[str, Counts], ...] = (
    ("QRS", statistics.qrs_tally),
    ("V", statistics.veb_tally),
    ("S", statistics.sveb_tally),
)
AGAIN = "run validate on both with the same recordings and the same --limit"


def beat_figures(a: BeatValidation, b: BeatValidation) -> tuple[str, tuple[Difference, ...]]:
    """Over which records the figures are, in words, and what B's exceed A's by, with intervals of resampled records.

    Raises InputError if there is no record of which both have the same annotated beats.
    """
    first, second = _matrices(a), _matrices(b)
    names = [name for name in first if name in second and _same_beats(first[name], second[name])]
    if not names:
        raise InputError(
            f"A has {_records(first)} of {a.data.name}, B {_records(second)} of {b.data.name}: none of one name with "
            f"the same annotated beats in both, expected one at least; {AGAIN}"
        )
    pairs = np.array([[first[name], second[name]] for name in names])
    why = f"paired over {len(names)} records that both have, with the same annotated beats"
    if len(names) < max(len(first), len(second)):
        why += f", of {len(first)} in A and {len(second)} in B"
    return why, tuple(_differences(pairs))


def _matrices(v: BeatValidation) -> dict[str, np.ndarray]:
    """Beat-by-beat counts (7, 7) of each record. InputError of a validation that ended early."""
    if v.compared is None:
        raise InputError(
            f"{v.name} on {v.board}: its validation ended early ({v.stopped}), so its beats are not "
            "compared with any; run validate again"
        )
    found: dict[str, np.ndarray] = {}
    for record in v.compared.records:
        found[record.record] = found.get(record.record, 0) + np.array(record.matrix, np.int64)
    return found


def _same_beats(a: np.ndarray, b: np.ndarray) -> bool:
    """Whether both count the same annotated beats of each class, and some."""
    rows = a[statistics.BEATS].sum(axis=1), b[statistics.BEATS].sum(axis=1)
    return bool(rows[0].any()) and np.array_equal(*rows)


def _records(matrices: dict[str, np.ndarray]) -> str:
    beats = sum(int(counts[statistics.BEATS].sum()) for counts in matrices.values())
    return f"{len(matrices)} records with {beats:,} annotated beats that count"


def _differences(pairs: np.ndarray) -> Iterator[Difference]:
    """Of matrices (records, 2, 7, 7), A and B."""
    for kind, tally in KINDS:
        for name, rest in (("sensitivity", 1), ("PPV", 2)):
            yield from _difference(f"{kind} {name}", pairs, _share(tally, rest), _share(tally, rest, of=True))
    yield from _difference("Macro F1 of N, S, V", pairs, macro_f1s, _confused)


def _share(tally: Counts, rest: int, of: bool = False) -> Counts:
    """True positives over themselves and another count, or `of` how many."""

    def value(matrices: np.ndarray) -> np.ndarray:
        tallies = tally(matrices)
        total = tallies[0] + tallies[rest]
        with np.errstate(invalid="ignore"):
            return np.asarray(total if of else tallies[0] / total)

    return value


def _confused(matrices: np.ndarray) -> np.ndarray:
    """How many beats of N, S and V both sides have."""
    return np.asarray(matrices[..., :3, statistics.BEATS].sum(axis=(-2, -1)))


def _difference(name: str, pairs: np.ndarray, figure: Counts, of: Counts) -> Iterator[Difference]:
    """Nothing where a report has no such figure."""
    a, b = figure(pairs.sum(axis=0)).tolist()
    if not np.isnan([a, b]).any():
        between = resampled(pairs, lambda sums: np.diff(figure(sums), axis=-1)[..., 0])
        first, second = of(pairs.sum(axis=0)).tolist()
        yield difference(name, a, b, between, (first, second))


def beat_facts(a: BeatValidation, b: BeatValidation) -> Iterator[Fact]:
    """What the reports are of, and what is counted once."""
    first, second = _texts(a), _texts(b)
    for name, text in first.items():
        yield Fact(name, text, second[name], text == second[name])


def _texts(v: BeatValidation) -> dict[str, str]:
    same, c = v.parity, v.compared
    strips = None if c is None else c.strips
    return {
        **origin_texts(v),
        "About": v.task,
        "Recordings": f"{v.stretches} of {v.seconds / 3600:.2f} hours",
        "Beats answered": f"{same.answered:,} of {same.expected:,}",
        "Numbers that differ from the desktop's": f"{same.different:,}",
        "Strips that differ from the desktop's": f"{same.strips_off:,} of {same.strips:,}",
        "Accuracy of ten seconds": share(strips.accuracy if strips else None, 2),
        "Macro F1 of ten seconds": number(strips.macro_f1 if strips else None),
        "Consistency of ten seconds": share(strips.consistency if strips else None, 2),
        "RMS error of RR intervals": f"{number(c.all.rr_error_ms if c else None, 1)} ms",
        "Resets": f"{v.resets:,}",
        "From the R peak to the answer, median": f"{v.latency_s[0]:.2f} s" if v.latency_s else "not known",
        **cost_texts(v),
    }
