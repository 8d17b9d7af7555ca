"""From a .tflite file made elsewhere to a bundle: the network as C, compared with TFLite Micro, and what it costs.

Such a bundle has no front end, labels or recordings: it is for programs that bring their own
(`firmware/src/engine/network.h`).
"""

import tempfile
from pathlib import Path

from export.cost import instructions, size, table
from export.cost.budget import Budget
from export.cost.reference import cost_of
from export.network import arena, from_file
from export.network.layers import Network
from export.network.operators import operator_of
from export.proof.c_engine import build_library
from export.proof.cut import between_int8
from export.proof.foreign import proved
from export.proof.gates import AGREEMENT_INPUTS
from export.report_file import REPORT, NetworkReport, RandomInputs
from export.writers.c_source import CModel, write_c
from scl import artifacts
from scl.artifacts import InputError, write_artifact
from scl.artifacts.bundle import hashes, model_hash, write_manifest
from scl.artifacts.files import read_bytes
from scl.artifacts.manifest import Cost, InputTensor, NetworkManifest, OutputTensor, PlainWindow
from scl.memory import lacking
from scl.memory import memory as memory_of
from scl.toolchain import FIRMWARE

MOST_CLASSES = 256
MOST_BYTES = 1 << 26  # of a file: far more than boards hold


def export_tflite(path: Path, out: Path, budget: Budget | None = None, seed: int = 0) -> NetworkReport:
    """Writes the bundle `out` of the file `path`; returns its report.

    Raises:
        InputError: the file is missing, damaged, or uses what the engine lacks; a tool is missing.
        ExportError: the C differs from TFLite Micro in a bit, or the network is beyond the budget.
    """
    given = read_bytes(path, MOST_BYTES, "an int8 .tflite file")
    read = from_file.read(given, str(path))
    if (tflite := between_int8(given, read)) != given:
        read = from_file.read(tflite, str(path))
    network = read.network.network
    output = network.tensors[network.outputs[-1]]
    if output.size > MOST_CLASSES:
        raise InputError(
            f"{path}: has {output.size} outputs, expected at most {MOST_CLASSES}: a class is one byte; leave some out"
        )
    memory = arena.schedule(network)
    require_memory(path, network, memory.size)
    labels = [f"class{index}" for index in range(output.size)]
    with artifacts.folder(out, "bundle") as folder:
        (folder / "model.tflite").write_bytes(tflite)
        (folder / "c").mkdir()
        identity = model_hash(tflite, None, labels)
        write_c(CModel(read.network, memory, labels, identity, None, None), folder / "c")
        with tempfile.TemporaryDirectory() as build:
            library = build_library(folder / "c", Path(build))
            footprint = size.measure(folder / "c")
            on_device = instructions.measure(folder / "c", Path(build))
            rows = table.layer_rows(read.network, memory, on_device.layers)
            cost = cost_of(network, memory.size, footprint, on_device)
            if budget is not None:
                budget.require(cost, rows)
            values, searched = proved(str(path), folder / "model.tflite", library, seed)
        report = NetworkReport(
            name=out.name,
            model_hash=identity,
            cost=cost,
            board=on_device.board,
            layers=rows,
            memory_map=table.memory_map(read.network, memory),
            agreement=RandomInputs("C", AGREEMENT_INPUTS, values, 0, searched),
        )
        write_artifact(folder / REPORT, report)
        write_manifest(folder, described(read, out.name, identity, cost, hashes(folder)))
    return report


def require_memory(path: Path, network: Network, arena_bytes: int) -> None:
    """Raises InputError unless the board that costs are counted on has room for the arena, and for the constants."""
    constants = sum(operator_of(layer).constant_bytes(layer) for layer in network.layers)
    available = memory_of(FIRMWARE, instructions.BOARD)
    for region, needed in (("RAM", arena_bytes), ("FLASH", constants)):
        if needed > available[region]:
            raise InputError(f"{path}: {lacking(instructions.BOARD, region, available[region], needed)}")


def described(read: from_file.Foreign, name: str, identity: str, cost: Cost, files: dict[str, str]) -> NetworkManifest:
    """The manifest of a network from a file."""
    source, activations = read.network.network.input, read.network.activations
    output = read.network.network.tensors[read.network.network.outputs[-1]]
    scales = [(float(activations[tensor].scale), activations[tensor].zero_point) for tensor in ("input", output.name)]
    return NetworkManifest(
        name=name,
        model_hash=identity,
        window=PlainWindow(source.length, source.channels),
        input=InputTensor((1, 1, source.length, source.channels), *scales[0]),
        output=OutputTensor(output.size, *scales[1]),
        cost=cost,
        files=files,
    )
