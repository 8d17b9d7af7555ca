"""Drives one board of the monitor in a thread of its own: opens it, and opens it again when it is lost."""

import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager

from firmware_host.board import Board
from firmware_host.monitoring.shared import Shared
from firmware_host.port_errors import PortMissingError
from scl.artifacts import InputError

RETRY_S = 0.5  # from a loss to the next attempt

Open = Callable[[], AbstractContextManager[Board]]
Serve = Callable[[Board], None]


class Driver:
    """The thread of one seat.

    Args:
        open_board: opens its board, each time anew.
        serve: speaks to it until the session ends.
        wait_s: how long its port is waited for the first time.
    """

    def __init__(self, session: Shared, seat: int, open_board: Open, serve: Serve, wait_s: float = 0.0) -> None:
        self.session, self.seat, self.open, self.serve = session, seat, open_board, serve
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
                self.session.greeted(self.seat, board.hello.board)
                self._opened.set()
                self.serve(board)
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
