"""Instructions, flash and RAM of the engine on an emulated Cortex-M4F: the shipped encoders and a fixed trial.

Neither depends on the weights, so random ones stand in for trained ones. Flash is the whole program without link and
front end (firmware/bench), RAM the arena and the deepest stack. `make bench-device` prints the table and writes
results/device.json; tests/export/cost/test_instructions.py holds the shipped encoders to it. The networks are written
as build/models/NAME.tflite too, for other engines to run (rivals.py).
"""

import json
import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np

from export.cost.cycles import network_cycles
from export.cost.instructions import BOARD, DeviceCost, measure
from export.cost.table import layer_rows
from export.network import arena
from export.network.from_encoder import fold
from export.network.integers import Int8Network
from export.network.layers import AveragePool, Conv, Depthwise, Layer, Network, Tensor
from export.network.placing import Arena
from export.network.quantization import quantize
from export.network.streaming import Step, step, total_stride
from export.proof.gates import ExportError
from export.writers.c_source import CModel, write_c
from export.writers.tflite import write_tflite
from scl.artifacts import InputError, write_json
from scl.artifacts.architecture import Architecture
from scl.partition import Partition
from train.model.encoder import Classifier

RESULTS = Path(__file__).parent / "results" / "device.json"
MODELS = Path(__file__).parents[1] / "build" / "models"
SHIPPED = ("imu", "ecg")
# Instructions per MAC of the trial's layers: CMSIS-NN under TensorFlow Lite Micro (measured elsewhere), and the aim.
PEERS = {
    "conv16": (4.12, 2.0),
    "conv32": (2.41, 1.4),
    "depthwise": (17.4, 6.0),
    "pointwise": (2.75, 1.5),
    "logits": (7.9, 3.0),
}
OTHER_BOARDS = {
    "microbit": "Cortex-M0",
    "mps2-an385": "Cortex-M3",
    "mps2-an500": "Cortex-M7",
    "mps2-an505": "Cortex-M33",
    "mps3-an547": "Cortex-M55",
}


def networks(padding: str = "same") -> dict[str, Network]:
    """Networks by name: the encoders that train.imu and train.ecg train by default, but for padding, and the trial."""
    from scl.frontend.invariants import names
    from train.data.ecg import RHYTHM
    from train.ecg import STRIP
    from train.imu import WRIST
    from train.run.ecg_task import ecg_architecture
    from train.run.task import imu_architecture

    strips = ecg_architecture(replace(STRIP.encoder, padding=padding), 10.0, 180.0)
    wrist = imu_architecture(replace(WRIST.encoder, padding=padding), 10.0, 20.0)
    return {
        "imu": encoder(wrist, str(WRIST.encoder.partition), channels=len(names(6)), samples=200, classes=18),
        "ecg": encoder(strips, str(STRIP.encoder.partition), channels=1, samples=1800, classes=len(RHYTHM)),
        "trial": trial(),
    }


def streams() -> dict[str, dict[str, int]]:
    """The shipped encoders trained with either padding, as streams that keep columns: window and hop in samples (a
    tenth of the window, rounded up to what strides allow), instructions of a whole window and of a hop.
    """
    rows = {}
    for padding, name in product(("same", "valid"), SHIPPED):
        network = networks(padding)[name]
        hop, row = tenth(network), f"{name}, {padding} padding"
        cost = run(quantized(network), arena.schedule(network), kept=step(network, hop))
        if cost.stream is None or cost.stream.differing:
            raise ExportError(f"{row}: a stream that keeps columns differs from the whole window: {cost.stream}")
        rows[row] = {"window": network.input.length, "hop": hop, "whole": cost.instructions}
        rows[row]["step"] = cost.stream.instructions
    return rows


def tenth(network: Network) -> int:
    """The least hop of at least a tenth of the window that is a multiple of the strides' product."""
    stride = total_stride(network)
    return math.ceil(network.input.length / 10 / stride) * stride


def encoder(architecture: Architecture, partition: str, channels: int, samples: int, classes: int) -> Network:
    """An encoder and head with random weights, folded as for export."""
    import torch

    torch.manual_seed(0)
    model = Classifier(architecture, Partition.parse(partition), channels, samples, classes)
    return fold(model.eval(), samples)


def trial() -> Network:
    """128x6, conv 16 k5, conv 32 k5 s2, depthwise k5, pointwise 64, mean, dense 8."""
    rng = np.random.default_rng(0)
    layers: list[Layer] = [_conv(rng, "conv16", Tensor("input", 128, 6), 16, 5, 1, relu=True)]
    layers.append(_conv(rng, "conv32", layers[-1].result, 32, 5, 2, relu=True))
    weights = rng.normal(0, 0.3, (5, 32)).astype(np.float32)
    none = np.zeros(32, np.float32)
    layers.append(Depthwise("depthwise", layers[-1].result, weights, none, same=True, relu=True))
    layers.append(_conv(rng, "pointwise", layers[-1].result, 64, 1, 1, relu=True))
    tensor = layers[-1].result
    layers.append(AveragePool("features", tensor, tensor.length, tensor.length))
    layers.append(_conv(rng, "logits", layers[-1].result, 8, 1, 1, relu=False))
    return Network(tuple(layers))


@contextmanager
def written(int8: Int8Network, memory: Arena, kept: Step | None = None) -> Iterator[Path]:
    """A folder whose folder "c" has a network's C, with the step of a stream if there is one."""
    network = int8.network
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "c").mkdir()
        labels = [f"class{i}" for i in range(network.tensors[network.outputs[-1]].size)]
        write_c(CModel(int8, memory, labels, "00" * 32, None, None, step=kept), folder / "c")
        yield folder


