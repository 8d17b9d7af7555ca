"""A made-up board on a real pseudo-terminal behind a link, so that its cable can be pulled and put back."""

import os
import pty
import select
import threading
import time
import tty
from contextlib import suppress
from pathlib import Path

STOP_TIMEOUT_S = 10.0


class PulledBoard:
    """Serves a FakeBoard on `path`, a symbolic link to a pseudo-terminal that is another one every time.

    After `lives` bytes from the host, one number for each time, the cable is pulled, and put back `gap_s` later under
    the next of `names`.
    """

    def __init__(self, board, path: Path, lives=(), gap_s=0.5, late_s=0.0, names=()) -> None:
        self.board, self.path, self.lives, self.gap_s = board, path, list(lives), gap_s
        self.names = list(names)
        self.plugged = 0  # times
        self.stopped = threading.Event()
        self.late_s = late_s
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def __enter__(self) -> "PulledBoard":
        """Returns when it is plugged in, unless it comes late."""
        self.thread.start()
        while not (self.late_s or self.plugged):
            time.sleep(0.01)
        return self

    def __exit__(self, *_exception) -> None:
        self.stopped.set()
        self.thread.join(STOP_TIMEOUT_S)
        assert not self.thread.is_alive()

    def serve(self) -> None:
        self.stopped.wait(self.late_s)
        while not self.stopped.is_set():
            master, slave = pty.openpty()
            tty.setraw(slave)
            name = os.ttyname(slave)
            self.path.symlink_to(name)
            self.plugged += 1
            self.relay(master, slave, self.lives.pop(0) if self.lives else 1 << 62)
            self.path.unlink()
            os.close(master)
            os.close(slave)
            self.board.reset()
            if self.names:
                self.path = self.names.pop(0)
            self.stopped.wait(self.gap_s)

    def relay(self, master: int, slave: int, life: int) -> None:
        """Passes bytes on until the board has been sent `life` of them."""
        while life > 0 and not self.stopped.is_set():
            ready, _, _ = select.select([master], [], [], 0.02)
            if ready:
                with suppress(OSError):
                    data = os.read(master, min(4096, life))
                    self.board.write(data)
                    life -= len(data)
            while answer := self.board.read(0.0):
                os.write(master, answer)
