"""A pseudo-terminal with a native board behind it, and a line between the two that damages bytes, seeded."""

import os
import pty
import select
import threading
import tty
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from firmware_host import emulator
from firmware_host.transport import SerialTransport
from tests.link.faulty_line import Damage

STOP_TIMEOUT_S = 10.0


@contextmanager
def damaged_line(firmware: Path, path: Path, share: float, seed: int) -> Iterator[tuple[Damage, Damage]]:
    """`path` becomes a link to the host's end of the line while the board runs."""
    master, slave = pty.openpty()
    tty.setraw(slave)
    path.symlink_to(os.ttyname(slave))
    stopped = threading.Event()
    ways = Damage(share, 2 * seed), Damage(share, 2 * seed + 1)
    with emulator.native(firmware) as board:
        thread = threading.Thread(target=_relay, args=(master, board, ways, stopped), daemon=True)
        thread.start()
        try:
            yield ways
        finally:
            stopped.set()
            thread.join(STOP_TIMEOUT_S)
            assert not thread.is_alive()
    path.unlink()
    os.close(master)
    os.close(slave)


def _relay(master: int, board: SerialTransport, ways: tuple[Damage, Damage], stopped: threading.Event) -> None:
    while not stopped.is_set():
        ready, _, _ = select.select([master, board._port], [], [], 0.1)
        if master in ready:
            with suppress(OSError):
                board.write(ways[0](os.read(master, 65536)))
        if board._port in ready:
            os.write(master, ways[1](board.read(0.0)))
