"""Named tensors in one safetensors file: nothing in it can execute code."""

from collections.abc import Mapping
from pathlib import Path

import torch

from scl.artifacts import write_bytes


def write_tensors(path: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Writes a safetensors file atomically. Raises InputError if it cannot be written."""
    from safetensors.torch import save  # not save_file, whose error for a full disk is one of its own

    write_bytes(path, save({name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}))
