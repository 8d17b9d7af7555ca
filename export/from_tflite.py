"""From a .tflite file made elsewhere to a bundle: the network as C, compared with TFLite Micro, and what it costs.

Such a bundle has no front end, labels or recordings: it is for programs that bring their own
(`firmware/src/engine/network.h`).
"""

import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from export.bundle import model_hash, write_manifest
from export.cost import instructions as device
from export.cost import size
from export.cost import table as layers
from export.cost.budget import Budget
from export.network import arena
from export.network import from_file as foreign
from export.network.layers import LOGITS
from export.proof.agreement import differing_layer
from export.proof.c_engine import CEngine, build_library
from export.proof.gates import AGREEMENT_INPUTS, ExportError
from export.proof.runtimes import tflite_micro_runner
from export.proof.search import search
from export.writers.c_source import CModel, write_c
from scl import artifacts
from scl.artifacts import InputError

MOST_CLASSES = 256


def export_tflite(path: Path, out: Path, budget: Budget | None = None, seed: int = 0) -> dict[str, Any]:
    """Writes the bundle `out` of the file `path`; returns export_report.json's contents.

    Raises:
        InputError: the file is missing, damaged, or uses what the engine lacks; a tool is missing.
        ExportError: the C differs from TFLite Micro in a bit, or the network is beyond the budget.
    """
    if not path.is_file():
        raise InputError(f"{path}: no such file, expected an int8 .tflite")
    tflite = path.read_bytes()
    read = foreign.read(tflite, str(path))
    network = read.network.network
    output = network.tensors[network.outputs[-1]]
    if output.size > MOST_CLASSES:
        raise InputError(f"{path}: has {output.size} outputs, expected at most {MOST_CLASSES}: a class is one byte")
    labels = [f"class{index}" for index in range(output.size)]
    with artifacts.folder(out, "bundle") as folder:
        (folder / "model.tflite").write_bytes(tflite)
        (folder / "c").mkdir()
        memory = arena.schedule(network)
        identity = model_hash(tflite, None, labels)
        write_c(CModel(read.network, memory, labels, identity, None, None), folder / "c")
        with tempfile.TemporaryDirectory() as build:
            engine = CEngine(build_library(folder / "c", Path(build)))
            footprint = size.measure(folder / "c")
            on_device = device.measure(folder / "c", Path(build))
        rows = layers.facts(read.network, memory, on_device.layers)
        cost = {"macs": network.macs, **asdict(footprint), "instructions": on_device.instructions}
        cost |= {"stack_bytes": on_device.stack_bytes, "arena_bytes": memory.size}
        if budget is not None:
            budget.require(cost, rows)
        values = prove(read, tflite, engine, seed)
        searched = search(read, tflite, engine, seed)
        report = {
            "kind": "export_report",
            "schema": 1,
            "name": out.name,
            "model_hash": identity,
            "cost": cost,
            "board": on_device.board,
            "layers": rows,
            "memory_map": layers.memory_map(read.network, memory),
            "agreement": {
                **{"runtime": "C", "inputs": AGREEMENT_INPUTS, "values": values, "different": 0},
                "layers": asdict(searched),
            },
        }
        artifacts.write_json(folder / "export_report.json", report)
        source = network.input
        manifest = {
            "name": out.name,
            "model_hash": identity,
            "window": {"samples": source.length, "channels": source.channels},
            "input": _affine(read, "input"),
            "output": {"size": output.size, **_affine(read, output.name)},
            "frontend": None,
            "cost": cost,
        }
        write_manifest(folder, manifest)
    return report


def prove(read: foreign.Foreign, tflite: bytes, engine: CEngine, seed: int) -> int:
    """Runs random inputs through C and TFLite Micro: uniform, and slow ones as sensors give them. Returns the number of
    values compared.

    Raises ExportError that names the first layer in which they part.
    """
    rng = np.random.default_rng(seed)
    network, tensors = read.network.network, tflite_micro_runner(tflite)
    shape, compared = (network.input.length, network.input.channels), 0
    for index in range(AGREEMENT_INPUTS):
        x = rng.integers(-128, 128, shape)
        if index % 2:
            x = np.clip(np.cumsum(rng.normal(0, 20, shape), axis=0), -128, 127)
        x = x.astype(np.int8)
        expected = tensors(x)
        found = engine.run(x[None])[LOGITS].ravel()
        compared += found.size
        if np.array_equal(found, expected(read.tensors[network.outputs[-1]])):
            continue
        named = {layer.name: expected(read.tensors[layer.name]) for layer in network.layers}
        where = differing_layer(read.network, engine, x, named)
        raise ExportError(f"the C differs from TFLite Micro in {where} (random input {index})")
    return compared


def _affine(read: foreign.Foreign, name: str) -> dict[str, float | int]:
    affine = read.network.activations[name]
    return {"scale": float(affine.scale), "zero_point": affine.zero_point}
