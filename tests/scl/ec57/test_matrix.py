"""Each rule of the beat-by-beat matrix on a case of a few beats, whose matrix was counted by hand."""

import numpy as np
import pytest

from scl.ec57.beats import CLASSES, Series
from scl.ec57.matching import match
from scl.ec57.matrix import LABELS, beat_matrix, plain

Spans = list[tuple[int, int]]


def series(beats: dict[int, str], unreadable: Spans = (), flutter: Spans = ()) -> Series:  # type: ignore[assignment]
    at = np.array(sorted(beats), np.int64)
    spans = [np.array(part, np.int64).reshape(-1, 2) for part in (unreadable, flutter)]
    return Series(at, np.array([CLASSES.index(beats[sample]) for sample in at.tolist()], np.int64), *spans)


def counted(reference: Series, test: Series, start: int = 0) -> dict[str, int]:
    """The matrix as text: "NV" counts beats that the reference calls N and the device V."""
    counts = beat_matrix(reference, test, match(reference.at, test.at, 54), start)
    assert counts.shape == (7, 7) and plain(counts) == tuple(map(tuple, counts.tolist()))
    return {LABELS[r] + LABELS[c]: int(counts[r, c]) for r, c in zip(*np.nonzero(counts), strict=True)}


def test_classes_against_classes() -> None:
    reference = series({1000: "N", 2000: "S", 3000: "V", 4000: "F", 5000: "Q", 6000: "N"})
    test = series({1000: "N", 2010: "V", 3010: "V", 3990: "V", 5000: "S", 6000: "S"})
    assert counted(reference, test) == {"NN": 1, "SV": 1, "VV": 1, "FV": 1, "QS": 1, "NS": 1}


def test_missed_and_extra_beats() -> None:
    assert counted(series({1000: "V", 2000: "N"}), series({1500: "V", 2000: "N"})) == {"VO": 1, "OV": 1, "NN": 1}


def test_beats_of_the_device_in_flutter_do_not_count_unless_they_match() -> None:
    reference = series({1000: "N", 2025: "N"}, flutter=[(1200, 2000)])
    test = series({1000: "N", 1200: "V", 1600: "V", 1999: "N", 2060: "V"})
    # 1200 and 1600 lie in the flutter. 1999 is nearer to the beat behind it than 2060, and matches; 2060 is extra.
    assert counted(reference, test) == {"NN": 2, "OV": 1}


def test_the_ends_of_flutter_belong_to_it() -> None:
    reference = series({}, flutter=[(1200, 2000)])
    assert counted(reference, series({1199: "V", 1200: "V", 2000: "V", 2001: "V"})) == {"OV": 2}


def test_flutter_that_the_device_reports_changes_nothing() -> None:
    reference = series({1000: "V", 1500: "V"})
    assert counted(reference, series({1000: "V"}, flutter=[(900, 2000)])) == {"VV": 1, "VO": 1}


def test_beats_missed_in_the_devices_shutdown_stand_apart() -> None:
    reference = series({1000: "N", 2000: "V", 3000: "S"})
    test = series({1000: "N"}, unreadable=[(1900, 2100)])
    assert counted(reference, test) == {"NN": 1, "VX": 1, "SO": 1}


def test_beats_found_where_the_reference_could_not_read_stand_apart() -> None:
    reference = series({1000: "N"}, unreadable=[(1900, 2100)])
    assert counted(reference, series({1000: "N", 2000: "N", 3000: "N"})) == {"NN": 1, "XN": 1, "ON": 1}


def test_the_learning_period_counts_by_the_reference_beat_of_a_pair() -> None:
    reference = series({900: "N", 990: "N", 1500: "V", 2000: "N"})
    test = series({700: "N", 900: "N", 1010: "N", 1500: "N", 1700: "S"})
    # 990 and 1010 are a pair that begins before the start: it does not count, and 1010 is no extra beat.
    assert counted(reference, test, start=1000) == {"VN": 1, "NO": 1, "OS": 1}
    assert counted(series({1010: "N"}), series({990: "N"}), start=1000) == {"NN": 1}
    assert counted(reference, test) == {"NN": 2, "ON": 1, "VN": 1, "NO": 1, "OS": 1}


def test_no_beats_at_all() -> None:
    assert counted(series({}), series({})) == {}
    assert counted(series({}), series({7: "N"})) == {"ON": 1}


@pytest.mark.parametrize("seed", range(5))
def test_every_beat_is_counted_once(seed: int) -> None:
    rng = np.random.default_rng(seed)
    at = [np.unique(rng.integers(0, 50_000, size=n)) for n in (300, 280)]
    reference, test = (Series(one, rng.integers(0, 5, size=len(one))) for one in at)
    counts = beat_matrix(reference, test, match(reference.at, test.at, 54))
    assert counts[:5].sum(axis=1).tolist() == np.bincount(reference.classes, minlength=5).tolist()
    assert counts[:, :5].sum(axis=0).tolist() == np.bincount(test.classes, minlength=5).tolist()