def run(int8: Int8Network, memory: Arena, board: str = BOARD, kept: Step | None = None) -> DeviceCost:
    """Runs a network on a board."""
    with written(int8, memory, kept) as folder:
        return measure(folder / "c", folder, board)


def measured(network: Network, board: str = BOARD) -> dict[str, Any]:
    """What one network costs on a board, in total and by layer."""
    int8, memory = quantized(network), arena.schedule(network)
    cost = run(int8, memory, board)
    return {
        "board": cost.board,
        "macs": network.macs,
        "instructions": cost.instructions,
        "flash_bytes": cost.image_bytes,
        "ram_bytes": memory.size + cost.stack_bytes,
        "arena_bytes": memory.size,
        "stack_bytes": cost.stack_bytes,
        "layers": [asdict(row) for row in layer_rows(int8, memory, cost.layers)],
    }


def instructions(network: Network, board: str) -> int | None:
    """Of one inference on a board; None if the network does not fit into its memory."""
    try:
        return int(measured(network, board)["instructions"])
    except InputError as error:
        if "bytes of RAM" not in str(error):
            raise
        return None


def cycles(network: Network) -> dict[str, int]:
    """Modelled, of an inference on a Cortex-M4."""
    with written(quantized(network), arena.schedule(network)) as folder:
        return asdict(network_cycles(folder / "c", folder, len(network.layers)).whole)


def quantized(network: Network) -> Int8Network:
    """The network in int8; ranges as wide as random weights make them."""
    ranges = {"input": [-4.0, 4.0]}
    for layer in network.layers:
        ranges[layer.name] = [0.0, 6.0] if layer.relu else [-6.0, 6.0]
    return quantize(network, ranges)


def table(
    results: dict[str, dict[str, Any]], others: dict[str, dict[str, int | None]], kept: dict[str, dict[str, int]]
) -> str:
    """Every network's totals and layers, its instructions on other cores, and streams that keep columns."""
    lines = [f"{'Cortex-M4F':<22}{'MACs':>12}{'instructions':>14}{'per MAC':>9}{'flash':>9}{'RAM':>8}"]
    for name, entry in results.items():
        ratio = entry["instructions"] / entry["macs"]
        sizes = f"{entry['flash_bytes']:>9,}{entry['ram_bytes']:>8,}"
        lines.append(f"{name:<22}{entry['macs']:>12,}{entry['instructions']:>14,}{ratio:>9.2f}{sizes}")
        for row in entry["layers"]:
            each = f"{row['instructions'] / row['macs']:>9.2f}" if row["macs"] else ""
            if name == "trial" and row["name"] in PEERS:
                each += "   CMSIS-NN {:.2f}, aim {:.1f}".format(*PEERS[row["name"]])
            lines.append(f"  {row['name']:<20}{row['macs']:>12,}{row['instructions']:>14,}{each}")
    lines += ["", f"{'modelled cycles, M4':<22}{'least':>12}{'usual':>14}{'most':>12}{'usual per MAC':>15}"]
    for name, entry in results.items():
        least, usual, most = (entry["cycles"][key] for key in ("least", "usual", "most"))
        lines.append(f"{name:<22}{least:>12,}{usual:>14,}{most:>12,}{usual / entry['macs']:>15.2f}")
    lines += ["", f"{'instructions on':<22}" + "".join(f"{core:>14}" for core in OTHER_BOARDS.values())]
    for name, counts in others.items():
        cells = ("-" if counts[board] is None else f"{counts[board]:,}" for board in OTHER_BOARDS)
        lines.append(f"{name:<22}" + "".join(f"{cell:>14}" for cell in cells))
    lines += ["", f"{'columns kept':<22}{'window':>12}{'instructions':>14}{'hop':>9}{'instructions':>14}{'share':>9}"]
    for name, row in kept.items():
        whole, hop = f"{row['window']:>12,}{row['whole']:>14,}", f"{row['hop']:>9,}{row['step']:>14,}"
        lines.append(f"{name:<22}{whole}{hop}{row['step'] / row['whole']:>9.1%}")
    return "\n".join(lines)


def main() -> None:
    shapes = networks()
    results = {name: measured(network) | {"cycles": cycles(network)} for name, network in shapes.items()}
    others = {name: {board: instructions(network, board) for board in OTHER_BOARDS} for name, network in shapes.items()}
    kept = streams()
    print(table(results, others, kept))
    figures = {"networks": results, "other_boards": others, "streams": kept}
    write_json(RESULTS, {"kind": "device_benchmark", "schema": 1, **figures})
    write_models(shapes, MODELS)


def write_models(shapes: dict[str, Network], folder: Path) -> None:
    """Each network in int8 as NAME.tflite."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, network in shapes.items():
        (folder / f"{name}.tflite").write_bytes(write_tflite(quantized(network)))


def committed() -> dict[str, dict[str, Any]]:
    """The figures of results/device.json."""
    return json.loads(RESULTS.read_text(encoding="utf-8"))["networks"]


def _conv(
    rng: np.random.Generator, name: str, source: Tensor, channels: int, kernel: int, stride: int, relu: bool
) -> Conv:
    weights = rng.normal(0, 0.1, (channels, kernel, source.channels)).astype(np.float32)
    return Conv(name, source, weights, np.zeros(channels, np.float32), stride, same=True, relu=relu)


if __name__ == "__main__":
    main()
