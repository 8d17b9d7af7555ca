import math

import pytest

from tests.train.transformations.nuisances.signals import applied, cuts

SI = {"accelerometer": 1.0, "gyroscope": math.radians(1), "ecg": 1.0}


@pytest.mark.parametrize(
    ("kind", "channels"), [("accelerometer", slice(0, 3)), ("gyroscope", slice(3, 6)), ("ecg", slice(0, 1))]
)
def test_white_noise_of_the_deviation_on_the_sensors_channels_alone(kind: str, channels: slice) -> None:
    x = cuts(100, channels=1 if kind == "ecg" else 6)
    noise = applied(f"{kind}-noise", x, 0.5) - x[:, :, :100]
    drawn = noise[:, channels]
    assert float(drawn.std()) == pytest.approx(0.5 * SI[kind], rel=0.03)
    neighbours = (drawn[:, :, 1:] * drawn[:, :, :-1]).mean() / drawn.var()
    assert abs(float(neighbours)) < 0.03
    assert float(noise.abs().sum()) == pytest.approx(float(drawn.abs().sum()))
