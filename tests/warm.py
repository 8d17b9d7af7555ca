"""Commands in forks of a process that has imported torch and tensorflow already: a start takes milliseconds instead of
seconds, and can be killed at a moment, or with a fault in its file operations (tests/file_faults.py).
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path

from tests.file_faults import Fault

ROOT = Path(__file__).resolve().parents[1]
SERVER = Path(__file__).with_name("warm_server.py")


@dataclass(frozen=True)
class Job:
    """A command line to run: `python -m module arguments` in `cwd`, its output appended to `log`."""

    module: str
    arguments: list[str]
    cwd: str
    log: str
    fault: Fault | None


@dataclass(frozen=True)
class Ended:
    """How it ended: exit status, minus the signal if one killed it; what it printed."""

    status: int
    seconds: float
    output: str


@dataclass
class Warm:
    """The process that forks; one command runs at a time."""

    preload: tuple[str, ...]
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = tempfile.NamedTemporaryFile()  # noqa: SIM115  # closed with the process
        # With one thread OpenMP has no workers, which a fork would lack.
        environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)} | self.environment
        self.process = subprocess.Popen(
            [sys.executable, SERVER, *self.preload], cwd=ROOT, env=environment, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )  # fmt: skip

    def run(
        self, module: str, *arguments: object, cwd: Path, after_s: float | None = None, fault: Fault | None = None
    ) -> Ended:
        """Runs a command; kills it `after_s` seconds behind its start."""
        assert self.process.stdin is not None and self.process.stdout is not None
        self.log.truncate(0)
        job = asdict(Job(module, [str(a) for a in arguments], str(cwd), self.log.name, fault))
        print(json.dumps(job), file=self.process.stdin, flush=True)
        pid, start = int(self.process.stdout.readline()), time.monotonic()
        killer = None
        if after_s is not None:
            killer = threading.Timer(after_s, _kill, [pid])
            killer.start()
        status = os.waitstatus_to_exitcode(int(self.process.stdout.readline()))
        if killer is not None:
            killer.cancel()
        return Ended(status, time.monotonic() - start, Path(self.log.name).read_text(errors="replace"))

    def close(self) -> None:
        assert self.process.stdin is not None and self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()
        self.log.close()


def _kill(pid: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)
