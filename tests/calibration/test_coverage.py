"""Which poses cover the sphere: against Monte Carlo, designs whose figure is known, and the advice followed."""

import numpy as np
import pytest

from calibration.coverage import MOST_AMPLIFICATION, amplification, largest_gap_deg, missing, worst
from calibration.ellipsoid import errors, solve
from tests.calibration.simulated import EDGES, FACES, MG, PERFECT, anywhere, by_hand, means

CORNERS = np.array([[x, y, z] for x in (1, -1) for y in (1, -1) for z in (1, -1)]) / np.sqrt(3)


def normalized(up: np.ndarray) -> np.ndarray:
    return np.asarray(up / np.linalg.norm(up, axis=1, keepdims=True))


def icosahedron() -> np.ndarray:
    golden = (1 + np.sqrt(5)) / 2
    up = np.array([[0, x, y * golden] for x in (1, -1) for y in (1, -1)])
    return normalized(np.vstack([up, up[:, [1, 2, 0]], up[:, [2, 0, 1]]]))


def test_the_best_twelve_poses_are_as_good_as_theory_allows():
    """An icosahedron averages over the sphere as nine parameters need it: sqrt(9 / 12) everywhere (an equivalence
    theorem of Kiefer and Wolfowitz: no design of 12 has less)."""
    assert worst(icosahedron()) == pytest.approx(np.sqrt(9 / 12), rel=1e-6)
    assert largest_gap_deg(icosahedron()) == pytest.approx(37.4, abs=2)
    for seed in range(20):
        assert worst(anywhere(np.random.default_rng(seed), 12)) > np.sqrt(9 / 12)


@pytest.mark.parametrize("up", [np.vstack([FACES, EDGES[::2]]), np.vstack([FACES, CORNERS]), EDGES])
def test_amplification_is_what_monte_carlo_finds(up):
    at = anywhere(np.random.default_rng(9), 40)
    true, found = means(np.random.default_rng(0), PERFECT, at, 0.0), []
    for seed in range(600):
        fit = solve(means(np.random.default_rng(seed), PERFECT, up, 1.0), np.ones(len(up)))
        found.append(errors(true, fit.bias, fit.alignment) / MG)
    np.testing.assert_allclose(np.std(found, axis=0), amplification(up, at), rtol=0.12)


@pytest.mark.parametrize(
    ("up", "enough"),
    [
        (by_hand(np.random.default_rng(0)), True),
        (np.vstack([FACES, EDGES[::2]]), True),
        (np.vstack([FACES, CORNERS]), True),
        (anywhere(np.random.default_rng(0), 40), True),
        (np.tile(FACES, (10, 1)), False),  # no edge: misalignment unknown
        (np.tile(CORNERS, (10, 1)), False),  # no face: the three scales cannot be told apart
        (normalized(anywhere(np.random.default_rng(0), 60) * [1, 1, 0.02]), False),  # a plane
        (np.abs(anywhere(np.random.default_rng(0), 60)), False),  # an octant
        (np.vstack([p for p in by_hand(np.random.default_rng(0)) if p[2] > -0.3] * 3), False),  # a hemisphere
        (np.tile([[0.0, 0, 1]], (20, 1)), False),
    ],
)
def test_poses_that_are_enough_and_poses_that_are_not(up, enough):
    assert (worst(up) <= MOST_AMPLIFICATION) == enough
    assert bool(missing(up)) != enough


def direction(name: str) -> np.ndarray:
    vector = np.zeros(3)
    for part in name.split():
        vector["xyz".index(part[1])] = 1 if part[0] == "+" else -1
    return vector / np.linalg.norm(vector)


@pytest.mark.parametrize("seed", range(20))
def test_the_poses_that_are_asked_for_are_enough(seed):
    """Or as many as are named, of a set that needs more."""
    up = anywhere(np.random.default_rng(seed), 12)
    names = missing(up)
    up = np.vstack([up, *(direction(name)[None] for name in names)])
    assert worst(up) <= MOST_AMPLIFICATION or len(names) == 6


def test_what_is_missing_points_to_where_nothing_was():
    up = np.vstack([p for p in by_hand(np.random.default_rng(0)) if p[2] > -0.3])
    assert largest_gap_deg(up) > 70
    assert all("-z" in name for name in missing(up))
