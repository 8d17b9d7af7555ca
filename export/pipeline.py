"""From a run folder to a bundle: every step of an export in order. Nothing is written unless every gate is passed."""

import tempfile
import time
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from export.bundle import model_hash, write_manifest
from export.cost import instructions as device
from export.cost import size
from export.cost import table as layers
from export.cost.budget import Budget
from export.golden.choice import balanced, spread, write_golden
from export.golden.copies import Copies, Rotations, Shifts
from export.network import arena, streaming
from export.network.from_encoder import dropped, fold
from export.network.integers import Int8Network
from export.network.layers import FEATURES, LOGITS
from export.network.quantization import quantize
from export.proof import agreement, converter
from export.proof import loss as evaluate
from export.proof.c_engine import CEngine, build_library
from export.proof.gates import AGREEMENT_INPUTS, MAX_LOSS, ExportError
from export.proof.runtimes import run_tflite_micro
from export.writers.c_source import MAX_LABELS_TOGETHER, CModel, write_c
from export.writers.onnx import write_onnx
from export.writers.tflite import write_tflite
from scl import artifacts
from scl.artifacts import InputError
from scl.artifacts.run import read_ranges, run_hash
from scl.decision import LOST, decide
from scl.frontend.chain import FrontEnd, frontend_dict
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.frontend.resampler import design
from scl.frontend.sensor import load_sensor
from train.data import recordings_for_run, windows_for_run
from train.data.recordings import WindowSet
from train.data.registry import data_set
from train.data.tasks import TASKS
from train.run.folder import load_run
from train.transformations import Shift, from_info

if TYPE_CHECKING:
    from train.run.folder import Run

CONVERTER_INPUTS = 100
STREAMED_INPUTS = 100  # windows, played one behind the other
EVALUATED = 10_000  # windows of a test split, at most: a database of beats has fifty thousand
COUNTED_AT_ONCE = 2_000  # windows, so that their counts fit into memory
LIMITED = {"rotation": ("accuracy", "consistency"), "shift": ("macro_f1", "consistency")}  # by --max-loss
MOST_LABELS = 255  # classes 0 to 254: 255 on the wire says that the board abstains
LABEL_BYTES = 900  # what a board's HELLO has room for, docs/PROTOCOL.md


