"""The ellipsoid solver on means whose truth is known: exact, against another solver, and its intervals over seeds."""

import numpy as np
import pytest
from scipy.optimize import least_squares

from calibration.coverage import MOST_AMPLIFICATION, worst
from calibration.ellipsoid import (
    errors,
    gradients,
    left_out,
    scale_and_misalignment,
    solve,
    uncertainty,
)
from scl.frontend.sensor import G
from tests.calibration.simulated import MG, PERFECT, anywhere, by_hand, means, unit

SEEDS = range(200)


def polar(model: np.ndarray) -> np.ndarray:
    """The symmetric factor S of model = S R, by singular values."""
    u, s, _ = np.linalg.svd(model)
    return np.asarray(u * s @ u.T)


@pytest.mark.parametrize("seed", range(20))
def test_exact_means_give_the_symmetric_factor_of_the_model(seed):
    rng = np.random.default_rng(seed)
    model, bias = unit(rng, misalignment_deg=3.0)
    fit = solve(means(rng, (model, bias), anywhere(rng, 24), 0.0), np.ones(24))
    np.testing.assert_allclose(fit.bias, bias, atol=1e-9)
    np.testing.assert_allclose(np.linalg.inv(fit.alignment), polar(model), atol=1e-9)
    scale, misalignment = scale_and_misalignment(fit.alignment)
    gram = model @ model.T
    np.testing.assert_allclose(scale, np.sqrt(np.diag(gram)), atol=1e-9)
    between = [np.degrees(np.arccos(gram[i, j] / (scale[i] * scale[j]))) - 90 for i, j in ((0, 1), (0, 2), (1, 2))]
    np.testing.assert_allclose(misalignment, between, atol=1e-6)


def test_symmetric_is_the_smallest_change_that_the_lengths_allow():
    rng = np.random.default_rng(1)
    model, bias = unit(rng, misalignment_deg=3.0)
    alignment = solve(means(rng, (model, bias), anywhere(rng, 24), 0.0), np.ones(24)).alignment
    upper = np.linalg.qr(alignment)[1]
    upper *= np.sign(np.diag(upper))[:, None]
    rotations = [np.linalg.qr(rng.normal(size=(3, 3)))[0] for _ in range(200)]
    others = [rotation @ alignment for rotation in rotations] + [upper]
    assert np.linalg.norm(alignment - np.eye(3)) < min(np.linalg.norm(other - np.eye(3)) for other in others)


@pytest.mark.parametrize("seed", range(10))
def test_noisy_means_against_another_solver(seed):
    """The same minimum as scipy's trust region with derivatives by differences."""
    rng = np.random.default_rng(seed)
    measured, noise = means(rng, unit(rng), by_hand(rng), 2.0), rng.uniform(0.5, 2, 18)
    fit = solve(measured, noise)

    def residuals(x):
        alignment = [[x[3], x[6], x[7]], [x[6], x[4], x[8]], [x[7], x[8], x[5]]]
        return (np.linalg.norm((measured - x[:3]) @ np.array(alignment), axis=1) - G) / noise

    other = least_squares(residuals, [0, 0, 0, 1, 1, 1, 0, 0, 0], xtol=1e-14, ftol=1e-14, gtol=1e-14)
    found = [*fit.bias, *np.diag(fit.alignment), *(fit.alignment[i, j] for i, j in ((0, 1), (0, 2), (1, 2)))]
    np.testing.assert_allclose(found, other.x, atol=1e-6)
    covariance = 2 * other.cost / 9 * np.linalg.inv(other.jac.T @ other.jac)
    np.testing.assert_allclose(fit.covariance, covariance, rtol=1e-3, atol=1e-3 * np.abs(covariance).max())


def test_gradients_against_differences():
    rng = np.random.default_rng(0)
    measured, bias = means(rng, unit(rng), by_hand(rng), 1.0), np.array([0.1, -0.2, 0.3])
    alignment = np.eye(3) + 0.01 * np.array([[1, 2, 3], [2, -1, 4], [3, 4, 2]])
    found, step = gradients(measured, bias, alignment), 1e-6
    for k in range(9):
        shift, turn = np.zeros(3), np.zeros((3, 3))
        if k < 3:
            shift[k] = step
        else:
            i, j = [(0, 0), (1, 1), (2, 2), (0, 1), (0, 2), (1, 2)][k - 3]
            turn[i, j] = turn[j, i] = step
        up, down = errors(measured, bias + shift, alignment + turn), errors(measured, bias - shift, alignment - turn)
        np.testing.assert_allclose(found[:, k], (up - down) / (2 * step), atol=1e-6)


