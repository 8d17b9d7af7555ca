"""The numpy front end against scalar single precision in loops, and against the compiled C."""

import ctypes
import shutil
import subprocess
from dataclasses import replace

import numpy as np
import pytest

from scl import toolchain
from scl.artifacts import InputError
from scl.frontend.chain import FrontEnd
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.frontend.sensor import Part, Sensor
from scl.frontend.si_units import to_si
from scl.frontend.spec import FrontEndSpec
from tests.scl.frontend.designs import front_end_spec

F = np.float32
WINDOW = 12

SHIM = r"""
#include "frontend.h"
int run(const scl_sensor *sensors, const int *sizes, const float *coefficients, const float *sections,
        const float *steady, const float *mean, const float *inv_std, float inv_input_scale, const int16_t *counts,
        int samples, int8_t *out, uint8_t *flags)
{
    const scl_frontend_config config = {
        .sensor_count = (uint8_t)sizes[0], .channels = (uint8_t)sizes[1], .up = (uint16_t)sizes[2],
        .down = (uint16_t)sizes[3], .phase_taps = (uint16_t)sizes[4], .coefficients = coefficients,
        .section_count = (uint8_t)sizes[5], .sections = (const float (*)[5])sections,
        .steady = (const float (*)[2])steady, .lead_off_samples = (uint16_t)sizes[6],
        .inputs = (uint8_t)sizes[1], .mean = mean, .inv_std = inv_std,
        .inv_input_scale = inv_input_scale, .input_zero_point = (int16_t)sizes[7],
        .sensors = sensors};
    scl_frontend f;
    float delay[256 * 6];
    int made = 0;
    *flags = 0;
    scl_frontend_init(&f, &config, delay);
    for (int i = 0; i < samples; i++) {
        made += scl_frontend_push(&f, counts + i * sizes[1], out + made * sizes[1]);
        *flags |= (uint8_t)(f.saturated | f.lead_off << 1);
    }
    return made;
}
"""


class CSensor(ctypes.Structure):
    """scl_sensor of frontend.h."""

    _fields_ = [
        ("axes", ctypes.c_uint8),
        ("unit_per_count", ctypes.c_float),
        ("bias", ctypes.c_float * 3),
        ("alignment", ctypes.c_float * 3 * 3),
        ("count_min", ctypes.c_int16),
        ("count_max", ctypes.c_int16),
    ]


def random_info(rng: np.random.Generator, rate_hz: float, axes: tuple[int, ...]) -> FrontEndSpec:
    """For a sensor with random bias and alignment."""
    kinds = ("accelerometer", "gyroscope")
    parts = []
    for kind, n in zip(kinds, axes, strict=False):
        bias = tuple(rng.normal(0, 1, n).tolist())
        alignment = tuple(tuple(row) for row in (np.eye(n) + rng.normal(0, 0.05, (n, n))).tolist())
        parts.append(Part(kind, n, rng.uniform(1e-4, 1e-2), bias, alignment, "m/s^2", ""))
    channels = sum(axes)
    mean, std = rng.normal(0, 2, channels).tolist(), rng.uniform(2, 20, channels).tolist()
    sensor = Sensor("random", rate_hz, tuple(parts))
    scale, zero_point = rng.uniform(0.02, 0.06), int(rng.integers(-128, 128))
    return front_end_spec(sensor, WINDOW, 20.0, scale, zero_point, mean, std)


def ecg_info(rng: np.random.Generator, rate_hz: float, leads: int = 1, lead_off_s: float = 0.0) -> FrontEndSpec:
    """For leads of 11 bits with a band-pass after half a second of warm-up."""
    parts = []
    for lead in range(leads):
        bias, gain = (rng.normal(5, 1),), ((rng.normal(1, 0.05),),)
        rails, off_s = (-5 * lead, 2047 - lead), lead_off_s / (lead + 1)
        parts.append(Part(f"lead{lead}", 1, rng.uniform(0.004, 0.006), bias, gain, "mV", "", rails, lead_off_s=off_s))
    mean, std = rng.normal(0, 0.1, leads).tolist(), rng.uniform(0.3, 0.6, leads).tolist()
    sensor, zero_point = Sensor("lead", rate_hz, tuple(parts)), int(rng.integers(-50, 50))
    return front_end_spec(sensor, WINDOW, 180.0, 0.02, zero_point, mean, std, band_hz=(0.5, 40.0), warmup_s=0.5)


