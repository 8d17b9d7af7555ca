"""Recordings of another set as a model's windows have them: against closed forms."""

from dataclasses import replace

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.artifacts.run import WindowInfo
from train.data.fitting import at_rate, with_channels
from train.data.recordings import Block, Recordings

ACCEL = WindowInfo(40, 20.0, ("ax", "ay", "az"), ("m/s^2",) * 3)
HZ = 0.5  # of the movement


def recordings(channels: tuple[str, ...], units: tuple[str, ...], rate_hz: float) -> Recordings:
    """Channel i is a sine of amplitude i + 1."""
    t = np.arange(round(10 * rate_hz)) / rate_hz
    x = np.stack([(i + 1) * np.sin(2 * np.pi * HZ * t) for i in range(len(channels))]).astype(np.float32)
    half = len(channels) // 2
    sensors = (("gyroscope", tuple(range(half))), ("accelerometer", tuple(range(half, len(channels)))))
    return Recordings("other", rate_hz, 2.0, channels, units, sensors, ("a",), (Block(7, 0, x),), "0" * 64)


def test_channels_are_taken_by_name() -> None:
    six = ("gx", "gy", "gz", "az", "ax", "ay")
    everything = recordings(six, ("rad/s",) * 3 + ("m/s^2",) * 3, 20.0)
    fitted = with_channels(everything, ACCEL)
    assert fitted.channels == ACCEL.channels and fitted.units == ACCEL.units
    assert fitted.sensors == (("accelerometer", (0, 1, 2)),)
    for row, name in enumerate(ACCEL.channels):
        np.testing.assert_array_equal(fitted.blocks[0].x[row], everything.blocks[0].x[six.index(name)])
    assert fitted.blocks[0].group == 7 and with_channels(fitted, ACCEL) is fitted


def test_what_does_not_fit_is_said_with_both_sides() -> None:
    axes, units = ("ax", "ay", "az"), ("m/s^2",) * 3
    with pytest.raises(InputError, match="has ax in g, ay in g, az in g, the run needs ax in m/s.2.*in its units"):
        with_channels(recordings(axes, ("g",) * 3, 20.0), ACCEL)
    with pytest.raises(InputError, match="has ax in m/s.2, ay in m/s.2, the run needs"):
        with_channels(recordings(axes[:2], units[:2], 20.0), ACCEL)
    with pytest.raises(
        InputError, match="12.5 samples per second, the run needs 20: .* give recordings of 20 Hz or more"
    ):
        with_channels(recordings(axes, units, 12.5), ACCEL)
    assert with_channels(recordings(axes, units, 20.0 * (1 - 1e-9)), ACCEL)
    interpolated = replace(recordings(axes, units, 20.0), report={"rates_hz": {"50": 3, "16": 1}})
    with pytest.raises(InputError, match="other: has 16 samples per second"):
        with_channels(interpolated, ACCEL)


@pytest.mark.parametrize("rate_hz", [25.0, 50.0, 104.0])
def test_faster_recordings_are_resampled(rate_hz: float) -> None:
    """A slow sine comes out as the same sine at the new rate."""
    found = at_rate(recordings(("ax", "ay", "az"), ("m/s^2",) * 3, rate_hz), 20.0)
    x = found.blocks[0].x
    assert found.rate_hz == 20 and abs(x.shape[1] - 200) <= 1 and x.dtype == np.float32
    expected = np.sin(2 * np.pi * HZ * np.arange(x.shape[1]) / 20)
    for row in range(3):
        np.testing.assert_allclose(x[row, 5:-5], (row + 1) * expected[5:-5], atol=0.02 * (row + 1))
    assert at_rate(found, 20.0) is found
