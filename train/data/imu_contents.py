"""What an IMU folder's files hold after reading and cutting, one part for each file."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from scl.artifacts import InputError
from train.data.imu_figures import FileFigures, measure
from train.data.imu_source import ImuSource
from train.data.imu_stretches import Stretch, Stretches, cut
from train.data.imu_table import Table
from train.data.plausibility import clock_problem

OPTION_KINDS = {"accel": "accelerometer", "gyro": "gyroscope"}


@dataclass(frozen=True, eq=False)
class Part:
    """A file: its sensors, stretches and figures.

    Attributes:
        fixed_hz: the rate of samples without times; None: the file has times.
    """

    name: str
    kinds: tuple[str, ...]
    fixed_hz: float | None
    cut: Stretches
    figures: FileFigures
    malformed: int
    lost: int

    def owner(self, stretch: Stretch) -> str:
        """Whose a stretch is; where nobody is named, each file stands for a person of its own."""
        return stretch.subject or self.name


def examine(table: Table, source: ImuSource) -> Part:
    """Cuts and measures a file. Raises InputError where its times never advance."""
    stretches = cut(table, source.description.gap_s, source.folder / table.name)
    figures = measure(table, stretches)
    return Part(table.name, table.kinds, table.rate_hz, stretches, figures, table.malformed, table.lost)


def parts(source: ImuSource, sensors: tuple[str, ...] | None) -> Iterator[Part]:
    """Every file in turn, with these sensors ("accel", "gyro"; None: all) alone.

    Raises InputError for a file that cannot be used as it is described.
    """
    kinds: tuple[str, ...] | None = None
    for name, read in source.tables():
        table = _with_sensors(read(), sensors, source)
        if kinds is not None and table.kinds != kinds:
            raise InputError(
                f"{source.folder / name}: has {' and '.join(table.kinds)}, files before it {' and '.join(kinds)}; take "
                "what all have with --sensors, or remove the file"
            )
        kinds = table.kinds
        part = examine(table, source)
        problem = clock_problem(part.figures, source.description)
        if problem:
            raise InputError(f"{source.folder / name}: {problem}")
        yield part


def _with_sensors(table: Table, sensors: tuple[str, ...] | None, source: ImuSource) -> Table:
    """Raises InputError where the table has them not."""
    wanted = table.kinds if sensors is None else tuple(OPTION_KINDS[name] for name in sensors)
    missing = [kind for kind in wanted if kind not in table.kinds]
    if missing:
        raise InputError(
            f"{source.folder / table.name}: has no {' and no '.join(missing)}, which --sensors asks for; it has "
            f"{' and '.join(table.kinds)}"
        )
    columns = [3 * table.kinds.index(kind) + axis for kind in wanted for axis in range(3)]
    return replace(table, kinds=wanted, values=table.values[:, columns])
