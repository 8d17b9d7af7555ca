import numpy as np
import pytest
import torch
from scipy.spatial.transform import Rotation
from scipy.stats import kstest

from scl.transforms import random_rotations, random_rotations_torch, roll, rotate


def draws(source: str, count: int) -> np.ndarray:
    if source == "numpy":
        return random_rotations(count, np.random.default_rng(1))
    if source == "torch":
        return random_rotations_torch(count, torch.Generator().manual_seed(1), "cpu").double().numpy()
    return Rotation.random(count, rng=np.random.default_rng(1)).as_matrix()


@pytest.mark.parametrize("source", ["numpy", "torch", "scipy"])
def test_rotations_are_uniform_on_so3(source: str) -> None:
    """The angle is distributed as (t - sin t) / pi; every entry, a coordinate on the sphere, is uniform in -1..1."""
    r = draws(source, 20_000)
    assert np.abs(r @ r.transpose(0, 2, 1) - np.eye(3)).max() < 1e-5
    assert np.abs(np.linalg.det(r) - 1).max() < 1e-5
    angles = np.arccos(np.clip((np.trace(r, axis1=1, axis2=2) - 1) / 2, -1, 1))
    assert kstest(angles, lambda t: (t - np.sin(t)) / np.pi).pvalue > 1e-3
    for row in range(3):
        for column in range(3):
            assert kstest((r[:, row, column] + 1) / 2, "uniform").pvalue > 1e-4


def test_rotation_by_hand_on_both_sensors() -> None:
    """A quarter turn about z takes x to y and y to -x, of the accelerometer and of the gyroscope."""
    quarter = np.array([[[0.0, -1, 0], [1, 0, 0], [0, 0, 1]]])
    x = np.arange(12.0).reshape(1, 6, 2)
    expected = np.stack([-x[0, 1], x[0, 0], x[0, 2], -x[0, 4], x[0, 3], x[0, 5]])
    assert np.array_equal(rotate(x, quarter)[0], expected)


def test_rotation_equals_scipy_and_torch_equals_numpy() -> None:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(4, 6, 7))
    rotations = Rotation.random(4, rng=rng)
    got = rotate(x, rotations.as_matrix())
    for i in range(4):
        for sensor in (slice(0, 3), slice(3, 6)):
            assert np.allclose(got[i, sensor], rotations[i].apply(x[i, sensor].T).T)
    assert np.allclose(rotate(torch.from_numpy(x), torch.from_numpy(rotations.as_matrix())).numpy(), got)


def test_rotation_refuses_what_is_not_three_axes() -> None:
    with pytest.raises(ValueError, match="4 channels"):
        rotate(np.zeros((1, 4, 5)), np.eye(3)[None])
    with pytest.raises(ValueError, match="2 windows need rotations"):
        rotate(np.zeros((2, 3, 5)), np.eye(3)[None])


def test_roll_equals_numpy_roll() -> None:
    x = np.random.default_rng(0).normal(size=(3, 2, 9))
    shifts = np.array([0, 4, -11])
    expected = np.stack([np.roll(w, s, axis=1) for w, s in zip(x, shifts, strict=True)])
    assert np.array_equal(roll(x, shifts), expected)
