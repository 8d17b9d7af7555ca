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
PROGRAM_BYTES, OPERATOR_BYTES = 3_200, 68  # start-up, kernels and counter; one scl_op
# Convolution on the narrow kernel: a group of four windows (three, where that many are left over); an output channel of
# it; four of its inputs.
GROUP, CHANNEL, PRODUCTS = 280.0, 41.0, 13.25
# Of one or two windows that are left over, each: the call; an output; four of its inputs.
SINGLE, SINGLE_CHANNEL, SINGLE_PRODUCTS = 230.0, 25.7, 5.5
# Four inputs of a window, widened: inside the input; in a window that hangs over an edge.
WORD, EDGE_WORD = 8.0, 31.0
# Average pool: a sample of the output; four channels of it together, or one that is left over; an input of those.
POOL_SAMPLE, POOL_FOUR, POOL_ONE, POOL_INPUT = 51.0, 129.0, 45.0, 6.0
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
    fours, ones = divmod(layer.channels, 4)
    each = fours * (POOL_FOUR + layer.kernel * POOL_INPUT) + ones * (POOL_ONE + layer.kernel * POOL_INPUT)
    return layer.result.length * (POOL_SAMPLE + each)


def _conv(layer: Conv) -> float:
    length, channels = layer.result.length, layer.channels
    row = layer.kernel * layer.source.channels
    words = -(-row // 4)
    if not scratch_bytes(layer):
        return length * channels * (PORTABLE_OUTPUT + row * PORTABLE_PRODUCT)
    groups, left = divmod(length, 4)
    groups, singles = (groups + 1, 0) if left == 3 else (groups, left)
    starts = np.arange(length) * layer.stride - layer.pads[0]
    edges = int(np.sum((starts < 0) | (starts + layer.kernel > layer.source.length)))
    widened = ((length - edges) * WORD + edges * EDGE_WORD) * words
    grouped = groups * (GROUP + channels * (CHANNEL + words * PRODUCTS))
    return widened + grouped + singles * (SINGLE + channels * (SINGLE_CHANNEL + words * SINGLE_PRODUCTS))


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
