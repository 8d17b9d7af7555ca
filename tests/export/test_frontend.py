"""The numpy front end against scalar single precision in loops, and against the compiled C."""

import ctypes
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from calibration.sensor_file import Part, Sensor
from export.frontend import FrontEnd, frontend_dict
from scl.artifacts import InputError

F = np.float32
WINDOW = 12
SOURCES = Path(__file__).resolve().parents[2] / "firmware" / "src"
SHIM = r"""
#include "frontend.h"
int run(const scl_sensor *sensors, int sensor_count, int channels, const int *ratio, const float *coefficients,
        const float *mean, const float *inv_std, float inv_input_scale, int zero_point, const int16_t *counts,
        int samples, int8_t *out)
{
    const scl_frontend_config config = {
        .sensor_count = (uint8_t)sensor_count, .channels = (uint8_t)channels, .up = (uint16_t)ratio[0],
        .down = (uint16_t)ratio[1], .phase_taps = (uint16_t)ratio[2], .coefficients = coefficients, .mean = mean,
        .inv_std = inv_std, .inv_input_scale = inv_input_scale, .input_zero_point = (int16_t)zero_point,
        .sensors = sensors};
    scl_frontend f;
    int made = 0;
    scl_frontend_init(&f, &config);
    for (int i = 0; i < samples; i++) made += scl_frontend_push(&f, counts + i * channels, out + made * channels);
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


def random_info(rng: np.random.Generator, rate_hz: float, axes: tuple[int, ...]) -> dict:
    """The manifest's "frontend" for a sensor with random bias and alignment."""
    kinds = ("accelerometer", "gyroscope")
    parts = []
    for kind, n in zip(kinds, axes, strict=False):
        bias = tuple(rng.normal(0, 1, n).tolist())
        alignment = tuple(tuple(row) for row in (np.eye(n) + rng.normal(0, 0.05, (n, n))).tolist())
        parts.append(Part(kind, n, rng.uniform(1e-4, 1e-2), bias, alignment, "m/s^2", ""))
    channels = sum(axes)
    normalisation = {"mean": rng.normal(0, 2, channels).tolist(), "std": rng.uniform(2, 20, channels).tolist()}
    sensor = Sensor("random", rate_hz, tuple(parts))
    scale, zero_point = rng.uniform(0.02, 0.06), int(rng.integers(-128, 128))
    return frontend_dict(sensor, WINDOW, 20.0, normalisation, scale, zero_point)


