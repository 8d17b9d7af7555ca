"""What `export.profile --json` says: a profile, a bisection or an estimate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from export.cost.cycles import NetworkCycles
from export.cost.energy import Energy
from export.cost.estimate import Estimate
from export.cost.front_end import FrontEndCost
from export.network.layers import Network
from export.proof.bisect import LayerErrors
from scl.answers import Document
from scl.artifacts.export_report import Costs


@dataclass(frozen=True)
class LayerTaken:
    """What a layer takes, in the profile's unit."""

    name: str
    kind: str
    macs: int
    flash_bytes: int
    read_bytes: int
    arena_bytes: int
    taken: float


@dataclass(frozen=True)
class Profile(Document):
    """A bundle's cost, layer by layer.

    Attributes:
        unit: of what layers take: "instructions" where an emulator counted them, else "microseconds".
        taken: of all layers together.
        front_end: what the whole model takes of a stream; None of a model without one, and behind a port.
        cycles: modelled, of an inference on a Cortex-M4; None of another core, and behind a port.
        energy: estimated from them for some parts; None where they are.
        instructions, stack_bytes, image_bytes: of an inference, the deepest stack, the program without link and front
            end; None of a board behind a port.
    """

    bundle: str
    board: str
    unit: str
    layers: tuple[LayerTaken, ...]
    taken: float
    arena_bytes: int
    instructions: int | None
    stack_bytes: int | None
    image_bytes: int | None
    front_end: FrontEndCost | None
    cycles: NetworkCycles | None
    energy: tuple[Energy, ...] | None

    kind = "profile"
    schema = 2


@dataclass(frozen=True)
class LayerDifference:
    """A layer against TFLite Micro: how many values it has, how many differ, and how many by how many steps."""

    name: str
    values: int
    different: int
    histogram: dict[str, int]


@dataclass(frozen=True)
class Bisection(Document):
    """Every layer of a bundle on a board; `first` is the first that differs, None if none does."""

    bundle: str
    board: str
    first: str | None
    layers: tuple[LayerDifference, ...]

    kind = "bisection"
    schema = 1


@dataclass(frozen=True)
class EstimatedLayer:
    """A layer of a planned network; instructions are None where the board's core is not a Cortex-M4F."""

    name: str
    macs: int
    instructions: int | None


@dataclass(frozen=True)
class EstimatedCost(Document):
    """What an encoder will take of a board, whose memory is ram_bytes and flash_bytes.

    Attributes:
        program_bytes: without link and front end.
    """

    run: str
    board: str
    layers: tuple[EstimatedLayer, ...]
    macs: int
    instructions: int | None
    arena_bytes: int
    program_bytes: int
    ram_bytes: int
    flash_bytes: int

    kind = "estimate"
    schema = 1


def taken_by(report: Costs, taken: Sequence[float]) -> tuple[LayerTaken, ...]:
    """What each layer of a report took."""
    return tuple(
        LayerTaken(row.name, row.kind, row.macs, row.flash_bytes, row.read_bytes, row.arena_bytes, value)
        for row, value in zip(report.layers, taken, strict=True)
    )


def bisection(bundle: str, board: str, errors: Sequence[LayerErrors]) -> Bisection:
    layers = tuple(
        LayerDifference(
            layer.name,
            sum(layer.histogram.values()),
            layer.different,
            {str(steps): count for steps, count in layer.histogram.items()},
        )
        for layer in errors
    )
    return Bisection(bundle, board, next((layer.name for layer in layers if layer.different), None), layers)


def estimated(
    run: str, board: str, network: Network, estimate: Estimate, memory: Mapping[str, int], counted: bool
) -> EstimatedCost:
    """Of a network; `counted` says whether the board's core is one whose instructions are estimated."""
    return EstimatedCost(
        run=run,
        board=board,
        layers=tuple(
            EstimatedLayer(layer.name, layer.macs, estimate.layers[layer.name] if counted else None)
            for layer in network.layers
        ),
        macs=network.macs,
        instructions=estimate.instructions if counted else None,
        arena_bytes=estimate.arena_bytes,
        program_bytes=estimate.flash_bytes,
        ram_bytes=memory["RAM"],
        flash_bytes=memory["FLASH"],
    )
