"""One validation run: every window with the nominal sensor, then counters and the benchmark on a silent line."""

import struct
import sys
import time
from dataclasses import asdict

import numpy as np

from firmware_host.board import Board
from firmware_host.calibration_file import NOMINAL_HASH, nominal
from firmware_host.figures import Answers, parity, spread_ms, summary
from firmware_host.flight import RX_RING_BYTES, Flight, Outcome
from firmware_host.link import ANSWER_TIMEOUT_S
from firmware_host.messages import Stats, chunk_samples
from firmware_host.progress import progress
from firmware_host.protocol import Type, wire_size
from firmware_host.validation import DataName, Inference, LinkUse, Measured
from scl.artifacts.bundle import Bundle, Manifest
from scl.artifacts.golden import Golden
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.machines import instructions

BENCH_RUNS = 3


def measure(board: Board, bundle: Bundle[Manifest], golden: Golden) -> tuple[Measured, Answers]:
    """Sends `golden` to the board; returns what was measured, and the answers.

    Raises InputError if the board falls silent or the port breaks.
    """
    link, hello = board.link, board.hello
    if hello.calibration_hash != NOMINAL_HASH:
        print(
            f"{link.name}: a unit's calibration is replaced by the nominal sensor, which golden answers are for",
            file=sys.stderr,
        )
        nominal(bundle).send(link)
    outcome, use = _exchange(board, golden)
    answers = Answers.of(outcome, golden)
    manifest = bundle.manifest
    measured = Measured(
        name=manifest.name,
        board=hello.board,
        firmware=hello.firmware,
        port=link.name,
        model_hash=manifest.model_hash,
        transformation=manifest.transformation.name,
        sensor=manifest.frontend.sensor.name,
        split=manifest.split,
        data=DataName(manifest.data),
        task=manifest.task,
        windows=len(golden.groups),
        sent=golden.input_crc32.size,
        lost=outcome.lost,
        retried=outcome.retried,
        duplicated=outcome.duplicated,
        saturated=int((answers.flags & SATURATED > 0).sum()),
        abstained=int((answers.flags & LEAD_OFF > 0).sum()),
        parity=parity(answers, golden),
        **vars(summary(manifest, golden, answers.predictions, answers.features)),
        desktop=summary(manifest, golden, golden.predictions, golden.features),
        inference=_bench(board),
        latency=spread_ms(answers.latency_s),
        link=use,
    )
    return measured, answers


def _exchange(board: Board, golden: Golden) -> tuple[Outcome, LinkUse]:
    """The flight of all windows, and what it cost on the line."""
    link = board.link
    counts = golden.counts.reshape(-1, *golden.counts.shape[2:])
    print(_estimate(board, counts), file=sys.stderr)
    stats = link.stats()
    sent, received, damaged, started = (
        link.traffic.bytes_sent,
        link.traffic.bytes_received,
        link.errors,
        time.monotonic(),
    )
    with progress(len(counts), "windows") as done:
        timeout_s = ANSWER_TIMEOUT_S + board.line_seconds(RX_RING_BYTES)
        outcome = Flight(link, board.hello, len(counts), counts.__getitem__, done, timeout_s).run()
    seconds = time.monotonic() - started
    sent, received, damaged = (
        link.traffic.bytes_sent - sent,
        link.traffic.bytes_received - received,
        link.errors - damaged,
    )
    return outcome, LinkUse(
        baud=board.baud,
        bytes_sent=sent,
        bytes_received=received,
        seconds=seconds,
        sent_bytes_per_s=sent / seconds,
        received_bytes_per_s=received / seconds,
        host_damaged_frames=damaged,
        board=_difference(stats, link.stats()),
    )


def _difference(before: Stats, after: Stats) -> Stats:
    start = asdict(before)
    return Stats(**{name: (value - start[name]) & 0xFFFFFFFF for name, value in asdict(after).items()})


def _bench(board: Board) -> Inference:
    tick_hz = board.hello.tick_hz
    ticks = min(struct.unpack("<I", board.link.request(Type.BENCH).payload)[0] for _ in range(BENCH_RUNS))
    return Inference(
        ticks=ticks,
        tick_hz=tick_hz,
        instructions=instructions(ticks, tick_hz) if board.emulated else None,
        seconds=None if board.emulated else ticks / tick_hz,
    )


def _estimate(board: Board, counts: np.ndarray) -> str:
    samples, channels = counts.shape[1:]
    chunks = -(-samples // chunk_samples(board.hello.max_payload, channels))
    size = len(counts) * (counts[0].nbytes + chunks * wire_size(4))
    text = f"{len(counts)} windows to send, {size / 1e6:.1f} MB"
    if board.baud is None:
        return f"{text}, as fast as the board takes them"
    return f"{text}: about {board.line_seconds(size) / 60:.1f} minutes at {board.baud} baud"
