"""Commands in forks of a process that has imported torch and tensorflow already: a start takes milliseconds instead of
seconds, and can be killed at a moment, or with a fault in its file operations (tests/file_faults.py).
"""

import atexit
import os
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path

from tests.file_faults import Fault
from tests.warm_python import number, start

ROOT = Path(__file__).resolve().parents[1]
SERVER = Path(__file__).with_name("warm_server.py")
# What commands import that takes long and starts no thread.
HEAVY = ("torch", "torch._dynamo", "tensorflow")


@dataclass(frozen=True)
class Ended:
    """How it ended: exit status, minus the signal if one killed it; what it printed."""

    status: int
    seconds: float
    output: str


@dataclass
class Warm:
    """The process that forks.

    Attributes:
        python: a `python` of its own folder, whose `-m MODULE ...` and `SCRIPT.py ...` run in forks.
    """

    preload: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.socket, self.python = f"{self.folder.name}/socket", Path(self.folder.name, "python")
        client = shlex.join([sys.executable, "-SE", str(SERVER.with_name("warm_python.py")), self.socket])
        self.python.write_text(f'#!/bin/sh\nexec {client} "$@"\n')
        self.python.chmod(0o755)
        # With one thread OpenMP has no workers, which a fork would lack.
        self.environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)} | self.environment
        with socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET) as listener:
            listener.bind(self.socket)
            listener.listen()
            number = listener.fileno()
            self.process = subprocess.Popen(
                [sys.executable, SERVER, str(number), *self.preload], cwd=ROOT, env=self.environment,
                pass_fds=[number], stdin=subprocess.PIPE,
            )  # fmt: skip

    def run(
        self, module: str, *arguments: object, cwd: Path, after_s: float | None = None, fault: Fault | None = None
    ) -> Ended:
        """Runs a command; kills it `after_s` seconds behind its start."""
        line, injected = ["-m", module, *map(str, arguments)], None if fault is None else asdict(fault)
        with tempfile.TemporaryFile() as log, open(os.devnull, "rb") as null:
            streams = [null.fileno(), log.fileno(), log.fileno()]
            with start(self.socket, line, str(cwd), self.environment, injected, streams) as connection:
                pid, begin = number(connection), time.monotonic()
                killer = None
                if after_s is not None:
                    killer = threading.Timer(after_s, _kill, [pid])
                    killer.start()
                status = os.waitstatus_to_exitcode(number(connection))
                seconds = time.monotonic() - begin
            if killer is not None:
                killer.cancel()
            log.seek(0)
            return Ended(status, seconds, log.read().decode(errors="replace"))

    def close(self) -> None:
        assert self.process.stdin is not None
        self.process.stdin.close()
        self.process.wait()
        self.folder.cleanup()


@cache
def python() -> Path:
    """For all tests of this process, to run commands as a reader does, of this checkout whatever PYTHONPATH says.

    The product's modules are imported in the fork. An import of the others that a command forgets is found where it
    starts cold: tests/tutorials/test_tflite.py, tests/train/test_imu.py, --help in tests/test_readme.py.
    """
    warm = Warm(HEAVY)
    atexit.register(warm.close)
    return warm.python


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
