"""What heartbeats cost on a board, counted under emulation: firmware/bench/beats.c pushes a made-up minute of ECG
through the whole model, without the link.
"""

from dataclasses import dataclass
from pathlib import Path

from export.cost.instructions import BOARD, printed
from scl import machines


@dataclass(frozen=True)
class BeatCost:
    """A minute of ECG on one board.

    Attributes:
        per_second: instructions of the front end, detector and features for a second of ECG.
        most: instructions of the sample that took most.
        per_beat: instructions of the network and the rhythm for a beat.
        beats: that were found in `seconds`.
        finder_bytes: RAM of what finds and measures beats; model_bytes: of the whole model, that included.
        stack_bytes: the deepest that the model's calls went.
    """

    board: str
    per_second: int
    most: int
    per_beat: int
    beats: int
    seconds: int
    finder_bytes: int
    model_bytes: int
    stack_bytes: int


def beat_cost(c_folder: Path, build: Path, board: str = BOARD) -> BeatCost:
    """Builds the model of `c_folder`, which finds heartbeats, for a board in the folder `build`, and runs it there.

    Raises InputError as `export.cost.instructions.measure`.
    """
    found = dict(printed(c_folder, build, board, "beats")[1])

    def instructions(ticks: int) -> int:
        return machines.instructions(ticks, found["hz"])

    return BeatCost(
        board,
        instructions(found["pushed"]) // found["seconds"],
        instructions(found["most"]),
        instructions(found["ran"]) // max(1, found["beats"]),
        found["beats"],
        found["seconds"],
        found["finder"],
        found["model"],
        found["stack"],
    )
