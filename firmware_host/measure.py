"""One validation run: every window with the nominal sensor, then counters and the benchmark on a silent line."""

import time
from collections.abc import Callable
from dataclasses import asdict, replace
from typing import TypeVar

import numpy as np

from firmware_host.board import Board, ForeignAnswersError
from firmware_host.calibration_file import NOMINAL_HASH, nominal
from firmware_host.capacity import chunk_samples
from firmware_host.decisions import desktop_decisions
from firmware_host.figures import Answers, answered_accuracy, parity, spread_ms, summary
from firmware_host.flight import RESETS_IN_A_ROW, Flight
from firmware_host.link import ANSWER_TIMEOUT_S, BoardResetError
from firmware_host.messages import Stats, bench_ticks
from firmware_host.model import is_class
from firmware_host.outcome import Outcome
from firmware_host.protocol import Type, wire_size
from firmware_host.validation import DataName, Inference, LinkUse, Measured
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import BundleManifest, Manifest
from scl.belief import UNSURE
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.machines import instructions
from scl.progress import progress
from scl.text import say

BENCH_RUNS = 3
T = TypeVar("T")


def measure(board: Board, bundle: Bundle[BundleManifest], golden: Golden) -> tuple[Measured, Answers]:
    """Sends `golden` to the board; returns what was measured, and the answers.

    A board that is reset meanwhile is greeted again and gets the windows that were on their way once more, which is
    counted. If it comes back with another model, lies, falls silent or the port breaks, the measurement ends there, and
    `stopped` says why: what was answered before is true. Raises ForeignAnswersError if the answers are of another
    session, model or calibration, InputError if the measurement ends before the first window.
    """
    run = _Run(board, bundle, golden)
    outcome, use = run.exchange()
    stopped = outcome.stopped or None
    inference = counters = None
    if stopped is None:
        try:
            inference, counters = run.settle()
        except ForeignAnswersError:
            raise
        except InputError as error:
            stopped = str(error)
    answers = Answers.of(outcome, golden)
    manifest = bundle.manifest
    decisions = desktop_decisions(manifest, golden)
    measured = Measured(
        name=manifest.name,
        board=board.hello.board,
        firmware=board.hello.firmware,
        port=board.link.name,
        model_hash=manifest.model_hash,
        transformation=None if manifest.transformation is None else manifest.transformation.name,
        sensor=None if manifest.frontend is None else manifest.frontend.sensor.name,
        split=manifest.split if isinstance(manifest, Manifest) else None,
        data=DataName(manifest.data),
        task=manifest.task if isinstance(manifest, Manifest) else None,
        windows=len(golden.groups),
        groups=len(np.unique(golden.groups)),
        sent=golden.input_crc32.size,
        lost=outcome.lost,
        retried=outcome.retried,
        duplicated=outcome.duplicated,
        resets=run.resets,
        stopped=stopped,
        saturated=int((answers.flags & SATURATED > 0).sum()),
        abstained=int((answers.flags & LEAD_OFF > 0).sum()),
        unsure=int((answers.decided == UNSURE).sum()),
        answered_accuracy=answered_accuracy(answers, golden) if manifest.labelled else None,
        parity=parity(answers, golden, decisions),
        **vars(summary(manifest, golden, answers.predictions, answers.features)),
        desktop=summary(manifest, golden, golden.predictions, golden.features),
        inference=inference,
        latency=spread_ms(answers.latency_s),
        link=replace(use, board=counters),
    )
    return measured, answers


def ask(board: Board, bundle: Bundle[BundleManifest], golden: Golden) -> tuple[Answers, Outcome]:
    """Sends other windows to a board that was measured: the answers, and the flight's outcome, which says if the board
    was lost before it could confirm them.

    Raises as `measure` does.
    """
    run = _Run(board, bundle, golden)
    outcome, _use = run.exchange()
    if not outcome.stopped:
        try:
            run.confirm()
        except ForeignAnswersError:
            raise
        except InputError as error:
            outcome.stopped = str(error)
    return Answers.of(outcome, golden), outcome


