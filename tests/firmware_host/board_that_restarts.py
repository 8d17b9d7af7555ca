"""A TCP port behind which one native board after another runs: what a reset looks like to a host."""

import select
import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from firmware_host import emulator
from firmware_host.transport import SerialTransport

STOP_TIMEOUT_S = 10.0


@contextmanager
def board_that_restarts(firmwares: Sequence[Path], lives: Sequence[int]) -> Iterator[str]:
    """The pyserial URL of a port whose board is killed when it got `lives` bytes, and replaced by the next firmware."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        thread = threading.Thread(target=_serve, args=(server, firmwares, lives), daemon=True)
        thread.start()
        try:
            yield f"socket://127.0.0.1:{server.getsockname()[1]}"
        finally:
            thread.join(STOP_TIMEOUT_S)
        assert not thread.is_alive()


def _serve(server: socket.socket, firmwares: Sequence[Path], lives: Sequence[int]) -> None:
    connection, _ = server.accept()
    with connection, suppress(ConnectionError):  # the host may close the line while an answer is under way
        for firmware, life in zip(firmwares, (*lives, 1 << 62), strict=True):
            with emulator.native(firmware) as board:
                _relay(connection, board, life)


def _relay(connection: socket.socket, board: SerialTransport, life: int) -> None:
    """Passes bytes on until the board has been sent `life` of them. ConnectionError when the host closes the line."""
    while life > 0:
        ready, _, _ = select.select([connection, board._port], [], [])
        if board._port in ready:
            connection.sendall(board.read(0.0))
        if connection in ready:
            data = connection.recv(min(4096, life))
            if not data:
                raise ConnectionResetError
            board.write(data)
            life -= len(data)