@pytest.mark.parametrize(("poses", "noise_mg"), [(14, 1.0), (18, 0.5), (30, 5.0)])
def test_intervals_hold_the_truth_as_often_as_they_say(poses, noise_mg):
    """95 % of 9 parameters over seeds: within what chance allows of some hundred units, and not too wide either."""
    inside, size, spread = [], [], []
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        truth = unit(rng)
        up = anywhere(rng, poses)
        if worst(up) > MOST_AMPLIFICATION:
            continue
        fit = solve(means(rng, truth, up, noise_mg), np.ones(poses))
        found, true = (np.r_[b, *scale_and_misalignment(a)] for b, a in (
            (fit.bias, fit.alignment), (truth[1], np.linalg.inv(truth[0]))
        ))  # fmt: skip
        half = np.concatenate(uncertainty(fit))
        inside.append(np.abs(found - true) < half)
        size.append(half)
        spread.append(found - true)
    share = np.mean(inside, axis=0)
    assert len(inside) > 80
    assert abs(share.mean() - 0.95) < 0.02 and share.min() > 0.88, share
    # A third more than twice the spread itself: Student's t at few degrees of freedom.
    assert (np.median(size, axis=0) < 3.2 * np.std(spread, axis=0)).all()


def test_more_noise_and_fewer_poses_widen_the_intervals():
    def half(poses, noise_mg):
        rng = np.random.default_rng(0)
        up = np.vstack([by_hand(rng)] * poses)
        fit = solve(means(rng, unit(rng), up, noise_mg), np.ones(len(up)))
        return np.concatenate(uncertainty(fit))

    np.testing.assert_array_less(5 * half(10, 1), half(10, 10))
    np.testing.assert_array_less(half(40, 1), half(2, 1))


def test_a_noisy_pose_weighs_less():
    rng = np.random.default_rng(0)
    truth = unit(rng)
    up = by_hand(rng)
    measured = means(rng, truth, up, 0.1)
    measured[4] *= 1.05
    noise = np.ones(18)
    wrong = np.abs(solve(measured, noise).bias - truth[1]).max()
    noise[4] = 100
    assert np.abs(solve(measured, noise).bias - truth[1]).max() < 0.3 * MG < 5 * MG < wrong


def test_six_lengths_give_six_parameters_and_no_residual():
    """Placed within 5 degrees and without misalignment: bias and scale exactly."""
    rng = np.random.default_rng(0)
    truth = np.diag([1.02, 0.98, 1.01]), np.array([0.3, -0.2, 0.1])
    up = np.vstack([np.eye(3), -np.eye(3)]) + rng.normal(0, 0.05, (6, 3))
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    fit = solve(means(rng, truth, up, 0.0), np.ones(6), parameters=6)
    np.testing.assert_allclose(fit.bias, truth[1], atol=1e-9)
    np.testing.assert_allclose(fit.alignment, np.linalg.inv(truth[0]), atol=1e-9)
    assert fit.freedom == 0


def test_poses_left_out_against_the_long_way():
    rng = np.random.default_rng(0)
    measured, noise = means(rng, unit(rng), by_hand(rng), 2.0), np.ones(18)
    held = left_out(measured, noise, solve(measured, noise))
    for pose in range(18):
        others = np.delete(measured, pose, axis=0)
        alone = solve(others, np.ones(17))
        long_way = np.linalg.norm(alone.alignment @ (measured[pose] - alone.bias)) - G
        assert held[pose] == pytest.approx(long_way, rel=0.02, abs=0.01 * MG)
    fit = solve(measured, noise)
    assert np.std(held) > 1.2 * np.std(errors(measured, fit.bias, fit.alignment))


def test_a_perfect_sensor_stays_one():
    rng = np.random.default_rng(0)
    fit = solve(means(rng, PERFECT, by_hand(rng), 0.0), np.ones(18))
    np.testing.assert_allclose(fit.alignment, np.eye(3), atol=1e-12)
    np.testing.assert_allclose(fit.bias, 0, atol=1e-11)
