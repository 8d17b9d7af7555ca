"""What a package's example with a sensor of the board's own is set to: the bundle's sensor file in a driver's words."""

import math
from dataclasses import dataclass, replace

from scl.artifacts.manifest import BundleManifest
from scl.frontend.sensor import G, Part, Sensor

RANGES_DPS = (125, 250, 500, 1000, 2000)
IMU = (("accelerometer", 3, "m/s^2"), ("gyroscope", 3, "rad/s"))  # kind, axes and unit of each part
ECG = (("ecg", 1, "mV"),)
ECG_SHIFT = 2  # bits of a sample that the driver drops
FULL_SCALE_V = 1.0  # of the MAX30003's 18 bits, at a gain of 1
TOLERANCE = 0.05  # of a part's sensitivity, as data sheets have it


@dataclass(frozen=True)
class Driver:
    """A driver of firmware/src/sensors: what its part can be set to.

    Attributes:
        layout: the parts that it reads, in the order of its counts.
        g, dps, gain: its ranges.
        turn: full scale of the gyroscope by the range's name.
    """

    name: str
    layout: tuple[tuple[str, int, str], ...]
    rates_hz: tuple[int, ...]
    g: tuple[int, ...] = (2, 4, 8, 16)
    dps: tuple[int, ...] = (250, 500, 1000, 2000)
    gain: tuple[int, ...] = (20, 40, 80, 160)
    turn: float = 1.0


LSM6DS3 = Driver("lsm6ds3", IMU, (26, 52, 104, 208, 416, 833), turn=32768 * 35e-6)  # 35 mdps per count at 1000 dps
BMI270 = Driver("bmi270", IMU, (25, 50, 100, 200, 400, 800), dps=RANGES_DPS)
MAX30003 = Driver("max30003", ECG, (128, 256, 512))
DRIVERS = {"lsm6ds3": LSM6DS3, "lsm6dso": LSM6DS3, "bmi270": BMI270, "max30003": MAX30003}  # by a sensor file's name
LIVE = {"arduino": "examples/live", "zephyr": "samples/live"}  # where the example lies, by build system


@dataclass(frozen=True)
class OwnSensor:
    """A sensor in the words of the templates.

    Attributes:
        driver: one of firmware/src/sensors that gives these parts in this order, at this rate and in these ranges; ""
            if none does.
        imu: an accelerometer, alone or before a gyroscope, as Zephyr's sensor API gives them.
        rate_hz: of its samples, a whole number; period_us: from one to the next.
        g, dps: full scales of accelerometer and gyroscope; gain: V/V, of an ECG.
    """

    driver: str
    imu: bool
    rate_hz: int
    period_us: int
    g: int
    dps: int
    gain: int

    def fits(self, target: str) -> bool:
        """Whether the example of a build system is for this sensor."""
        return bool(self.driver) if target == "arduino" else self.imu

    def words(self) -> dict[str, str]:
        names = ("driver", "rate_hz", "period_us", "g", "dps", "gain")
        return {name: str(getattr(self, name)) for name in names}


def own_sensor(manifest: BundleManifest) -> OwnSensor:
    """Of a bundle; of one without a front end, none."""
    if manifest.frontend is None:
        return OwnSensor("", False, 0, 0, 0, 0, 0)
    return settings_of(manifest.frontend.sensor)


def settings_of(sensor: Sensor) -> OwnSensor:
    """Of a sensor file."""
    layout = _layout(sensor)
    scales = {part.kind: 32768 * part.unit_per_count for part in sensor.parts}
    g = round(scales.get("accelerometer", 0.0) / G)
    dps = math.degrees(scales.get("gyroscope", 0.0))  # of ST's parts a seventh more than the range's name
    own = OwnSensor(
        driver="",
        imu=layout in (IMU[:1], IMU),
        rate_hz=round(sensor.rate_hz),
        period_us=round(1e6 / sensor.rate_hz),
        g=g,
        dps=max((known for known in RANGES_DPS if known <= dps * 1.01), default=0),
        gain=round(_gain(sensor.parts[0])) if layout == ECG else 0,
    )
    driver = DRIVERS.get(sensor.name.lower())
    return replace(own, driver=driver.name) if driver and _serves(driver, own, sensor) else own


def _layout(sensor: Sensor) -> tuple[tuple[str, int, str], ...]:
    return tuple((part.kind, part.axes, part.si_unit) for part in sensor.parts)


def _gain(lead: Part) -> float:
    """V/V, of a MAX30003 whose counts are those of the sensor file."""
    return 1000 * FULL_SCALE_V / (1 << 17) * (1 << lead.shift) / lead.unit_per_count


def _serves(driver: Driver, own: OwnSensor, sensor: Sensor) -> bool:
    """Whether a driver's part, set as `own` says, gives the counts of the sensor file."""
    if _layout(sensor) != driver.layout or sensor.rate_hz not in driver.rates_hz:
        return False
    if driver.layout == ECG:
        (lead,) = sensor.parts
        return lead.shift == ECG_SHIFT and own.gain in driver.gain and _near(_gain(lead), own.gain)
    acceleration, turn = (32768 * part.unit_per_count for part in sensor.parts)
    return (
        own.g in driver.g
        and own.dps in driver.dps
        and _near(acceleration / G, own.g)
        and _near(math.degrees(turn), own.dps * driver.turn)
    )


def _near(value: float, nominal: float) -> bool:
    return abs(value / nominal - 1) <= TOLERANCE
