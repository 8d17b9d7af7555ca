"""Front ends for tests."""

from collections.abc import Sequence

from scl.artifacts.run import InputSteps, Normalisation
from scl.frontend.chain import design_front_end
from scl.frontend.sensor import Sensor
from scl.frontend.spec import FrontEndSpec


def front_end_spec(
    sensor: Sensor,
    window: int,
    rate_hz: float,
    scale: float = 1.0,
    zero_point: int = 0,
    mean: Sequence[float] | None = None,
    std: Sequence[float] | None = None,
    **steps: object,
) -> FrontEndSpec:
    """Of a model of so many samples at a rate; mean 0 and deviation 1 unless given; `steps` are those of a run."""
    mean = [0.0] * sensor.channels if mean is None else mean
    std = [1.0] * len(mean) if std is None else std
    normalisation = Normalisation(tuple(mean), tuple(std), 4.0)
    return design_front_end(sensor, window, rate_hz, normalisation, scale, zero_point, InputSteps(**steps))