@dataclass(frozen=True)
class Options:
    """What an export may be told; the command's flags have the same names.

    Args:
        sensor: a shipped sensor file's name or a path; None: the one that recorded the data set, or replays it.
        data: where the recordings are, if not where the run says.
        windows: originals in golden.npz, at most.
        draws: transformed copies of each window.
        max_loss: points of accuracy and of consistency that int8 may lose.
        budget: what the device has room for; None: no limit.
        streaming: hop in model-rate samples of a stream that keeps columns; None: every class from a whole window.
        seed: of the rotations and of the choice of windows.

    Raises:
        InputError: windows or draws below 1.
    """

    sensor: str | None = None
    data: Path | None = None
    windows: int = 600
    draws: int = 4
    max_loss: float = MAX_LOSS
    budget: Budget | None = None
    streaming: int | None = None
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
    with artifacts.folder(out, "bundle") as folder:
        with watch.step("read"):
            run = load_run(run_folder)
            if run.model.canonical:
                raise InputError(
                    f"{run.path}: its input is canonicalized, which the board's front end does not do; train with "
                    "--input raw"
                )
            check_labels(run_folder, run.info.labels, run.info.multilabel)
            if options.streaming is not None and not TASKS[run.info.task].streams:
                raise InputError(f"{run_folder}: classifies the beat in the middle of a window, which no stream holds")
            ranges = read_ranges(run_folder)
            test = windows_for_run(run.info, "test", options.data)
        with watch.step("quantize"):
            network = quantize(fold(run.model, run.info.window.samples), ranges)
            frontend = frontend_for(run, network, options.sensor or data_set(run.info.data.name).sensor)
            tflite, onnx = write_tflite(network), write_onnx(network.network, network)
            labels, multilabel = run.info.labels, run.info.multilabel
            # A probability of a half is a logit of 0.
            thresholds = [network.activations[LOGITS].zero_point] * len(labels) if multilabel else None
            identity = model_hash(tflite, frontend, labels, thresholds)
            (folder / "model.tflite").write_bytes(tflite)
            (folder / "model.onnx").write_bytes(onnx)
            (folder / "model_float.onnx").write_bytes(write_onnx(network.network))
            (folder / "c").mkdir()
            memory = arena.schedule(network.network)
            coefficients = design(frontend["sensor"]["rate_hz"], run.info.window.rate_hz).coefficients
            step = None if options.streaming is None else streaming.step(network.network, options.streaming)
            write_c(CModel(network, memory, labels, identity, frontend, coefficients, thresholds, step), folder / "c")
        with watch.step("compile"), tempfile.TemporaryDirectory() as build:
            engine = CEngine(build_library(folder / "c", Path(build)))
            footprint = size.measure(folder / "c")
            on_device = device.measure(folder / "c", Path(build))
        cost = {"parameters": network.network.parameters, "macs": network.network.macs, **asdict(footprint)}
        cost |= {"instructions": on_device.instructions, "stack_bytes": on_device.stack_bytes}
        rows_of_layers = layers.facts(network, memory, on_device.layers)
        if options.budget is not None:
            options.budget.require(cost, rows_of_layers)
        with watch.step("replay"):
            copies = copies_for(run, test, options, frontend)
            chosen, rows = rows_for(run, test, options)
            inputs, flags = network_inputs(copies, chosen, frontend)
            counts = np.stack([copies.counts(t, chosen[rows]) for t in range(copies.transforms)])
            golden = inputs[:, rows]
        with watch.step("compare runtimes"):
            # Few golden windows are joined by others, so that the proof never rests on a handful.
            rest = np.delete(inputs, rows, axis=1).reshape(-1, *inputs.shape[2:])
            golden_inputs = golden.reshape(-1, *inputs.shape[2:])
            proven = np.concatenate([golden_inputs, rest[: max(AGREEMENT_INPUTS - len(golden_inputs), 0)]])
            reference = run_tflite_micro(tflite, proven)
            proof = agreement.prove(network, tflite, onnx, engine, proven, reference)
            kept = None if step is None else stream_facts(step, engine, proven, on_device)
            outputs = {name: values[: len(golden_inputs)] for name, values in reference.items()}
            crc32 = np.array(
                [[zlib.crc32(np.ascontiguousarray(x).tobytes()) for x in row] for row in golden], np.uint32
            )
            golden_labels, golden_flags = copies.labels[:, chosen[rows]], flags[:, rows]
            write_golden(
                folder, counts, outputs, crc32, golden_flags, golden_labels, copies.parameters, test.take(chosen[rows])
            )
        with watch.step("compare with the float model"):
            shape = inputs.shape[:2]
            logits = engine.run(inputs.reshape(-1, *inputs.shape[2:]))[LOGITS].reshape(*shape, -1)
            int8_classes = answered(logits, flags, thresholds)
            mask_labels = len(labels) if multilabel else None
            truth, groups = copies.labels[:, chosen], test.groups[chosen]
            losses = evaluate.evaluate(truth, groups, float_classes(run, copies, chosen), int8_classes, mask_labels)
            evaluate.require_small_loss(losses, options.max_loss, LIMITED[run.info.transformation.name])
        with watch.step("ask TensorFlow's converter"):
            nearest = quantize(network.network, ranges, keep_sums=False)
            few = proven[:CONVERTER_INPUTS]
            theirs = converter.convert(network.network, ranges)
            opinion = converter.compare(theirs, nearest, few, run_tflite_micro(write_tflite(nearest), few))
        golden_classes = answered(outputs[LOGITS].reshape(*golden.shape[:2], -1), golden_flags, thresholds)
        report = {
            "kind": "export_report",
            "schema": 1,
            "name": out.name,
            "run_hash": run_hash(run_folder),
            "model_hash": identity,
            "bytes": {str(p.relative_to(folder)): p.stat().st_size for p in sorted(folder.rglob("*")) if p.is_file()},
            "cost": cost | {"arena_bytes": memory.size},
            "streaming": kept,
            "board": on_device.board,
            "layers": rows_of_layers,
            "memory_map": layers.memory_map(network, memory),
            "dropped": dropped(run.model),
            "agreement": [asdict(result) for result in proof],
            "converter": asdict(opinion),
            "transformation": run.info.transformation.name,
            "evaluation": losses | {"max_loss": options.max_loss, "limited": LIMITED[run.info.transformation.name]},
            "saturated": float((flags & SATURATED > 0).mean()),
            "abstained": float((flags & LEAD_OFF > 0).mean()),
            "seconds": watch.seconds | {"total": round(sum(watch.seconds.values()), 2)},
        }
        artifacts.write_json(folder / "export_report.json", report)
        figures = evaluate.figures(golden_labels, golden_classes, test.groups[chosen[rows]], mask_labels)
        int8 = {"windows": len(rows), "copies": options.draws, **figures}
        described = manifest(run, network, frontend) | {"thresholds": thresholds, "transforms": copies.names}
        described |= {"model_hash": identity, "cost": cost, "streaming": kept, "int8": int8}
        write_manifest(folder, {"name": out.name, **described})
    return report


