"""From a run folder to a bundle: every step of an export in order. Nothing is written unless every gate is passed."""

from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export.beside import compared_with_float, second_opinion
from export.compiled import compiled
from export.cost import table
from export.cost.budget import Budget
from export.cost.instructions import DeviceCost
from export.decision import Fitted, fitted, worth
from export.golden import beat_battery
from export.golden.battery import check_battery, made
from export.golden.beats import EvaluatedBeats, played
from export.golden.choice import balanced, spread
from export.golden.strips import EvaluatedStrips, evaluated_under
from export.golden.windows import EvaluatedWindows, network_inputs
from export.label_groups import label_groups
from export.manifest import described
from export.model import Model, check_labels, quantized
from export.network.from_encoder import dropped
from export.network.layers import LOGITS
from export.proof import agreement, loss
from export.proof.c_engine import CEngine
from export.proof.gates import AGREEMENT_INPUTS, MAX_LOSS
from export.proof.runtimes import Outputs, run_tflite_micro
from export.report_page import write_report
from export.sensor import sensor_for
from scl import artifacts, toolchain
from scl.arguments import MOST_COPIES, MOST_COUNT
from scl.artifacts import InputError
from scl.artifacts.battery import write_battery, write_beat_battery
from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.bundle import hashes, write_manifest
from scl.artifacts.export_report import Agreement, ExportReport
from scl.artifacts.label_groups import LabelGroups
from scl.artifacts.manifest import Streaming
from scl.artifacts.provenance import provenance
from scl.artifacts.ranges import read_ranges
from scl.artifacts.run import run_hash
from scl.decision import UNKNOWN
from scl.frontend.chain import FrontEnd
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.machines import QEMU
from scl.progress import Steps
from train.data.recordings import WindowSet
from train.data.stored import recordings_for_run, windows_for_run
from train.data.strips import strips
from train.data.tasks import TASKS
from train.run.folder import load_run
from train.transformations import from_info, kind

if TYPE_CHECKING:
    from train.run.folder import Run

Ranges = dict[str, tuple[float, float]]
Evaluated = EvaluatedWindows | EvaluatedBeats | EvaluatedStrips
CONVERTER_INPUTS = 100
STREAMED_INPUTS = 100  # windows, played one behind the other
STEPS = {  # and what each takes of an export of 600 windows, roughly
    "read": 5.0,
    "quantize": 1.0,
    "fit the temperature": 5.0,
    "compile": 4.0,
    "replay": 20.0,
    "compare runtimes": 20.0,
    "compare with the float model": 20.0,
    "ask TensorFlow's converter": 5.0,
}
BATTERY_STEP = {"make the battery": 10.0}
EVALUATED = 10_000  # windows of a test split, at most: a database of beats has fifty thousand


@dataclass(frozen=True)
class Options:
    """What an export may be told; the command's flags have the same names.

    Args:
        sensor: a shipped sensor file's name or a path; None: as `export.sensor.sensor_for` has it.
        data: where the recordings are, if not where the run says.
        windows: originals in golden.npz, at most.
        draws: transformed copies of each window.
        max_loss: points of accuracy and of consistency that int8 may lose.
        budget: what the device has room for; None: no limit.
        streaming: hop in model-rate samples of a stream that keeps columns; None: every class from a whole window.
        bout: seconds that a class lasts on average, for the belief filter over a stream; None: none.
        unsure: least difference of the two largest shares, below which the answer is "unsure"; 0: never.
        seed: of the rotations and of the choice of windows.
        battery: nuisances that battery.npz has: "small", "whole", or names with + between them; None: no such file.
        groups: classes that count as one in figures of a second level; None: those of the run, if it has any.
        command: as it was typed, for the report.

    Raises:
        InputError: windows or draws below 1, or more than memory has room for.
    """

    sensor: str | None = None
    data: Path | None = None
    windows: int = 600
    draws: int = 4
    max_loss: float = MAX_LOSS
    budget: Budget | None = None
    streaming: int | None = None
    bout: float | None = None
    unsure: float = 0.0
    seed: int = 0
    battery: str | None = None
    groups: LabelGroups | None = None
    command: str = ""

    def __post_init__(self) -> None:
        for name, most in (("windows", MOST_COUNT), ("draws", MOST_COPIES)):
            if not 1 <= getattr(self, name) <= most:
                raise InputError(f"--{name} is {getattr(self, name)}, expected 1 to {most:,}")


