"""Modules as people write them, drawn by a seed: the operators that export.deploy promises, in random order."""

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

ACTIVATIONS: tuple[Callable[[], nn.Module], ...] = (
    nn.ReLU,
    nn.ReLU6,
    nn.SiLU,
    nn.Hardswish,
    nn.Sigmoid,
    nn.Tanh,
    lambda: nn.LeakyReLU(0.1),
    nn.GELU,
    nn.Mish,
    nn.ELU,
    nn.PReLU,
)


class Causal(nn.Module):
    """A convolution that sees no later sample: zeros before it, or at both ends and cut again, as TCNs have it."""

    def __init__(self, channels: int, out: int, kernel: int, dilation: int, chomp: bool) -> None:
        super().__init__()
        self.zeros, self.chomp = (kernel - 1) * dilation, chomp
        self.conv = nn.Conv1d(channels, out, kernel, dilation=dilation, padding=self.zeros if chomp else 0)

    def forward(self, x: Tensor) -> Tensor:
        if self.chomp:
            return self.conv(x)[:, :, : x.shape[2]]
        return self.conv(F.pad(x, (self.zeros, 0)))


class Residual(nn.Module):
    """x and what two convolutions make of it: added, or side by side."""

    def __init__(self, channels: int, kernel: int, cat: bool, activation: nn.Module) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv1d(channels, channels, kernel, padding="same", bias=False),
            nn.BatchNorm1d(channels),
            activation,
            nn.Conv1d(channels, channels, 3, padding=1, groups=channels),
        )
        self.cat = cat

    def forward(self, x: Tensor) -> Tensor:
        y = self.body(x)
        return torch.cat([x, y], dim=1) if self.cat else F.relu(x + y)


class SqueezeExcite(nn.Module):
    """Each channel times a number that the means of all channels give."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down, self.up = nn.Linear(channels, 4), nn.Linear(4, channels)

    def forward(self, x: Tensor) -> Tensor:
        return x * torch.sigmoid(self.up(F.relu(self.down(x.mean(dim=2)))))[:, :, None]


class Head(nn.Module):
    """The latent and the logits of it, or the logits alone."""

    def __init__(self, width: int, latent: int, classes: int, both: bool, softmax: bool) -> None:
        super().__init__()
        self.latent, self.head = nn.Linear(width, latent), nn.Linear(latent, classes)
        self.drop, self.both, self.softmax = nn.Dropout(0.3), both, softmax

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        z = self.latent(self.drop(x))
        logits = self.head(F.relu(z) if self.softmax else z)
        logits = torch.softmax(logits, dim=1) if self.softmax else logits
        return (z, logits) if self.both else logits


class RandomModule(nn.Module):
    """Args:
    seed: of all that is drawn.
    """

    def __init__(self, seed: int) -> None:
        super().__init__()
        self.rng = np.random.default_rng(seed)
        torch.manual_seed(seed)
        self.channels, self.samples = int(self.rng.integers(1, 7)), int(self.rng.integers(24, 70))
        width, layers = self.channels, []
        for _ in range(self.rng.integers(2, 6)):
            layer, width = self._block(width)
            layers.append(layer)
        self.body = nn.Sequential(*layers)
        with torch.no_grad():
            length = self.body.eval()(torch.zeros(1, self.channels, self.samples)).shape[2]
        pool = self.rng.integers(4)
        self.pool = (
            nn.Flatten(),
            nn.Sequential(nn.AdaptiveAvgPool1d(1), nn.Flatten()),
            nn.Sequential(nn.AdaptiveMaxPool1d(1), nn.Flatten()),
            nn.Sequential(nn.MaxPool1d(length), nn.Flatten()),
        )[pool]
        flat = width * length if pool == 0 else width
        both, softmax = bool(self.rng.integers(2)), bool(self.rng.integers(3) == 0)
        self.head = Head(flat, 8, int(self.rng.integers(2, 6)), both, softmax)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm1d):
                module.running_mean = 0.3 * torch.randn(module.num_features)
                module.running_var = 0.5 + torch.rand(module.num_features)
                nn.init.uniform_(module.weight, 0.5, 1.5)
                nn.init.normal_(module.bias, 0, 0.3)
        self.eval()

    def forward(self, x: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        result: Tensor | tuple[Tensor, Tensor] = self.head(self.pool(self.body(x)))
        return result

    def windows(self, n: int) -> np.ndarray:
        """Random windows float32 (n, channels, samples)."""
        slow = np.cumsum(self.rng.normal(0, 0.3, (n, self.channels, self.samples)), axis=2)
        return (slow + self.rng.normal(0, 0.5, slow.shape)).astype(np.float32)

    def _block(self, width: int) -> tuple[nn.Module, int]:
        kernel, stride = int(self.rng.choice([1, 3, 4, 5])), int(self.rng.integers(1, 3))
        dilation, out = int(self.rng.integers(1, 3)), 4 * int(self.rng.integers(1, 4))
        activation = ACTIVATIONS[self.rng.integers(len(ACTIVATIONS))]()
        kind = self.rng.integers(8)
        if kind == 0:
            return nn.Sequential(nn.Conv1d(width, out, kernel, stride, padding=kernel // 2), activation), out
        if kind == 1:
            body = nn.Conv1d(width, out, min(kernel, 3), dilation=dilation, bias=bool(self.rng.integers(2)))
            return nn.Sequential(body, nn.BatchNorm1d(out), activation), out
        if kind == 2:
            return nn.Sequential(nn.BatchNorm1d(width), nn.Conv1d(width, out, 3, padding="same"), activation), out
        if kind == 3:
            return nn.Sequential(Causal(width, out, 3, dilation, bool(self.rng.integers(2))), activation), out
        if kind == 4:
            cat = bool(self.rng.integers(2))
            return Residual(width, kernel, cat, activation), 2 * width if cat else width
        if kind == 5:
            return nn.Sequential(SqueezeExcite(width), nn.Conv1d(width, 8, 1), nn.Conv1d(8, 8, 3, groups=2)), 8
        if kind == 6:
            return nn.Sequential(nn.Conv1d(width, 2 * width, 3, groups=width, dilation=dilation), activation), 2 * width
        pool = nn.MaxPool1d(2) if self.rng.integers(2) else nn.AvgPool1d(3, 2, padding=1)
        return nn.Sequential(activation, pool), width