def stream_facts(
    step: streaming.Step, engine: CEngine, inputs: np.ndarray, on_device: device.DeviceCost
) -> dict[str, int | float]:
    """What a stream that keeps columns costs and has proved, for manifest and report. Raises ExportError if it differs
    from the whole window, here or on the board.
    """
    windows = agreement.prove_stream(engine, inputs[:STREAMED_INPUTS], step.hop)
    board = on_device.stream
    if board is None or board.differing:
        raise ExportError(f"on {on_device.board} a stream that keeps columns differs from the whole window: {board}")
    return {
        "hop": step.hop,
        "instructions": board.instructions,
        "share": round(board.instructions / on_device.instructions, 4),
        "arena_bytes": step.arena.size,
        "windows_compared": windows,
        "board_values_compared": board.compared,
    }


def check_labels(run_folder: Path, labels: Sequence[str], multilabel: bool = False) -> None:
    """Raises InputError unless a class fits into a byte and all labels into the board's HELLO frame."""
    if multilabel and len(labels) > MAX_LABELS_TOGETHER:
        raise InputError(
            f"{run_folder}: has {len(labels)} labels that hold together, expected at most {MAX_LABELS_TOGETHER}"
        )
    size = sum(len(label.encode()) + 1 for label in labels)
    if len(labels) > MOST_LABELS or size > LABEL_BYTES or any("\n" in label for label in labels):
        raise InputError(
            f"{run_folder}: has {len(labels)} labels of {size} bytes together, "
            f"expected at most {MOST_LABELS} labels of one line, {LABEL_BYTES} bytes together; shorten them"
        )


def frontend_for(run: "Run", network: Int8Network, sensor_name: str) -> dict[str, Any]:
    """The manifest's front end: the named sensor's counts to the network's input.

    Raises InputError if the sensor lacks what the model needs, counts other units or has an unsupported rate.
    """
    window = run.info.window
    sensor = load_sensor(sensor_name).select([part.kind for part in run.info.sensors])
    units = [part.si_unit for part in sensor.parts for _ in range(part.axes)]
    if tuple(units) != window.units:
        raise InputError(
            f"sensor {sensor.name}: gives {', '.join(units)}, but the model was trained on "
            f"{', '.join(window.units)}; choose another with --sensor"
        )
    scale, zero_point = network.activations["input"].scale, network.activations["input"].zero_point
    steps, norm = run.info.frontend, run.info.normalisation
    return frontend_dict(
        *(sensor, window.samples, window.rate_hz, {"mean": list(norm.mean), "std": list(norm.std)}),
        *(float(scale), zero_point, None if steps.band_hz is None else list(steps.band_hz)),
        warmup_s=steps.warmup_s,
        invariant=steps.invariant,
    )


