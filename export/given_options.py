"""What may be given with a model from elsewhere."""

from dataclasses import dataclass
from pathlib import Path

from export.cost import instructions
from export.cost.budget import Budget
from export.representative import Representative
from scl.partition import Partition


@dataclass(frozen=True, eq=False)
class Options:
    """What may be given with a model.

    Args:
        representative: windows in the units that the model takes; None: random inputs are sent.
        data: what the windows are called in reports.
        transformation: of window_copies.KINDS, for consistency; needs windows.
        partition: the groups of the output named "features", if it is a kept latent.
        labels: names of the outputs; None: those that come with the windows, or none.
        front_end: the TOML file of one (`export.given_front_end`); windows are in SI units then (ECG: mV).
        onnx: the model's ONNX file, to travel with the bundle.
        onnx_float: that of the float model that it was made of; None of one that was int8 already.
        float_apart: how far ONNX Runtime's answers on that are from the given model's, of the largest one.
        max_loss: points of accuracy and of consistency that int8 may lose; None: any.
        streaming: hop in samples of a stream that keeps columns; None: every class from a whole window.
        windows: that travel with the bundle, at most; draws: transformed copies of each.
        budget: what the device has room for; board: on which instructions are counted.
        seed: of the rotations, the choice of windows and the proof's inputs.
        command: as it was typed, for the report.
    """

    representative: Representative | None = None
    data: str = "windows"
    transformation: str | None = None
    partition: Partition | None = None
    labels: tuple[str, ...] | None = None
    onnx: bytes | None = None
    onnx_float: bytes | None = None
    float_apart: float = 0.0
    max_loss: float | None = None
    front_end: Path | None = None
    streaming: int | None = None
    windows: int = 600
    draws: int = 4
    budget: Budget | None = None
    board: str = instructions.BOARD
    seed: int = 0
    command: str = ""
