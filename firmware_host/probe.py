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
from firmware_host.message_error import MessageError
from firmware_host.messages import Probe, probe, probe_values
from firmware_host.protocol import Type
from firmware_host.trace import check_apart
from scl.arguments import Parser
from scl.artifacts import InputError, check_own, command, write_npz
from scl.artifacts.bundle import read_bundle
from scl.artifacts.golden import read_golden

RUNS = 3  # of each operator; interrupts make some longer
MARK = b"ticks.npy"  # its first member
MOST_OPERATORS = 4096
MOST_BYTES = 1 << 24  # of all outputs; no board that this runs on has memory for one that is a tenth of it


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    bundle = read_bundle(options.bundle)
    check_own(options.out, MARK, "file of firmware_host.probe")
    check_apart(options.trace, options.out)
    golden = read_golden(bundle).limited(1)
    with open_board(bundle, options.port, options.baud, options.trace, options.wait, trust=options.trust) as board:
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
            if number == 0:
                operators = runs[0].operators
            tensors.append(_output(board, number, runs, operators, MOST_BYTES - sum(map(len, tensors))))
            ticks.append(min(run.ticks for run in runs))
    return ticks, tensors


def _output(board: Board, operator: int, runs: list[Probe], operators: int, most: int) -> np.ndarray:
    """The whole output of an operator, whose first piece `runs` have.

    MessageError if an answer's sizes are not those of the ones before, a piece is not as large as it may be, or the
    output has more than `most` bytes.
    """
    size, pieces, count = runs[0].size, [runs[0].values], len(runs[0].values)
    if size > most or operators > MOST_OPERATORS:
        raise MessageError(
            f"a PROBE answer of operator {operator} of {operators}, with an output of {size} bytes; at most "
            f"{MOST_OPERATORS} operators and {most} bytes more expected"
        )
    for run in runs:
        _check_piece(board, run, operator, operators, size, 0)
    while count < size:
        run = _ask(board.link, operator, count)
        _check_piece(board, run, operator, operators, size, count)
        pieces.append(run.values)
        count += len(run.values)
    return np.concatenate(pieces)


def _check_piece(board: Board, run: Probe, operator: int, operators: int, size: int, offset: int) -> None:
    expected = min(size - offset, probe_values(board.hello.max_payload))
    if (run.operators, run.size, len(run.values)) != (operators, size, expected):
        raise MessageError(
            f"a PROBE answer with {len(run.values)} of {run.size} values of operator {operator} of {run.operators}, "
            f"from {offset} on; {expected} of {size} of {operators} operators expected"
        )


def _ask(link: Link, operator: int, offset: int) -> Probe:
    return Probe.parse(link.request(Type.PROBE, probe(operator, offset)).payload)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.probe",
        description=__doc__,
        examples=("bundles/imu --port emulator --out probe.npz",),
    )
    parser.add_argument("bundle", type=Path, help="bundle folder, from export.quantize")
    add_port_options(parser)
    parser.add_argument("--out", type=Path, required=True, metavar="FILE", help="npz to write")
    return parser


if __name__ == "__main__":
    command(main)
