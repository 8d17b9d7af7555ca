"""A tiny network for tests of the firmware: writes model_data.c and model_data.h, and computes slowly what it answers.

Convolution (16, 6) -> (8, 8), average over the 8 samples, 5 features, 3 logits; weights are drawn once, scales are made
up so that values fill the int8 range. 20 sensor samples make a window of 16, so the 4 oldest are warm-up. The reference
is written from the comments in firmware/src, in Python integers and numpy single precision.
"""

import math
import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

WINDOW, CHANNELS, RAW_SAMPLES, FEATURES, CLASSES = 16, 6, 20, 5, 3
LABELS = ("still", "walking", "à vélo")
HASH = bytes((7 * i + 3) % 256 for i in range(32))
UNITS = (9.80665 / 1024, math.radians(2000) / 32768)  # m/s^2 and rad/s per count
STDS = (8.0, 3.0)
DECISION = (9455, 2364, 0, 0)  # slope, evidence, stay, unsure
INPUT_SCALE, INPUT_ZERO_POINT = 0.025, -7
POOLED_LENGTH = 8


@dataclass(frozen=True)
class Conv:
    """A CONV_2D of height 1 without activation beyond the int8 limits, or with ReLU (act_min = out_zero_point)."""

    weights: list[list[list[int]]]  # (out_channels, kernel, in_channels)
    bias: list[int]
    scales: list[float]  # (out_channels): accumulator to output steps
    stride: int
    pad_left: int
    in_length: int
    out_length: int
    in_zero_point: int
    out_zero_point: int
    act_min: int

    @property
    def fixed_point(self) -> list[tuple[int, int]]:
        """(multiplier, shift) of each scale: fraction in [0.5, 1) as Q31, and the power of two."""
        parts = [math.frexp(scale) for scale in self.scales]
        return [(round(fraction * 2**31), exponent) for fraction, exponent in parts]


def _conv(seed: int, channels: tuple[int, int], kernel: int, scale: float, **rest: int) -> Conv:
    draw = random.Random(seed).randint
    rows = [[[draw(-127, 127) for _ in range(channels[0])] for _ in range(kernel)] for _ in range(channels[1])]
    bias = [draw(-2000, 2000) for _ in rows]
    return Conv(rows, bias, [scale * draw(80, 120) / 100 for _ in rows], **rest)


BLOCK = _conv(
    1, (6, 8), 3, 0.003, stride=2, pad_left=0, in_length=WINDOW, out_length=POOLED_LENGTH,
    in_zero_point=INPUT_ZERO_POINT, out_zero_point=-128, act_min=-128,
)  # fmt: skip
_POINT = {"stride": 1, "pad_left": 0, "in_length": 1, "out_length": 1, "act_min": -128}
LATENT = _conv(2, (8, FEATURES), 1, 0.004, in_zero_point=-128, out_zero_point=5, **_POINT)
HEAD = _conv(15, (FEATURES, CLASSES), 1, 0.005, in_zero_point=5, out_zero_point=-3, **_POINT)


def quantized(counts: np.ndarray, bias: np.ndarray | None = None, alignment: np.ndarray | None = None) -> np.ndarray:
    """counts int16 (n, 6) -> the network's input int8 (n, 6), with a unit's bias (2, 3) and alignment (2, 3, 3)."""
    f = np.float32
    bias = np.zeros((2, 3), f) if bias is None else bias
    alignment = np.tile(np.eye(3, dtype=f), (2, 1, 1)) if alignment is None else alignment
    out = np.zeros(counts.shape, np.int8)
    for t, row in enumerate(counts):
        for s in range(2):
            d = [f(row[3 * s + a]) * f(UNITS[s]) - bias[s, a] for a in range(3)]
            for a in range(3):
                value = (alignment[s, a, 0] * d[0] + alignment[s, a, 1] * d[1]) + alignment[s, a, 2] * d[2]
                step = np.clip((value - f(0)) * f(1 / STDS[s]) * f(1 / INPUT_SCALE), f(-512), f(512))
                out[t, 3 * s + a] = np.clip(int(np.rint(step)) + INPUT_ZERO_POINT, -128, 127)
    return out


def _requantize(accumulator: int, multiplier: int, shift: int) -> int:
    high = (accumulator * 2 ** max(shift, 0) * multiplier + 2**30) // 2**31
    divisor = 2 ** max(-shift, 0)
    away = (2 * abs(high) + divisor) // (2 * divisor)  # half away from zero
    return away if high >= 0 else -away


def _run_conv(op: Conv, x: list[list[int]]) -> list[list[int]]:
    out = []
    for t in range(op.out_length):
        row = []
        for kernel, bias, (multiplier, shift) in zip(op.weights, op.bias, op.fixed_point, strict=True):
            total = bias
            for k, taps in enumerate(kernel):
                at = t * op.stride - op.pad_left + k
                if 0 <= at < len(x):
                    total += sum(w * (v - op.in_zero_point) for w, v in zip(taps, x[at], strict=True))
            row.append(min(max(_requantize(total, multiplier, shift) + op.out_zero_point, op.act_min), 127))
        out.append(row)
    return out


def network(window: np.ndarray) -> tuple[list[int], list[int]]:
    """Input int8 (16, 6) -> features (5) and logits (3)."""
    *_, features, logits = tensors(window)
    return features, logits


