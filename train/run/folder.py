"""The run folder: what training leaves for calibration and export."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scl.artifacts import InputError, read_json, replacing, sha256_bytes, sha256_file, write_json
from scl.partition import Partition

if TYPE_CHECKING:
    from train.model.encoder import Classifier

WEIGHTS = "model.safetensors"
SCHEMA = 3


@dataclass(frozen=True)
class Run:
    """A run folder that was read and checked; `model` is in evaluation mode on the CPU."""

    path: Path
    info: dict[str, Any]
    model: "Classifier"

    @property
    def partition(self) -> Partition:
        return self.model.partition


def write_run(folder: Path, info: dict[str, Any], model: "Classifier") -> None:
    """Writes model.safetensors and run.json, which names the weights' hash."""
    from safetensors.torch import save_file

    tensors = {name: tensor.detach().cpu().contiguous() for name, tensor in model.state_dict().items()}
    with replacing(folder / WEIGHTS) as temporary:
        save_file(tensors, temporary)
    write_json(
        folder / "run.json", {"kind": "run", "schema": SCHEMA, **info, "weights_sha256": sha256_file(folder / WEIGHTS)}
    )


def run_hash(folder: str | Path) -> str:
    """SHA-256 over run.json and the weights: what ranges.json and the bundle refer to."""
    folder = Path(folder)
    return sha256_bytes((sha256_file(folder / "run.json") + sha256_file(folder / WEIGHTS)).encode())


def invariant_hz(info: dict[str, Any]) -> float | None:
    """The rate of the windows whose invariants the encoder sees; None if it sees the sensor's channels."""
    return info["window"]["rate_hz"] if info.get("frontend", {}).get("invariant") else None


def load_run(folder: str | Path) -> Run:
    """Reads a run folder and rebuilds its model.

    Raises:
        InputError: no run folder, another schema, a damaged run.json, weights that are not safetensors or not the
            ones run.json names.
    """
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    from train.model.encoder import Architecture, Classifier

    folder = Path(folder)
    if not (folder / "run.json").is_file():
        raise InputError(f"{folder}: is not a run folder (no run.json); python -m train.imu --out {folder} makes one")
    info = read_json(folder / "run.json", "run", SCHEMA)
    found = sha256_file(folder / WEIGHTS)
    if found != info.get("weights_sha256"):
        raise InputError(
            f"{folder / WEIGHTS}: SHA-256 is {found}, but run.json names {info.get('weights_sha256')}; "
            "train again or restore it"
        )
    try:
        tensors = load_file(folder / WEIGHTS)
    except SafetensorError as error:
        raise InputError(f"{folder / WEIGHTS}: is not a safetensors file ({error}); pickles are not read") from error
    try:
        model = Classifier(
            Architecture(**info["architecture"]),
            Partition(**info["partition"]),
            channels=len(info["window"]["channels"]),
            samples=info["window"]["samples"],
            classes=len(info["labels"]),
            mean=torch.tensor(info["normalisation"]["mean"]),
            std=torch.tensor(info["normalisation"]["std"]),
            limit=info["normalisation"]["limit"],
            invariant_hz=invariant_hz(info),
            canonical=info.get("frontend", {}).get("canonical", False),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{folder / 'run.json'}: does not describe a model ({type(error).__name__}: {error}); train again"
        ) from error
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(f"{folder / WEIGHTS}: does not fit the architecture in run.json ({error})") from error
    return Run(folder, info, model.eval())
