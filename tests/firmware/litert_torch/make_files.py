"""Writes the .tflite files of this folder: PyTorch modules through litert-torch, quantized in its two ways.

It was run once in an environment of its own, since litert-torch pins packages that the project does not have:

    python3 -m venv venv && venv/bin/pip install torch==2.13.0 litert-torch==0.10.0
    venv/bin/python tests/firmware/litert_torch/make_files.py
"""

from pathlib import Path

import litert_torch
import numpy as np
import torch
from ai_edge_quantizer import quantizer, recipe
from litert_torch.quantize.pt2e_quantizer import PT2EQuantizer, get_symmetric_quantization_config
from litert_torch.quantize.quant_config import QuantConfig
from torch import nn
from torchao.quantization.pt2e.quantize_pt2e import convert_pt2e, prepare_pt2e

HERE = Path(__file__).parent


class Pooled(nn.Module):
    """Convolutions with BatchNorm, depthwise and pointwise ones, a mean over time."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            *(nn.Conv1d(3, 8, 5, padding=2), nn.BatchNorm1d(8), nn.ReLU()),
            *(nn.Conv1d(8, 12, 3, stride=2), nn.ReLU()),
            *(nn.Conv1d(12, 12, 3, groups=12, padding=1), nn.Conv1d(12, 16, 1), nn.ReLU()),
        )
        self.head = nn.Linear(16, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.net(x).mean(-1))


class Flattened(nn.Module):
    """Pools, and a Flatten of channels before time."""

    def __init__(self) -> None:
        super().__init__()
        self.net = nn.Sequential(
            *(nn.Conv1d(3, 8, 5, padding=2), nn.ReLU(), nn.MaxPool1d(2)),
            *(nn.Conv1d(8, 6, 3), nn.ReLU(), nn.AvgPool1d(2)),
            *(nn.Flatten(), nn.Linear(6 * 11, 5)),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.net(x)


class Residual(nn.Module):
    """Residual blocks, dilated, adaptive pooling, a softmax."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(3, 8, 5, padding=2), nn.Conv1d(8, 8, 3, padding=1)
        self.third, self.head = nn.Conv1d(8, 8, 3, padding=2, dilation=2), nn.Linear(8, 5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.first(x))
        y = torch.relu(y + self.second(y))
        y = y + torch.relu(self.third(y))
        y = nn.functional.adaptive_avg_pool1d(y, 1).squeeze(-1)
        return torch.softmax(self.head(y), -1)


class Causal(nn.Module):
    """Zeros before each convolution, as temporal convolutional networks have them, and strides with odd padding."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(3, 8, 3), nn.Conv1d(8, 8, 3, dilation=4)
        self.third, self.head = nn.Conv1d(8, 8, 5, stride=2, padding=2), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = torch.relu(self.first(nn.functional.pad(x, (2, 0))))
        y = torch.relu(self.second(nn.functional.pad(y, (8, 0))))
        return self.head(torch.relu(self.third(y)).mean(-1))


def samples() -> list[torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    return [torch.randn(1, 3, 48, generator=generator) for _ in range(20)]


def with_ai_edge_quantizer(module: nn.Module, name: str) -> None:
    """Post-training quantization of the float .tflite file: weights and activations int8, float ends."""
    path = HERE / f"{name}_float.tflite"
    litert_torch.convert(module, (samples()[0],)).export(str(path))
    work = quantizer.Quantizer(str(path), recipe.static_wi8_ai8())
    data = {"serving_default": [{"args_0": sample.numpy().astype(np.float32)} for sample in samples()]}
    work.quantize(work.calibrate(data)).export_model(str(HERE / f"{name}.tflite"), overwrite=True)
    path.unlink()


def with_pt2e(module: nn.Module, name: str) -> None:
    """PyTorch's own quantization before the conversion."""
    pt2e = PT2EQuantizer().set_global(get_symmetric_quantization_config(is_per_channel=True, is_dynamic=False))
    exported = torch.export.export(module, (samples()[0],)).module()
    prepared = prepare_pt2e(exported, pt2e)
    for sample in samples():
        prepared(sample)
    converted = convert_pt2e(prepared, fold_quantize=False)
    config = QuantConfig(pt2e_quantizer=pt2e)
    litert_torch.convert(converted, (samples()[0],), quant_config=config).export(str(HERE / f"{name}_pt2e.tflite"))


def main() -> None:
    for kind in (Pooled, Flattened, Residual, Causal):
        torch.manual_seed(0)
        module = kind().eval()
        with_ai_edge_quantizer(module, kind.__name__.lower())
        with_pt2e(module, kind.__name__.lower())


if __name__ == "__main__":
    main()