def tensors(window: np.ndarray) -> list[list[int]]:
    """Input int8 (16, 6) -> what each operator writes, flat."""
    block = _run_conv(BLOCK, window.astype(int).tolist())
    sums = [sum(column) for column in zip(*block, strict=True)]
    pooled = [int(math.copysign((2 * abs(s) + POOLED_LENGTH) // (2 * POOLED_LENGTH), s)) for s in sums]
    features = _run_conv(LATENT, [pooled])
    return [sum(block, []), pooled, features[0], _run_conv(HEAD, features)[0]]


def _numbers(values: list, per_line: int = 24) -> str:
    lines = [", ".join(map(str, values[i : i + per_line])) for i in range(0, len(values), per_line)]
    return "{\n    " + ",\n    ".join(lines) + ",\n}"


def _tables(name: str, op: Conv) -> str:
    flat = [w for kernel in op.weights for taps in kernel for w in taps]
    multipliers, shifts = zip(*op.fixed_point, strict=True)
    return (
        f"static const int8_t {name}_weights[] = {_numbers([*flat, 77, 77, 77])};\n"  # three are read, but do not count
        f"static const int32_t {name}_bias[] = {_numbers(op.bias)};\n"
        f"static const int32_t {name}_multiplier[] = {_numbers(list(multipliers), 8)};\n"
        f"static const int8_t {name}_shift[] = {_numbers(list(shifts))};\n"
    )


def _op(name: str, op: Conv, at: tuple[int, int]) -> str:
    return (
        f"    {{scl_conv_narrow, {op.in_length}, {len(op.weights[0][0])}, {op.out_length}, {len(op.weights)}, "
        f"{len(op.weights[0])}, {op.stride}, 1, {op.pad_left}, {op.in_zero_point}, 0, {op.out_zero_point}, "
        f"{op.act_min}, 127, {at[0]}, 0, {at[1]}, {name}_weights, {name}_bias, {name}_multiplier, {name}_shift, "
        "180},\n"
    )


def source() -> str:
    """model_data.c."""

    def floats(values: list[float]) -> str:
        return ", ".join(f"{np.float32(value)!s}f" for value in values)

    identity = "{{1.0f, 0.0f, 0.0f}, {0.0f, 1.0f, 0.0f}, {0.0f, 0.0f, 1.0f}}"
    sensors = "".join(f"    {{3, {floats([unit])}, {{0.0f}}, {identity}, -32768, 32767}},\n" for unit in UNITS)
    labels = ", ".join('"' + "".join(chr(b) if b < 128 else f"\\{b:03o}" for b in s.encode()) + '"' for s in LABELS)
    limits = "-128, 0, -128, -128, 127"
    n = POOLED_LENGTH
    pool = f"    {{scl_average_pool, {n}, 8, 1, 8, {n}, 1, 1, 0, {limits}, 96, 0, 160, 0, 0, 0, 0, 0}},\n"
    inv_std = floats([float(np.float32(1 / std)) for std in STDS for _ in range(3)])
    return (
        "/* Written by make_model.py. */\n"
        '#include "model_data.h"\n\n#include <stddef.h>\n\n#include "kernels.h"\n\n'
        + _tables("block", BLOCK)
        + _tables("latent", LATENT)
        + _tables("head", HEAD)
        + "static const scl_op ops[] = {\n"
        + _op("block", BLOCK, (0, 96)) + pool + _op("latent", LATENT, (160, 168)) + _op("head", HEAD, (168, 176))
        + "};\n"
        f"static const uint8_t hash[32] = {_numbers(list(HASH))};\n"
        f"static const char *const labels[] = {{{labels}}};\n"
        "const scl_network scl_network_data = {ops, 4, SCL_WINDOW, SCL_INPUTS, SCL_FEATURES, SCL_CLASSES, "
        "SCL_ARENA_BYTES, 0, 168, 176, hash, labels, NULL};\n\n"
        f"const scl_decision_settings scl_decision_data = {{{', '.join(map(str, DECISION))}}};\n\n"
        f"static const scl_sensor sensors[] = {{\n{sensors}}};\n"
        f"static const float mean[] = {{{floats([0.0] * CHANNELS)}}};\n"
        f"static const float inv_std[] = {{{inv_std}}};\n"
        "const scl_frontend_config scl_frontend_data = {2, SCL_CHANNELS, SCL_RAW_SAMPLES, SCL_WINDOW, 1, 1, 0, NULL, "
        f"0, NULL, NULL, 0, 0, SCL_INPUTS, 0.0f, 0.0f, mean, inv_std, {floats([1 / INPUT_SCALE])}, "
        f"{INPUT_ZERO_POINT}, sensors}};\n"
    )  # fmt: skip


def header() -> str:
    """model_data.h."""
    sizes = {"ARENA_BYTES": 340, "WINDOW": WINDOW, "INPUTS": CHANNELS, "CHANNELS": CHANNELS, "RAW_SAMPLES": RAW_SAMPLES}
    sizes |= {"PHASE_TAPS": 0, "FEATURES": FEATURES, "CLASSES": CLASSES, "DECISION": 1}
    macros = "".join(f"#define SCL_{name} {value}\n" for name, value in sizes.items())
    return (
        "/* Written by make_model.py. */\n#ifndef SCL_MODEL_DATA_H\n#define SCL_MODEL_DATA_H\n\n"
        f'#include "decision.h"\n#include "frontend.h"\n#include "network.h"\n\n{macros}\n'
        "extern const scl_network scl_network_data;\nextern const scl_frontend_config scl_frontend_data;\n"
        "extern const scl_decision_settings scl_decision_data;\n\n#endif\n"
    )


if __name__ == "__main__":
    folder = Path(__file__).parent
    (folder / "model_data.c").write_text(source())
    (folder / "model_data.h").write_text(header())
