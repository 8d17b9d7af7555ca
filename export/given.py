"""From a model that was made elsewhere to a bundle: the network as C, compared with TFLite Micro, what it costs, and
windows with the answers that a board must give.

Every way in ends here: a .tflite file (`export.from_tflite`), an ONNX file, a module. What the windows are is the
user's to give (`export.representative`); without, random inputs travel with the bundle, so that exactness can be
measured on a board all the same.
"""

import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np

from export.cost import instructions, size, table
from export.cost.reference import cost_of
from export.given_loss import beside_float
from export.given_model import Model, read_model
from export.given_options import Options
from export.given_windows import RANDOM, Windows, given_windows, golden_of
from export.golden.figures import int8_figures
from export.proof import foreign
from export.proof.agreement import stream_facts
from export.proof.c_engine import CEngine, build_library
from export.proof.gates import AGREEMENT_INPUTS
from export.report_page import write_report
from export.writers.c_source import write_c
from scl import artifacts, toolchain
from scl.artifacts.bundle import hashes, write_manifest
from scl.artifacts.export_report import NetworkReport, RandomInputs
from scl.artifacts.golden import Golden, write_golden
from scl.artifacts.manifest import Cost, InputTensor, NetworkManifest, Outputs, Streaming
from scl.artifacts.provenance import provenance
from scl.machines import QEMU
from scl.progress import Steps

__all__ = ["Options", "export_given"]

STEPS = {"read": 1.0, "compile and count": 4.0, "compare with TFLite Micro": 4.0, "windows": 3.0}  # roughly
STREAMED_HOPS = 200


def export_given(where: str, tflite: bytes, out: Path, options: Options) -> NetworkReport:
    """Writes the bundle `out` of an int8 .tflite file's bytes, which `where` names in errors; returns its report.

    The last output is what a class is read from; one whose tensor is named "features" is the kept latent.

    Raises:
        InputError: the file uses what the engine lacks, or what is given with it does not fit; a tool is missing.
        ExportError: the C differs from TFLite Micro in a bit, the network is beyond the budget, or int8 loses too much.
    """
    steps = Steps(STEPS)
    with steps.step("read"):
        model = read_model(where, tflite, options)
    with artifacts.folder(out, "bundle") as folder:
        (folder / "model.tflite").write_bytes(model.tflite)
        if options.onnx is not None:
            (folder / "model.onnx").write_bytes(options.onnx)
        if options.onnx_float is not None:
            (folder / "model_float.onnx").write_bytes(options.onnx_float)
        (folder / "c").mkdir()
        write_c(model.c, folder / "c")
        with tempfile.TemporaryDirectory() as build:
            with steps.step("compile and count"):
                library = build_library(folder / "c", Path(build))
                on_device = instructions.measure(folder / "c", Path(build), options.board)
            cost = cost_of(model.network.network, model.c.arena.size, size.measure(folder / "c"), on_device)
            rows = table.layer_rows(model.network, model.c.arena, on_device.layers)
            if options.budget is not None:
                options.budget.require(cost, rows)
            with steps.step("compare with TFLite Micro"):
                values, searched = foreign.proved(where, folder / "model.tflite", library, options.seed)
                kept = _kept(model, CEngine(library), on_device, options.seed)
        with steps.step("windows"):
            windows = given_windows(where, model, options)
            golden = golden_of(where, folder / "model.tflite", model, windows)
            beside = beside_float(model, windows, golden, options)
        write_golden(folder, golden, windows.copies.windows[0])
        manifest = _described(out.name, model, windows, golden, cost, kept, options)
        report = NetworkReport(
            name=out.name,
            model_hash=model.c.model_hash,
            cost=cost,
            board=on_device.board,
            layers=rows,
            memory_map=table.memory_map(model.network, model.c.arena),
            agreement=RandomInputs("C", AGREEMENT_INPUTS, values, 0, searched),
            streaming=kept,
            data=manifest.data,
            transformation=options.transformation,
            int8=manifest.int8,
            clipped=windows.clipped,
            float_model=beside,
            provenance=provenance(options.command, toolchain.CROSS_COMPILER[0], QEMU[0]),
        )
        write_report(folder, report)
        write_manifest(folder, replace(manifest, files=hashes(folder)))
    return report


def _kept(model: Model, engine: CEngine, on_device: instructions.DeviceCost, seed: int) -> Streaming | None:
    """What a stream of noise that keeps columns costs and has proved; None without one."""
    step, source = model.c.step, model.network.network.input
    if step is None:
        return None
    windows = 2 + STREAMED_HOPS * step.hop // source.length
    shape = (windows, source.length, source.channels)
    noise = np.random.default_rng(seed).integers(-128, 128, shape).astype(np.int8)
    return stream_facts(step, engine, noise, on_device)


def _described(
    name: str, model: Model, windows: Windows, golden: Golden, cost: Cost, kept: Streaming | None, options: Options
) -> NetworkManifest:
    """The manifest, but for its list of files."""
    source, scale = model.network.network.input, model.network.activations["input"]
    features = None if model.features is None else model.output(model.features)
    return NetworkManifest(
        name=name,
        labels=tuple(model.c.labels),
        model_hash=model.c.model_hash,
        input=InputTensor((1, 1, source.length, source.channels), float(scale.scale), scale.zero_point),
        outputs=Outputs(features, model.output(model.logits)),
        partition=options.partition,
        frontend=model.c.frontend,
        transformation=windows.copies.info,
        transforms=windows.copies.names,
        thresholds=None,
        decision=None,
        streaming=kept,
        data=RANDOM if options.representative is None else options.data,
        seed=options.seed,
        int8=int8_figures(golden),
        cost=cost,
        files={},
    )
