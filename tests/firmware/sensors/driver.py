"""A driver of firmware/src/sensors, compiled for this computer, on a made-up part."""

import ctypes

import numpy as np

from tests.firmware.sensors.fake_parts import Bmi270, CBus, Lsm6ds3, Lsm6dso, Max30003, Part

OK, BUS, IDENTITY, SETTING, START, DATA = range(6)


SLEEP = {"lsm6ds3": 104, "lsm6dso": 104, "bmi270": 100, "max30003": 512}


CONFIGURATION = bytes(np.random.default_rng(3).integers(0, 256, 8192, np.uint8))


class ImuSettings(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint16) for name in ("rate_hz", "g", "dps")]


class EcgSettings(ctypes.Structure):
    _fields_ = [(name, ctypes.c_uint16) for name in ("rate_hz", "gain")]


class Driver:
    """A driver of the library on a part."""

    def __init__(self, library: ctypes.CDLL, name: str, part: Part) -> None:
        self.library, self.name, self.part = library, "lsm6ds3" if name == "lsm6dso" else name, part
        self.ecg = name == "max30003"
        self.bus: CBus = part.bus()
        self.state = ctypes.create_string_buffer(128)

    def call(self, function: str, *arguments: object) -> int:
        return getattr(self.library, f"scl_{self.name}_{function}")(self.state, *arguments)

    def start(self, rate: int | None = None, g: int = 4, dps: int = 2000, size: int = 8192) -> int:
        rate = SLEEP[self.name] if rate is None else rate
        if self.ecg:
            return self.call("start", ctypes.byref(self.bus), EcgSettings(rate, g if g != 4 else 20))
        more = (CONFIGURATION, ctypes.c_size_t(size)) if self.name == "bmi270" else ()
        return self.call("start", ctypes.byref(self.bus), ImuSettings(rate, g, dps), *more)

    def read(self) -> tuple[int, int, list[int]]:
        """The error, `taken` and the counts."""
        counts, taken = (ctypes.c_int16 * 6)(), ctypes.c_uint32(99)
        error = self.call("read", counts, ctypes.byref(taken))
        return error, taken.value, list(counts)[: 1 if self.ecg else 6]


PARTS = {
    "lsm6ds3": Lsm6ds3,
    "lsm6dso": Lsm6dso,
    "bmi270": lambda **options: Bmi270(CONFIGURATION, **options),
    "max30003": Max30003,
}


def feed(part: Part, number: int) -> list[int]:
    """Gives the part a sample, and returns the counts that are to come of it."""
    values = [(-1) ** i * (1000 * number + i) for i in range(6)]
    if isinstance(part, Max30003):
        part.ecg(-4000 * number + 3)
        return [(-4000 * number + 3) >> 2]
    (part.frame if isinstance(part, Bmi270) else part.sample)(tuple(values[:3]), tuple(values[3:]))
    return values
