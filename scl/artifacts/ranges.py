"""ranges.json: the range of every activation of a run, as calibration leaves them for export."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import Ge, Le, MaxLen, MinLen

from scl.artifacts.errors import InputError
from scl.artifacts.fields import MOST, MOST_WHOLE, Groups, Line, Name, Real, Sha256, Whole, check_different
from scl.artifacts.files import file_inside, stands
from scl.artifacts.json_files import Artifact, read_artifact
from scl.artifacts.run import run_hash

RANGES = "ranges.json"


@dataclass(frozen=True)
class Ranges(Artifact):
    """ranges.json: the range of every activation, from which int8's scales are made.

    Attributes:
        run_hash: of the run that they belong to.
        windows, draws, subjects: the representative set: windows, transformed copies of each, whose.
        ranges: low and high end by tensor name.
    """

    run_hash: Sha256
    method: Name
    windows: Annotated[int, Ge(1), Le(MOST_WHOLE)]
    draws: Whole
    transformation: Name
    seed: Whole
    subjects: Groups
    ranges: Annotated[dict[Line, tuple[Real, Real]], MinLen(1), MaxLen(MOST)]

    kind = "ranges"
    schema = 2
    advice = "run python -m calibration.ranges RUN"

    def __post_init__(self) -> None:
        check_different("subjects", self.subjects)
        for name, (low, high) in self.ranges.items():
            if not low <= 0 <= high or low == high:
                raise ValueError(f"ranges.{name} is {low:g} to {high:g}, expected one with 0 in it, not empty")


def read_ranges(folder: str | Path) -> dict[str, tuple[float, float]]:
    """A run's activation ranges by tensor name.

    Raises InputError if there are none, a field is wrong, or they are those of another run.
    """
    advice = f"run python -m calibration.ranges {folder}"
    path = Path(folder) / RANGES
    if not stands(path):
        raise InputError(f"{path}: no such file; {advice}")
    contents = read_artifact(file_inside(folder, RANGES, advice), Ranges)
    expected = run_hash(folder)
    if contents.run_hash != expected:
        raise InputError(
            f"{path}: is stale, made for run {contents.run_hash[:12]}, but this one is {expected[:12]}; {advice}"
        )
    return contents.ranges
