"""The C front end against scalar single precision written out in loops, as the comment in frontend.h says."""

import ctypes
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

F = np.float32
MAX_CHANNELS, MAX_SENSORS, MAX_PHASE_TAPS = 6, 2, 256


class CSensor(ctypes.Structure):
    """scl_sensor of frontend.h."""

    _fields_ = [
        ("axes", ctypes.c_uint8),
        ("unit_per_count", ctypes.c_float),
        ("bias", ctypes.c_float * 3),
        ("alignment", ctypes.c_float * 9),
    ]


class CConfig(ctypes.Structure):
    """scl_frontend_config of frontend.h."""

    _fields_ = [
        ("sensor_count", ctypes.c_uint8),
        ("channels", ctypes.c_uint8),
        *((name, ctypes.c_uint16) for name in ("raw_samples", "window", "up", "down", "phase_taps")),
        *((name, ctypes.c_void_p) for name in ("coefficients", "mean", "inv_std")),
        ("inv_input_scale", ctypes.c_float),
        ("input_zero_point", ctypes.c_int16),
        ("sensors", ctypes.POINTER(CSensor)),
    ]


class CFrontend(ctypes.Structure):
    """scl_frontend of frontend.h."""

    _fields_ = [
        ("config", ctypes.POINTER(CConfig)),
        ("calibration", CSensor * MAX_SENSORS),
        ("delay", ctypes.c_float * (MAX_PHASE_TAPS * MAX_CHANNELS)),
        ("delay_head", ctypes.c_uint16),
        ("phase", ctypes.c_uint32),
        ("primed", ctypes.c_uint8),
        ("saturated", ctypes.c_uint8),
    ]


@dataclass(frozen=True)
class Sensor:
    unit: np.float32
    bias: np.ndarray  # float32 (axes,)
    alignment: np.ndarray  # float32 (axes, axes)

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
            target.bias[: sensor.axes], target.alignment[:] = sensor.bias.tolist(), alignment.ravel().tolist()
        self.config = CConfig(
            sensor_count=len(sensors),
            channels=settings.channels,
            up=settings.up,
            down=settings.down,
            phase_taps=settings.coefficients.shape[1],
            coefficients=settings.coefficients.ctypes.data,
            mean=settings.mean.ctypes.data,
            inv_std=settings.inv_std.ctypes.data,
            inv_input_scale=settings.inv_input_scale,
            input_zero_point=settings.zero_point,
            sensors=sensors,
        )
        ctypes.memset(ctypes.byref(self.state), 0xAA, ctypes.sizeof(self.state))  # init must not rely on zeroed memory
        engine.scl_frontend_init(ctypes.byref(self.state), ctypes.byref(self.config))

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
            assert out[channels] == 77 and (made == 1 or (made == 0 and np.all(out == 77)))
            rows.extend([out[:channels]] * made)
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


def quantized(settings: Settings, samples: list[list[np.float32]]) -> np.ndarray:
    """Steps 4 and 5; Python's round is half to even."""
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


RATIOS = [(1, 1, 0), (1, 5, 40), (5, 26, 64), (20, 119, 72), (1, 2, 1), (3, 4, MAX_PHASE_TAPS)]


