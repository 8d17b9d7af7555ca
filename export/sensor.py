"""The sensor of a run: the one that is named, else the one that recorded its data set, or replays it."""

from dataclasses import replace

from scl.artifacts import InputError
from scl.artifacts.run import RunInfo
from scl.frontend.chain import design_front_end
from scl.frontend.resampler import design, nearest_served, served
from scl.frontend.sensor import REPLAYS, Sensor, load_sensor
from train.data.registry import data_set

NEAR = 1.25  # of the model's rate: a higher one is another model


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
    _check_rate(sensor, window.rate_hz)
    # What a front end cannot be made for is refused before minutes of reading; the input's scale is not known yet.
    design_front_end(sensor, window.samples, window.rate_hz, info.normalisation, 1.0, 0, info.frontend)
    return sensor


def _check_rate(sensor: Sensor, model_hz: float) -> None:
    """Raises InputError for a sensor that cannot be brought to the model's rate, with rates near that one that it can
    be brought to; where there are none, `design` says what it takes.
    """
    if served(sensor.rate_hz, model_hz):
        return
    near = [hz for hz in nearest_served(sensor.rate_hz, model_hz) if hz <= NEAR * model_hz]
    if near:
        slower = f": {sensor.name} is slower" if sensor.rate_hz < model_hz else ""
        raise InputError(
            f"a sensor of {sensor.rate_hz:g} Hz cannot be resampled to the model's {model_hz:g} Hz{slower}; train with "
            f"--rate {' or '.join(f'{hz:g}' for hz in near)}, or choose another with --sensor"
        )
    design(sensor.rate_hz, model_hz)
