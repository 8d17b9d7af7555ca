"""The int8 network and its front end as constant C data, in the shapes of firmware/src/engine/network.h and frontend.h.

Floats are hexadecimal literals, so the compiler reads exactly the float32 that the manifest and numpy hold.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from export.network.integers import Int8Network
from export.network.layers import FEATURES, Layer
from export.network.placing import Arena
from export.network.streaming import Step
from export.writers.c_operators import keep_fields, kernel, op_fields
from scl.artifacts.manifest import MOST_LABELS_TOGETHER
from scl.belief import DecisionSettings
from scl.frontend.sensor import Part
from scl.frontend.spec import FrontEndSpec

COLUMNS = 20  # values in a line of an array
ARRAYS = {"weights": "int8_t", "bias": "int32_t", "multiplier": "int32_t", "shift": "int8_t"}


@dataclass(frozen=True, eq=False)
class CModel:
    """All that the C files spell out."""

    network: Int8Network
    arena: Arena
    labels: Sequence[str]  # of every class, or none
    model_hash: str  # 64 hex digits
    frontend: FrontEndSpec | None  # None: the network alone
    coefficients: np.ndarray | None  # float32 (up, phase_taps) of the polyphase filter; (1, 0) without resampling
    thresholds: Sequence[int] | None = None  # of the logits, where labels may hold together
    step: Step | None = None  # of a stream that keeps columns
    decision: DecisionSettings | None = None  # behind the logits
    features: str = FEATURES  # the output that is the kept latent; empty if there is none

    def __post_init__(self) -> None:
        if self.thresholds is not None and not len(self.thresholds) == len(self.labels) <= MOST_LABELS_TOGETHER:
            raise ValueError(
                f"{len(self.thresholds)} thresholds for {len(self.labels)} labels, expected one for each and at most "
                f"{MOST_LABELS_TOGETHER}"
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
        "INPUTS": network.input.channels,
        "FEATURES": _features(model),
        "CLASSES": network.tensors[network.outputs[-1]].size,
    }
    included, declared = "", ""
    if model.frontend is not None:
        sizes["CHANNELS"] = model.frontend.sensor.channels
        sizes["RAW_SAMPLES"] = model.frontend.raw_samples
        sizes["PHASE_TAPS"] = model.frontend.resampling.phase_taps
        if model.frontend.beats is not None:
            spec = model.frontend.beats
            sizes |= {"BEATS": 1, "BEATS_SAMPLES": spec.samples, "BEATS_CORRECTED": int(spec.polarity_corrected)}
        included += '#include "frontend.h"\n'
        declared = "extern const scl_frontend_config scl_frontend_data;\n"
    if model.decision is not None:
        sizes["DECISION"] = 1
        included = '#include "decision.h"\n' + included
        declared += "extern const scl_decision_settings scl_decision_data;\n"
    if model.step is not None:
        sizes |= {"HOP": model.step.hop, "STREAM_BYTES": model.step.arena.size}
        declared += "extern const scl_network scl_stream_data;\n"
    macros = "".join(f"#define SCL_{name} {value}\n" for name, value in sizes.items())
    return f"""/* Written by export.quantize; model {model.model_hash}. */
#ifndef SCL_MODEL_DATA_H
#define SCL_MODEL_DATA_H

{included}#include "network.h"

{macros}
#ifdef __cplusplus
extern "C" {{
#endif

extern const scl_network scl_network_data;
{declared}
#ifdef __cplusplus
}}
#endif

#endif
"""


def _source(model: CModel) -> str:
    network = model.network.network
    arrays = "".join(_arrays(layer.name, op_fields(model.network, model.arena, layer)[1]) for layer in network.layers)
    ops = ",\n".join(_op(model, model.arena, layer) for layer in network.layers)
    names = ", ".join(_string(label) for label in model.labels)
    labels = f"static const char *const labels[] = {{{names}}};\n" if names else ""
    thresholds = "" if model.thresholds is None else _array("int8_t", "thresholds", model.thresholds)
    return f"""/* Written by export.quantize; model {model.model_hash}. */
#include "model_data.h"

#include <stddef.h>

#include "kernels.h"

{arrays}static const scl_op ops[] = {{
{ops}
}};

{_array("uint8_t", "hash", bytes.fromhex(model.model_hash))}
{labels}{thresholds}
{_network(model, "network", "ops", len(network.layers), "WINDOW", "ARENA_BYTES", model.arena)}
{_stream(model)}{_decision(model)}{_frontend(model)}"""


def _network(model: CModel, name: str, ops: str, count: int, samples: str, size: str, arena: Arena) -> str:
    """An scl_network: `samples` and `size` name the macros of its input's length and of its memory."""
    return f"""const scl_network scl_{name}_data = {{
    .ops = {ops},
    .op_count = {count},
    .window = SCL_{samples},
    .channels = SCL_INPUTS,
    .features = SCL_FEATURES,
    .classes = SCL_CLASSES,
    .arena_bytes = SCL_{size},
    .input_offset = {arena.offsets["input"]},
    .features_offset = {arena.offsets.get(model.features, 0)},
    .logits_offset = {arena.offsets[model.network.network.outputs[-1]]},
    .hash = hash,
    .labels = {"labels" if model.labels else "NULL"},
    .thresholds = {"NULL" if model.thresholds is None else "thresholds"},
}};
"""


