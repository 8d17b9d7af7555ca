"""What a package's example with a sensor of the board's own is set to: the bundle's sensor file in a driver's words."""

import math
from dataclasses import dataclass

from scl.artifacts.manifest import BundleManifest
from scl.frontend.sensor import Sensor

STANDARD_GRAVITY = 9.80665
RANGES_DPS = (125, 250, 500, 1000, 2000)
PARTS = {
    "lsm6ds3": "lsm6ds3",
    "lsm6dso": "lsm6ds3",
    "bmi270": "bmi270",
    "max30003": "max30003",
}  # driver in firmware/src/sensors by the name of a sensor file
LIVE = {"arduino": "examples/live", "zephyr": "samples/live"}  # where the example lies, by build system


@dataclass(frozen=True)
class OwnSensor:
    """A sensor in the words of the templates.

    Attributes:
        driver: one of firmware/src/sensors, "" if none has this sensor.
        imu: its parts have three axes each, as Zephyr's sensor API gives them.
        rate_hz: of its samples, a whole number; period_us: from one to the next.
        g, dps: full scales of accelerometer and gyroscope.
    """

    driver: str
    imu: bool
    rate_hz: int
    period_us: int
    g: int
    dps: int

    def fits(self, target: str) -> bool:
        """Whether the example of a build system is for this sensor."""
        return bool(self.driver) if target == "arduino" else self.imu

    def words(self) -> dict[str, str]:
        names = ("driver", "rate_hz", "period_us", "g", "dps")
        return {name: str(getattr(self, name)) for name in names}


def own_sensor(manifest: BundleManifest) -> OwnSensor:
    """Of a bundle; of one without a front end, none."""
    if manifest.frontend is None:
        return OwnSensor("", False, 0, 0, 0, 0)
    return settings_of(manifest.frontend.sensor)


def settings_of(sensor: Sensor) -> OwnSensor:
    """Of a sensor file."""
    scales = {part.kind: 32768 * part.unit_per_count for part in sensor.parts}
    g = round(scales.get("accelerometer", 0.0) / STANDARD_GRAVITY)
    dps = math.degrees(scales.get("gyroscope", 0.0))  # of ST's parts a seventh more than the range's name
    return OwnSensor(
        driver=PARTS.get(sensor.name.lower(), ""),
        imu=all(part.axes == 3 for part in sensor.parts),
        rate_hz=round(sensor.rate_hz),
        period_us=round(1e6 / sensor.rate_hz),
        g=g,
        dps=max((known for known in RANGES_DPS if known <= dps * 1.01), default=0),
    )