def export(run_folder: Path, out: Path, options: Options) -> ExportReport:
    """Writes the bundle `out` from a calibrated run; returns its report.

    Raises:
        InputError: the run, its ranges, the sensor or the recordings are not what they must be, or a tool is missing.
        ExportError: a gate was missed.
    """
    watch = Steps(STEPS | ({} if options.battery is None else BATTERY_STEP))
    with artifacts.folder(out, "bundle") as folder:
        with watch.step("read"):
            run, ranges, test = read(run_folder, options)
            groups = label_groups(run.info, options.groups)
        model, decides = deciding(run, ranges, options, watch)
        model.write(folder)
        engine, on_device, cost, rows = compiled(model, folder, options.budget, watch)
        with watch.step("replay"):
            windows = evaluated(run, test, options, model)
        with watch.step("compare runtimes"):
            proof = prove(model, engine, windows, on_device)
            int8 = windows.store(folder, proof.outputs, model.thresholds)
        with watch.step("compare with the float model"):
            logits = engine.run(windows.flat)[LOGITS].reshape(*windows.flags.shape, -1)
            evaluation = compared_with_float(run, model, logits, windows)
            transformation = evaluated_under(run.info, windows)
            limited = kind(transformation.name).limited
            loss.require_small_loss(evaluation, options.max_loss, limited)
        with watch.step("ask TensorFlow's converter"):
            opinion = second_opinion(model, ranges, proof.inputs[:CONVERTER_INPUTS])
        battery = () if options.battery is None else store_battery(folder, run, model, test, windows, options, watch)
        report = ExportReport(
            name=out.name,
            model_hash=model.hash,
            cost=cost,
            board=on_device.board,
            layers=rows,
            memory_map=table.memory_map(model.network, model.memory),
            run_hash=run_hash(run_folder),
            bytes={name: (folder / name).stat().st_size for name in hashes(folder)},
            streaming=proof.streaming,
            dropped=dropped(run.model),
            agreement=proof.agreement,
            converter=opinion,
            transformation=transformation.name,
            evaluation=evaluation,
            decision=None if decides is None else worth(model, decides, logits[0], windows.labels[0], windows.flags[0]),
            max_loss=options.max_loss,
            limited=limited,
            saturated=float((windows.flags & SATURATED > 0).mean()),
            abstained=float((windows.flags & LEAD_OFF > 0).mean()),
            seconds=watch.seconds | {"total": round(sum(watch.seconds.values()), 2)},
            provenance=provenance(options.command, toolchain.CROSS_COMPILER[0], QEMU[0]),
        )
        write_report(folder, report)
        write_manifest(
            folder,
            described(
                run, model, report, transformation, windows.names, int8, options.seed, battery, groups, hashes(folder)
            ),
        )
    return report


def deciding(run: "Run", ranges: Ranges, options: Options, watch: Steps) -> tuple[Model, Fitted | None]:
    """The model in int8, and what decides behind its logits; None where nothing does."""
    with watch.step("quantize"):
        model = quantized(run, ranges, sensor_for(run.info, options.sensor), options.streaming)
    if model.frontend.beats is not None:  # their answers are beats, which no time joins
        watch.skip("fit the temperature")
        return model, None
    with watch.step("fit the temperature"):
        behind = fitted(run, model, options.data, options.bout, options.unsure)
    return replace(model, decision=None if behind is None else behind.decision), behind


