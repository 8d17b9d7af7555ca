"""The time-out of an answer against RFC 6298, written out slowly."""

from fractions import Fraction

import numpy as np
import pytest

from firmware_host.round_trip import GRANULARITY_S, MOST_DOUBLINGS, RoundTrip

LONGEST_S = 3.0


def rfc_6298(steps: list[float | None]) -> Fraction:
    """Section 2 step by step in exact fractions, with a clock of GRANULARITY_S; None is a time-out that expired.

    Ours alone: MOST_DOUBLINGS.
    """
    alpha, beta, k, g = Fraction(1, 8), Fraction(1, 4), 4, Fraction(GRANULARITY_S)
    longest = Fraction(LONGEST_S)
    srtt = rttvar = None
    rto, doublings = longest, 0
    for step in steps:
        if step is None:
            if doublings < MOST_DOUBLINGS:
                rto = min(rto * 2, longest)  # (5.5)
            doublings += 1
            continue
        doublings = 0
        r = Fraction(step)
        if srtt is None:
            srtt, rttvar = r, r / 2  # (2.2)
        else:  # (2.3), in the order that it asks for
            rttvar = (1 - beta) * rttvar + beta * abs(srtt - r)
            srtt = (1 - alpha) * srtt + alpha * r
        rto = min(srtt + max(g, k * rttvar), longest)
    return rto


@pytest.mark.parametrize("seed", range(30))
def test_the_rfc_step_by_step(seed):
    rng = np.random.default_rng(seed)
    scale, silent = 10 ** rng.uniform(-4, 0.5), rng.uniform(0, 0.6)
    steps = [None if rng.random() < silent else float(scale * rng.exponential()) for _ in range(40)]
    trip = RoundTrip(LONGEST_S)
    for n, step in enumerate(steps, start=1):
        if step is None:
            trip.backoff()
        else:
            trip.add(step)
        assert trip.timeout_s == pytest.approx(float(rfc_6298(steps[:n])), rel=1e-12), f"seed {seed}, step {n}"


def test_before_anything_was_measured():
    assert RoundTrip(LONGEST_S).timeout_s == LONGEST_S


def test_equal_round_trips():
    """The distance goes to 0, and the clock's own coarseness is what is left."""
    trip = RoundTrip(LONGEST_S)
    for _ in range(100):
        trip.add(0.005)
    assert trip.timeout_s == pytest.approx(0.005 + GRANULARITY_S)


def test_silence_doubles_and_an_answer_ends_it():
    trip = RoundTrip(LONGEST_S)
    for _ in range(100):
        trip.add(0.005)
    timeouts = []
    for _ in range(9):
        timeouts.append(trip.timeout_s)
        trip.backoff()
    assert timeouts == pytest.approx([0.025, 0.05, 0.1, 0.2, 0.4, 0.4, 0.4, 0.4, 0.4])
    trip.add(0.005)
    assert trip.timeout_s == pytest.approx(0.025)


def test_the_longest_time_out():
    trip = RoundTrip(LONGEST_S)
    trip.add(1.0)
    trip.backoff()
    assert trip.timeout_s == LONGEST_S  # twice 1 + 4 * 0.5


def test_a_damaged_answer_ends_the_doubling():
    trip = RoundTrip(LONGEST_S)
    trip.add(0.005)
    trip.backoff()
    trip.alive()
    assert trip.timeout_s == pytest.approx(0.025)
