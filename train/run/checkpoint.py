"""Training state between epochs, in one safetensors file: weights, optimizer moments, random states and what the
contrast remembers. Nothing in it can execute code.
"""

from pathlib import Path

import torch
from torch import nn

from scl.artifacts import InputError
from train.run.tensors import write_tensors
from train.run.working_folder import CHECKPOINT


class Checkpoint:
    """Saves and restores a model, an AdamW optimizer and named random generators.

    Args:
        folder: where checkpoint.safetensors lives.
    """

    def __init__(
        self,
        folder: Path,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        generators: dict[str, torch.Generator],
        contrast: nn.Module | None = None,
    ) -> None:
        self.path = folder / CHECKPOINT
        self.model, self.optimizer, self.generators = model, optimizer, generators
        self.contrast = contrast or nn.Module()

    def save(self, epoch: int) -> None:
        """Writes the state after `epoch` epochs, atomically: a kill leaves the previous checkpoint whole."""
        tensors = {f"model.{name}": value for name, value in self.model.state_dict().items()}
        tensors |= {f"contrast.{name}": value for name, value in self.contrast.state_dict().items()}
        for index, state in self.optimizer.state_dict()["state"].items():
            tensors |= {f"optimizer.{index}.{name}": value for name, value in state.items()}
        tensors |= {f"generator.{name}": g.get_state() for name, g in self.generators.items()}
        tensors["epoch"] = torch.tensor(epoch)
        write_tensors(self.path, tensors)

    def load(self) -> int:
        """Restores the state and returns how many epochs are done; 0 where there is no checkpoint.

        Raises InputError if the file is not safetensors or belongs to another model.
        """
        from safetensors import SafetensorError
        from safetensors.torch import load_file

        if not self.path.is_file():
            return 0
        try:
            tensors = load_file(self.path)
            self.model.load_state_dict(_below(tensors, "model."))
            self.contrast.load_state_dict(_below(tensors, "contrast."))
            moments: dict[int, dict[str, torch.Tensor]] = {}
            for name, value in _below(tensors, "optimizer.").items():
                index, key = name.split(".")
                moments.setdefault(int(index), {})[key] = value
            state = self.optimizer.state_dict()
            self.optimizer.load_state_dict({"state": moments, "param_groups": state["param_groups"]})
            for name, generator in self.generators.items():
                generator.set_state(tensors[f"generator.{name}"])
            return int(tensors["epoch"])
        except (SafetensorError, RuntimeError, KeyError, ValueError) as error:
            raise InputError(
                f"{self.path}: is not a checkpoint of this run ({error}); remove the folder or leave out --resume"
            ) from error


def _below(tensors: dict[str, torch.Tensor], prefix: str) -> dict[str, torch.Tensor]:
    return {name.removeprefix(prefix): value for name, value in tensors.items() if name.startswith(prefix)}
