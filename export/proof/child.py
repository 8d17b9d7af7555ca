"""Runs a part of the proof in a process of its own: TFLite Micro ends the program on some files, and so may a fault of
ours. What ends it there is an error here.

The program is a module whose `main` is run by `task`. It prints what it is about to do (`about_to`), and at last its
answer, one line of JSON.
"""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from typing import Any

from export.proof.gates import ExportError
from scl.artifacts import InputError
from scl.artifacts.errors import shortened

DOING = "about to: "
FAILED = 1  # an ExportError


def ask(module: str, where: str, *arguments: str) -> Any:
    """The answer of a module's program to its arguments; `where` names the file that it is about in errors.

    Raises:
        InputError: as the program does, or it ended without an answer; the message says of what and at what.
        ExportError: as the program does.
    """
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False
    )
    lines, said = done.stdout.splitlines(), done.stderr.strip().splitlines()[-1:]
    message = said[0].removeprefix("error: ").removeprefix("model.tflite: ") if said else ""
    doing = ([""] + [line.removeprefix(DOING) for line in lines if line.startswith(DOING)])[-1]
    if done.returncode == FAILED and said and said[0].startswith("error: "):
        raise ExportError(message)
    if done.returncode == 2:
        raise InputError(f"{where}: {f'to {doing}: ' if doing else ''}{message}")
    if done.returncode or not lines or lines[-1].startswith(DOING):
        raise InputError(
            f"{where}: TFLite Micro ended with {_named(done.returncode)} when it was to {doing or 'start'}"
            f"{f' (it said {shortened(message, 160)})' if message else ''}; convert the model again, with a "
            "representative data set of real recordings, or leave out what it was to run"
        )
    return json.loads(lines[-1])


def about_to(doing: str) -> None:
    """Prints, in the program, what it will do next: "run operator 3, SOFTMAX"."""
    print(f"{DOING}{doing}", flush=True)


def task(main: Callable[[Sequence[str]], Any]) -> None:
    """Runs the program: prints what `main` answers to the command line's arguments. Leaves no core file."""
    import resource  # POSIX only

    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        print(json.dumps(main(sys.argv[1:])))
    except (InputError, ExportError) as error:
        text = " ".join(str(error).splitlines())
        print(f"error: {text}", file=sys.stderr)
        sys.exit(FAILED if isinstance(error, ExportError) else 2)


def _named(status: int) -> str:
    """An exit status for people."""
    try:
        return signal.Signals(-status).name if status < 0 else f"the exit status {status}"
    except ValueError:
        return f"signal {-status}"
