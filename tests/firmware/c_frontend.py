"""The C front end called through ctypes, and the same in scalar single precision, written out in loops as frontend.h
says.
"""

import ctypes
from dataclasses import dataclass, field

import numpy as np

F = np.float32
MAX_CHANNELS, MAX_SENSORS, MAX_SECTIONS = 6, 2, 2
GUARD = 77.0  # behind the delay line


class CSensor(ctypes.Structure):
    """scl_sensor of frontend.h."""

    _fields_ = [
        ("axes", ctypes.c_uint8),
        ("unit_per_count", ctypes.c_float),
        ("bias", ctypes.c_float * 3),
        ("alignment", ctypes.c_float * 9),
        ("count_min", ctypes.c_int16),
        ("count_max", ctypes.c_int16),
    ]


class CConfig(ctypes.Structure):
    """scl_frontend_config of frontend.h."""

    _fields_ = [
        ("sensor_count", ctypes.c_uint8),
        ("channels", ctypes.c_uint8),
        *((name, ctypes.c_uint16) for name in ("raw_samples", "window", "up", "down", "phase_taps")),
        ("coefficients", ctypes.c_void_p),
        ("section_count", ctypes.c_uint8),
        *((name, ctypes.c_void_p) for name in ("sections", "steady")),
        ("lead_off_samples", ctypes.c_uint16),
        ("invariant", ctypes.c_bool),
        ("inputs", ctypes.c_uint8),
        *((name, ctypes.c_float) for name in ("fast", "slow")),
        *((name, ctypes.c_void_p) for name in ("mean", "inv_std")),
        ("inv_input_scale", ctypes.c_float),
        ("input_zero_point", ctypes.c_int16),
        ("sensors", ctypes.POINTER(CSensor)),
    ]


class CFrontend(ctypes.Structure):
    """scl_frontend of frontend.h."""

    _fields_ = [
        ("config", ctypes.POINTER(CConfig)),
        ("calibration", CSensor * MAX_SENSORS),
        ("delay", ctypes.c_void_p),
        ("delay_head", ctypes.c_uint16),
        ("phase", ctypes.c_uint32),
        ("primed", ctypes.c_bool),
        ("settled", ctypes.c_bool),
        ("invariants", ctypes.c_float * 15),
        ("state", ctypes.c_float * (MAX_SECTIONS * MAX_CHANNELS * 2)),
        ("held", ctypes.c_int16 * MAX_CHANNELS),
        ("still", ctypes.c_uint16 * MAX_CHANNELS),
        ("saturated", ctypes.c_bool),
        ("lead_off", ctypes.c_bool),
    ]


@dataclass(frozen=True)
class Sensor:
    unit: np.float32
    bias: np.ndarray  # float32 (axes,)
    alignment: np.ndarray  # float32 (axes, axes)
    rails: tuple[int, int] = (-32768, 32767)

    @property
    def axes(self) -> int:
        return len(self.bias)


@dataclass(frozen=True)
class Settings:
    sensors: tuple[Sensor, ...]
    up: int = 1
    down: int = 1
    coefficients: np.ndarray = field(default_factory=lambda: np.zeros((1, 0), F))  # float32 (up, phase_taps)
    mean: np.ndarray = field(default_factory=lambda: np.zeros(MAX_CHANNELS, F))
    inv_std: np.ndarray = field(default_factory=lambda: np.ones(MAX_CHANNELS, F))
    inv_input_scale: float = 1.0
    zero_point: int = 0
    sections: np.ndarray = field(default_factory=lambda: np.zeros((0, 5), F))
    steady: np.ndarray = field(default_factory=lambda: np.zeros((0, 2), F))
    lead_off: int = 0

    @property
    def channels(self) -> int:
        return sum(s.axes for s in self.sensors)


class Board:
    """The C front end with settings."""

    def __init__(self, engine, settings: Settings):
        self.engine, self.settings, self.state = engine, settings, CFrontend()
        sensors = (CSensor * len(settings.sensors))()
        for target, sensor in zip(sensors, settings.sensors, strict=True):
            alignment = np.zeros((3, 3), F)
            alignment[: sensor.axes, : sensor.axes] = sensor.alignment
            target.axes, target.unit_per_count = sensor.axes, sensor.unit
            target.count_min, target.count_max = sensor.rails
            target.bias[: sensor.axes], target.alignment[:] = sensor.bias.tolist(), alignment.ravel().tolist()
        self.config = CConfig(
            sensor_count=len(sensors),
            channels=settings.channels,
            up=settings.up,
            down=settings.down,
            phase_taps=settings.coefficients.shape[1],
            coefficients=settings.coefficients.ctypes.data,
            section_count=len(settings.sections),
            sections=settings.sections.ctypes.data,
            steady=settings.steady.ctypes.data,
            lead_off_samples=settings.lead_off,
            inputs=settings.channels,
            mean=settings.mean.ctypes.data,
            inv_std=settings.inv_std.ctypes.data,
            inv_input_scale=settings.inv_input_scale,
            input_zero_point=settings.zero_point,
            sensors=sensors,
        )
        self.delay = np.full(settings.coefficients.shape[1] * settings.channels + 1, GUARD, F)
        ctypes.memset(ctypes.byref(self.state), 0xAA, ctypes.sizeof(self.state))  # init must not rely on zeroed memory
        self.init()

    def init(self) -> None:
        delay = ctypes.c_void_p(self.delay.ctypes.data) if len(self.delay) > 1 else None
        self.engine.scl_frontend_init(ctypes.byref(self.state), ctypes.byref(self.config), delay)

    def reset(self) -> None:
        self.engine.scl_frontend_reset(ctypes.byref(self.state))

    def calibrate(self, values: np.ndarray) -> None:
        values = np.ascontiguousarray(values, F)
        self.engine.scl_frontend_calibrate(ctypes.byref(self.state), values.ctypes.data_as(ctypes.c_void_p))

    def push(self, counts: np.ndarray) -> np.ndarray:
        """counts int16 (n, channels) -> int8 (outputs, channels)."""
        counts = np.ascontiguousarray(counts, np.int16)
        channels, rows = self.settings.channels, []
        for row in counts:
            out = np.full(channels + 1, 77, np.int8)
            made = self.engine.scl_frontend_push(
                ctypes.byref(self.state), row.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p)
            )
            assert out[channels] == 77 and (made or np.all(out == 77))
            rows.extend([out[:channels]] * made)
        assert self.delay[-1] == GUARD
        return np.array(rows, np.int8).reshape(-1, channels)


