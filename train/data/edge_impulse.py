"""Edge Impulse's CSV files: `timestamp` in milliseconds first, then the axes; the file is label.anything.csv.

The files name no units and nobody. Its firmware records accX, accY, accZ in m/s^2 and gyrX, gyrY, gyrZ in degrees per
second, which is taken here; each file counts as a person of its own. A dataset.toml says what is otherwise.
"""

from collections.abc import Sequence
from pathlib import PurePosixPath

from train.data.dataset_file import Accelerometer, DatasetFile, Gyroscope, Origin, Time
from train.data.guesses import axes


def is_edge_impulse(header: Sequence[str], names: Sequence[str]) -> bool:
    """Whether files with these names, of which one has this header, are Edge Impulse's."""
    labelled = all(len(PurePosixPath(name).name.split(".")) > 2 for name in names)
    return labelled and bool(header) and header[0].casefold() == "timestamp" and bool(axes(header))


def description_of(header: Sequence[str]) -> DatasetFile:
    """What a dataset.toml would say of such files."""
    columns = {kind: tuple(header[place] for place in places) for kind, places in axes(header).items()}
    acceleration, rate = columns.get("accelerometer"), columns.get("gyroscope")
    return DatasetFile(
        time=Time(column=header[0], unit="ms"),
        accelerometer=Accelerometer((acceleration[0], acceleration[1], acceleration[2]), "m/s2")
        if acceleration
        else None,
        gyroscope=Gyroscope((rate[0], rate[1], rate[2]), "deg/s") if rate else None,
        label=Origin(file_name="{label}.*"),
    )
