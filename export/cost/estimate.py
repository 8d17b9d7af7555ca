"""What an encoder will cost on a Cortex-M4F, from its shape alone: no training, no cross compiler, no emulator.

Instructions come from the structure of the kernels' loops (firmware/src): so many for each product, output and window.
The factors of the loops are those of the code; the rest were fitted to counted random networks, and
tests/export/cost/test_estimate.py holds the sum to the counts. The arena is the planner's own, so it is exact.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.network import arena
from export.network.arena import scratch_bytes
from export.network.layers import AveragePool, Conv, Layer, Network
from export.network.operators import of_class, operator_of
from scl.artifacts import InputError, read_artifact
from scl.machines import FIRMWARE, MACHINES, settings
from scl.memory import memory

CORE = "-mcpu=cortex-m4"  # as boards/*/board.mk name it
PROGRAM_BYTES, OPERATOR_BYTES = 2_490, 68  # start-up, kernels and counter; one scl_op
# Convolution on the narrow kernel: a group of four windows; four inputs of a window, widened; one input of a window
# that hangs over an edge; an output channel of a group; four of its inputs.
GROUP, WIDENED, EDGE, CHANNEL, PRODUCTS = 500.0, 6.3, 38.6, 67.3, 14.0
# A single window: the call, an output, four of its inputs, an input widened.
CALL, OUTPUT, DENSE_PRODUCTS, DENSE_WIDENED = 160.0, 25.2, 8.0, 1.7
# Average pool: a sample of the output, a value of it, an input of that.
POOL_SAMPLE, POOL_VALUE, POOL_INPUT = 57.0, 25.0, 6.0
ANY_RATE_HZ = 20.0  # of the windows: it decides no shape
# The portable kernel: an output, a product.
PORTABLE_OUTPUT, PORTABLE_PRODUCT = 67.5, 3.0


@dataclass(frozen=True)
class Estimate:
    """Of one inference: instructions by layer, bytes of the program without link and front end, bytes of the arena."""

    layers: dict[str, int]
    flash_bytes: int
    arena_bytes: int

    @property
    def instructions(self) -> int:
        return sum(self.layers.values())


def room(board: str) -> tuple[dict[str, int], bool]:
    """Bytes of a board's regions FLASH and RAM, and whether its core is the one whose instructions are estimated.

    Raises InputError if the board is not one of MACHINES.
    """
    if board not in MACHINES:
        raise InputError(f"--board {board}: is not known; choose one of {', '.join(MACHINES)}")
    return memory(FIRMWARE, board), settings(FIRMWARE, board)["CORE"].split()[0] == CORE


def estimate(network: Network) -> Estimate:
    """The cost of a trained encoder's network on a Cortex-M4F; its weights do not matter."""
    constants = sum(operator_of(layer).constant_bytes(layer) for layer in network.layers)
    return Estimate(
        {layer.name: round(instructions(layer)) for layer in network.layers},
        PROGRAM_BYTES + OPERATOR_BYTES * len(network.layers) + constants,
        arena.schedule(network).size,
    )


def instructions(layer: Layer) -> float:
    """Of one layer. Raises TypeError for one that encoders do not hold."""
    return of_class(INSTRUCTIONS, layer, "estimated are")(layer)


def _average_pool(layer: AveragePool) -> float:
    return layer.result.length * (POOL_SAMPLE + layer.channels * (POOL_VALUE + layer.kernel * POOL_INPUT))


def _conv(layer: Conv) -> float:
    length, channels = layer.result.length, layer.channels
    row = layer.kernel * layer.source.channels
    fours = -(-row // 4)
    if not scratch_bytes(layer):
        return length * channels * (PORTABLE_OUTPUT + row * PORTABLE_PRODUCT)
    if length == 1:
        return CALL + row * DENSE_WIDENED + channels * (OUTPUT + fours * DENSE_PRODUCTS)
    starts = np.arange(length) * layer.stride - layer.pads[0]
    edges = int(np.sum((starts < 0) | (starts + layer.kernel > layer.source.length)))
    groups = -(-length // 4)
    each = GROUP + 4 * fours * WIDENED + channels * (CHANNEL + fours * PRODUCTS)
    return groups * each + edges * row * EDGE


INSTRUCTIONS: dict[type[Layer], Callable[[Any], float]] = {Conv: _conv, AveragePool: _average_pool}


def network_of(path: Path) -> Network:
    """The network that a run will deploy, from its run.json: architecture, partition, window and labels are read.

    Raises InputError if the file is missing, wrong or says too little.
    """
    import torch

    from export.network.from_encoder import fold
    from scl.artifacts.files import file_inside
    from scl.artifacts.plan import PlannedRun
    from scl.artifacts.run import RUN
    from train.model.encoder import Classifier

    path = file_inside(path, RUN, PlannedRun.advice) if path.is_dir() else path
    plan = read_artifact(path, PlannedRun)
    torch.manual_seed(0)
    try:
        model = Classifier(
            plan.architecture,
            plan.partition,
            plan.frontend.channels(len(plan.window.channels)),
            plan.window.samples,
            len(plan.labels),
            invariant_hz=ANY_RATE_HZ if plan.frontend.invariant else None,
        )
        return fold(model.eval(), plan.window.samples)
    except ValueError as error:
        raise InputError(f"{path}: does not describe a network ({error}); {plan.advice}") from error