@pytest.mark.parametrize("axes", [(3, 3), (3,), (1,), (1, 3)])
@pytest.mark.parametrize(("up", "down", "taps"), RATIOS)
def test_equals_scalar_single_precision(engine, up, down, taps, axes):
    """100, 104 and 119 Hz to 20 Hz among the ratios; longer than the delay line, so that it wraps."""
    rng = np.random.default_rng([up, down, taps, len(axes)])
    settings = random_settings(rng, up, down, taps, axes)
    n = max(2 * taps + 9, 150)
    counts = random_counts(rng, n, settings.channels)
    expected = quantized(settings, resampled(settings, counts))
    assert len(expected) == -(-n * up // down)
    np.testing.assert_array_equal(Board(engine, settings).push(counts), expected)


@pytest.mark.parametrize(("up", "down", "taps"), [(1, 1, 0), (1, 5, 40), (5, 26, 64), (20, 119, 72)])
def test_every_bit_before_quantization(engine, up, down, taps):
    """int8 hides low bits: subtract the expected sample and blow up what is left, and only an equal one gives zero."""
    rng = np.random.default_rng([up, down])
    settings = random_settings(rng, up, down, taps)
    counts = random_counts(rng, 90, 6)
    expected = resampled(settings, counts)
    for m, sample in enumerate(expected):
        probe = replace(settings, mean=np.array(sample, F), inv_std=np.ones(6, F), inv_input_scale=1e30, zero_point=5)
        np.testing.assert_array_equal(Board(engine, probe).push(counts)[m], [5] * 6)


def one_channel(**options) -> Settings:
    return Settings((Sensor(F(0.5), np.zeros(1, F), np.ones((1, 1), F)),), **options)


@pytest.mark.parametrize("zero_point", [-128, -3, 0, 127])
def test_rounds_half_to_even_and_clamps(engine, zero_point):
    """Every half step of +-600 and the limits of int16, against exact integers."""
    counts = np.concatenate([np.arange(-1200, 1201), [-32768, 32767]]).astype(np.int16)[:, None]
    whole, half = np.divmod(counts[:, 0].astype(int), 2)
    even = whole + (half & whole & 1)
    values = Board(engine, one_channel(zero_point=zero_point)).push(counts)[:, 0]
    np.testing.assert_array_equal(values, np.clip(np.clip(even, -512, 512) + zero_point, -128, 127))


def test_infinity_and_nan_are_defined(engine):
    """A calibration that is not finite must not become undefined behaviour."""
    board = Board(engine, one_channel(zero_point=1))
    for bias, value in [(-np.inf, 127), (np.inf, -128), (np.nan, -128)]:
        board.calibrate(np.array([bias, 1]))
        assert board.push(np.array([[100]])) == value


@pytest.mark.parametrize(("value", "flag"), [(32767, 1), (-32768, 1), (32766, 0), (-32767, 0)])
@pytest.mark.parametrize("channel", range(6))
def test_saturated_from_a_limit_until_reset(engine, value, flag, channel):
    board = Board(engine, random_settings(np.random.default_rng(0), 1, 5, 8))
    counts = np.zeros((12, 6), np.int16)
    counts[3, channel] = value
    board.push(counts)
    assert board.state.saturated == flag
    board.reset()
    assert board.state.saturated == 0


def test_constant_input_is_steady_from_the_first_output(engine):
    """The delay line starts as if the sensor had been at rest."""
    board = Board(engine, random_settings(np.random.default_rng(3), 5, 26, 64))
    values = board.push(np.tile(np.array([[900, -1200, 4000, 10, 20, -30]], np.int16), (400, 1)))
    assert len(values) == 77
    assert np.ptp(values.astype(int), axis=0).max() <= 1  # the phases of the filter differ a little in gain


def test_reset_starts_anew_and_keeps_the_calibration(engine):
    rng = np.random.default_rng(4)
    settings = random_settings(rng, 5, 26, 64)
    unit = tuple(replace(s, bias=s.bias + F(0.3), alignment=s.alignment * F(1.01)) for s in settings.sensors)
    counts = random_counts(rng, 100, 6)
    board = Board(engine, settings)
    nominal = board.push(counts)
    board.calibrate(np.concatenate([np.concatenate([s.bias, s.alignment.ravel()]) for s in unit]))
    expected = quantized(settings, resampled(replace(settings, sensors=unit), counts))
    assert not np.array_equal(expected, nominal)
    for _ in range(2):
        board.reset()
        np.testing.assert_array_equal(board.push(counts), expected)
    board.engine.scl_frontend_init(ctypes.byref(board.state), ctypes.byref(board.config))
    np.testing.assert_array_equal(board.push(counts), nominal)
