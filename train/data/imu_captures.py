"""Capture files, which firmware_host.capture writes, as tables of an IMU folder: counts to SI units through the sensor
file that they name, shipped or beside them.
"""

from pathlib import Path

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.capture import Capture, parse_capture
from scl.frontend.sensor import Sensor, load_sensor, shipped
from scl.frontend.si_units import to_si
from train.data.dataset_file import DatasetFile
from train.data.imu_table import KINDS, Names, Table, of_whole_file


def sensor_file(capture_sensor: str, folder: Path) -> str | Path:
    """What `load_sensor` takes: the name of a shipped sensor, or a file in the data set's folder."""
    return capture_sensor if capture_sensor in shipped() else folder / f"{capture_sensor}.toml"


def read_capture_table(data: bytes, name: str, description: DatasetFile, folder: Path, where: Path) -> Table:
    """Reads a capture; dataset.toml's subject and label come before the file's own.

    Raises InputError where it is no whole capture, or its sensor file is missing.
    """
    path = folder / name
    capture = parse_capture(path, data)
    sensor, order = _sensor(capture, folder, path)
    known = {part: of_whole_file(description, part, name, where) for part in ("subject", "label")}
    labels = _labels(capture) if known["label"] is None else Names.same(known["label"], len(capture.counts))
    return Table(
        name=name,
        kinds=tuple(part.kind for part in sensor.parts),
        values=to_si(capture.counts[None, :, order], sensor)[0].astype(np.float64),
        times_s=None,
        rate_hz=capture.rate_hz,
        subjects=Names.same(known["subject"] or capture.subject or None, len(capture.counts)),
        labels=labels,
        lost=capture.dropped,
    )


def _labels(capture: Capture) -> Names:
    names = tuple(sorted(set(capture.label) - {""}))
    if not names:
        return Names.same(None, len(capture.counts))
    number = {name: code for code, name in enumerate(names)} | {"": -1}
    return Names(np.array([number[label] for label in capture.label]), names)


def _sensor(capture: Capture, folder: Path, path: Path) -> tuple[Sensor, list[int]]:
    """The parts of the capture's sensor that an IMU has, the accelerometer first, and their columns."""
    file = sensor_file(capture.sensor, folder)
    try:
        sensor = load_sensor(file)
    except InputError as error:
        raise InputError(
            f"{path}: was captured from {capture.sensor!r}, whose sensor file is not at hand ({error}); put it beside "
            f"the recordings as {capture.sensor}.toml"
        ) from error
    kinds = [kind for kind in KINDS if kind in sensor.slices]
    columns = {kind: list(range(*sensor.slices[kind].indices(sensor.channels))) for kind in kinds}
    if len(capture.channels) != sensor.channels:
        # Of a model that needs a part of the sensor, whose channels begin with the part's letter.
        columns = {
            kind: [place for place, name in enumerate(capture.channels) if name.lower().startswith(KINDS[kind][0])]
            for kind in kinds
        }
        kinds = [kind for kind in kinds if columns[kind]]
    order = [place for kind in kinds for place in columns[kind]]
    if not kinds or any(len(columns[kind]) != 3 for kind in kinds):
        raise InputError(
            f"{path}: has channels {', '.join(capture.channels)} of {capture.sensor}, expected three of an "
            "accelerometer, of a gyroscope or of both; remove the file"
        )
    return sensor.select(kinds), order
