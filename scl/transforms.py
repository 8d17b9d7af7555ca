"""Transformations of windows (n, channels, samples): 3-D rotation of the sensor and circular time shift.

`rotate` and `roll` take numpy arrays and torch tensors alike; torch is imported only for torch.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import torch


def random_rotations(count: int, rng: np.random.Generator) -> np.ndarray:
    """Rotation matrices (count, 3, 3), float64, uniform on SO(3).

    A normalized 4-vector of normal variates is a uniform unit quaternion (Marsaglia 1972; Shoemake 1992).

    Examples:
        >>> turns = random_rotations(5, np.random.default_rng(0))
        >>> turns.shape, bool(np.allclose(turns @ turns.transpose(0, 2, 1), np.eye(3)))
        ((5, 3, 3), True)
    """
    return rotation_matrices(rng.standard_normal((count, 4)))


def rotation_matrices(quaternions: np.ndarray) -> np.ndarray:
    """Rotation matrices (n, 3, 3), float64, of quaternions (n, 4) as w, x, y, z, of any length but 0.

    Examples:
        >>> rotation_matrices(np.array([[0.0, 1.0, 0.0, 0.0]])).tolist()  # half a turn about x
        [[[1.0, 0.0, 0.0], [0.0, -1.0, 0.0], [0.0, 0.0, -1.0]]]
    """
    q = np.asarray(quaternions, np.float64)
    return np.stack(_matrix(q.T), axis=-1).reshape(len(q), 3, 3)


def random_rotations_torch(
    count: int, generator: "torch.Generator | None", device: "torch.device | str"
) -> "torch.Tensor":
    """As `random_rotations`, float32 on `device`; `generator` lives on the same device, None is torch's own.

    Examples:
        >>> import torch
        >>> random_rotations_torch(5, torch.Generator().manual_seed(0), "cpu").shape
        torch.Size([5, 3, 3])
    """
    import torch

    quaternions = torch.randn(4, count, generator=generator, device=device)
    return torch.stack(_matrix(quaternions), dim=-1).reshape(count, 3, 3)


def rotate(x: Any, rotation: Any) -> Any:
    """Turns every 3-axis sensor of a window by the window's rotation.

    Args:
        x: windows (n, 3 k, samples) of k sensors, numpy or torch.
        rotation: (n, 3, 3), of the same library.

    Raises:
        ValueError: the channels are not whole 3-axis sensors, or the counts differ.

    Examples:
        >>> gravity = np.zeros((1, 3, 4)) + np.array([0.0, 0.0, 9.81])[:, None]  # along z for four samples
        >>> about_x = np.array([[[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]]])  # by 90 degrees
        >>> rotate(gravity, about_x)[0, :, 0].tolist()
        [0.0, -9.81, 0.0]
    """
    n, channels, samples = x.shape
    if channels == 0 or channels % 3:
        raise ValueError(f"{channels} channels are not whole 3-axis sensors: rotation needs a multiple of 3")
    if tuple(rotation.shape) != (n, 3, 3):
        raise ValueError(f"{n} windows need rotations of shape {(n, 3, 3)}, got {tuple(rotation.shape)}")
    return (rotation[:, None] @ x.reshape(n, channels // 3, 3, samples)).reshape(n, channels, samples)


def roll(x: Any, shifts: Any) -> Any:
    """Circular shift: out[i, :, t] = x[i, :, (t - shifts[i]) mod samples], as papers report it.

    Args:
        x: windows (n, channels, samples), numpy or torch.
        shifts: samples (n,), integers of either sign, of the same library.

    Raises:
        ValueError: the counts differ.

    Examples:
        >>> roll(np.array([[[1, 2, 3, 4]]]), np.array([1])).tolist()
        [[[4, 1, 2, 3]]]
    """
    n, channels, samples = x.shape
    if tuple(shifts.shape) != (n,):
        raise ValueError(f"{n} windows need {n} shifts, got shape {tuple(shifts.shape)}")
    if isinstance(x, np.ndarray):
        index = (np.arange(samples) - shifts[:, None]) % samples
        return np.take_along_axis(x, index[:, None, :], axis=2)
    import torch

    index = (torch.arange(samples, device=x.device) - shifts[:, None]) % samples
    return x.gather(2, index[:, None].expand(n, channels, samples))


def _matrix(q: Any) -> list[Any]:
    """Nine entries, row by row, of the rotation matrices of quaternions q (4, n), not necessarily of unit length."""
    w, x, y, z = q
    s = 2 / (w * w + x * x + y * y + z * z)
    return [
        1 - s * (y * y + z * z),
        s * (x * y - z * w),
        s * (x * z + y * w),
        s * (x * y + z * w),
        1 - s * (x * x + z * z),
        s * (y * z - x * w),
        s * (x * z - y * w),
        s * (y * z + x * w),
        1 - s * (x * x + y * y),
    ]
