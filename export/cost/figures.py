"""What is in each figure of a network's cost: several of flash, RAM and instructions are near one another and not the
same.
"""

from dataclasses import dataclass

from export.cost.instructions import DeviceCost
from scl.artifacts.export_report import Costs


@dataclass(frozen=True)
class Figure:
    """A figure of one inference or one program, and what it counts."""

    name: str
    value: int
    what: str


def figures(report: Costs, counted: DeviceCost) -> tuple[Figure, ...]:
    """The figures of a report, which are the reference board's, and those that were counted on any board."""
    layers, cost = sum(counted.layers), report.cost
    more = layers - counted.instructions
    return (
        Figure(
            "instructions, layers", layers,
            f"each layer called by itself; the call's own start is in each, so the sum is {more:+,} to one inference",
        ),
        Figure("instructions, inference", counted.instructions, "one call of the network, which runs all layers"),
        Figure("flash, constants", sum(row.flash_bytes for row in report.layers), "the layers' weights and factors"),
        Figure(
            "flash, model", cost.flash_bytes,
            f"constants, kernels, schedule and front end, as exports print it and budgets limit it ({report.board})",
        ),
        Figure(
            "flash, program", counted.image_bytes,
            f"constants, kernels and schedule with start-up and counter, without front end ({counted.board})",
        ),
        Figure("RAM, arena", cost.arena_bytes, "tensors and scratch of the layers"),
        Figure("RAM, model", cost.ram_bytes, "the arena and the front end's state"),
        Figure("RAM, stack", counted.stack_bytes, f"the deepest that an inference went ({counted.board})"),
    )  # fmt: skip
