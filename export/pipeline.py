"""From a run folder to a bundle: every step of an export in order. Nothing is written unless every gate is passed."""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from calibration.sensor_file import load_sensor
from export import agreement, arena, converter, evaluate, size
from export.bundle import model_hash, write_manifest
from export.c_engine import CEngine, build_library
from export.c_writer import CModel, write_c
from export.copies import Copies, draw_rotations, rotated
from export.fold import dropped, fold
from export.frontend import frontend_dict
from export.gates import AGREEMENT_INPUTS, MAX_LOSS
from export.golden import balanced, write_golden
from export.int8 import Int8Network, quantize
from export.network import FEATURES, LOGITS
from export.onnx_writer import write_onnx
from export.runtimes import run_tflite_micro
from export.tflite_writer import write_tflite
from scl import artifacts
from scl.artifacts import InputError
from train.data import windows_for_run
from train.data.polyphase import design
from train.runs import load_run, run_hash

if TYPE_CHECKING:
    from train.runs import Run

CONVERTER_INPUTS = 100
LABEL_BYTES = 900  # what a board's HELLO has room for, docs/PROTOCOL.md


@dataclass(frozen=True)
class Options:
    """What an export may be told; the command's flags have the same names.

    Args:
        sensor: a shipped sensor file's name or a path.
        data: where the recordings are, if not where the run says.
        windows: originals in golden.npz, at most.
        draws: rotated copies of each window.
        max_loss: points of accuracy and of consistency that int8 may lose.
        seed: of the rotations and of the choice of windows.

    Raises:
        InputError: windows or draws below 1.
    """

    sensor: str = "replay-imu"
    data: Path | None = None
    windows: int = 600
    draws: int = 4
    max_loss: float = MAX_LOSS
    seed: int = 0

    def __post_init__(self) -> None:
        for name in ("windows", "draws"):
            if getattr(self, name) < 1:
                raise InputError(f"--{name} is {getattr(self, name)}, expected 1 or more")


@dataclass
class Stopwatch:
    """Announces steps and keeps the seconds each took."""

    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        print(f"{name} ...", flush=True)
        start = time.perf_counter()
        yield
        self.seconds[name] = round(time.perf_counter() - start, 2)


def export(run_folder: Path, out: Path, options: Options) -> dict[str, Any]:
    """Writes the bundle `out` from a calibrated run; returns export_report.json's contents.

    Raises:
        InputError: the run, its ranges, the sensor or the recordings are not what they must be, or a tool is missing.
        ExportError: a gate was missed.
    """
    if (out / "run.json").is_file():
        raise InputError(f"{out}: is a run folder, which an export would replace; choose another --out")
    watch = Stopwatch()
    with artifacts.folder(out) as folder:
        with watch.step("read"):
            run = load_run(run_folder)
            check_labels(run_folder, run.info["labels"])
            ranges = read_ranges(run_folder)
            test = windows_for_run(run, "test", options.data)
        with watch.step("quantize"):
            network = quantize(fold(run.model, run.info["window"]["samples"]), ranges)
            frontend = frontend_for(run, network, options.sensor)
            tflite, onnx = write_tflite(network), write_onnx(network.network, network)
            identity = model_hash(tflite, frontend, run.info["labels"])
            (folder / "model.tflite").write_bytes(tflite)
            (folder / "model.onnx").write_bytes(onnx)
            (folder / "model_float.onnx").write_bytes(write_onnx(network.network))
            (folder / "c").mkdir()
            memory = arena.plan(arena.lifetimes(network.network))
            coefficients = design(frontend["sensor"]["rate_hz"], run.info["window"]["rate_hz"]).coefficients
            write_c(CModel(network, memory, run.info["labels"], identity, frontend, coefficients), folder / "c")
        with watch.step("compile"), tempfile.TemporaryDirectory() as build:
            engine = CEngine(build_library(folder / "c", Path(build)))
            footprint = size.measure(folder / "c")
        with watch.step("replay"):
            copies = Copies.make(test.x, draw_rotations(options.draws, len(test), options.seed), frontend)
            rows = balanced(test.labels, test.groups, options.windows, options.seed)
            chosen = copies.take(rows)
        with watch.step("compare runtimes"):
            # Few golden windows are joined by others, so that the proof never rests on a handful.
            rest = copies.take(np.setdiff1d(np.arange(len(test)), rows)).flat_inputs
            golden_inputs = chosen.flat_inputs
            inputs = np.concatenate([golden_inputs, rest[: max(AGREEMENT_INPUTS - len(golden_inputs), 0)]])
            reference = run_tflite_micro(tflite, inputs)
            proof = agreement.prove(network, tflite, onnx, engine, inputs, reference)
            outputs = {name: values[: len(golden_inputs)] for name, values in reference.items()}
            write_golden(folder, chosen, outputs, test.take(rows))
        with watch.step("compare with the float model"):
            shape = copies.inputs.shape[:2]
            int8_classes = engine.run(copies.flat_inputs)[LOGITS].argmax(axis=1).reshape(shape)
            losses = evaluate.evaluate(
                test.labels, test.groups, float_classes(run, test.x, copies.rotation), int8_classes
            )
            evaluate.require_small_loss(losses, options.max_loss)
        with watch.step("ask TensorFlow's converter"):
            nearest = quantize(network.network, ranges, keep_sums=False)
            few = inputs[:CONVERTER_INPUTS]
            theirs = converter.convert(network.network, ranges)
            opinion = converter.compare(theirs, nearest, few, run_tflite_micro(write_tflite(nearest), few))
        cost = {"parameters": network.network.parameters, "macs": network.network.macs, **asdict(footprint)}
        golden_classes = outputs[LOGITS].argmax(axis=1).reshape(chosen.inputs.shape[:2])
        report = {
            "kind": "export_report",
            "schema": 1,
            "name": out.name,
            "run_hash": run_hash(run_folder),
            "model_hash": identity,
            "bytes": {str(p.relative_to(folder)): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file()},
            "cost": cost | {"arena_bytes": memory.size},
            "dropped": dropped(run.model),
            "agreement": [asdict(result) for result in proof],
            "converter": asdict(opinion),
            "evaluation": losses | {"max_loss": options.max_loss},
            "saturated": float((copies.saturated > 0).mean()),
            "seconds": watch.seconds | {"total": round(sum(watch.seconds.values()), 2)},
        }
        artifacts.write_json(folder / "export_report.json", report)
        figures = evaluate.figures(test.labels[rows], golden_classes)
        int8 = {"windows": len(rows), "copies": options.draws, **asdict(figures)}
        described = manifest(run, network, frontend)
        write_manifest(folder, {"name": out.name, **described, "model_hash": identity, "cost": cost, "int8": int8})
    return report