def ecg_counts(rng: np.random.Generator, info: FrontEndSpec, windows: int = 2) -> np.ndarray:
    """Spikes on a drifting baseline, with noise of which no second sample is the same."""
    rate_hz, leads = info.sensor.rate_hz, len(info.mean)
    t = np.arange(info.raw_samples) / rate_hz + rng.uniform(0, 1, (windows, 1))
    spikes = 300 * np.exp(-(((t % 0.25) - 0.1) ** 2) / (2 * 0.01**2)) + 200 * np.sin(2 * np.pi * 0.4 * t)
    noise = np.cumsum(rng.choice([-9, -5, -1, 1, 5, 9], (*t.shape, leads)), axis=1)
    return np.clip(np.rint(1000 + spikes)[..., None] + noise, 1, 2040).astype(np.int16)


def random_counts(rng: np.random.Generator, info: FrontEndSpec, windows: int = 2) -> np.ndarray:
    """Drifting signals with noise, some at the limits of int16."""
    shape = windows, info.raw_samples, len(info.mean)
    walk = np.cumsum(rng.normal(0, 400, shape), axis=1) + rng.normal(0, 4000, (windows, 1, shape[2]))
    counts = np.clip(np.rint(walk), -32768, 32767).astype(np.int16)
    counts[:, :: max(shape[1] // 3, 1), 0] = 32767
    counts[:, 1 :: max(shape[1] // 3, 1), -1] = -32768
    return counts


def scalar_window(info: FrontEndSpec, coefficients: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The steps of frontend.h for one window (raw_samples, channels), one number and one operation at a time."""
    delay: list[list[np.float32]] = []  # newest first
    state: dict[tuple[int, int], tuple[np.float32, np.float32]] = {}  # of (section, channel)
    due, rows = 0, []
    for index, row in enumerate(counts):
        sample, at = [], 0
        for part in info.sensor.parts:
            n, unit = part.axes, F(part.unit_per_count)
            d = [F(row[at + i]) * unit - F(part.bias[i]) for i in range(n)]
            for a in part.alignment:
                s = F(a[0]) * d[0]
                for j in range(1, n):
                    s = s + F(a[j]) * d[j]
                sample.append(s)
            at += n
        if info.resampling.phase_taps:
            delay = [sample, *(delay or [sample] * info.resampling.phase_taps)][: info.resampling.phase_taps]
            newest, phase = divmod(due, info.resampling.up)
            if newest != index:
                continue
            due += info.resampling.down
            sample = [F(0)] * len(row)
            for c in range(len(row)):
                for k in range(info.resampling.phase_taps):
                    sample[c] = sample[c] + coefficients[phase, k] * delay[k][c]
        quantized = []
        for c, s in enumerate(sample):
            steady = [(s * F(z1), s * F(z2)) for z1, z2 in (info.band.steady if info.band else ())]
            for i, section in enumerate(info.band.sections if info.band else ()):
                b0, b1, b2, a1, a2 = map(F, section)
                z1, z2 = state.get((i, c), steady[i])
                y = b0 * s + z1
                state[i, c] = (b1 * s - a1 * y) + z2, b2 * s - a2 * y
                s = y
            n = (s - F(info.mean[c])) * (F(1) / F(info.std[c]))
            scaled = min(max(n * F(info.inv_input_scale), F(-512)), F(512))
            quantized.append(min(max(round(float(scaled)) + info.input_zero_point, -128), 127))
        rows.append(quantized)
    return np.array(rows[-WINDOW:], np.int8)


ECG_RATES = [180.0, 250.0, 360.0, 512.0]
CASES = [(20.0, (3, 3)), (20.0, (3,)), (20.0, (1,)), (100.0, (3, 3)), (104.0, (3,)), (119.0, (3, 3)), (25.0, (1,))]


@pytest.mark.parametrize(("rate_hz", "axes"), CASES)
def test_equals_scalar_single_precision(rate_hz, axes):
    rng = np.random.default_rng([int(rate_hz), len(axes)])
    info = random_info(rng, rate_hz, axes)
    end, counts = FrontEnd.from_spec(info), random_counts(rng, info)
    found = end.quantized_windows(counts)
    assert found.shape == (2, WINDOW, sum(axes)) and found.dtype == np.int8 and len(np.unique(found)) > 5
    for window, values in zip(counts, found, strict=True):
        np.testing.assert_array_equal(values, scalar_window(info, end.resampler.coefficients, window))


@pytest.mark.parametrize("rate_hz", ECG_RATES)
def test_band_pass_equals_scalar_single_precision(rate_hz):
    rng = np.random.default_rng(int(rate_hz))
    info = ecg_info(rng, rate_hz)
    end, counts = FrontEnd.from_spec(info), ecg_counts(rng, info, 5)
    found = end.quantized_windows(counts)
    assert found.shape == (5, WINDOW, 1) and len(np.unique(found)) > 20
    for window, values in zip(counts, found, strict=True):
        np.testing.assert_array_equal(values, scalar_window(info, end.resampler.coefficients, window))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """firmware/src/frontend for this machine, optimised, in a dialect of C that fuses products unless the pragma of
    single.h forbids it.
    """
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("frontend")
    (folder / "shim.c").write_text(SHIM)
    flags = ["-std=gnu99", "-O3", "-march=native", "-fno-math-errno", "-shared", "-fPIC"]
    flags += [f"-I{toolchain.FIRMWARE / 'src' / room}" for room in ("engine", "frontend")]
    sources = [*toolchain.sources("frontend"), folder / "shim.c"]
    subprocess.run(["gcc", *flags, *sources, "-o", folder / "frontend.so"], check=True)
    return ctypes.CDLL(str(folder / "frontend.so"))


def run_c(
    engine: ctypes.CDLL, info: FrontEndSpec, coefficients: np.ndarray, window: np.ndarray
) -> tuple[np.ndarray, int]:
    """The newest outputs for one window of counts (raw_samples, channels), and its flags."""
    parts, channels = info.sensor.parts, len(info.mean)
    sensors = (CSensor * len(parts))()
    for target, part in zip(sensors, parts, strict=True):
        target.axes, target.unit_per_count = part.axes, part.unit_per_count
        target.count_min, target.count_max = part.count_range
        target.bias[: part.axes] = part.bias
        for row, values in zip(target.alignment, part.alignment, strict=False):
            row[: part.axes] = values
    inv_std = F(1) / np.array(info.std, F)
    sections, steady = (info.band.sections, info.band.steady) if info.band else ((), ())
    arrays = [coefficients, *(np.array(values, F) for values in (sections, steady, info.mean)), inv_std]
    ratio = [info.resampling.up, info.resampling.down, info.resampling.phase_taps]
    sizes = [len(parts), channels, *ratio, len(sections), info.lead_off_samples, info.input_zero_point]
    out, flags = np.zeros((len(window), channels), np.int8), ctypes.c_uint8()
    made = engine.run(
        sensors, (ctypes.c_int * len(sizes))(*sizes), *(ctypes.c_void_p(values.ctypes.data) for values in arrays),
        ctypes.c_float(info.inv_input_scale), ctypes.c_void_p(window.ctypes.data), len(window),
        ctypes.c_void_p(out.ctypes.data), ctypes.byref(flags),
    )  # fmt: skip
    return out[:made][-WINDOW:], flags.value


@pytest.mark.parametrize(("rate_hz", "axes"), CASES)
def test_equals_the_compiled_c(engine, rate_hz, axes):
    rng = np.random.default_rng([int(rate_hz), len(axes), 1])
    for _ in range(4):
        info = random_info(rng, rate_hz, axes)
        end, counts = FrontEnd.from_spec(info), random_counts(rng, info, 8)
        assert end.flags(counts).tolist() == [SATURATED] * 8
        for window, values in zip(counts, end.quantized_windows(counts), strict=True):
            found, flags = run_c(engine, info, end.resampler.coefficients, window)
            np.testing.assert_array_equal(found, values)
            assert flags == SATURATED


@pytest.mark.parametrize("leads", [1, 2])
@pytest.mark.parametrize("rate_hz", ECG_RATES)
def test_band_pass_equals_the_compiled_c(engine, rate_hz, leads):
    rng = np.random.default_rng([int(rate_hz), leads])
    info = ecg_info(rng, rate_hz, leads, lead_off_s=0.1)
    end, counts = FrontEnd.from_spec(info), ecg_counts(rng, info, 8)
    assert not end.flags(counts).any()
    for window, values in zip(counts, end.quantized_windows(counts), strict=True):
        found, flags = run_c(engine, info, end.resampler.coefficients, window)
        np.testing.assert_array_equal(found, values)
        assert flags == 0


@pytest.mark.parametrize("lead", [0, 1])
def test_flags_by_hand_and_in_c(engine, lead):
    """Each window is changed in one way, beside a limit and at it, in its middle and at either end."""
    rng = np.random.default_rng(lead)
    info = ecg_info(rng, 360.0, 2, lead_off_s=0.1)
    end, last = FrontEnd.from_spec(info), info.raw_samples - 1
    low, high = [(0, 2047), (-5, 2046)][lead]
    needed = 36  # the longer of 0.1 and 0.05 s of 360 samples, for either lead
    assert info.lead_off_samples == needed
    stretch = [slice(0, needed), slice(70, 70 + needed), slice(last + 1 - needed, last + 1)]
    shorter = [slice(part.start, part.stop - 1) for part in stretch]
    changes = [
        *((part, 1000, LEAD_OFF) for part in stretch),
        *((part, 1000, 0) for part in shorter),
        *((part, high, LEAD_OFF | SATURATED) for part in stretch),
        *((part, low, SATURATED) for part in shorter),
        *((at, rail, SATURATED) for at in (0, 77, last) for rail in (low, high, low - 1, high + 1)),
        *((at, within, 0) for at in (0, 77, last) for within in (low + 1, high - 1)),
    ]
    counts = ecg_counts(rng, info, len(changes))
    for window, (where, value, _) in zip(counts, changes, strict=True):
        window[where, lead] = value
    expected = [flags for *_, flags in changes]
    assert end.flags(counts).tolist() == expected
    assert [run_c(engine, info, end.resampler.coefficients, window)[1] for window in counts] == expected


def test_a_sensor_that_never_loses_its_lead():
    info = random_info(np.random.default_rng(0), 20.0, (3, 3))
    assert info.lead_off_samples == 0
    still = np.full((1, info.raw_samples, 6), -7, np.int16)
    assert FrontEnd.from_spec(info).flags(still).tolist() == [0]


@pytest.mark.parametrize(("lead_off_s", "samples"), [(0.001, 0), (0.004, 1), (200.0, 72_000)])
def test_a_lead_off_time_that_no_board_can_count(lead_off_s, samples):
    text = rf"sensor lead: lead_off_s {lead_off_s:g} is {samples} samples at 360 Hz, expected 2 to 65535;"
    with pytest.raises(InputError, match=text):
        ecg_info(np.random.default_rng(0), 360.0, lead_off_s=lead_off_s)


@pytest.mark.parametrize("rate_hz", ECG_RATES)
@pytest.mark.parametrize("warmup_s", [0.0, 0.31, 5.0])
def test_the_window_begins_where_the_manifest_says(rate_hz, warmup_s):
    """A spike at sensor sample warmup_samples is the window's first, one that follows by whole steps comes later."""
    part = Part("ecg", 1, 1.0, (0.0,), ((1.0,),), "mV", "")
    info = front_end_spec(Sensor("spike", rate_hz, (part,)), 200, 180.0, warmup_s=warmup_s)
    end, steps = FrontEnd.from_spec(info), 3
    for later in range(steps):
        counts = np.zeros((1, info.raw_samples, 1), np.int16)
        counts[0, info.warmup_samples + later * info.resampling.down, 0] = 100
        values = end.quantized_windows(counts)[0, :, 0]
        assert values.argmax() == later * info.resampling.up and values.max() > 80 * 180 / rate_hz
    made = len(end.resampler.apply(np.zeros((1, info.raw_samples, 1), F))[0])
    assert made - 200 >= warmup_s * 180
    assert made - 200 <= max(warmup_s * 180, 180 * end.resampler.delay / rate_hz) + info.resampling.up
    last = info.warmup_samples + 199 * info.resampling.down / info.resampling.up
    assert last + end.resampler.delay < info.raw_samples <= last + end.resampler.delay + 1


def test_a_constant_count_is_the_zero_of_the_signal():
    """The high-pass takes any constant away, from the first sample on, to the last bit."""
    part = Part("ecg", 1, 0.005, (5.12,), ((1.0,),), "mV", "")
    info = front_end_spec(Sensor("steady", 180.0, (part,)), 50, 180.0, 1e-20, 9, band_hz=(0.5, 40.0))
    values = np.arange(-32768, 32768, 97, dtype=np.int16)
    counts = np.repeat(values[:, None, None], info.raw_samples, axis=1)
    np.testing.assert_array_equal(FrontEnd.from_spec(info).quantized_windows(counts), 9)


@pytest.fixture(scope="module")
def ecg_spec() -> FrontEndSpec:
    return ecg_info(np.random.default_rng(0), 360.0)


def test_the_band_pass_is_the_spec_s(ecg_spec):
    end = FrontEnd.from_spec(ecg_spec)
    np.testing.assert_array_equal(end.band.sections, np.array(ecg_spec.band.sections, F))
    assert end.band.rows == (ecg_spec.band.sections, ecg_spec.band.steady)


@pytest.mark.parametrize(("key", "row", "column"), [("sections", 0, 1), ("sections", 1, 4), ("steady", 0, 0)])
def test_a_foreign_band_pass_is_refused(ecg_spec, key, row, column):
    rows = [list(values) for values in getattr(ecg_spec.band, key)]
    rows[row][column] = float(np.nextafter(F(rows[row][column]), F(9)))
    changed = replace(ecg_spec, band=replace(ecg_spec.band, **{key: tuple(map(tuple, rows))}))
    with pytest.raises(InputError, match="band-pass is not the one that this version designs; export it again"):
        FrontEnd.from_spec(changed)


def test_a_band_that_does_not_fit_its_sections_is_refused(ecg_spec):
    with pytest.raises(InputError, match="band-pass is not the one"):
        FrontEnd.from_spec(replace(ecg_spec, band=replace(ecg_spec.band, high_hz=39.0)))


def test_every_bit_of_the_float_steps():
    """int8 hides low bits, so compare the floats: the order of the sums shows."""
    rng = np.random.default_rng(5)
    info = random_info(rng, 104.0, (3, 3))
    end, counts = FrontEnd.from_spec(info), random_counts(rng, info, 1)
    si = to_si(counts, info.sensor)
    for i, row in enumerate(counts[0]):
        for s, part in enumerate(info.sensor.parts):
            d = [F(row[3 * s + j]) * F(part.unit_per_count) - F(part.bias[j]) for j in range(3)]
            for a, line in enumerate(part.alignment):
                assert si[0, i, 3 * s + a] == (F(line[0]) * d[0] + F(line[1]) * d[1]) + F(line[2]) * d[2]
    for m, y in enumerate(end.resampler.apply(si)[0]):
        newest, phase = divmod(m * info.resampling.down, info.resampling.up)
        expected = np.zeros(6, F)
        for k in range(info.resampling.phase_taps):
            expected = expected + end.resampler.coefficients[phase, k] * si[0, max(newest - k, 0)]
        np.testing.assert_array_equal(y, expected)


def test_normalisation_multiplies_by_the_rounded_inverse():
    """count / 3 * 1.5 is full of ties, which a division would round differently."""
    sensor = Sensor("ties", 20.0, (Part("accelerometer", 1, 1.0, (0.0,), ((1.0,),), "m/s^2", ""),))
    info = front_end_spec(sensor, 501, 20.0, 1 / 1.5, std=[3.0])
    counts = np.arange(-250, 251, dtype=np.int16)[None, :, None]
    expected = [round(float(F(c) * (F(1) / F(3)) * F(info.inv_input_scale))) for c in range(-250, 251)]
    found = FrontEnd.from_spec(info).quantized_windows(counts)[0, :, 0]
    np.testing.assert_array_equal(found, np.clip(expected, -128, 127))


@pytest.mark.parametrize("zero_point", [-128, -3, 127])
def test_rounds_half_to_even_and_clamps(zero_point):
    part = Part("accelerometer", 1, 0.5, (0.0,), ((1.0,),), "m/s^2", "")
    sensor = Sensor("half", 20.0, (part,))
    info = front_end_spec(sensor, 2403, 20.0, 1.0, zero_point)
    counts = np.concatenate([np.arange(-1200, 1201), [-32768, 32767]]).astype(np.int16)[None, :, None]
    whole, half = np.divmod(counts[0, :, 0].astype(int), 2)
    even = np.clip(whole + (half & whole & 1), -512, 512)
    found = FrontEnd.from_spec(info).quantized_windows(counts)[0, :, 0]
    np.testing.assert_array_equal(found, np.clip(even + zero_point, -128, 127))


def test_wrong_counts_and_a_foreign_filter_are_refused():
    info = random_info(np.random.default_rng(0), 100.0, (3,))
    end = FrontEnd.from_spec(info)
    with pytest.raises(ValueError, match="expected int16"):
        end.quantized_windows(np.zeros((1, info.raw_samples - 1, 3), np.int16))
    with pytest.raises(ValueError, match="float64"):
        end.quantized_windows(np.zeros((1, info.raw_samples, 3)))
    foreign = replace(info.resampling, coefficients_crc32=info.resampling.coefficients_crc32 ^ 1)
    with pytest.raises(InputError, match="export it again"):
        FrontEnd.from_spec(replace(info, resampling=foreign))
