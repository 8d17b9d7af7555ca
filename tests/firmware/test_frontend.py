"""The C front end against scalar single precision written out in loops, as the comment in frontend.h says."""

import ctypes
from dataclasses import dataclass, field, replace

import numpy as np
import pytest

F = np.float32
MAX_CHANNELS, MAX_SENSORS, MAX_PHASE_TAPS, MAX_SECTIONS = 6, 2, 256, 2


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
        *((name, ctypes.c_uint8) for name in ("invariant", "inputs")),
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
        ("delay", ctypes.c_float * (MAX_PHASE_TAPS * MAX_CHANNELS)),
        ("delay_head", ctypes.c_uint16),
        ("phase", ctypes.c_uint32),
        ("primed", ctypes.c_uint8),
        ("settled", ctypes.c_uint8),
        ("invariants", ctypes.c_float * 15),
        ("state", ctypes.c_float * (MAX_SECTIONS * MAX_CHANNELS * 2)),
        ("held", ctypes.c_int16 * MAX_CHANNELS),
        ("still", ctypes.c_uint16 * MAX_CHANNELS),
        ("saturated", ctypes.c_uint8),
        ("lead_off", ctypes.c_uint8),
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
def test_saturated_is_the_sample_at_a_rail(engine, value, flag, channel):
    board = Board(engine, random_settings(np.random.default_rng(0), 1, 5, 8))
    counts = np.zeros((1, 6), np.int16)
    for at, expected in ((0, 0), (value, flag), (0, 0)):
        counts[0, channel] = at
        board.push(counts)
        assert board.state.saturated == expected


def test_every_sensor_has_its_own_rails(engine):
    unit = Sensor(F(1), np.zeros(1, F), np.ones((1, 1), F))
    sensors = replace(unit, rails=(0, 2047)), replace(unit, rails=(-5, 100))
    board = Board(engine, Settings(sensors))
    for counts, expected in (((1, -4), 0), ((0, 0), 1), ((2046, 99), 0), ((2047, 0), 1), ((5, -5), 1), ((5, 100), 1)):
        board.push(np.array([counts], np.int16))
        assert board.state.saturated == expected, counts


def test_lead_off_after_so_many_equal_counts_until_one_differs(engine):
    sensor = Sensor(F(1), np.zeros(1, F), np.ones((1, 1), F))
    board = Board(engine, Settings((sensor, sensor), lead_off=4))
    counts = np.array(
        [[7, 1], [7, 2], [7, 3], [7, 4], [7, 5], [8, 6], [8, 7], [9, 7], [1, 7], [2, 7], [3, 8]], np.int16
    )
    seen = []
    for row in counts:
        board.push(row[None])
        seen.append(board.state.lead_off)
    #      fourth 7 in a row, fifth; an 8; ...       fourth 7 of the other channel, then an 8
    assert seen == [0, 0, 0, 1, 1, 0, 0, 0, 0, 1, 0]
    board.push(np.full((9, 2), 5, np.int16))
    assert board.state.lead_off == 1
    board.reset()
    board.push(np.full((3, 2), 5, np.int16))
    assert board.state.lead_off == 0  # what stood still before the reset does not count
    never = Board(engine, Settings((sensor,)))
    never.push(np.zeros((70_000, 1), np.int16))
    assert never.state.lead_off == 0


def ecg_counts(rng, n: int, rate_hz: float) -> np.ndarray:
    """Spikes once a second on a drifting baseline with noise, 200 counts per mV around 1024."""
    t = np.arange(n) / rate_hz
    spikes = 300 * np.exp(-(((t % 1) - 0.5) ** 2) / (2 * 0.012**2))
    return np.rint(1024 + spikes + 60 * np.sin(2 * np.pi * 0.3 * t) + rng.normal(0, 5, n)).astype(np.int16)[:, None]


def ecg_settings(rate_hz: float) -> Settings:
    """The filters that the exporter designs, their arithmetic is checked here."""
    from scl.frontend import bandpass
    from scl.frontend import resampler as polyphase

    resampler, band = polyphase.design(rate_hz, 180.0), bandpass.design(180.0, 0.5, 40.0)
    sensor = Sensor(F(0.005), np.full(1, 5.12, F), np.ones((1, 1), F), rails=(0, 2047))
    return Settings(
        (sensor,),
        resampler.up,
        resampler.down,
        resampler.coefficients,
        inv_input_scale=60.0,
        sections=band.sections,
        steady=band.steady,
    )


@pytest.mark.parametrize("rate_hz", [180.0, 250.0, 360.0, 512.0])
def test_band_pass_equals_scalar_single_precision(engine, rate_hz):
    settings = ecg_settings(rate_hz)
    counts = ecg_counts(np.random.default_rng(int(rate_hz)), int(3 * rate_hz), rate_hz)
    expected = quantized(settings, band_passed(settings, resampled(settings, counts)))
    board = Board(engine, settings)
    np.testing.assert_array_equal(board.push(counts), expected)
    assert np.ptp(expected) > 100
    board.reset()  # the state starts anew
    np.testing.assert_array_equal(board.push(counts), expected)


@pytest.mark.parametrize("count", [1, 2])
def test_any_sections_on_six_channels(engine, count):
    """Poles within the unit circle, and a steady state of no meaning: each section starts from the input of the first.
    The int8 step is blown up, so that only an equal sample gives the zero point.
    """
    rng = np.random.default_rng(count)
    radius, angle = rng.uniform(0.5, 0.99, count), rng.uniform(0, np.pi, count)
    sections = np.column_stack([rng.normal(0, 1, (count, 3)), -2 * radius * np.cos(angle), radius**2]).astype(F)
    settings = replace(
        random_settings(rng, 5, 26, 64), sections=sections, steady=rng.normal(0, 1, (count, 2)).astype(F)
    )
    counts = random_counts(rng, 200, 6)
    expected = band_passed(settings, resampled(settings, counts))
    assert len(expected) == 39
    for m, sample in enumerate(expected):
        probe = replace(settings, mean=np.array(sample, F), inv_std=np.ones(6, F), inv_input_scale=1e30, zero_point=5)
        np.testing.assert_array_equal(Board(engine, probe).push(counts)[m], [5] * 6)


def test_every_bit_of_the_band_pass(engine):
    """As above, with the int8 step blown up."""
    settings = ecg_settings(360.0)
    counts = ecg_counts(np.random.default_rng(1), 120, 360.0)
    expected = band_passed(settings, resampled(settings, counts))
    for m, sample in enumerate(expected):
        probe = replace(settings, mean=np.array(sample, F), inv_std=np.ones(1, F), inv_input_scale=1e30, zero_point=5)
        assert Board(engine, probe).push(counts)[m] == 5


def test_a_constant_signal_leaves_the_band_pass_at_zero_from_the_start(engine):
    """The high-pass numerator sums to zero exactly, and the state starts steady: nothing rings."""
    settings = replace(ecg_settings(360.0), inv_input_scale=1000.0)  # a step is a microvolt
    values = Board(engine, settings).push(np.full((4000, 1), 1900, np.int16))
    assert np.abs(values.astype(int)).max() <= 5


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
