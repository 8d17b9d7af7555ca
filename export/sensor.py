"""The sensor of a run: the one that is named, else the one that recorded its data set, or replays it."""

from dataclasses import replace

from scl.artifacts import InputError
from scl.artifacts.run import RunInfo
from scl.frontend.resampler import design
from scl.frontend.sensor import REPLAYS, Sensor, load_sensor
from train.data.registry import data_set


def sensor_for(info: RunInfo, named: str | None) -> Sensor:
    """The parts of a run's sensor that its model needs. Recordings are replayed at the model's rate.

    Args:
        named: a shipped sensor file's name or a path; None: the data set's own.

    Raises InputError if the sensor lacks a part, counts other units or has a rate that cannot become the model's.
    """
    window, name = info.window, named or data_set(info.data.name).sensor
    sensor = load_sensor(name).select([part.kind for part in info.sensors])
    if name in REPLAYS:
        sensor = replace(sensor, rate_hz=window.rate_hz)
    units = [part.si_unit for part in sensor.parts for _ in range(part.axes)]
    if tuple(units) != window.units:
        raise InputError(
            f"sensor {sensor.name}: gives {', '.join(units)}, but the model was trained on "
            f"{', '.join(window.units)}; choose another with --sensor"
        )
    design(sensor.rate_hz, window.rate_hz)
    return sensor
