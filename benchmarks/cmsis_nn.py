"""Instructions of CMSIS-NN on a Cortex-M55 layer by layer, beside this engine's, on the networks of device.py.

`python benchmarks/cmsis_nn.py FOLDER --version TEXT` builds both into firmware/bench, with the same compiler, flags,
start-up and counter, and writes results/cmsis_nn.json. FOLDER has CMSIS-NN's Include and Source, as a checkout of it
has; nothing of it is kept here. A layer is one call from plain C with constant parameters: arm_convolve_wrapper_s8,
arm_depthwise_conv_wrapper_s8 or arm_avgpool_s8. Every tensor has memory of its own, since CMSIS-NN does not write over
its input. Nothing is written if an output of theirs is not ours.
"""

import argparse
import json
import os
import re
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import device

from export.cost.instructions import measure
from export.network import arena
from scl.artifacts import InputError, write_json

RESULTS = Path(__file__).parent / "results" / "cmsis_nn.json"
BOARD = "mps3-an547"
BUFFER = 16384  # bytes of scratch, enough for every layer of the networks
SOURCES = (
    "ConvolutionFunctions/arm_convolve*_s8*.c",
    "ConvolutionFunctions/arm_depthwise_conv*_s8*.c",
    "NNSupportFunctions/arm_nn_*_s8.c",
    "PoolingFunctions/arm_avgpool*_s8.c",
)
_OP = re.compile(r"^    \{(\.run = .*)\},?$", re.MULTILINE)
_FIELD = re.compile(r"\.(\w+) = (-?\w+)")

Op = dict[str, str]  # the fields of a schedule's operator, as C has them


@dataclass(frozen=True)
class Row:
    """One layer: instructions of this engine and of CMSIS-NN."""

    network: str
    layer: str
    macs: int
    ours: int
    theirs: int


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("folder", type=Path, help="has CMSIS-NN's Include and Source")
    options.add_argument("--version", required=True, help="what the results say of it, such as its commit")
    arguments = options.parse_args()
    rows = []
    for name, network in device.networks().items():
        int8, memory = device.quantized(network), arena.schedule(network)
        with device.written(int8, memory) as folder:
            counted, theirs, unequal = _both(folder / "c", arguments.folder.resolve(), folder)
        if unequal:
            raise SystemExit(f"{name}: {unequal} values of CMSIS-NN's differ from this engine's; nothing is written")
        for layer, ours, rival in zip(network.layers, counted, theirs, strict=True):
            rows.append(Row(name, layer.name, layer.macs, ours, rival))
    about = {"kind": "cmsis_nn", "schema": 1, "board": BOARD, "version": arguments.version}
    write_json(RESULTS, about | {"rows": [asdict(row) for row in rows]})
    print(table(json.loads(RESULTS.read_text("utf-8"))))


def table(results: dict[str, Any]) -> str:
    """Markdown: a line for each layer, and for each network's sum."""
    lines = ["| network | layer | this engine | CMSIS-NN's functions, called directly | ratio |", "|" + " --- |" * 5]
    rows = [Row(**row) for row in results["rows"]]
    for name in dict.fromkeys(row.network for row in rows):
        own = [row for row in rows if row.network == name]
        whole = Row(name, "all", 0, sum(row.ours for row in own), sum(row.theirs for row in own))
        for row in [*own, whole]:
            lines.append(f"| {name} | {row.layer} | {row.ours:,} | {row.theirs:,} | {row.theirs / row.ours:.2f} |")
    return "\n".join(lines)


def apart(source: str) -> tuple[str, list[Op], int]:
    """model_data.c of a chain of layers with every tensor, and the scratch, in memory of its own; its operators; and
    the arena's size in bytes.

    Raises InputError if a layer does not read what the one before it writes.
    """
    ops = [dict(_FIELD.findall(match[1])) for match in _OP.finditer(source)]
    place = 0
    for before, op in zip([None, *ops[:-1]], ops, strict=True):
        if before is not None and before["out_offset"] != op["in_offset"]:
            raise InputError("the network is no chain of layers; take one in which each layer reads the one before it")
    for op in ops:
        op["in_offset"] = str(place)
        place += _words(int(op["in_length"]) * int(op["in_channels"]))
        op["out_offset"] = str(place)
    place += _words(int(ops[-1]["out_length"]) * int(ops[-1]["out_channels"]))
    for op in ops:
        op["scratch_offset"] = str(place)
    texts = iter("    {" + ", ".join(f".{name} = {value}" for name, value in op.items()) + "}," for op in ops)
    source = _OP.sub(lambda _match: next(texts), source)
    source = re.sub(r"\.input_offset = \d+", f".input_offset = {ops[0]['in_offset']}", source)
    source = re.sub(r"\.features_offset = \d+", f".features_offset = {ops[-1]['in_offset']}", source)
    source = re.sub(r"\.logits_offset = \d+", f".logits_offset = {ops[-1]['out_offset']}", source)
    return source, ops, place + BUFFER


