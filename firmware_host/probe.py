"""`python -m firmware_host.probe BUNDLE --port PORT --out FILE`: what each layer of the network takes on a board.

Sends one evaluation window, then asks for every operator's ticks and output. `export.profile --port` runs it and prints
the table. The file is an npz: ticks (operators,), tick_hz, instructions (whether ticks are an emulator's), board,
input_crc32 and row of the window, sizes (operators,) of the outputs in bytes and values, int8, one behind the other.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from firmware_host.board import Board, add_port_options, open_board
from firmware_host.flight import Flight
from firmware_host.link import Link, resets_named
from firmware_host.messages import Probe, probe
from firmware_host.protocol import Type
from scl.artifacts import InputError, command, write_npz
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.golden import read_golden

RUNS = 3  # of each operator; interrupts make some longer


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    bundle = read_run_bundle(options.bundle)
    golden = read_golden(bundle).limited(1)
    with open_board(bundle, options.port, options.baud, options.trace, trust=options.trust) as board:
        (result,) = Flight(board.link, board.hello, 1, lambda index: golden.counts[0, index]).run().results
        if result is None:
            raise InputError(f"port {board.link.name}: the window was lost; check the cable and run the command again")
        if result.input_crc32 != golden.input_crc32[0, 0]:
            raise InputError(
                f"port {board.link.name}: the network's input differs from the desktop's, so layers cannot be "
                "compared; python -m firmware_host.validate tells more"
            )
        ticks, tensors = probed(board)
        board.check(board.hello.calibration_hash, f"after {len(ticks)} of {len(ticks)} operators")
    write_npz(
        options.out,
        ticks=np.array(ticks, np.uint32),
        tick_hz=np.array(board.hello.tick_hz),
        instructions=np.array(board.emulated),
        board=np.array(board.hello.board),
        row=golden.rows[0],
        sizes=np.array([len(values) for values in tensors]),
        values=np.concatenate(tensors),
    )
    return 0


def probed(board: Board) -> tuple[list[int], list[np.ndarray]]:
    """Least ticks and output (int8, flat) of every operator, on the newest window that the board has seen.

    Raises BoardResetError if the board is reset meanwhile.
    """
    ticks: list[int] = []
    tensors: list[np.ndarray] = []
    operators = 1
    with resets_named(board.link.name, lambda: f"after {len(ticks)} of {operators} operators"):
        while len(ticks) < operators:
            number = len(ticks)
            runs = [_ask(board.link, number, 0) for _ in range(RUNS)]
            operators, size = runs[0].operators, runs[0].size
            values = runs[0].values
            while len(values) < size:
                values = np.concatenate([values, _ask(board.link, number, len(values)).values])
            ticks.append(min(run.ticks for run in runs))
            tensors.append(values)
    return ticks, tensors


def _ask(link: Link, operator: int, offset: int) -> Probe:
    return Probe.parse(link.request(Type.PROBE, probe(operator, offset)).payload)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m firmware_host.probe", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("bundle", type=Path, help="bundle folder, from export.quantize")
    add_port_options(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="npz to write")
    return parser


if __name__ == "__main__":
    command(main)
