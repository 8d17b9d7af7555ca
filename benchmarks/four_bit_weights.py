"""What weights of 16 or 32 levels would cost a WISDM watch model: a measurement, no option of the export.

    SCL_DATA_DIR=... python benchmarks/four_bit_weights.py --runs runs/decisions

Of each fold the runs of decisions.py, calibrated. Every layer's weights are brought to so many levels for each output
channel, whole steps of a scale of its own, as the 8-bit ones are: the scale is the one of the least squared error among
a few, and rounding keeps each kernel's sum. What follows is the export as it is, and the int8 logits of TensorFlow Lite
Micro over all windows of the test subjects, which are the board's.
"""

import argparse
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from common import spread

from export.network import quantization
from export.network.integers import Int8Network, Kept
from export.network.layers import Layer, Network, Weighted
from scl.artifacts import write_json
from scl.artifacts.ranges import read_ranges
from scl.metrics import accuracy, macro_f1

if TYPE_CHECKING:
    from export.model import Model
    from train.run.folder import Run

RESULTS = Path(__file__).parent / "results" / "four_bit_weights.json"
LEVELS = (256, 32, 16)
CLIPPED = np.linspace(0.5, 1, 11)  # of a channel's largest weight, where the outermost level may lie
MOST = 1_000_000  # windows


@dataclass(frozen=True)
class Row:
    """One fold's model with weights of so many levels, 256 being the export's own."""

    fold: int
    levels: int
    windows: int
    accuracy: float
    macro_f1: float
    weight_bytes: int


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--runs", type=Path, default=Path("runs/decisions"), help="where the run folders both-N are")
    options.add_argument("--folds", type=int, default=3, help="the first so many of the five")
    options.add_argument("--results", type=Path, default=RESULTS, help="JSON to write (default in benchmarks/results)")
    arguments = options.parse_args()
    from train.run.folder import load_run

    rows: list[Row] = []
    for number in range(arguments.folds):
        run = load_run(arguments.runs / f"both-{number}")
        for levels in LEVELS:
            rows.append(measured(run, number, levels))
            print(rows[-1])
            document = {"kind": "benchmark", "schema": 1, "rows": [asdict(row) for row in rows]}
            write_json(arguments.results, document)
    print(table(rows))


def measured(run: "Run", number: int, levels: int) -> Row:
    """Figures of one model over the test subjects' windows."""
    from export.decision import logits_of

    model = of_levels(run, levels)
    logits, windows = logits_of(run, model, "test", None, MOST)
    answers = logits.argmax(axis=1)
    size = sum(layer.weights.size for layer in model.network.network.layers if isinstance(layer, Weighted))
    bits = int(np.log2(levels))
    figures = accuracy(windows.labels, answers), macro_f1(windows.labels, answers)
    return Row(number, levels, len(windows), *figures, (size * bits + 7) // 8)


def of_levels(run: "Run", levels: int) -> "Model":
    """The run's model as it is exported, with weights of so many levels."""
    from export.model import quantized
    from export.network.from_encoder import fold
    from export.sensor import sensor_for
    from export.writers.tflite import write_tflite

    ranges = read_ranges(run.path)
    model = quantized(run, ranges, sensor_for(run.info, None), None)
    if levels == max(LEVELS):
        return model
    network = few_levels(fold(run.model, run.info.window.samples), ranges, levels)
    return replace(model, network=network, tflite=write_tflite(network))


def few_levels(network: Network, ranges: Mapping[str, Sequence[float]], levels: int) -> Int8Network:
    """Quantized with weights from -levels / 2 to levels / 2 - 1 steps."""
    layers: list[Layer] = []
    kept: dict[str, Kept] = {}
    for layer in network.layers:
        if isinstance(layer, Weighted):
            kernels = layer.kernels.astype(np.float64)
            scales = scales_of(kernels, levels)
            steps = limited(quantization.round_keeping_sums(kernels / scales[:, None, None]), levels)
            kept[layer.name] = Kept(scales.astype(np.float32), None)
            exact = steps * scales.astype(np.float32).astype(np.float64)[:, None, None]
            layers.append(replace(layer, weights=layer.arranged(exact.astype(np.float32))))
        else:
            layers.append(layer)
    return quantization.with_scales(
        Network(tuple(layers)), lambda name: quantization.affine(name, ranges), quantization.round_nearest, kept
    )


def scales_of(kernels: np.ndarray, levels: int) -> np.ndarray:
    """Of each output channel of kernels (out, kernel, in): the step of the least squared error."""
    largest = np.abs(kernels).max(axis=(1, 2))
    largest = np.where(largest > 0, largest, 1.0)
    candidates = CLIPPED[:, None] * largest / (levels // 2 - 1)  # (candidates, out)
    errors = []
    for scales in candidates:
        steps = limited(np.rint(kernels / scales[:, None, None]), levels)
        errors.append(((steps * scales[:, None, None] - kernels) ** 2).sum(axis=(1, 2)))
    best: np.ndarray = candidates[np.argmin(errors, axis=0), np.arange(len(largest))]
    return best


def limited(steps: np.ndarray, levels: int) -> np.ndarray:
    """To the levels that there are."""
    clipped: np.ndarray = np.clip(steps, -(levels // 2), levels // 2 - 1)
    return clipped


def loaded() -> list[Row]:
    """The rows of results/four_bit_weights.json."""
    return [Row(**row) for row in json.loads(RESULTS.read_text("utf-8"))["rows"]]


def table(rows: list[Row]) -> str:
    """Markdown: means over folds, and what is lost to 8 bits, fold by fold."""
    lines = ["| levels | weights, bytes | accuracy | macro F1 | accuracy lost, points | macro F1 lost, points |"]
    lines.append("|" + " --- |" * 6)
    whole = {row.fold: row for row in rows if row.levels == max(LEVELS)}
    for levels in LEVELS:
        own = [row for row in rows if row.levels == levels and row.fold in whole]
        figures = [spread(getattr(row, key) for row in own) for key in ("accuracy", "macro_f1")]
        lost = ["", ""]
        if levels != max(LEVELS):
            lost = [
                spread((100 * (getattr(whole[row.fold], key) - getattr(row, key)) for row in own), 1)
                for key in ("accuracy", "macro_f1")
            ]
        lines.append(f"| {levels} | {own[0].weight_bytes:,} | {' | '.join([*figures, *lost])} |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
