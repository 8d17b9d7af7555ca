"""A front end for a model from elsewhere, so that it takes a sensor's counts. It is a TOML file:

    sensor = "bmi270"                # a shipped sensor file's name, or a path
    rate_hz = 50                     # of the model's samples
    mean = [0.0, 0.0, 9.8]           # taken off each channel, in SI units (ECG: mV); 0 if left out
    std = [4.0, 4.0, 4.0]            # each channel is divided by it; 1 if left out

The network then sees (x - mean) / std of the sensor's channels, resampled to the model's rate.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from annotated_types import MinLen

from export.network.integers import Affine
from export.network.layers import Tensor
from scl.artifacts import InputError
from scl.artifacts.fields import Hz, Line, Positive, Real
from scl.artifacts.run import Normalisation
from scl.artifacts.toml_files import read_typed_toml
from scl.frontend.chain import design_front_end
from scl.frontend.sensor import load_sensor
from scl.frontend.spec import FrontEndSpec

UNLIMITED = 1e30  # no board clips before its int8 input does


@dataclass(frozen=True)
class FrontEndFile:
    """What the file says."""

    sensor: Line
    rate_hz: Hz
    mean: Annotated[tuple[Real, ...], MinLen(1)] | None = None
    std: Annotated[tuple[Positive, ...], MinLen(1)] | None = None


def designed(path: Path, source: Tensor, scale: Affine) -> FrontEndSpec:
    """The front end that the file `path` asks for, before a network's input.

    Raises InputError if the file is wrong, or sensor, rate and network do not fit together.
    """
    asked = read_typed_toml(path, FrontEndFile, "a front end: sensor and rate_hz, and mean and std of its channels")
    sensor = load_sensor(asked.sensor)
    if sensor.channels != source.channels:
        raise InputError(
            f"{path}: sensor {sensor.name} gives {sensor.channels} channels, the model takes {source.channels}; choose "
            "a sensor file with as many"
        )
    mean, std = asked.mean or (0.0,) * sensor.channels, asked.std or (1.0,) * sensor.channels
    for name, values in (("mean", mean), ("std", std)):
        if len(values) != sensor.channels:
            raise InputError(
                f"{path}: {name} has {len(values)} numbers, expected {sensor.channels}, one for each channel; add or "
                "leave out what is wrong"
            )
    normalisation = Normalisation(mean, std, UNLIMITED)
    return design_front_end(sensor, source.length, asked.rate_hz, normalisation, float(scale.scale), scale.zero_point)
