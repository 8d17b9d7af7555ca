"""The int8 network and its front end as constant C data, in the shapes of firmware/src/model.h and frontend.h.

Floats are hexadecimal literals, so the compiler reads exactly the float32 that the manifest and numpy hold.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.arena import Arena, scratch_bytes, scratch_name
from export.int8 import Int8Conv, Int8Network
from export.network import FEATURES, LOGITS, AveragePool, Conv

COLUMNS = 20  # values in a line of an array
READ_BEYOND = 3  # bytes behind the weights that a kernel may load with the last of them
MAX_LABELS_TOGETHER = 7  # bits of a class byte, in which 255 is taken


@dataclass(frozen=True, eq=False)
class CModel:
    """All that the C files spell out."""

    network: Int8Network
    arena: Arena
    labels: Sequence[str]
    model_hash: str  # 64 hex digits
    frontend: dict[str, Any]  # the manifest's
    coefficients: np.ndarray  # float32 (up, phase_taps) of the polyphase filter; (1, 0) without resampling
    thresholds: Sequence[int] | None = None  # of the logits, where labels may hold together

    def __post_init__(self) -> None:
        if self.thresholds is not None and not len(self.thresholds) == len(self.labels) <= MAX_LABELS_TOGETHER:
            raise ValueError(
                f"{len(self.thresholds)} thresholds for {len(self.labels)} labels, expected one for each and at most "
                f"{MAX_LABELS_TOGETHER}"
            )


def write_c(model: CModel, folder: Path) -> None:
    """Writes model_data.c and model_data.h into `folder`, which exists."""
    (folder / "model_data.h").write_text(_header(model), encoding="utf-8")
    (folder / "model_data.c").write_text(_source(model), encoding="utf-8")


def _header(model: CModel) -> str:
    network = model.network.network
    sizes = {
        "ARENA_BYTES": model.arena.size,
        "WINDOW": network.input.length,
        "CHANNELS": network.input.channels,
        "RAW_SAMPLES": model.frontend["raw_samples"],
        "FEATURES": network.tensors[FEATURES].size,
        "CLASSES": network.tensors[LOGITS].size,
    }
    macros = "".join(f"#define SCL_{name} {value}\n" for name, value in sizes.items())
    return f"""/* Written by export.quantize; model {model.model_hash}. */
#ifndef SCL_MODEL_DATA_H
#define SCL_MODEL_DATA_H

#include "frontend.h"
#include "model.h"

{macros}
extern const scl_model scl_model_data;
extern const scl_frontend_config scl_frontend_data;

#endif
"""


def _source(model: CModel) -> str:
    network = model.network.network
    convs = "".join(_conv_arrays(layer.name, model.network) for layer in network.convs)
    ops = ",\n".join(_op(model, layer) for layer in network.layers)
    labels = ", ".join(_string(label) for label in model.labels)
    offsets = model.arena.offsets
    thresholds = "" if model.thresholds is None else _array("int8_t", "thresholds", model.thresholds)
    return f"""/* Written by export.quantize; model {model.model_hash}. */
#include "model_data.h"

#include <stddef.h>

{convs}static const scl_op ops[] = {{
{ops}
}};

{_array("uint8_t", "hash", bytes.fromhex(model.model_hash))}
static const char *const labels[] = {{{labels}}};
{thresholds}
const scl_model scl_model_data = {{
    .ops = ops,
    .op_count = {len(network.layers)},
    .window = SCL_WINDOW,
    .channels = SCL_CHANNELS,
    .features = SCL_FEATURES,
    .classes = SCL_CLASSES,
    .arena_bytes = SCL_ARENA_BYTES,
    .input_offset = {offsets["input"]},
    .features_offset = {offsets[FEATURES]},
    .logits_offset = {offsets[LOGITS]},
    .hash = hash,
    .labels = labels,
    .thresholds = {"thresholds" if thresholds else "NULL"},
}};

