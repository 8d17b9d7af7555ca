"""The process behind tests/warm.py: imports the modules that it is told, then forks for each line of JSON that it
reads, and answers with the child's number and, at its end, with its status.
"""

import json
import os
import sys
from contextlib import suppress
from importlib import import_module

from file_faults import Fault, inject  # this script's folder comes first

from scl.artifacts import command

sys.path.append(sys.path.pop(0))  # its names are those of the product's folders


def _serve() -> None:
    for name in sys.argv[1:]:
        import_module(name)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _child(json.loads(line))
        print(pid, flush=True)
        print(os.waitpid(pid, 0)[1], flush=True)


def _child(job: dict[str, object]) -> None:
    """Never returns."""
    status = 1
    try:
        log = os.open(str(job["log"]), os.O_WRONLY | os.O_APPEND)
        null = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((null, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.chdir(str(job["cwd"]))
        sys.argv = [str(job["module"]), *job["arguments"]]  # type: ignore[misc]
        if job["fault"] is not None:
            inject(Fault(**job["fault"]))  # type: ignore[arg-type]
        command(import_module(str(job["module"])).main)
    except SystemExit as end:
        status = int(end.code or 0)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # as the interpreter would
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


if __name__ == "__main__":
    _serve()
