"""Shows where a network spends instructions, flash and memory, layer by layer: counted on an emulated board, or timed
on a real one."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from export.cost.instructions import BOARD, BOARDS, measure
from export.cost.probe import probe
from scl.answers import Answer
from scl.arguments import BAUD, Parser
from scl.artifacts import InputError, command
from scl.artifacts.bundle import MODEL_FILES
from scl.artifacts.folders import kinds_in
from scl.memory import lacking
from scl.model_source import c_folder
from scl.text import say

if TYPE_CHECKING:
    from rich.table import Table

    from export.cost.beats import BeatCost
    from export.cost.figures import Figure
    from scl.artifacts.export_report import Costs, LayerRow, Place
    from scl.terminal import PlainConsole

MOST_COLUMNS = 12  # layers of a map with a column for each; of more it says from which to which


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m export.profile`."""
    options = Parser(
        prog="python -m export.profile",
        description=__doc__,
        figures=True,
        examples=("bundles/imu", "bundles/imu --bisect", "bundles/imu --port /dev/ttyACM0", "--estimate runs/imu"),
    )
    options.add_argument("bundle", type=Path, metavar="BUNDLE", help="bundle folder (python -m export.quantize)")
    options.add_argument(
        "--board", default=BOARD,
        help=f"one of {', '.join(BOARDS)} (default {BOARD}, a Cortex-M4F), or with --estimate any emulated one",
    )  # fmt: skip
    options.add_argument(
        "--port",
        help="instead: the board on this port, as firmware_host.validate takes it; a real one is timed",
    )
    options.add_argument("--baud", type=BAUD, help="line rate of a real port")
    options.add_argument(
        "--bisect", action="store_true", help="name the first layer that differs from TFLite Micro; exit status 1"
    )
    options.add_argument(
        "--estimate", action="store_true",
        help="instead of a bundle: a run.json, or its folder, trained or only planned; nothing is built or run",
    )  # fmt: skip
    return options


def refuse_another_kind(path: Path, estimate: bool) -> None:
    """Raises InputError for a model's file in place of a bundle, and for a bundle that is to be estimated."""
    if path.suffix in MODEL_FILES and path.is_file():
        raise InputError(
            f"{path}: is a model's file, expected a bundle; python -m export.quantize --from {path} --out BUNDLE makes "
            "one, with the cost of every layer"
        )
    if estimate and "bundle" in kinds_in(path):
        raise InputError(f"{path}: is a bundle, whose cost is counted, not estimated; leave --estimate out")


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    refuse_another_kind(arguments.bundle, arguments.estimate)
    with Answer(arguments.json) as answer:
        if arguments.estimate:
            print_estimate(arguments.bundle, arguments.board, answer)
            return 0
        return _profile(arguments, answer)


def _profile(arguments: argparse.Namespace, answer: Answer) -> int:
    from export.cost.figures import figures
    from export.profile_file import Profile, bisection, taken_by
    from scl.artifacts.bundle import read_bundle

    bundle = read_bundle(arguments.bundle)
    probed = None if arguments.port is None else probe(bundle, arguments.port, arguments.baud)
    if arguments.bisect:
        from export.proof.bisect import bisect, describe, layer_errors

        errors = layer_errors(bundle, probed.x, probed.tensors) if probed else bisect(bundle, arguments.board)
        board = probed.board if probed else arguments.board
        answer.give(bisection(str(bundle.path), board, errors))
        say(*f"{bundle.path} on {board}: {describe(errors)}".split("\n"))
        return int(any(layer.different for layer in errors))
    from scl.artifacts.export_report import read_report

    report = read_report(bundle)
    if probed is not None:
        print_profile(report, probed.taken, probed.unit)
        layers, whole = taken_by(report, probed.taken), (sum(probed.taken), report.cost.arena_bytes)
        answer.give(Profile(str(bundle.path), probed.board, probed.unit, layers, *whole, None, None, None, None))
        say(
            f"{bundle.path} on {probed.board}: {_number(sum(probed.taken))} {probed.unit} in the layers of one "
            "inference"
        )
        return 0
    with tempfile.TemporaryDirectory() as build:
        cost = measure(c_folder(bundle), Path(build), arguments.board)
    print_profile(report, cost.layers)
    print_figures(figures(report, cost))
    layers, whole = taken_by(report, cost.layers), (sum(cost.layers), report.cost.arena_bytes)
    counted = cost.instructions, cost.stack_bytes, cost.image_bytes
    frontend, beats = bundle.manifest.frontend, None
    if frontend is not None and frontend.beats is not None:
        from export.cost.beats import beat_cost

        with tempfile.TemporaryDirectory() as build:
            beats = beat_cost(c_folder(bundle), Path(build), arguments.board)
    answer.give(Profile(str(bundle.path), cost.board, "instructions", layers, *whole, *counted, beats))
    say(
        f"{bundle.path} on {cost.board}: {cost.instructions:,} instructions per inference; arena "
        f"{report.cost.arena_bytes:,} bytes, deepest stack {cost.stack_bytes:,} bytes, program without link and "
        f"front end {cost.image_bytes:,} bytes"
    )
    if beats is not None:
        print_beats(beats)
    return 0


