"""The encoder that is trained and deployed: a 1-D CNN of operators that microcontrollers have.

Blocks of convolution, batch normalization and ReLU, then pooling over time, then a linear latent (no ReLU: it has
both signs) that
`Partition` divides. A linear head reads the invariant and free dimensions only, so dropping the variant ones changes
no logit.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from scl.artifacts.architecture import Architecture
from scl.partition import Partition
from train.augment.cutmix import Splice
from train.model.canonical import canonical
from train.model.invariants import Invariants
from train.run.parallel import BatchNorm, largest

INPUT_LIMIT = 4.0  # standard deviations


def same_padding(samples: int, kernel: int, stride: int) -> tuple[int, int]:
    """Zeros left and right of `samples` that TensorFlow's SAME adds; the odd one goes to the right."""
    total = max((-(-samples // stride) - 1) * stride + kernel - samples, 0)
    return total // 2, total - total // 2


def round_to_int8(x: Tensor, span: Tensor | float) -> Tensor:
    """`x` rounded to 255 steps over `span`, as the device will hold it; the gradient passes straight through.

    Training sees the rounding of activations (Jacob et al. 2018, arXiv 1712.05877), evaluation does not: int8 accuracy
    is measured on the exported network, not imitated here.
    """
    step = torch.as_tensor(span, dtype=x.dtype, device=x.device).clamp_min(torch.finfo(torch.float32).tiny) / 255
    rounded: Tensor = _Rounded.apply(x, step)  # type: ignore[no-untyped-call]
    return rounded


class _Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, step: Tensor) -> Tensor:
        return torch.div(x, step).round_().mul_(step)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return gradient, None


def channels_last(x: Tensor) -> Tensor:
    """(B, C, T) as it is, but with the channels of a sample side by side in memory: on a CPU convolutions and batch
    normalizations of few channels take two thirds of the time so.
    """
    return x.unsqueeze(2).contiguous(memory_format=torch.channels_last).squeeze(2)


class ConvBlock(nn.Module):
    """Convolution, batch normalization, ReLU: (B, in, T) -> (B, out, ceil(T / stride)), or with VALID padding
    (B, out, (T - kernel) // stride + 1).

    They work on images of one row, (B, in, 1, T), the only ones that torch keeps channels last.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, stride: int, padding: str = "same") -> None:
        super().__init__()
        self.padding = padding
        self.conv = nn.Conv1d(inputs, outputs, kernel, stride, bias=False)
        self.norm = BatchNorm(outputs)

    def forward(self, x: Tensor) -> Tensor:
        x, kernel, stride = x.unsqueeze(2), self.conv.kernel_size[0], self.conv.stride[0]
        if self.padding == "same":
            x = functional.pad(x, same_padding(x.shape[-1], kernel, stride))
        weight = self.conv.weight.unsqueeze(2).contiguous(memory_format=torch.channels_last)
        y = functional.conv2d(x, weight, stride=(1, stride))
        y = functional.relu(self.norm(y)).squeeze(2)
        return round_to_int8(y, largest(y)) if self.training else y


class Encoder(nn.Module):
    """Windows (B, channels, samples), normalized, to latents (B, d)."""

    def __init__(self, architecture: Architecture, channels: int, samples: int, size: int) -> None:
        super().__init__()
        self.architecture = architecture
        self.blocks = nn.ModuleList()
        for width, stride, kernel in zip(architecture.widths, architecture.strides, architecture.kernels, strict=True):
            self.blocks.append(ConvBlock(channels, width, kernel, stride, architecture.padding))
            padded = samples if architecture.padding == "valid" else samples + kernel - 1
            if padded < kernel:
                raise ValueError(
                    f"architecture: a kernel of {kernel} does not fit into the {samples} samples that "
                    f"block {len(self.blocks) - 1} reads; valid padding needs longer windows or smaller strides"
                )
            channels, samples = width, (padded - kernel) // stride + 1
        self.latent = nn.Linear(channels if architecture.pool == "average" else channels * samples, size)

    def pool(self, x: Tensor) -> Tensor:
        """(B, width, T) to (B, width) or, flattened time-major as the device stores it, (B, T * width)."""
        return x.mean(dim=2) if self.architecture.pool == "average" else x.transpose(1, 2).flatten(1)

    def forward(self, x: Tensor) -> Tensor:
        x = channels_last(x)
        for block in self.blocks:
            x = block(x)
        pooled = self.pool(x)
        z: Tensor
        if not self.training:
            z = self.latent(pooled)
            return z
        z = self.latent(round_to_int8(pooled, largest(x)))  # pooling keeps its input's steps
        return round_to_int8(z, largest(z) + largest(-z))


class Classifier(nn.Module):
    """Input, normalization, encoder and head: windows (B, channels, samples) in SI units to latents and logits.

    Args:
        architecture: the encoder's shape.
        partition: how the latent is divided; its size is the latent's.
        channels, samples: of a window.
        classes: outputs of the head.
        invariant_hz: None: the encoder sees the channels; else it sees their invariants (scl/frontend/invariants.py),
            of windows at this rate, and mean and std are theirs.
        canonical: each window is rolled so that its largest excursion comes first.
        mean, std: per channel (channels,), SI units.
        limit: the normalized input is clipped to +-limit, in standard deviations. The device's int8 input saturates
            there; training with it keeps float and int8 alike, and the steps fine enough for slow movements.
    """

    mean: Tensor
    std: Tensor
    kept: Tensor

    def __init__(
        self,
        architecture: Architecture,
        partition: Partition,
        channels: int,
        samples: int,
        classes: int,
        mean: Tensor | None = None,
        std: Tensor | None = None,
        limit: float = INPUT_LIMIT,
        invariant_hz: float | None = None,
        canonical: bool = False,
    ) -> None:
        super().__init__()
        if partition.kept_size == 0:
            raise ValueError(f"partition {partition} leaves the head no dimensions: it reads invariant and free ones")
        if limit <= 0:
            raise ValueError(f"input limit is {limit}, expected more than 0")
        self.partition, self.limit, self.samples, self.canonical = partition, limit, samples, canonical
        self.invariants = None if invariant_hz is None else Invariants(channels, samples, invariant_hz)
        channels = channels if self.invariants is None else self.invariants.size
        self.encoder = Encoder(architecture, channels, samples, partition.size)
        self.head = nn.Linear(partition.kept_size, classes)
        self.register_buffer("mean", torch.zeros(channels) if mean is None else mean.clone().float())
        self.register_buffer("std", torch.ones(channels) if std is None else std.clone().float())
        self.register_buffer("kept", torch.from_numpy(partition.kept), persistent=False)

    def normalize(self, x: Tensor) -> Tensor:
        if self.canonical:
            x = canonical(x)
        if self.invariants is not None:
            x = self.invariants(x)
        return ((x - self.mean[:, None]) / self.std[:, None]).clamp(-self.limit, self.limit)

    def forward(self, x: Tensor, splice: Splice | None = None) -> tuple[Tensor, Tensor]:
        """Latents (B, d) and logits (B, classes); in training perhaps of spliced windows."""
        z = self.latents(x, splice)
        return z, self.head(z[:, self.kept])

    def latents(self, x: Tensor, splice: Splice | None) -> Tensor:
        """What the head reads of."""
        x = self.normalize(x)
        if splice is not None:
            x = splice(x)
        z: Tensor = self.encoder(round_to_int8(x, 2 * self.limit) if self.training else x)
        return z

    def activations(self, x: Tensor) -> dict[str, Tensor]:
        """Every tensor that the device will hold, by name: input, block0.., pool, latent (B, d), logits."""
        tensors = {"input": self.normalize(x)}
        x = tensors["input"]
        for index, block in enumerate(self.encoder.blocks):
            x = tensors[f"block{index}"] = block(x)
        tensors["pool"] = self.encoder.pool(x)
        tensors["latent"] = self.encoder.latent(tensors["pool"])
        tensors["logits"] = self.head(tensors["latent"][:, self.kept])
        return tensors


def count_parameters(model: nn.Module) -> int:
    """Trainable numbers of the model, batch normalization included."""
    return sum(p.numel() for p in model.parameters())