def _stream(model: CModel) -> str:
    """What a stream runs once each hop; the weights are the network's."""
    step = model.step
    if step is None:
        return ""
    ops = [_op(model, step.arena, part.layer, part.changes) for part in step.parts]
    ops += [_fields({"run": "scl_keep"} | keep_fields(keep)) for keep in step.keeps]
    rows = ",\n".join(ops)
    network = _network(model, "stream", "stream_ops", len(ops), "HOP", "STREAM_BYTES", step.arena)
    return f"static const scl_op stream_ops[] = {{\n{rows}\n}};\n\n{network}\n"


def _decision(model: CModel) -> str:
    if model.decision is None:
        return ""
    fields = "".join(f"    .{name} = {value},\n" for name, value in vars(model.decision).items())
    return f"const scl_decision_settings scl_decision_data = {{\n{fields}}};\n\n"


def _features(model: CModel) -> int:
    """Size of the kept latent; 0 for a network that has none."""
    network = model.network.network
    return network.tensors[model.features].size if model.features in network.outputs else 0


def _arrays(name: str, arrays: dict[str, np.ndarray]) -> str:
    texts = (_array(ARRAYS[key], f"{name}_{key}", values, aligned=key == "weights") for key, values in arrays.items())
    return "".join(texts) + ("\n" if arrays else "")


def _op(model: CModel, arena: Arena, layer: Layer, changes: Mapping[str, int] | None = None) -> str:
    """A layer's scl_op; `changes`: numbers in which it differs from the layer's own."""
    numbers, arrays = op_fields(model.network, arena, layer)
    fields = {"run": kernel(model.network, arena, layer), **numbers, **(changes or {})}
    return _fields(fields | {name: f"{layer.name}_{name}" if name in arrays else "NULL" for name in ARRAYS})


def _fields(fields: Mapping[str, Any]) -> str:
    text = ", ".join(f".{name} = {value}" for name, value in fields.items())
    return f"    {{{text}}}"


def _frontend(model: CModel) -> str:
    spec = model.frontend
    if spec is None:
        return ""
    coefficients = np.asarray(model.coefficients, np.float32)
    inv_std = np.float32(1) / np.asarray(spec.std, np.float32)
    resampling, band, invariant, parts = spec.resampling, spec.band, spec.invariant, spec.sensor.parts
    filtered = coefficients.size > 0
    arrays = [
        _array("scl_sensor", "sensors", map(_sensor, parts), columns=1),
        _array("float", "mean", map(_float, spec.mean)),
        _array("float", "inv_std", map(_float, inv_std.tolist())),
    ]
    if filtered:
        arrays.append(_array("float", "coefficients", map(_float, coefficients.ravel().tolist()), columns=6))
    if band:
        arrays += [_rows("sections", 5, band.sections), _rows("steady", 2, band.steady)]
    return f"""{"".join(arrays)}
const scl_frontend_config scl_frontend_data = {{
    .sensor_count = {len(parts)},
    .channels = SCL_CHANNELS,
    .raw_samples = SCL_RAW_SAMPLES,
    .window = SCL_WINDOW,
    .up = {resampling.up},
    .down = {resampling.down},
    .phase_taps = {resampling.phase_taps},
    .coefficients = {"coefficients" if filtered else "NULL"},
    .section_count = {len(band.sections) if band else 0},
    .sections = {"sections" if band else "NULL"},
    .steady = {"steady" if band else "NULL"},
    .lead_off_samples = {spec.lead_off_samples},
    .invariant = {int(invariant is not None)},
    .inputs = SCL_INPUTS,
    .fast = {_float(invariant.fast) if invariant else "0.0f"},
    .slow = {_float(invariant.slow) if invariant else "0.0f"},
    .mean = mean,
    .inv_std = inv_std,
    .inv_input_scale = {_float(spec.inv_input_scale)},
    .input_zero_point = {spec.input_zero_point},
    .sensors = sensors,
}};
"""


def _sensor(part: Part) -> str:
    bias = ", ".join(map(_float, part.bias))
    alignment = ", ".join("{" + ", ".join(map(_float, row)) + "}" for row in part.alignment)
    low, high = part.count_range
    return (
        f"{{.axes = {part.axes}, .unit_per_count = {_float(part.unit_per_count)}, .bias = {{{bias}}}, "
        f".alignment = {{{alignment}}}, .count_min = {low}, .count_max = {high}}}"
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
