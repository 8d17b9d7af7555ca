import numpy as np
import pytest

from scl.ec57.beats import Series
from scl.ec57.matrix import LABELS
from scl.ec57.runs import Run, RunStatistics, compare_runs, runs, total

WITHIN, GAP = 54, 200


def series(text: str, **spans: list[tuple[int, int]]) -> Series:
    """A beat each 200 samples; a blank is no beat."""
    kept = [(GAP * place, LABELS.index(name)) for place, name in enumerate(text) if name != " "]
    at, classes = np.array(kept, np.int64).reshape(-1, 2).T
    return Series(at, classes, **{name: np.array(part, np.int64) for name, part in spans.items()})


def tallied(reference: Series, test: Series, start: int = 0) -> dict[str, tuple[int, int, int, int]]:
    found = compare_runs(reference, test, WITHIN, start)
    return {
        name: (part.detected, part.missed, part.confirmed, part.false)
        for name in ("couplets", "short", "long", "any")
        if (part := getattr(found, name)) != RunStatistics(0, 0, 0, 0, None, None)
    }


def test_runs_of_a_series() -> None:
    assert runs(series("NVNVFNVVVVVVVS")) == [Run(200, 200, 1), Run(600, 800, 2), Run(1200, 2400, 6)]
    assert runs(series("NVQVV")) == [Run(200, 200, 1), Run(600, 800, 2)]  # the last ends with the record
    assert runs(series("NVV V", unreadable=[(500, 700)])) == [Run(200, 400, 2), Run(800, 800, 1)]
    assert runs(series("NVN", flutter=[(450, 900)])) == [Run(200, 200, 1), Run(450, 900, 6)]
    assert runs(series("VVVVN"), start=300) == [Run(400, 600, 2)]


@pytest.mark.parametrize(
    ("reference", "test", "expected"),
    [
        ("NVVN", "NVVN", {"couplets": (1, 0, 1, 0)}),
        ("NVVN", "NVNN", {"couplets": (0, 1, 0, 0)}),
        ("NVNN", "NVVN", {"couplets": (0, 0, 0, 1)}),
        ("NVVN", "VVVN", {"couplets": (1, 0, 0, 0), "short": (0, 0, 0, 1), "any": (0, 0, 0, 1)}),
        ("NVVVVN", "NVVVNN", {"short": (1, 0, 1, 0), "any": (1, 0, 1, 0)}),
        ("NVVVVN", "NVVNVN", {"short": (0, 1, 0, 0), "couplets": (0, 0, 1, 0), "any": (0, 1, 0, 0)}),
        ("NVVVVVVVN", "NVVVVVVVN", {"long": (1, 0, 1, 0), "any": (1, 0, 1, 0)}),
        ("NVVVVVVVN", "NVVVVNVVN", {"long": (0, 1, 0, 0), "short": (0, 0, 1, 0), "couplets": (0, 0, 1, 0),
                                    "any": (1, 0, 1, 0)}),
        ("NVFN", "NVVN", {"couplets": (1, 0, 1, 0)}),  # fusion beats count as ventricular ones
        ("NNNN", "NVVN", {"couplets": (0, 0, 0, 1)}),
        ("NVVN", "N  N", {"couplets": (0, 1, 0, 0)}),
    ],
)  # fmt: skip
def test_a_run_is_detected_by_one_of_at_least_the_shortest_length(
    reference: str, test: str, expected: dict[str, tuple[int, int, int, int]]
) -> None:
    assert tallied(series(reference), series(test)) == expected


def test_flutter_is_a_long_run() -> None:
    fluttering = series("NN", flutter=[(400, 1000)])
    assert tallied(fluttering, series("NNVVVV")) == {"long": (0, 1, 0, 0), "short": (0, 0, 1, 0), "any": (1, 0, 1, 0)}
    assert tallied(series("NVVN"), series("N  N", flutter=[(150, 500)]))["couplets"] == (1, 0, 0, 0)


def test_only_beats_within_the_runs_time_count() -> None:
    """The device's run of three is 300 samples late: one of its beats lies in the reference's couplet."""
    late = Series(series("NVVVN").at + 300, series("NVVVN").classes)
    assert tallied(series("NVVN"), late)["couplets"] == (0, 1, 0, 0)


def test_the_learning_period_does_not_count() -> None:
    assert tallied(series("NVVNVVN"), series("NVVNVNN"), start=700) == {"couplets": (0, 1, 0, 0)}


def test_totals_are_sums() -> None:
    parts = [compare_runs(series("NVVN"), series(test), WITHIN).couplets for test in ("NVVN", "NVNN")]
    assert total(parts) == RunStatistics(1, 1, 1, 0, 0.5, 1.0)


def test_random_series_against_a_slow_count() -> None:
    """Every run of one series by the longest row of V and F among the other's beats in its time, as text."""
    rng = np.random.default_rng(0)
    for _ in range(60):
        texts = ["".join(rng.choice(list("NSVVF"), size=40)) for _ in range(2)]
        both = [series(text) for text in texts]

        def expected(own: int, shortest: int, longest: int, texts: list[str] = texts) -> tuple[int, int]:
            hit = miss = 0
            places = [place for place in range(41) if place == 40 or texts[own][place] in "NS"]
            for before, behind in zip([-1, *places], places, strict=False):
                if shortest <= min(behind - before - 1, 6) <= longest:
                    part = texts[1 - own][before + 1 : behind].replace("S", "N").replace("F", "V")
                    found = max(len(piece) for piece in part.split("N")) >= shortest
                    hit, miss = hit + found, miss + (not found)
            return hit, miss

        found = compare_runs(*both, WITHIN)
        for name, span in (("couplets", (2, 2)), ("short", (3, 5)), ("long", (6, 6)), ("any", (3, 6))):
            part = getattr(found, name)
            assert (part.detected, part.missed) == expected(0, *span)
            assert (part.confirmed, part.false) == expected(1, *span)
