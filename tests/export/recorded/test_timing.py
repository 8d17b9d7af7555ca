"""Rates, gaps and even rows, of times that were made with them."""

from pathlib import Path

import numpy as np
import pytest

from export.recorded.timing import timing_of
from scl.artifacts import InputError

PATH = Path("walk.csv")


def timing(times):
    times = np.asarray(times, np.float64)
    return timing_of(PATH, times, np.arange(len(times)) + 2)


@pytest.mark.parametrize("rate", [1.0, 20, 51.2, 104, 1000])
def test_an_even_recording(rate):
    found = timing(17e8 + np.arange(500) / rate)
    assert found.rate_hz == pytest.approx(rate, rel=1e-4) and found.gaps == () and found.even
    assert found.rows(found.stretches[0]).tolist() == list(range(500))


@pytest.mark.parametrize("rate", [51.2, 104, 333, 700, 900])
def test_stamps_in_whole_milliseconds(rate):
    """Steps of 9 and 10 ms are 104 Hz, not 100."""
    found = timing(np.floor(np.arange(5000) / rate * 1000) / 1000)
    assert found.rate_hz == pytest.approx(rate, rel=2e-4) and found.even and found.bridged == 0


def test_stamps_that_wander_less_than_half_a_step_are_not_believed():
    late = np.random.default_rng(0).uniform(0, 0.009, 500)
    found = timing(np.arange(500) / 100 + late)
    assert found.even and found.rate_hz == pytest.approx(100, rel=1e-3) and 0.003 < found.wander_s <= 0.005


def test_a_gap_divides():
    times = np.concatenate([np.arange(300), np.arange(700, 900), np.arange(1000, 1500)]) / 50
    found = timing(times)
    assert found.stretches == (slice(0, 300), slice(300, 500), slice(500, 1000))
    assert found.gaps == (pytest.approx((299 / 50, 401 / 50)), pytest.approx((899 / 50, 101 / 50)))
    assert found.rate_hz == pytest.approx(50) and found.even


def test_a_row_alone_between_gaps_is_left_out():
    found = timing(np.concatenate([np.arange(30), [100], np.arange(200, 230)]) / 50)
    assert found.stretches == (slice(0, 30), slice(31, 61))


def test_single_samples_that_miss_are_bridged_at_their_times():
    """Of 2000 rows five are missing; the even rows stand where the times say."""
    kept = np.delete(np.arange(2000), [100, 500, 501, 900, 1500])
    found = timing(kept / 50)
    assert found.bridged == 5 and found.even and found.rate_hz == pytest.approx(50)
    rows = found.rows(found.stretches[0])
    assert np.interp(rows, np.arange(1995), kept) == pytest.approx(np.arange(2000))


def test_a_rate_that_changes_is_read_at_its_times():
    times = np.concatenate([np.arange(500) / 50, 10 + np.arange(500) / 40])
    found = timing(times)
    rows = found.rows(found.stretches[0])
    assert not found.even
    at = np.interp(rows, np.arange(1000), times)
    assert np.diff(at) == pytest.approx(np.full(len(at) - 1, 1 / found.rate_hz))


@pytest.mark.parametrize(
    ("times", "message"),
    [
        ([0, 1, 2, 1.5], r"walk.csv, row 5: time goes back, from 2 s behind the first row to 1.5 s; sort or divide"),
        ([5, 5, 5, 5, 6], r"walk.csv: its times tell no rate \(the usual step is 0 s\); give the rate with --rate HZ"),
        ([3.0], r"walk.csv: its times tell no rate"),
        (np.repeat(np.arange(20), 10) + np.tile(np.arange(10) / 1000, 20), r"19 of 199 steps are longer than 3.5 us"),
        ([0, 1, 2, 100, 101, 200], r"2 of 5 steps are longer than 3.5 usual ones of 1 s: these are times of packets"),
    ],
)  # fmt: skip
def test_times_that_tell_nothing(times, message):
    with pytest.raises(InputError, match=message):
        timing(times)
