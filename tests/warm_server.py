"""The process behind tests/warm.py: imports the modules that it is told, then forks for each job that comes to the
socket which it was started with (tests/warm_python.py describes it), until its standard input ends.
"""

import json
import os
import runpy
import signal
import socket
import sys
from contextlib import suppress
from importlib import import_module
from select import select
from typing import Any

from file_faults import Fault, inject  # this script's folder comes first
from warm_python import BYTES

sys.path.append(sys.path.pop(0))  # its names are those of the product's folders


def _serve(listener: socket.socket) -> None:
    running: dict[int, tuple[int, socket.socket]] = {}  # by the process's handle: its number, its client
    while True:
        clients = {client: pid for pid, client in running.values()}
        for ready in select([sys.stdin, listener, *running, *clients], [], [])[0]:
            if ready is sys.stdin:
                return
            if ready is listener:
                client, _ = listener.accept()
                job, streams, _, _ = socket.recv_fds(client, BYTES, 3)
                pid = os.fork()
                if pid == 0:
                    listener.close()
                    _child(json.loads(job), streams)
                for stream in streams:
                    os.close(stream)
                running[os.pidfd_open(pid)] = pid, client
                client.send(b"%d" % pid)
            elif ready in running:
                pid, client = running.pop(ready)
                os.close(ready)
                with suppress(OSError), client:
                    client.send(b"%d" % os.waitpid(pid, 0)[1])
            elif ready.fileno() >= 0:  # nothing more is sent, so the client has gone
                os.kill(clients[ready], signal.SIGKILL)


def _child(job: dict[str, Any], streams: list[int]) -> None:
    """Never returns."""
    status = 1
    try:
        for target, source in enumerate(streams):
            os.dup2(source, target)
            os.close(source)
        # New ones: whether they can seek was found out when they were opened. Lines keep their order where both go to
        # one file.
        sys.stdin, sys.stdout = open(0), open(1, "w", buffering=1)  # noqa: SIM115  # as long as the process
        sys.stderr = open(2, "w", buffering=1, errors="backslashreplace")  # noqa: SIM115
        os.chdir(job["cwd"])
        os.environ.clear()
        os.environ.update(job["environment"])
        if job["fault"] is not None:
            inject(Fault(**job["fault"]))
        _run(*job["arguments"])
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
        if isinstance(end.code, str):
            print(end.code, file=sys.stderr)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # as the interpreter would
    finally:
        with suppress(OSError, ValueError):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _run(first: str, *arguments: str) -> None:
    """What the interpreter makes of `-m MODULE ...` or `SCRIPT ...`."""
    if first != "-m":
        sys.path.insert(0, os.path.dirname(os.path.abspath(first)))
        sys.argv = [first, *arguments]
        runpy.run_path(first, run_name="__main__")
        return
    sys.path.insert(0, os.getcwd())
    sys.argv = list(arguments)
    sys.modules.pop(arguments[0], None)  # runpy warns of a module that was imported
    runpy.run_module(arguments[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    for name in sys.argv[2:]:
        import_module(name)
    _serve(socket.socket(fileno=int(sys.argv[1])))
