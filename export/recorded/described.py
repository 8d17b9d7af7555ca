"""What a dataset.toml says of a recording: its columns, units and times, who was recorded and what was going on."""

from dataclasses import replace
from pathlib import Path

from export.recorded.reading import Hints
from scl.artifacts import read_bytes, read_toml
from scl.artifacts.toml_files import MOST_BYTES
from scl.frontend.sensor import Sensor
from scl.units import unit_of
from train.data import ecg_dataset_file
from train.data.dataset_file import NAME, read_dataset_file
from train.data.imu_table import of_whole_file

DEPTH = 3  # folders, the recording's own among them, that a description may lie in


def with_description(path: Path, sensor: Sensor, told: Hints) -> tuple[Hints, Path | None]:
    """What the user says, and for the rest what the nearest dataset.toml says, with its path; None: there is none.

    Raises InputError for one that is damaged.
    """
    where = next((one for folder in path.absolute().parents[:DEPTH] if (one := folder / NAME).is_file()), None)
    if where is None:
        return told, None
    ecg = any(part.kind == "ecg" for part in sensor.parts)
    if (read_toml(where, f"a {NAME}").get("kind") == "ecg") != ecg:
        return told, None  # of another signal
    described = _ecg(where) if ecg else _imu(where, path, sensor)
    timed = told.time or told.rate_hz or told.time_column
    labelled = told.label_column is not None
    return (
        replace(
            described,
            columns=told.columns or described.columns,
            units=told.units or described.units,
            time=told.time if timed else described.time,
            rate_hz=told.rate_hz if timed else described.rate_hz,
            time_column=told.time_column or described.time_column,
            label_column=told.label_column or described.label_column,
            label=None if labelled else described.label,
        ),
        where,
    )


def _imu(where: Path, path: Path, sensor: Sensor) -> Hints:
    description = read_dataset_file(where)
    name = path.absolute().relative_to(where.parent).as_posix()
    told = {kind: part for kind, part in description.sensors.items() if kind in {part.kind for part in sensor.parts}}
    columns = tuple(column for part in sensor.parts if part.kind in told for column in told[part.kind].columns)
    label = of_whole_file(description, "label", name, where)
    time = description.time
    return Hints(
        columns=columns or None,
        units=tuple(part.unit for part in told.values()),
        time=None if time is None else time.unit,
        rate_hz=None if time is None else time.rate_hz,
        time_column=None if time is None else time.column,
        label_column=None if label is not None or description.label is None else description.label.column,
        label=label,
        subject=of_whole_file(description, "subject", name, where) or "",
    )


def _ecg(where: Path) -> Hints:
    settings = ecg_dataset_file.read_settings(read_bytes(where, MOST_BYTES, "a dataset.toml"), str(where))
    csv = settings.csv
    columns = (settings.lead,) if isinstance(settings.lead, str) else None
    if csv is None:
        return Hints(columns)
    unit = unit_of(csv.unit)
    return Hints(columns, (unit,) if unit else (), csv.time_unit, csv.rate_hz, csv.time)
