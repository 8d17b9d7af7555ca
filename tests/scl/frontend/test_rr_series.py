"""The RR series against whole lists of the past, and numpy's order statistics."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from scl.frontend.rr_series import RRSeries, changes, erratic, over_look_alikes

beats = st.lists(st.tuples(st.integers(36, 540), st.booleans()), max_size=200)


@given(beats, st.integers(36, 540))
def test_what_is_usual(past, own):
    series = RRSeries()
    for interval, nn in past:
        series.add(interval, nn)
    nn_intervals = [interval for interval, nn in past if nn]
    many = nn_intervals[-128:] if len(nn_intervals) >= 4 else [interval for interval, _ in past][-16:] or [own]
    base = many[-32:]
    usual = series.usual(own)
    assert usual.long_quantile == np.sort(many)[9 * len(many) // 10]
    assert usual.quantile == np.sort(base)[9 * len(base) // 10]
    assert usual.median == 2 * np.median(base)
    assert usual.change == (2 * np.median(np.abs(np.diff(base))) if len(base) > 1 else 0)


@given(st.lists(st.integers(36, 540), min_size=1, max_size=50), st.integers(72, 1080))
def test_a_change_is_within_half_a_step(rr, median):
    exact = np.minimum(np.abs(np.diff(rr, prepend=rr[0])) / (median / 2), 0.5)
    assert np.abs(changes(np.array(rr), np.full(len(rr), median)) / 4096 - exact).max() <= 0.5 / 4096


@given(st.lists(st.integers(36, 60), min_size=1, max_size=50), st.integers(72, 1080))
def test_erratic_intervals(rr, median):
    found = erratic(np.array(rr), np.full(len(rr), median)).tolist()
    assert found == [
        i >= 3 and all(abs(rr[i] - rr[i - k]) > 0.05 * median / 2 + 1e-9 for k in (1, 2, 3)) for i in range(len(rr))
    ]


@given(st.lists(st.tuples(st.integers(-4096, 4096), st.booleans()), min_size=1, max_size=200))
def test_the_mean_of_the_last_look_alikes(rows):
    values, alike = np.array([v for v, _ in rows]), np.array([a for _, a in rows])
    for i, mean in enumerate(over_look_alikes(values, alike, default=7).tolist()):
        past = values[: i + 1][alike[: i + 1]][-64:]
        assert mean == 7 if not len(past) else abs(mean - past.mean()) <= 0.5