def check_labels(run_folder: Path, labels: list[str]) -> None:
    """Raises InputError unless a class fits into a byte and all labels into the board's HELLO frame."""
    size = sum(len(label.encode()) + 1 for label in labels)
    if len(labels) > 255 or size > LABEL_BYTES or any("\n" in label for label in labels):
        raise InputError(
            f"{run_folder}: has {len(labels)} labels of {size} bytes together, "
            f"expected at most 255 labels of one line, {LABEL_BYTES} bytes together; shorten them"
        )


def read_ranges(run_folder: Path) -> dict[str, list[float]]:
    """The run's activation ranges by tensor name. Raises InputError if there are none, or those of another run."""
    path = run_folder / "ranges.json"
    command = f"run python -m calibration.ranges {run_folder}"
    if not path.is_file():
        raise InputError(f"{path}: no such file; {command}")
    contents = artifacts.read_json(path, "ranges")
    found, expected = contents["run_hash"], run_hash(run_folder)
    if found != expected:
        raise InputError(f"{path}: is stale, made for run {found[:12]}, but this one is {expected[:12]}; {command}")
    return contents["ranges"]


def frontend_for(run: "Run", network: Int8Network, sensor_name: str) -> dict[str, Any]:
    """The manifest's front end: the named sensor's counts to the network's input.

    Raises InputError if the sensor lacks what the model needs, counts other units or has an unsupported rate.
    """
    window = run.info["window"]
    sensor = load_sensor(sensor_name).select([part["kind"] for part in run.info["sensors"]])
    units = [part.si_unit for part in sensor.parts for _ in range(part.axes)]
    if units != window["units"]:
        raise InputError(
            f"sensor {sensor.name}: gives {', '.join(units)}, but the model was trained on "
            f"{', '.join(window['units'])}; choose another with --sensor"
        )
    scale, zero_point = network.activations["input"].scale, network.activations["input"].zero_point
    normalisation = run.info["normalisation"]
    return frontend_dict(sensor, window["samples"], window["rate_hz"], normalisation, float(scale), zero_point)


def float_classes(run: "Run", windows: np.ndarray, rotation: np.ndarray) -> np.ndarray:
    """Classes (transforms, n) that the float model gives to windows (n, channels, samples) under each rotation."""
    import torch

    from train.evaluate import predict

    turned = (rotated(windows, turn).astype(np.float32) for turn in rotation)
    return np.stack([predict(run.model, torch.from_numpy(x))[1] for x in turned])


def manifest(run: "Run", network: Int8Network, frontend: dict[str, Any]) -> dict[str, Any]:
    """The part of manifest.json that describes run, network and front end."""
    info, scales = run.info, network.activations

    def described(name: str) -> dict[str, Any]:
        return {"scale": float(scales[name].scale), "zero_point": scales[name].zero_point}

    source = network.network.input
    return {
        **{key: info[key] for key in ("task", "transformation", "method", "labels", "partition")},
        "kept": run.partition.kept.tolist(),
        "run_hash": run_hash(run.path),
        "window": info["window"],
        "frontend": frontend,
        "input": {"shape": [1, 1, source.length, source.channels], **described("input")},
        "outputs": {n: {"size": network.network.tensors[n].size, **described(n)} for n in (FEATURES, LOGITS)},
        "split": {key: info["split"][key] for key in ("name", "leaky")},
        "data": {"name": info["data"]["name"]},
    }