def copies_for(run: "Run", test: WindowSet, options: Options, frontend: dict[str, Any]) -> Copies:
    """The test windows under the transformation that the run was trained for."""
    transformation = from_info(run.info.transformation)
    if isinstance(transformation, Shift):
        recordings = recordings_for_run(run.info, options.data)
        return Shifts(test, transformation, options.draws, recordings, frontend)
    return Rotations(test, options.draws, options.seed, frontend)


def rows_for(run: "Run", test: WindowSet, options: Options) -> tuple[np.ndarray, np.ndarray]:
    """Which test windows are evaluated, and which of those travel with the bundle.

    Activities are chosen in equal numbers. Rhythms stay as frequent as they are: what a rare class is taken for
    depends on how many of the others there are.
    """
    if run.info.transformation.name == Shift.name:
        chosen = spread(len(test), EVALUATED)
        return chosen, spread(len(chosen), options.windows)
    return np.arange(len(test)), balanced(test.labels, test.groups, options.windows, options.seed)


def network_inputs(copies: Copies, rows: np.ndarray, frontend: dict[str, Any]) -> tuple[np.ndarray, np.ndarray]:
    """Inputs int8 (transforms, rows, samples, channels) and flags uint8 (transforms, rows), made in parts."""
    front_end = FrontEnd.from_manifest(frontend)
    inputs, flags = [], []
    for transform in range(copies.transforms):
        for start in range(0, len(rows), COUNTED_AT_ONCE):
            counts = copies.counts(transform, rows[start : start + COUNTED_AT_ONCE])
            inputs.append(front_end.quantized_windows(counts))
            flags.append(front_end.flags(counts))
    shape = copies.transforms, len(rows)
    joined = np.concatenate(inputs)
    return joined.reshape(*shape, *joined.shape[1:]), np.concatenate(flags).reshape(shape)


def answered(logits: np.ndarray, flags: np.ndarray, thresholds: list[int] | None) -> np.ndarray:
    """Classes (transforms, n) of int8 logits (transforms, n, classes), lost where the board abstains."""
    return np.where(flags & LEAD_OFF, LOST, decide(logits, thresholds))


def float_classes(run: "Run", copies: Copies, rows: np.ndarray) -> np.ndarray:
    """Classes (transforms, rows) that the float model gives to the windows under each transformation."""
    import torch

    from train.run.evaluate import predict

    thresholds = np.zeros(len(run.info.labels)) if run.info.multilabel else None
    windows = (torch.from_numpy(np.ascontiguousarray(copies.windows(t)[rows])) for t in range(copies.transforms))
    return np.stack([decide(predict(run.model, x)[1], thresholds) for x in windows])


def manifest(run: "Run", network: Int8Network, frontend: dict[str, Any]) -> dict[str, Any]:
    """The part of manifest.json that describes run, network and front end."""
    info, scales = run.info, network.activations

    def described(name: str) -> dict[str, Any]:
        return {"scale": float(scales[name].scale), "zero_point": scales[name].zero_point}

    source = network.network.input
    return {
        **{"task": info.task, "transformation": info.transformation.name, "method": info.method},
        **{"labels": list(info.labels), "partition": asdict(info.partition)},
        "shift": info.transformation.parameters or None,
        "kept": run.partition.kept.tolist(),
        "run_hash": run_hash(run.path),
        "window": asdict(info.window),
        "frontend": frontend,
        "input": {"shape": [1, 1, source.length, source.channels], **described("input")},
        "outputs": {n: {"size": network.network.tensors[n].size, **described(n)} for n in (FEATURES, LOGITS)},
        "split": {"name": info.split.name, "leaky": info.split.leaky},
        "data": {"name": info.data.name},
    }