def read(run_folder: Path, options: Options) -> tuple["Run", Ranges, WindowSet]:
    """The run, its ranges and its test windows. Raises InputError for what no board can run."""
    run = load_run(run_folder)
    if run.model.canonical:
        raise InputError(
            f"{run.path}: its input is canonicalized, which the board's front end does not do; train with --input raw"
        )
    check_labels(run_folder, run.info.labels, run.info.multilabel)
    if options.streaming is not None and run.info.frontend.beats is not None:
        raise InputError(f"{run_folder}: finds heartbeats, --streaming is of windows; leave it out")
    if options.streaming is not None and not TASKS[run.info.task].streams:
        raise InputError(
            f"{run_folder}: classifies the beat in the middle of a window, which no stream holds; leave --streaming out"
        )
    sensor = sensor_for(run.info, options.sensor)  # an unfit one is refused before minutes of reading
    if run.info.frontend.beats is not None and (options.bout is not None or options.unsure > 0):
        raise InputError(f"{run_folder}: finds heartbeats, --bout and --unsure are of windows; leave them out")
    check_battery(options.battery, sensor)
    return run, read_ranges(run_folder), windows_for_run(run.info, "test", options.data)


@dataclass(frozen=True, eq=False)
class Proof:
    """What every runtime was shown to agree in.

    Attributes:
        inputs: int8 (inputs, samples, channels), real windows and their copies.
        outputs: TFLite Micro's, int8 (inputs, size), of those inputs that travel with the bundle.
        streaming: None without a stream that keeps columns.
    """

    inputs: np.ndarray
    agreement: tuple[Agreement, ...]
    streaming: Streaming | None
    outputs: Outputs


def prove(model: Model, engine: CEngine, windows: Evaluated, on_device: DeviceCost) -> Proof:
    """Runs every form of the model on real inputs. Raises ExportError where one differs from TFLite Micro."""
    inputs = windows.proven(AGREEMENT_INPUTS)
    reference = run_tflite_micro(model.tflite, inputs)
    results = agreement.prove(model.network, model.tflite, model.onnx, engine, inputs, reference)
    streamed = inputs[:STREAMED_INPUTS]
    streaming = None if model.step is None else agreement.stream_facts(model.step, engine, streamed, on_device)
    outputs = {name: values[: len(windows.golden_inputs)] for name, values in reference.items()}
    return Proof(inputs, tuple(results), streaming, outputs)


def evaluated(run: "Run", test: WindowSet, options: Options, model: Model) -> Evaluated:
    """The test windows or beats under the transformation that the run was trained for, through the front end."""
    if model.frontend.beats is not None:
        recordings, records = recordings_for_run(run.info, options.data), run.info.split.test
        to_play = played(recordings, records, model.frontend)
        if run.info.task == "beat":
            return EvaluatedBeats(test, model.frontend, to_play)
        cut = strips(recordings, model.frontend.beats, records)
        beats = WindowSet(cut.x, np.full(len(cut.x), UNKNOWN), np.zeros(len(cut.x), np.int64))
        return EvaluatedStrips(beats, model.frontend, to_play, cut)
    transformation = from_info(run.info.transformation)
    copies = transformation.sensor_copies(
        *(test, options.draws, options.seed), lambda: recordings_for_run(run.info, options.data), model.frontend
    )
    if transformation.balanced:
        chosen = np.arange(len(test))
        rows = balanced(test.labels, test.groups, options.windows, options.seed)
    else:
        chosen = spread(len(test), EVALUATED)
        rows = spread(len(chosen), options.windows)
    inputs, flags = network_inputs(copies, chosen, model.frontend)
    return EvaluatedWindows(test, copies, chosen, rows, inputs, flags)


def store_battery(
    folder: Path, run: "Run", model: Model, test: WindowSet, windows: Evaluated, options: Options, watch: Steps
) -> tuple[BatteryCopy, ...]:
    """Writes battery.npz, which was asked for, into a bundle folder; what its rows are."""
    assert options.battery is not None
    answers = partial(run_tflite_micro, model.tflite)
    with watch.step(*BATTERY_STEP):
        if isinstance(windows, EvaluatedBeats):
            stretches = beat_battery.made(options.battery, windows.played, model.frontend, options.seed)
            write_beat_battery(folder, stretches.golden(model.frontend, answers))
            return tuple(step.copy for step in stretches.rungs)
        recordings = recordings_for_run(run.info, options.data)
        battery = made(options.battery, test, recordings, model.frontend, options.seed)
        write_battery(folder, battery.golden(FrontEnd.from_spec(model.frontend), answers, model.thresholds))
    return tuple(step.copy for step in battery.rungs)
