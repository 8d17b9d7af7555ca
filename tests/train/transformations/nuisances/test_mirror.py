import numpy as np
import torch

from scl.transforms import random_rotations
from tests.train.transformations.nuisances.signals import applied, cuts


def test_a_mirrored_movement_is_what_a_mirrored_body_does() -> None:
    """A body that turns by M R M is the mirror image of one that turns by R: its gyroscope and accelerometer, from
    finite differences of the poses.
    """
    mirror = np.diag([-1.0, 1.0, 1.0])
    start, axis = random_rotations(1, np.random.default_rng(0))[0], np.array([0.3, -0.5, 0.8])
    skew = np.cross(np.eye(3), axis)  # v @ skew is v x axis

    def rate(pose: np.ndarray, later: np.ndarray, dt: float) -> np.ndarray:
        turned = (pose.T @ later - np.eye(3)) / dt
        return np.array([turned[2, 1], turned[0, 2], turned[1, 0]])

    dt = 1e-6
    later = start @ (np.eye(3) + dt * skew.T)
    down = np.array([0, 0, 9.81])
    plain = np.concatenate([start.T @ down, rate(start, later, dt)])
    pose, next_pose = mirror @ start @ mirror, mirror @ later @ mirror
    mirrored = np.concatenate([pose.T @ (mirror @ down), rate(pose, next_pose, dt)])
    seen = applied("mirror", torch.from_numpy(plain).reshape(1, 6, 1), 1.0, samples=1)
    np.testing.assert_allclose(seen.numpy().ravel(), mirrored, atol=1e-5)


def test_twice_is_none() -> None:
    x = cuts()
    torch.testing.assert_close(applied("mirror", applied("mirror", x, 1.0), 1.0), x[:, :, :100])
