"""Drives one board of the monitor in a thread of its own: opens it, asks it, and opens it again when it is lost."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

import numpy as np

from firmware_host.board import Board
from firmware_host.calibration_file import NOMINAL_HASH, nominal
from firmware_host.flight import Flight
from firmware_host.link import ANSWER_TIMEOUT_S
from firmware_host.message_error import MessageError
from firmware_host.monitoring.answers import Reading
from firmware_host.monitoring.session import Job, Session
from firmware_host.port_errors import PortMissingError
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest

RETRY_S = 0.5  # from a loss to the next attempt

Open = Callable[[], AbstractContextManager[Board]]


class Driver:
    """The thread of one seat. `open_board` opens its board, each time anew; `wait_s`: how long its port is waited for
    the first time.
    """

    def __init__(
        self, session: Session, seat: int, bundle: Bundle[BundleManifest], open_board: Open, wait_s: float = 0.0
    ) -> None:
        self.session, self.seat, self.bundle, self.open = session, seat, bundle, open_board
        self._deadline = time.monotonic() + wait_s
        self.refused: InputError | None = None  # why the board could not be opened the first time
        self._opened = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"board {seat}", daemon=True)

    def start(self) -> None:
        """Returns at once; `opened` waits."""
        self._thread.start()

    def opened(self) -> None:
        """Waits for the board. Raises InputError if it cannot be opened, or is another one."""
        self._opened.wait()
        if self.refused is not None:
            raise self.refused

    def join(self, timeout_s: float) -> None:
        self._thread.join(timeout_s)

    def _run(self) -> None:
        try:
            while not self.session.ended:
                self._once()
        except BaseException as error:  # a fault of ours, which the command's own thread reports
            self.session.end(error)
        finally:
            self._opened.set()

    def _once(self) -> None:
        """Drives the board until it is lost or the session ends."""
        try:
            with self.open() as board:
                if board.hello.calibration_hash != NOMINAL_HASH and self.bundle.manifest.frontend is not None:
                    nominal(self.bundle).send(board.link)
                self.session.greeted(self.seat, board.hello.board)
                self._opened.set()
                self._serve(board)
        except InputError as error:
            waited = isinstance(error, PortMissingError) and time.monotonic() < self._deadline
            if not (self._opened.is_set() or waited):
                self.refused = error
                self.session.end()
                return
            self.session.lost(self.seat, str(error))
            self._pause()

    def _pause(self) -> None:
        deadline = time.monotonic() + RETRY_S
        while not self.session.ended and time.monotonic() < deadline:
            time.sleep(0.05)

    def _serve(self, board: Board) -> None:
        after, turn, plain = 0, -1, None
        while (job := self.session.job(self.seat, after)) is not None:
            if plain is None or job.turn != turn:
                plain, moved = self._both(board, job)
            else:  # only the orientation is another one
                moved = None if job.moved is None else self._readings(board, [job.moved])[0]
            self.session.take(self.seat, job, plain, moved)
            after, turn = job.serial, job.turn

    def _both(self, board: Board, job: Job) -> tuple[Reading, Reading | None]:
        windows = [job.plain] if job.moved is None else [job.plain, job.moved]
        plain, *moved = self._readings(board, windows)
        return plain, moved[0] if moved else None

    def _readings(self, board: Board, windows: list[np.ndarray]) -> list[Reading]:
        """What the board says of windows (samples, values). Raises InputError if it does not answer all of them."""
        timeout_s = ANSWER_TIMEOUT_S + board.line_seconds(board.hello.receive)
        flight = Flight(board.link, board.hello, len(windows), windows.__getitem__, timeout_s=timeout_s)
        outcome = flight.run()
        if outcome.stopped:
            raise InputError(outcome.stopped)
        results = [result for result in outcome.results if result is not None]
        try:
            return [Reading.of(result, self.bundle.manifest) for result in results]
        except MessageError as error:
            raise MessageError(error.found, board.link.name) from error
