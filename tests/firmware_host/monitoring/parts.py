"""What tests of the monitor share: a clock, an answer, a turn, and a sensor whose axes and scales are all different."""

import math

import numpy as np

from firmware_host.monitoring.answers import Reading
from firmware_host.monitoring.messages import Turn
from scl.frontend.sensor import Part, Sensor
from tests.bundles import LABELS

ODD = Sensor(
    "odd",
    50.0,
    (
        Part(
            "accelerometer", 3, 0.0047, (0.2, -0.1, 0.4), ((1.02, 0.01, 0), (0, 0.97, -0.02), (0.01, 0, 1)), "m/s^2", ""
        ),
        Part("ecg", 1, 0.001, (0.5,), ((1.0,),), "mV", ""),
        Part("gyroscope", 3, 0.00107, (0.0, 0.01, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)), "rad/s", ""),
    ),
)


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


def reading(code=0, features=(1.0, 0.0, 0.0, 0.0, 0.0), share=0.5):
    shares = np.full(3, (1 - share) / 2)
    shares[max(code, 0)] = share
    name, confidence = (LABELS[code], share) if code >= 0 else ("abstained", None)
    return Reading(code, name, confidence, shares, shares, np.array(features), False, False)


def about_axis(axis, degrees):
    half = math.radians(degrees) / 2
    return Turn("turn", (math.cos(half), *(math.sin(half) * part for part in axis)))