class _Run:
    """The exchanges of one validation, which go on behind a reset of the board."""

    def __init__(self, board: Board, bundle: Bundle[BundleManifest], golden: Golden) -> None:
        self.board = board
        self.bundle = bundle
        self.counts = golden.counts.reshape(-1, *golden.counts.shape[2:])
        self.hello = board.hello  # of the latest greeting
        self.resets = 0
        self.before: Stats | None = None  # counters at the start; None behind a reset, which sets them to 0

    def use_nominal(self) -> None:
        """Puts the nominal sensor on a board that has a unit's calibration."""
        if self.hello.calibration_hash != NOMINAL_HASH:
            say(
                f"{self.board.link.name}: a unit's calibration is replaced by the nominal sensor, which golden answers "
                "are for",
                error=True,
            )
            nominal(self.bundle).send(self.board.link)

    def resume(self) -> None:
        """Goes on with a board that was reset, in a new session."""
        self.resets += 1
        self.before = None
        port = self.board.link.name
        say(f"{port}: the board was reset; it is greeted again, and the validation goes on", error=True)
        try:
            self.hello = self.board.resume()
        except ForeignAnswersError as error:  # the answers are of the session before
            raise InputError(str(error)) from error
        self.use_nominal()

    def exchange(self) -> tuple[Outcome, LinkUse]:
        """The flight of all windows through the nominal sensor, and what it cost on the line."""
        board, link = self.board, self.board.link
        self._until_done(self.use_nominal)
        say(_estimate(board, self.counts), error=True)
        self.before = self._until_done(link.stats)
        sent, received, damaged = link.traffic.bytes_sent, link.traffic.bytes_received, link.errors
        started = time.monotonic()
        with progress(len(self.counts), "windows") as done:
            outcome = self._flight(self.counts, done).run()
        self._refuse_unknown_classes(outcome)
        seconds = time.monotonic() - started
        sent, received = link.traffic.bytes_sent - sent, link.traffic.bytes_received - received
        return outcome, LinkUse(
            baud=board.baud,
            bytes_sent=sent,
            bytes_received=received,
            seconds=seconds,
            sent_bytes_per_s=sent / seconds,
            received_bytes_per_s=received / seconds,
            host_damaged_frames=link.errors - damaged,
            board=None,
        )

    def _refuse_unknown_classes(self, outcome: Outcome) -> None:
        """A class that the model does not have is no answer: it is taken out, and ends the measurement."""
        for index, result in enumerate(outcome.results):
            if result is not None and not is_class(self.bundle.manifest, result.predicted):
                outcome.results[index], outcome.latency_s[index] = None, float("nan")
                outcome.stopped = outcome.stopped or (
                    f"port {self.board.link.name}: the board answered class {result.predicted} to window {index}, the "
                    f"model has {self.bundle.manifest.classes} classes; flash firmware built from this bundle"
                )

    def settle(self) -> tuple[Inference, Stats | None]:
        """The benchmark and the board's counters, and its word that every answer may be believed.

        Counters are None if the board was reset: those of before are gone.
        """
        return self._until_done(self._figures, lambda: self._flight(self.counts[-1:]).run())

    def _figures(self) -> tuple[Inference, Stats | None]:
        counters = _difference(self.before, self.board.link.stats()) if self.before else None
        inference = bench(self.board)
        self._check()
        return inference, counters

    def confirm(self) -> None:
        """The board's word that every answer may be believed."""
        self._until_done(self._check, lambda: self._flight(self.counts[-1:]).run())

    def _check(self) -> None:
        self.board.check(NOMINAL_HASH, f"after {len(self.counts)} of {len(self.counts)} windows")

    def _until_done(self, step: Callable[[], T], prepare: Callable[[], object] = lambda: None) -> T:
        """The outcome of `step`, which is taken again behind a reset, with `prepare` before it."""
        for _ in range(RESETS_IN_A_ROW - 1):
            try:
                return step()
            except BoardResetError:
                self.resume()
                prepare()
        return step()

    def _flight(self, counts: np.ndarray, done: Callable[[int], None] = lambda _settled: None) -> Flight:
        board = self.board
        timeout_s = ANSWER_TIMEOUT_S + board.line_seconds(board.hello.receive)
        return Flight(board.link, board.hello, len(counts), counts.__getitem__, done, timeout_s, self.resume)


def _difference(before: Stats, after: Stats) -> Stats:
    start = asdict(before)
    return Stats(**{name: (value - start[name]) & 0xFFFFFFFF for name, value in asdict(after).items()})


def bench(board: Board) -> Inference:
    tick_hz = board.hello.tick_hz
    ticks = min(bench_ticks(board.link.request(Type.BENCH).payload) for _ in range(BENCH_RUNS))
    return Inference(
        ticks=ticks,
        tick_hz=tick_hz,
        instructions=instructions(ticks, tick_hz) if board.emulated else None,
        seconds=None if board.emulated else ticks / tick_hz,
    )


def _estimate(board: Board, counts: np.ndarray) -> str:
    chunks = -(-counts.shape[1] // chunk_samples(board.hello))
    size = len(counts) * (counts[0].nbytes + chunks * wire_size(4))
    text = f"{len(counts)} windows to send, {size / 1e6:.1f} MB"
    if board.baud is None:
        return f"{text}, as fast as the board takes them"
    return f"{text}: about {board.line_seconds(size) / 60:.1f} minutes at {board.baud} baud"
