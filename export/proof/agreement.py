"""Proof that every exported form computes the same as TFLite Micro, on real inputs.

The compiled C and LiteRT's reference kernels must be equal in every bit. ONNX Runtime and XNNPACK round differently:
one or two steps.
"""

from collections.abc import Callable

import numpy as np

from export.cost.instructions import DeviceCost
from export.network.integers import Int8Network
from export.network.layers import LOGITS
from export.network.streaming import Step
from export.proof.c_engine import CEngine
from export.proof.gates import MAX_STEPS, MIN_SAME_CLASS, MIN_WITHIN, ExportError
from export.proof.runtimes import Outputs, run_litert, run_onnx, tflite_micro_tensors
from scl.artifacts.export_report import Agreement
from scl.artifacts.manifest import Streaming


def compare(runtime: str, outputs: Outputs, golden: Outputs) -> Agreement:
    """Measures outputs (int8, same shapes) against the golden ones."""
    steps = np.concatenate([np.abs(outputs[name].astype(int) - golden[name]).ravel() for name in golden])
    same = outputs[LOGITS].argmax(axis=1) == golden[LOGITS].argmax(axis=1)
    second, best = np.sort(golden[LOGITS].astype(int), axis=1)[:, -2:].T
    decided = same[best - second > MAX_STEPS]
    return Agreement(
        runtime,
        inputs=len(same),
        max_steps=int(steps.max()),
        different=float(np.mean(steps > 0)),
        within=float(np.mean(steps <= MAX_STEPS)),
        same_class=float(same.mean()),
        same_class_decided=float(decided.mean()) if decided.size else 1.0,
    )


def prove(
    network: Int8Network, tflite: bytes, onnx: bytes, engine: CEngine, inputs: np.ndarray, golden: Outputs
) -> list[Agreement]:
    """Runs every form on int8 inputs (n, samples, channels) and compares it with TFLite Micro's outputs `golden`.

    Raises ExportError if the C or LiteRT's reference kernels differ in a bit (for the C, the layer is named), or ONNX
    Runtime or XNNPACK by more than rounding.
    """
    results = []
    runtimes: list[tuple[str, bool, Callable[[], Outputs]]] = [
        ("C", True, lambda: engine.run(inputs)),
        ("LiteRT reference", True, lambda: run_litert(tflite, inputs, reference=True)),
        ("LiteRT XNNPACK", False, lambda: run_litert(tflite, inputs, reference=False)),
        ("ONNX Runtime", False, lambda: run_onnx(onnx, inputs, network.activations)),
    ]
    for runtime, exact, run in runtimes:
        outputs = run()
        result = compare(runtime, outputs, golden)
        if exact and result.max_steps > 0:
            where = (
                first_difference(network, tflite, engine, inputs, outputs, golden) if runtime == "C" else "the outputs"
            )
            raise ExportError(
                f"{runtime} differs from TFLite Micro in {where}; over {result.inputs} inputs {result.different:.2%} "
                f"of the output values differ, by up to {result.max_steps} steps; please report it with the run"
            )
        if result.within < MIN_WITHIN or result.same_class_decided < MIN_SAME_CLASS:
            raise ExportError(
                f"{runtime} differs from TFLite Micro: {result.within:.3%} of the output values are within {MAX_STEPS} "
                f"steps (at least {MIN_WITHIN:.1%} must be; the largest difference is {result.max_steps}), and the "
                f"class is the same for {result.same_class_decided:.2%} of the inputs that are not near ties (at least "
                f"{MIN_SAME_CLASS:.1%} must be); please report it with the run"
            )
        results.append(result)
    return results


def prove_stream(engine: CEngine, inputs: np.ndarray, hop: int) -> int:
    """Plays int8 inputs (n, samples, channels) as one stream in which columns are kept, and compares every hop with the
    whole window that ends there. Returns the number of windows compared.

    Raises ExportError if a bit differs.
    """
    window, channels = inputs.shape[1:]
    samples = inputs.reshape(-1, channels)
    ends = np.arange(hop, len(samples) + 1, hop)
    kept = engine.stream(samples[: ends[-1]])
    full = ends >= window
    whole = engine.run(np.stack([samples[end - window : end] for end in ends[full]]))
    for name, values in whole.items():
        steps = np.abs(values.astype(int) - kept[name][full])
        if steps.any():
            raise ExportError(
                f"a stream that keeps columns differs from the whole window: {np.count_nonzero(steps)} of {steps.size} "
                f"values of {name}, by up to {steps.max()} steps; please report it with the model"
            )
    return int(full.sum())


def stream_facts(step: Step, engine: CEngine, inputs: np.ndarray, on_device: DeviceCost) -> Streaming:
    """What a stream that keeps columns costs and has proved, with `prove_stream` here and with noise on the board.
    Raises ExportError if it differs from the whole window.
    """
    windows = prove_stream(engine, inputs, step.hop)
    board = on_device.stream
    if board is None or board.differing:
        raise ExportError(
            f"on {on_device.board} a stream that keeps columns differs from the whole window: {board}; "
            "please report it with the model"
        )
    return Streaming(
        hop=step.hop,
        instructions=board.instructions,
        share=round(board.instructions / on_device.instructions, 4),
        arena_bytes=step.arena.size,
        windows_compared=windows,
        board_values_compared=board.compared,
    )


def first_difference(
    network: Int8Network, tflite: bytes, engine: CEngine, inputs: np.ndarray, outputs: Outputs, golden: Outputs
) -> str:
    """Names the first layer in which the C and TFLite Micro part, for the first input whose outputs differ."""
    row = int(np.argmax(np.any([(outputs[name] != golden[name]).any(axis=1) for name in golden], axis=0)))
    expected = tflite_micro_tensors(tflite, inputs[row])
    return f"{differing_layer(network, engine, inputs[row], expected)} (input {row})"


def differing_layer(network: Int8Network, engine: CEngine, x: np.ndarray, expected: Outputs) -> str:
    """Names the first layer whose values for one input x are not those of `expected`, by name."""
    for layer, found in zip(network.network.layers, engine.tensors(x), strict=True):
        steps = np.abs(found.astype(int) - expected[layer.name])
        if steps.any():
            share = f"{np.count_nonzero(steps)} of {steps.size} values"
            return f"layer {layer.name}: {share} by up to {steps.max()} steps"
    return "the outputs, though every layer agrees: the arena's schedule overwrites an output"
