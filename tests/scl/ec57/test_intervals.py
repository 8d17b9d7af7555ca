import numpy as np

from scl.ec57.beats import Series
from scl.ec57.intervals import rr_errors
from scl.ec57.matching import match


def errors(reference: list[int], test: list[int], start: int = 0, **spans: list[tuple[int, int]]) -> list[int]:
    """Spans `unreadable` are the device's, `flutter` the reference's."""
    sides = {"flutter": 0, "unreadable": 1}
    at = [np.array(reference), np.array(test)]
    extra: list[dict[str, np.ndarray]] = [{}, {}]
    for name, part in spans.items():
        extra[sides[name]][name] = np.array(part)
    ours, theirs = (Series(one, np.zeros(len(one), np.int64), **more) for one, more in zip(at, extra, strict=True))
    return rr_errors(ours, theirs, match(ours.at, theirs.at, 54), start).tolist()


def test_each_matched_pair_has_the_difference_of_its_intervals() -> None:
    assert errors([1000, 1300, 1700], [1004, 1300, 1690]) == [-4, -10]


def test_a_missed_beat_makes_the_next_interval_long_and_an_extra_one_makes_it_short() -> None:
    assert errors([1000, 1300, 1600, 1900], [1000, 1600, 1900]) == [300, 0]
    assert errors([1000, 1300, 1600], [1000, 1300, 1450, 1600]) == [0, -150]


def test_the_learning_period_counts_by_the_reference_beat() -> None:
    assert errors([1000, 1300, 1600], [1010, 1300, 1600], start=1301) == [0]


def test_an_interval_in_which_flutter_or_a_shutdown_begins_is_none() -> None:
    assert errors([1000, 1300, 1900, 2200], [1000, 1300, 1900, 2201], flutter=[(1400, 1800)]) == [0, 1]
    assert errors([1000, 1300, 1600, 1900], [1000, 1300, 1900], unreadable=[(1350, 1850)]) == [0]


def test_fewer_than_two_beats_have_no_interval() -> None:
    assert errors([1000], [1000]) == [] == errors([1000], [])
