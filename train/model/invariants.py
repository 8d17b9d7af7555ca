"""The invariants of scl/frontend/invariants.py for whole windows, as the encoder's first layer."""

import torch
from torch import Tensor, nn

from scl.frontend.invariants import COMPRESSION, FAST_S, SLOW_S, SOFT, TINY, names, offsets, smoothing


class Invariants(nn.Module):
    """Windows (B, 3 or 6, samples) in SI units to their invariants (B, len(names), samples).

    Args:
        channels: 3, accelerometer; or 6, accelerometer and gyroscope.
        samples: of a window.
        rate_hz: of its samples.
    """

    fast: Tensor
    slow: Tensor
    offsets: Tensor

    def __init__(self, channels: int, samples: int, rate_hz: float) -> None:
        super().__init__()
        self.size = len(names(channels))
        for name, seconds in (("fast", FAST_S), ("slow", SLOW_S)):
            self.register_buffer(name, low_pass(samples, smoothing(seconds, rate_hz)), persistent=False)
        self.register_buffer("offsets", torch.tensor(offsets(channels))[:, None], persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        a = x[:, :3].contiguous()  # one product of matrices, not one for each window
        g, s = a @ self.fast, a @ self.slow
        g_, s_, da = _unit(g), _unit(s), _difference(a)
        rows = [_length(a), _dot(a, g_), _across(a, g_), _length(da), _dot(da, g_)]
        rows += [_dot(g_, s_), _dot(a, s_), _length(torch.linalg.cross(g_, s_, dim=1))]
        if x.shape[1] == 6:
            w = x[:, 3:].contiguous()
            r, dw, l = w @ self.fast, _difference(w), a - g  # noqa: E741
            damped, soft = 1 + _length(w), SOFT + _length(r)
            rows += [_length(w), _dot(w, g_), _across(w, g_), _dot(l, w) / damped]
            rows += [_dot(g_, torch.linalg.cross(l, w, dim=1)) / damped, _length(dw), _dot(dw, g_)]
            rows += [_length(r), _dot(w, r) / soft, _dot(a, r) / soft, _dot(s_, torch.linalg.cross(g_, w, dim=1))]
        values = torch.stack(rows, dim=1) - self.offsets
        return values / torch.sqrt(COMPRESSION + values.abs())


def low_pass(samples: int, alpha: float) -> Tensor:
    """The low-pass as a matrix: x (..., samples) @ low_pass, which starts at x[0]."""
    t = torch.arange(samples, dtype=torch.float64)
    age = t[None, :] - t[:, None]
    matrix = torch.where(age >= 0, alpha * (1 - alpha) ** age.clamp_min(0), 0.0)
    matrix[0] = (1 - alpha) ** t
    return matrix.float()


def _dot(a: Tensor, b: Tensor) -> Tensor:
    return (a * b).sum(dim=1)


def _length(a: Tensor) -> Tensor:
    return _dot(a, a).clamp_min(1e-12).sqrt()


def _unit(a: Tensor) -> Tensor:
    length = _length(a)[:, None]
    return torch.where(length > TINY, a / length, 0.0)


def _across(a: Tensor, direction: Tensor) -> Tensor:
    """Length of what `a` has across a direction."""
    return _length(a - _dot(a, direction)[:, None] * direction)


def _difference(a: Tensor) -> Tensor:
    return torch.diff(a, dim=2, prepend=a[:, :, :1])