def random_counts(rng: np.random.Generator, info: dict, windows: int = 2) -> np.ndarray:
    """Drifting signals with noise, some at the limits of int16."""
    shape = windows, info["raw_samples"], len(info["mean"])
    walk = np.cumsum(rng.normal(0, 400, shape), axis=1) + rng.normal(0, 4000, (windows, 1, shape[2]))
    counts = np.clip(np.rint(walk), -32768, 32767).astype(np.int16)
    counts[:, :: max(shape[1] // 3, 1), 0] = 32767
    counts[:, 1 :: max(shape[1] // 3, 1), -1] = -32768
    return counts


def scalar_window(info: dict, coefficients: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """The steps of frontend.h for one window (raw_samples, channels), one number and one operation at a time."""
    delay: list[list[np.float32]] = []  # newest first
    due, rows = 0, []
    for index, row in enumerate(counts):
        sample, at = [], 0
        for part in info["sensor"]["sensors"]:
            n, unit = part["axes"], F(part["unit_per_count"])
            d = [F(row[at + i]) * unit - F(part["bias"][i]) for i in range(n)]
            for a in part["alignment"]:
                s = F(a[0]) * d[0]
                for j in range(1, n):
                    s = s + F(a[j]) * d[j]
                sample.append(s)
            at += n
        if info["phase_taps"]:
            delay = [sample, *(delay or [sample] * info["phase_taps"])][: info["phase_taps"]]
            newest, phase = divmod(due, info["up"])
            if newest != index:
                continue
            due += info["down"]
            sample = [F(0)] * len(row)
            for c in range(len(row)):
                for k in range(info["phase_taps"]):
                    sample[c] = sample[c] + coefficients[phase, k] * delay[k][c]
        quantized = []
        for c, s in enumerate(sample):
            n = (s - F(info["mean"][c])) * (F(1) / F(info["std"][c]))
            scaled = min(max(n * F(info["inv_input_scale"]), F(-512)), F(512))
            quantized.append(min(max(round(float(scaled)) + info["input_zero_point"], -128), 127))
        rows.append(quantized)
    return np.array(rows[-WINDOW:], np.int8)


CASES = [(20.0, (3, 3)), (20.0, (3,)), (20.0, (1,)), (100.0, (3, 3)), (104.0, (3,)), (119.0, (3, 3)), (25.0, (1,))]


@pytest.mark.parametrize(("rate_hz", "axes"), CASES)
def test_equals_scalar_single_precision(rate_hz, axes):
    rng = np.random.default_rng([int(rate_hz), len(axes)])
    info = random_info(rng, rate_hz, axes)
    end, counts = FrontEnd.from_manifest(info), random_counts(rng, info)
    found = end.quantized_windows(counts)
    assert found.shape == (2, WINDOW, sum(axes)) and found.dtype == np.int8 and len(np.unique(found)) > 5
    for window, values in zip(counts, found, strict=True):
        np.testing.assert_array_equal(values, scalar_window(info, end.resampler.coefficients, window))


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    """firmware/src/frontend.c for this machine, optimised, where a wrong flag would fuse or reorder."""
    if shutil.which("gcc") is None:
        pytest.skip("gcc is not installed")
    folder = tmp_path_factory.mktemp("frontend")
    (folder / "shim.c").write_text(SHIM)
    flags = ["-std=c99", "-O3", "-march=native", "-ffp-contract=off", "-shared", "-fPIC", f"-I{SOURCES}"]
    sources = [str(SOURCES / "frontend.c"), str(folder / "shim.c")]
    subprocess.run(["gcc", *flags, *sources, "-o", str(folder / "frontend.so")], check=True)
    return ctypes.CDLL(str(folder / "frontend.so"))


@pytest.mark.parametrize(("rate_hz", "axes"), CASES)
def test_equals_the_compiled_c(engine, rate_hz, axes):
    rng = np.random.default_rng([int(rate_hz), len(axes), 1])
    for _ in range(4):
        info = random_info(rng, rate_hz, axes)
        end, counts = FrontEnd.from_manifest(info), random_counts(rng, info, 8)
        sensors = (CSensor * len(axes))()
        for target, part in zip(sensors, info["sensor"]["sensors"], strict=True):
            target.axes, target.unit_per_count = part["axes"], part["unit_per_count"]
            target.bias[: part["axes"]] = part["bias"]
            for row, values in zip(target.alignment, part["alignment"], strict=False):
                row[: part["axes"]] = values
        mean, inv_std = np.array(info["mean"], F), F(1) / np.array(info["std"], F)
        ratio = (ctypes.c_int * 3)(info["up"], info["down"], info["phase_taps"])
        arrays = [ctypes.c_void_p(values.ctypes.data) for values in (end.resampler.coefficients, mean, inv_std)]
        scale = ctypes.c_float(info["inv_input_scale"])
        for window, values in zip(counts, end.quantized_windows(counts), strict=True):
            out = np.zeros((info["raw_samples"], sum(axes)), np.int8)
            samples, quantized = ctypes.c_void_p(window.ctypes.data), ctypes.c_void_p(out.ctypes.data)
            settings = sensors, len(axes), sum(axes), ratio, *arrays, scale, info["input_zero_point"]
            made = engine.run(*settings, samples, len(window), quantized)
            np.testing.assert_array_equal(out[:made][-WINDOW:], values)


def test_every_bit_of_the_float_steps():
    """int8 hides low bits, so compare the floats: the order of the sums shows."""
    rng = np.random.default_rng(5)
    info = random_info(rng, 104.0, (3, 3))
    end, counts = FrontEnd.from_manifest(info), random_counts(rng, info, 1)
    si = end.calibrated(counts)
    for i, row in enumerate(counts[0]):
        for s, part in enumerate(info["sensor"]["sensors"]):
            d = [F(row[3 * s + j]) * F(part["unit_per_count"]) - F(part["bias"][j]) for j in range(3)]
            for a, line in enumerate(part["alignment"]):
                assert si[0, i, 3 * s + a] == (F(line[0]) * d[0] + F(line[1]) * d[1]) + F(line[2]) * d[2]
    for m, y in enumerate(end.resampler.apply(si)[0]):
        newest, phase = divmod(m * info["down"], info["up"])
        expected = np.zeros(6, F)
        for k in range(info["phase_taps"]):
            expected = expected + end.resampler.coefficients[phase, k] * si[0, max(newest - k, 0)]
        np.testing.assert_array_equal(y, expected)


def test_normalisation_multiplies_by_the_rounded_inverse():
    """count / 3 * 1.5 is full of ties, which a division would round differently."""
    sensor = Sensor("ties", 20.0, (Part("accelerometer", 1, 1.0, (0.0,), ((1.0,),), "m/s^2", ""),))
    info = frontend_dict(sensor, 501, 20.0, {"mean": [0.0], "std": [3.0]}, 1 / 1.5, 0)
    counts = np.arange(-250, 251, dtype=np.int16)[None, :, None]
    expected = [round(float(F(c) * (F(1) / F(3)) * F(info["inv_input_scale"]))) for c in range(-250, 251)]
    found = FrontEnd.from_manifest(info).quantized_windows(counts)[0, :, 0]
    np.testing.assert_array_equal(found, np.clip(expected, -128, 127))


@pytest.mark.parametrize("zero_point", [-128, -3, 127])
def test_rounds_half_to_even_and_clamps(zero_point):
    part = Part("accelerometer", 1, 0.5, (0.0,), ((1.0,),), "m/s^2", "")
    sensor = Sensor("half", 20.0, (part,))
    info = frontend_dict(sensor, 2403, 20.0, {"mean": [0.0], "std": [1.0]}, 1.0, zero_point)
    counts = np.concatenate([np.arange(-1200, 1201), [-32768, 32767]]).astype(np.int16)[None, :, None]
    whole, half = np.divmod(counts[0, :, 0].astype(int), 2)
    even = np.clip(whole + (half & whole & 1), -512, 512)
    found = FrontEnd.from_manifest(info).quantized_windows(counts)[0, :, 0]
    np.testing.assert_array_equal(found, np.clip(even + zero_point, -128, 127))


def test_wrong_counts_and_a_foreign_filter_are_refused():
    info = random_info(np.random.default_rng(0), 100.0, (3,))
    end = FrontEnd.from_manifest(info)
    with pytest.raises(ValueError, match="expected int16"):
        end.quantized_windows(np.zeros((1, info["raw_samples"] - 1, 3), np.int16))
    with pytest.raises(ValueError, match="float64"):
        end.quantized_windows(np.zeros((1, info["raw_samples"], 3)))
    with pytest.raises(InputError, match="export it again"):
        FrontEnd.from_manifest(info | {"coefficients_crc32": info["coefficients_crc32"] ^ 1})