def calibrated(sensors: tuple[Sensor, ...], counts: np.ndarray) -> list[np.float32]:
    """Steps 1 and 2 for one sample."""
    result, at = [], 0
    for s in sensors:
        d = [F(counts[at + i]) * s.unit - s.bias[i] for i in range(s.axes)]
        for row in s.alignment:
            result.append((row[0] * d[0] + row[1] * d[1]) + row[2] * d[2] if s.axes == 3 else row[0] * d[0])
        at += s.axes
    return result


def resampled(settings: Settings, counts: np.ndarray) -> list[list[np.float32]]:
    """Steps 1 to 3, each output from its own formula: no delay line, no running phase."""
    x = [calibrated(settings.sensors, row) for row in counts]
    if settings.up == settings.down == 1:
        return x
    outputs, h = [], settings.coefficients
    while (newest := len(outputs) * settings.down // settings.up) < len(x):
        phase = len(outputs) * settings.down % settings.up
        y = [F(0)] * settings.channels
        for c in range(settings.channels):
            for k in range(h.shape[1]):
                y[c] = y[c] + h[phase, k] * x[max(newest - k, 0)][c]
        outputs.append(y)
    return outputs


def band_passed(settings: Settings, samples: list[list[np.float32]]) -> list[list[np.float32]]:
    """Step 4, one section after the other over the whole signal."""
    columns = [list(column) for column in zip(*samples, strict=True)]
    for column in columns:
        first = column[0]
        for (b0, b1, b2, a1, a2), (s1, s2) in zip(settings.sections, settings.steady, strict=True):
            z1, z2 = first * s1, first * s2
            for t, x in enumerate(column):
                y = b0 * x + z1
                z1 = (b1 * x - a1 * y) + z2
                z2 = b2 * x - a2 * y
                column[t] = y
    return [list(row) for row in zip(*columns, strict=True)]


def quantized(settings: Settings, samples: list[list[np.float32]]) -> np.ndarray:
    """Steps 5 and 6; Python's round is half to even."""
    rows = []
    for sample in samples:
        row = []
        for c, s in enumerate(sample):
            n = (s - settings.mean[c]) * settings.inv_std[c]
            scaled = min(max(n * F(settings.inv_input_scale), F(-512)), F(512))
            row.append(min(max(round(float(scaled)) + settings.zero_point, -128), 127))
        rows.append(row)
    return np.array(rows, np.int8)


def random_settings(rng, up: int, down: int, taps: int, axes: tuple[int, ...] = (3, 3)) -> Settings:
    sensors = []
    for n in axes:
        alignment = (np.eye(n) + rng.normal(0, 0.05, (n, n))).astype(F)
        sensors.append(Sensor(F(rng.uniform(1e-4, 1e-2)), rng.normal(0, 1, n).astype(F), alignment))
    t = np.arange(up * taps) - (up * taps - 1) / 2
    prototype = up * np.sinc(0.8 * t / max(up, down)) * np.hamming(up * taps) * 0.8 / max(up, down)
    return Settings(
        tuple(sensors),
        up,
        down,
        np.ascontiguousarray(prototype.reshape(taps, up).T, F),
        rng.normal(0, 2, sum(axes)).astype(F),
        rng.uniform(0.05, 0.5, sum(axes)).astype(F),
        float(F(rng.uniform(5, 40))),
        int(rng.integers(-128, 128)),
    )


def random_counts(rng, n: int, channels: int) -> np.ndarray:
    """A drifting signal with noise and samples at both int16 limits."""
    walk = np.cumsum(rng.normal(0, 400, (n, channels)), axis=0) + rng.normal(0, 3000, channels)
    counts = np.clip(np.rint(walk), -32768, 32767).astype(np.int16)
    counts[rng.integers(0, n, 4), rng.integers(0, channels, 4)] = [-32768, 32767, -32767, 32766]
    return counts
