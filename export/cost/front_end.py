"""What a whole model costs on a board, counted under emulation: firmware/bench/frontend.c pushes a made-up stream of
its sensor through it, without the link.
"""

from dataclasses import dataclass
from pathlib import Path

from export.cost.instructions import BOARD, printed
from scl import machines


@dataclass(frozen=True)
class FrontEndCost:
    """A stream on one board: a minute of a made-up ECG where heartbeats are found, else two windows of noise behind
    a first one, which is not counted.

    Attributes:
        seconds: of the stream, at the sensor's rate.
        per_second: instructions of the front end for a second; with heartbeats, of detector and features too.
        most: instructions of the sample that took most.
        per_answer: instructions of the network and what follows it (decision, rhythm).
        answers: that came in the stream: windows, or heartbeats.
        finder_bytes: RAM of what finds and measures heartbeats; None where none are found.
        model_bytes: RAM of the whole model, that included.
        stack_bytes: the deepest that the model's calls went.
    """

    board: str
    seconds: float
    per_second: int
    most: int
    per_answer: int
    answers: int
    finder_bytes: int | None
    model_bytes: int
    stack_bytes: int


def front_end_cost(c_folder: Path, build: Path, rate_hz: float, board: str = BOARD) -> FrontEndCost:
    """Builds the model of `c_folder`, which has a front end, for a board in the folder `build`, and runs it there.

    Args:
        rate_hz: of the sensor.

    Raises InputError as `export.cost.instructions.measure`.
    """
    found = dict(printed(c_folder, build, board, "frontend")[1])

    def instructions(ticks: int) -> int:
        return machines.instructions(ticks, found["hz"])

    seconds = found["samples"] / rate_hz
    return FrontEndCost(
        board,
        seconds,
        round(instructions(found["pushed"]) / seconds),
        instructions(found["most"]),
        instructions(found["ran"]) // max(1, found["answers"]),
        found["answers"],
        found.get("finder"),
        found["model"],
        found["stack"],
    )
