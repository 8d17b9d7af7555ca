"""The run folder: what training leaves for calibration and export."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from scl.artifacts import InputError, sha256_file, write_artifact
from scl.artifacts.run import RUN, WEIGHTS, RunInfo, read_run_info, weights_file
from scl.partition import Partition

if TYPE_CHECKING:
    from train.model.encoder import Classifier


@dataclass(frozen=True)
class Run:
    """A run folder that was read and checked; `model` is in evaluation mode on the CPU."""

    path: Path
    info: RunInfo
    model: "Classifier"

    @property
    def partition(self) -> Partition:
        return self.model.partition


def write_run(folder: Path, info: RunInfo, model: "Classifier") -> None:
    """Writes model.safetensors and run.json, which names the weights' hash."""
    from train.run.tensors import write_tensors

    write_tensors(folder / WEIGHTS, model.state_dict())
    write_artifact(folder / RUN, replace(info, weights_sha256=sha256_file(folder / WEIGHTS)))


def classifier(info: RunInfo) -> "Classifier":
    """A model of the run's shape and normalisation, its weights random. Raises ValueError if there is no such model."""
    import torch

    from train.model.encoder import Classifier

    return Classifier(
        info.architecture,
        info.partition,
        channels=info.frontend.channels(len(info.window.channels)),
        samples=info.window.samples,
        classes=len(info.labels),
        mean=torch.tensor(info.normalisation.mean),
        std=torch.tensor(info.normalisation.std),
        limit=info.normalisation.limit,
        invariant_hz=info.invariant_hz,
        canonical=info.frontend.canonical,
    )


def load_run(folder: str | Path) -> Run:
    """Reads a run folder and rebuilds its model.

    Raises:
        InputError: no run folder, another schema, a damaged run.json, weights that are not safetensors or not the
            ones run.json names.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    folder = Path(folder)
    info = read_run_info(folder)
    weights = weights_file(folder)
    found = sha256_file(weights)
    if found != info.weights_sha256:
        raise InputError(
            f"{weights}: SHA-256 is {found}, but {RUN} names {info.weights_sha256}; train again or restore it"
        )
    try:
        tensors = load_file(weights)
    except (SafetensorError, OSError) as error:
        raise InputError(
            f"{weights}: is not a safetensors file ({error}); pickles are not read: train again or restore it"
        ) from error
    try:
        model = classifier(info)
    except ValueError as error:
        raise InputError(f"{folder / RUN}: does not describe a model ({error}); train again") from error
    try:
        model.load_state_dict(tensors)
    except RuntimeError as error:
        raise InputError(f"{weights}: does not fit the architecture in {RUN} ({error}); train again") from error
    return Run(folder, info, model.eval())
