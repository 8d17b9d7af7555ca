"""Shows where a network spends instructions, flash and memory, layer by layer: counted on an emulated board, or timed
on a real one."""

import argparse
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from export.cost.instructions import BOARD, BOARDS, measure
from export.cost.probe import probe
from scl.answers import Answer
from scl.arguments import BAUD, Parser, number
from scl.artifacts import InputError, command
from scl.artifacts.bundle import MODEL_FILES
from scl.artifacts.folders import kinds_in
from scl.memory import lacking
from scl.model_source import c_folder
from scl.text import say

if TYPE_CHECKING:
    from export.cost.energy import Energy
    from export.cost.front_end import FrontEndCost
    from scl.artifacts.bundle import Bundle
    from scl.artifacts.manifest import BundleManifest

HOP_S = number(0.001, 86400)
USUAL_HOP_S = 1.0


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
        "--hop", type=HOP_S, metavar="S",
        help=f"seconds between answers, for the estimate of energy on a Cortex-M4F (default {USUAL_HOP_S:g})",
    )  # fmt: skip
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


def refuse_what_is_not_asked_for(arguments: argparse.Namespace) -> None:
    """Raises InputError for an option that what was asked for has no use of."""
    counted = arguments.port is None and not arguments.estimate and not arguments.bisect
    if arguments.hop is not None and not (counted and arguments.board == BOARD):
        raise InputError(
            f"--hop {arguments.hop:g}: is for the energy of a bundle that is counted on {BOARD}; leave it out"
        )
    if arguments.baud is not None and arguments.port is None:
        raise InputError(
            f"--baud {arguments.baud}: is of a real port, and none was given; give --port, or leave it out"
        )


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    refuse_what_is_not_asked_for(arguments)
    refuse_another_kind(arguments.bundle, arguments.estimate)
    with Answer(arguments.json) as answer:
        if arguments.estimate:
            print_estimate(arguments.bundle, arguments.board, answer)
            return 0
        return _profile(arguments, answer)


def _profile(arguments: argparse.Namespace, answer: Answer) -> int:
    from export.cost.cycles import network_cycles
    from export.cost.figures import figures
    from export.profile_file import Profile, bisection, taken_by
    from export.profile_tables import number_of, print_cycles, print_energy, print_figures, print_profile, print_stream
    from scl.artifacts.bundle import read_bundle

    bundle = read_bundle(arguments.bundle)
    if arguments.port is not None and bundle.manifest.frontend is not None and bundle.manifest.frontend.beats:
        raise InputError(f"--port: is for bundles of windows, {bundle.path} finds heartbeats; leave it out")
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
        answer.give(Profile(str(bundle.path), probed.board, probed.unit, layers, *whole, *[None] * 6))
        say(
            f"{bundle.path} on {probed.board}: {number_of(sum(probed.taken))} {probed.unit} in the layers of one "
            "inference"
        )
        return 0
    with tempfile.TemporaryDirectory() as name:
        build, c_files = Path(name), c_folder(bundle)
        cost = measure(c_files, build, arguments.board)
        stream = whole_model(bundle.manifest, c_files, build, arguments.board)
        cycles = network_cycles(c_files, build, len(cost.layers)) if arguments.board == BOARD else None
    hop_s = hop_of(bundle, arguments.hop)
    each = cost.instructions if bundle.manifest.streaming is None else bundle.manifest.streaming.instructions
    energy = None if cycles is None else energies(cycles.whole.usual / cost.instructions, each, stream, hop_s)
    print_profile(report, cost.layers)
    print_figures(figures(report, cost))
    layers, whole = taken_by(report, cost.layers), (sum(cost.layers), report.cost.arena_bytes)
    counted = cost.instructions, cost.stack_bytes, cost.image_bytes
    answer.give(Profile(str(bundle.path), cost.board, "instructions", layers, *whole, *counted, stream, cycles, energy))
    say(
        f"{bundle.path} on {cost.board}: {cost.instructions:,} instructions per inference; arena "
        f"{report.cost.arena_bytes:,} bytes, deepest stack {cost.stack_bytes:,} bytes, program without link and "
        f"front end {cost.image_bytes:,} bytes"
    )
    if stream is not None:
        print_stream(stream)
    if cycles is not None and energy is not None:
        print_cycles(cycles, sum(row.macs for row in report.layers))
        print_energy(energy, hop_s)
    return 0


def whole_model(manifest: "BundleManifest", c_files: Path, build: Path, board: str) -> "FrontEndCost | None":
    """What the model costs with its front end; None where it has none."""
    from export.cost.front_end import front_end_cost

    if manifest.frontend is None:
        return None
    return front_end_cost(c_files, build, manifest.sensor.rate_hz, board)


def hop_of(bundle: "Bundle[BundleManifest]", asked_s: float | None) -> float:
    """Seconds from one answer to the next, of which a stream that keeps columns has its own. Raises InputError for
    another one.
    """
    manifest = bundle.manifest
    if manifest.streaming is None or manifest.frontend is None:
        return asked_s or USUAL_HOP_S
    own = manifest.streaming.hop / manifest.frontend.model_rate_hz
    if asked_s is not None and asked_s != own:
        raise InputError(
            f"--hop {asked_s:g}: {bundle.path} keeps columns for an answer every {own:g} s; leave --hop out, or export "
            "with another --streaming"
        )
    return own


def energies(
    cycles_each: float, instructions: int, stream: "FrontEndCost | None", hop_s: float
) -> "tuple[Energy, ...]":
    """Estimated, of so many instructions of the network for an answer; where there is a front end, what was counted
    with it counts. Every instruction takes as many cycles as the network's on the mean.
    """
    from export.cost.energy import estimates

    if stream is None:
        return estimates(instructions * cycles_each, 0.0, hop_s)
    return estimates(stream.per_answer * cycles_each, stream.per_second * cycles_each, hop_s)


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


if __name__ == "__main__":
    command(main)