def print_beats(cost: "BeatCost") -> None:
    """Prints what heartbeats cost with all of the front end."""
    say(
        f"heartbeats on {cost.board}, counted over {cost.seconds} s of a made-up ECG with {cost.beats} beats: "
        f"{cost.per_second:,} instructions per second of ECG in the front end, {cost.most:,} at most for one sample, "
        f"{cost.per_beat:,} per beat in network and rhythm; RAM of the whole model {cost.model_bytes:,} bytes, "
        f"{cost.finder_bytes:,} of them find and measure beats; deepest stack {cost.stack_bytes:,} bytes"
    )


def print_estimate(path: Path, board: str, answer: Answer) -> None:
    """Prints what a run's encoder will take of a board, from its run.json, and gives it to `answer`.

    Raises InputError for a board that is not known, or has too little memory.
    """
    from export.cost.estimate import estimate, network_of, room
    from export.profile_file import estimated

    memory, counted = room(board)
    network = network_of(path)
    cost = estimate(network)
    answer.give(estimated(str(path), board, network, cost, memory, counted))
    for layer in network.layers:
        shape, taken = f"{layer.result.length} x {layer.channels}", cost.layers[layer.name]
        say(f"{layer.name:12} {shape:>10} {layer.macs:>12,} MACs" + (f" {taken:>12,} instructions" if counted else ""))
    whole = f"{cost.instructions:,} instructions per inference" if counted else "instructions on a Cortex-M4F alone"
    say(
        f"{path}, estimated for {board}: {whole}, {network.macs:,} MACs, arena {cost.arena_bytes:,} of "
        f"{memory['RAM']:,} bytes of RAM, program without link and front end {cost.flash_bytes:,} of "
        f"{memory['FLASH']:,} bytes of FLASH"
    )
    for region, needed in (("RAM", cost.arena_bytes), ("FLASH", cost.flash_bytes)):
        if needed > memory[region]:
            raise InputError(f"{path}: {lacking(board, region, memory[region], needed)}")


def print_profile(report: "Costs", taken: Sequence[float], unit: str = "instructions") -> None:
    """Prints the table of layers, with what each took in `unit`, and the map of the arena.

    Raises InputError if the report has another number of layers.
    """
    if len(taken) != len(report.layers):
        raise InputError(
            f"{report.name}: c runs {len(taken)} operators, its report lists {len(report.layers)}; {report.advice}"
        )
    console = _console()
    console.print(_layers(report.layers, taken, unit))
    console.print(_map(report.memory_map, [row.name for row in report.layers], report.cost.arena_bytes))


def print_figures(rows: "Sequence[Figure]") -> None:
    """Prints what is in each figure of the cost."""
    from rich.table import Table

    table = Table(title="what is in each figure", title_justify="left")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("what is in it")
    for row in rows:
        table.add_row(row.name, f"{row.value:,}", row.what)
    _console().print(table)


def _console() -> "PlainConsole":
    from scl.terminal import PlainConsole

    return PlainConsole(width=None if sys.stdout.isatty() else 120)


def _per_mac(value: float, macs: int) -> str:
    return f"{value / macs:.2g}" if macs and not isinstance(value, int) else f"{value / macs:.2f}" if macs else ""


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _layers(layers: "Sequence[LayerRow]", taken: Sequence[float], unit: str) -> "Table":
    from rich.table import Table

    table = Table(title="layers", title_justify="left", show_footer=True)
    macs = sum(row.macs for row in layers)
    table.add_column("layer", "total")
    table.add_column("what")
    for name, footer in (
        ("MACs", f"{macs:,}"),
        (unit, _number(sum(taken))),
        ("per MAC", _per_mac(sum(taken), macs)),
        ("bytes read", f"{sum(row.read_bytes for row in layers):,}"),
        ("flash", f"{sum(row.flash_bytes for row in layers):,}"),
        ("arena", f"{max(row.arena_bytes for row in layers):,}"),
    ):
        table.add_column(name, footer, justify="right")
    for row, value in zip(layers, taken, strict=True):
        table.add_row(
            row.name,
            f"{row.kind} {row.kernel}/{row.stride} to {row.output[0]} x {row.output[1]}",
            f"{row.macs:,}",
            _number(value),
            _per_mac(value, row.macs),
            f"{row.read_bytes:,}",
            f"{row.flash_bytes:,}",
            f"{row.arena_bytes:,}",
        )
    return table


def _map(places: "Sequence[Place]", layers: Sequence[str], arena_bytes: int) -> "Table":
    from rich.table import Table

    table = Table(title=f"arena, {arena_bytes:,} bytes: what is alive during which layer", title_justify="left")
    table.add_column("tensor")
    table.add_column("bytes", justify="right")
    if len(layers) > MOST_COLUMNS:
        table.add_column("from layer")
        table.add_column("to layer")
        for place in sorted(places, key=lambda place: (place.first, place.last)):
            ends = f"{place.offset:,} to {place.end:,}", layers[place.first], layers[place.last]
            table.add_row(place.name, *ends)
        return table
    for name in layers:
        table.add_column(name, justify="center")
    for place in places:
        alive = ["#" if place.first <= index <= place.last else "" for index in range(len(layers))]
        table.add_row(place.name, f"{place.offset:,} to {place.end:,}", *alive)
    return table


if __name__ == "__main__":
    command(main)