def with_cmsis_nn(source: str, ops: list[Op], files: list[Path]) -> str:
    """The same with a call of CMSIS-NN in place of each operator's kernel; `files` are those of CMSIS-NN."""
    calls = [f"#include <{path}>" for path in files]
    calls += ["#include <arm_nnfunctions.h>", f"static int8_t rival_buffer[{BUFFER}] __attribute__((aligned(16)));"]
    calls += [f"static const cmsis_nn_context rival_context = {{rival_buffer, {BUFFER}}};"]
    calls += [_call(number, op, source) for number, op in enumerate(ops)]
    for number, op in enumerate(ops):
        source = source.replace(f".run = {op['run']}, .in_length", f".run = rival_{number}, .in_length", 1)
    return source.replace("static const scl_op ops[]", "\n".join(calls) + "\nstatic const scl_op ops[]")


def _both(c_folder: Path, cmsis_nn: Path, build: Path) -> tuple[tuple[int, ...], tuple[int, ...], int]:
    """Instructions of each layer, ours and theirs, and how many outputs differ."""
    found = sorted(path for pattern in SOURCES for path in (cmsis_nn / "Source").glob(pattern))
    files = [path.relative_to(cmsis_nn) for path in found]
    if not files or not (cmsis_nn / "Include" / "arm_nnfunctions.h").is_file():
        raise InputError(f"{cmsis_nn}: has no Include and Source of CMSIS-NN; give a folder that has both")
    source, ops, size = apart((c_folder / "model_data.c").read_text("utf-8"))
    header = (c_folder / "model_data.h").read_text("utf-8")
    header = re.sub(r"(#define SCL_ARENA_BYTES )\d+", rf"\g<1>{size}", header)
    costs = []
    os.environ["C_INCLUDE_PATH"] = f"{cmsis_nn / 'Include'}:{cmsis_nn}"  # as a system's, whose warnings are no errors
    for text in (source, with_cmsis_nn(source, ops, files)):
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            (folder / "model_data.c").write_text(text, "utf-8")
            (folder / "model_data.h").write_text(header, "utf-8")
            costs.append(measure(folder, build / f"of-{len(costs)}", BOARD))
    ours, theirs = costs
    unequal = sum(a != b for a, b in zip(ours.outputs, theirs.outputs, strict=True))
    return ours.layers, theirs.layers, unequal


def _call(number: int, op: Op, source: str) -> str:
    """The function rival_NUMBER: one call of CMSIS-NN with constant parameters."""
    name, kernel = f"rival_{number}", op["kernel"]
    dims = {
        "input": f"{{1, 1, {op['in_length']}, {op['in_channels']}}}",
        "filter": f"{{{op['out_channels']}, 1, {kernel}, {op['in_channels']}}}",
        "bias": f"{{1, 1, 1, {op['out_channels']}}}",
        "output": f"{{1, 1, {op['out_length']}, {op['out_channels']}}}",
    }
    lines = [f"static const cmsis_nn_dims {name}_{part} = {text};" for part, text in dims.items()]
    tiles = f"{{{op['stride']}, 1}}, {{{op['pad_left']}, 0}}"
    limits = f"{{{op['act_min']}, {op['act_max']}}}"
    zeros = f"-({op['in_zero_point']}), {op['out_zero_point']}"
    data = f"arena + {op['in_offset']}"
    if op["run"] == "scl_average_pool":
        del lines[2]  # no bias
        lines.append(f"static const cmsis_nn_pool_params {name}_params = {{{tiles}, {limits}}};")
        call = (
            f"arm_avgpool_s8(&rival_context, &{name}_params, &{name}_input, {data}, &{name}_filter, "
            f"&{name}_output, arena + {op['out_offset']})"
        )
    else:
        depthwise = op["run"].startswith("scl_depthwise")
        if depthwise:
            lines[1] = f"static const cmsis_nn_dims {name}_filter = {{1, 1, {kernel}, {op['out_channels']}}};"
        kind, multiple = ("dw_conv", "1, ") if depthwise else ("conv", "")
        shifts = re.search(rf"{op['shift']}\[\] = \{{([^}}]*)\}}", source)
        assert shifts is not None
        lines.append(f"static const int32_t {name}_shift[] = {{{shifts[1]}}};")
        quant = f"{{(int32_t *){op['multiplier']}, (int32_t *){name}_shift}}"
        lines.append(f"static const cmsis_nn_per_channel_quant_params {name}_quant = {quant};")
        params = f"{{{zeros}, {multiple}{tiles}, {{1, 1}}, {limits}}}"
        lines.append(f"static const cmsis_nn_{kind}_params {name}_params = {params};")
        call = (
            f"arm_{'depthwise_conv' if depthwise else 'convolve'}_wrapper_s8(&rival_context, &{name}_params, "
            f"&{name}_quant, &{name}_input, {data}, &{name}_filter, {op['weights']}, &{name}_bias, {op['bias']}, "
            f"&{name}_output, arena + {op['out_offset']})"
        )
    lines.append(f"static void {name}(const scl_op *op, int8_t *arena) {{ (void)op; (void){call}; }}")
    return "\n".join(lines)


def _words(size: int) -> int:
    return (size + 15) // 16 * 16


if __name__ == "__main__":
    main()