{_frontend(model)}"""


def _conv_arrays(name: str, network: Int8Network) -> str:
    conv = network.convs[name]
    arrays = (
        _array(
            "int8_t", f"{name}_weights", np.append(conv.weights.ravel(), np.zeros(READ_BEYOND, np.int8)), aligned=True
        ),
        _array("int32_t", f"{name}_bias", conv.bias),
        _array("int32_t", f"{name}_multiplier", conv.multiplier),
        _array("int8_t", f"{name}_shift", conv.shift),
    )
    return "".join(arrays) + "\n"


def _op(model: CModel, layer: Conv | AveragePool) -> str:
    act_min, act_max = model.network.limits(layer.name)
    source, result = layer.source, layer.result
    fields: dict[str, Any] = {
        "kind": "SCL_OP_CONV" if isinstance(layer, Conv) else "SCL_OP_AVERAGE_POOL",
        "in_length": source.length,
        "in_channels": source.channels,
        "out_length": result.length,
        "out_channels": result.channels,
        "kernel": layer.kernel,
        "stride": layer.stride,
        "pad_left": layer.pads[0],
        "in_zero_point": model.network.activations[source.name].zero_point,
        "out_zero_point": model.network.activations[result.name].zero_point,
        "act_min": act_min,
        "act_max": act_max,
        "in_offset": model.arena.offsets[source.name],
        "out_offset": model.arena.offsets[result.name],
    }
    for array in ("weights", "bias", "multiplier", "shift"):
        fields[array] = f"{layer.name}_{array}" if isinstance(layer, Conv) else "NULL"
    if (
        isinstance(layer, Conv)
        and scratch_name(layer) in model.arena.offsets
        and _narrow(model.network.convs[layer.name])
    ):
        fields |= {"scratch_offset": model.arena.offsets[scratch_name(layer)], "scratch_bytes": scratch_bytes(layer)}
    text = ", ".join(f".{name} = {value}" for name, value in fields.items())
    return f"    {{{text}}}"


def _narrow(conv: Int8Conv) -> bool:
    """Whether the DSP kernel's short requantization holds for every channel (firmware/src/kernels.h)."""
    return bool(np.all((conv.shift >= -22) & (conv.shift <= -1) & (np.abs(conv.bias.astype(np.int64)) < 2**29)))


def _frontend(model: CModel) -> str:
    frontend, coefficients = model.frontend, np.asarray(model.coefficients, np.float32)
    std = np.asarray(frontend["std"], np.float32)
    sensors = frontend["sensor"]["sensors"]
    filtered = coefficients.size > 0
    arrays = [
        _array("scl_sensor", "sensors", map(_sensor, sensors), columns=1),
        _array("float", "mean", map(_float, frontend["mean"])),
        _array("float", "inv_std", map(_float, np.float32(1) / std)),
    ]
    if filtered:
        arrays.append(_array("float", "coefficients", map(_float, coefficients.ravel()), columns=6))
    banded = len(frontend["sections"]) > 0
    if banded:
        arrays += [_rows("sections", 5, frontend["sections"]), _rows("steady", 2, frontend["steady"])]
    return f"""{"".join(arrays)}
const scl_frontend_config scl_frontend_data = {{
    .sensor_count = {len(sensors)},
    .channels = SCL_CHANNELS,
    .raw_samples = SCL_RAW_SAMPLES,
    .window = SCL_WINDOW,
    .up = {frontend["up"]},
    .down = {frontend["down"]},
    .phase_taps = {frontend["phase_taps"]},
    .coefficients = {"coefficients" if filtered else "NULL"},
    .section_count = {len(frontend["sections"])},
    .sections = {"sections" if banded else "NULL"},
    .steady = {"steady" if banded else "NULL"},
    .lead_off_samples = {frontend["lead_off_samples"]},
    .mean = mean,
    .inv_std = inv_std,
    .inv_input_scale = {_float(frontend["inv_input_scale"])},
    .input_zero_point = {frontend["input_zero_point"]},
    .sensors = sensors,
}};
"""


def _sensor(sensor: dict[str, Any]) -> str:
    bias = ", ".join(map(_float, sensor["bias"]))
    alignment = ", ".join("{" + ", ".join(map(_float, row)) + "}" for row in sensor["alignment"])
    unit = _float(sensor["unit_per_count"])
    low, high = sensor["count_range"]
    return (
        f"{{.axes = {sensor['axes']}, .unit_per_count = {unit}, .bias = {{{bias}}}, .alignment = {{{alignment}}}, "
        f".count_min = {low}, .count_max = {high}}}"
    )


def _array(
    kind: str, name: str, values: np.ndarray | Iterable[Any], columns: int = COLUMNS, aligned: bool = False
) -> str:
    flat = values.ravel().tolist() if isinstance(values, np.ndarray) else list(values)
    lines = (", ".join(map(str, flat[at : at + columns])) for at in range(0, len(flat), columns))
    attribute = " __attribute__((aligned(4)))" if aligned else ""
    return f"static const {kind} {name}[]{attribute} = {{\n    " + ",\n    ".join(lines) + "\n};\n"


def _rows(name: str, columns: int, rows: Sequence[Sequence[float]]) -> str:
    lines = ",\n    ".join("{" + ", ".join(map(_float, row)) + "}" for row in rows)
    return f"static const float {name}[][{columns}] = {{\n    {lines}\n}};\n"


def _float(value: float) -> str:
    """A float32 as a C99 hexadecimal literal."""
    return float(np.float32(value)).hex() + "f"


def _string(text: str) -> str:
    """A C string literal: bytes outside printable ASCII, quotes and backslashes in octal, which cannot run on."""
    plain = (chr(b) if 32 <= b < 127 and chr(b) not in '"\\?' else f"\\{b:03o}" for b in text.encode())
    return '"' + "".join(plain) + '"'
