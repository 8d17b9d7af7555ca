"""`python` without its start: `warm_python.py SOCKET -m MODULE ...` or `... SCRIPT.py ...` runs in a fork of the
process behind tests/warm.py, with the streams, folder and environment of this one. All else starts an interpreter.

The protocol: a client sends a job, JSON in one packet, with its three streams; it receives the number of the process,
then its status as os.waitpid has it. A client that goes away takes the process with it.
"""

import json
import os
import socket
import sys
from collections.abc import Mapping, Sequence

BYTES = 1 << 20


def start(
    server: str, arguments: Sequence[str], cwd: str, environment: Mapping[str, str], fault: object, streams: list[int]
) -> socket.socket:
    """Sends a job; the connection on which its number and its status come."""
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
    connection.connect(server)
    job = {"arguments": arguments, "cwd": cwd, "environment": dict(environment), "fault": fault}
    socket.send_fds(connection, [json.dumps(job).encode()], streams)
    return connection


def number(connection: socket.socket) -> int:
    return int(connection.recv(BYTES))


def _main() -> None:
    server, *arguments = sys.argv[1:]
    if not (arguments and (arguments[0] == "-m" or arguments[0].endswith(".py"))):
        os.execv(sys.executable, [sys.executable, *arguments])
    with start(server, arguments, os.getcwd(), os.environ, None, [0, 1, 2]) as connection:
        number(connection)
        status = os.waitstatus_to_exitcode(number(connection))
    sys.exit(status if status >= 0 else 128 - status)


if __name__ == "__main__":
    _main()
