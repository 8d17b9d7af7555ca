"""A TensorBoard event file, written as it is told: TensorBoard's own writer has a thread for it, in which a full disk
ends with a traceback.
"""

import os
import socket
import sys
import time
import types
from collections.abc import Mapping
from pathlib import Path

from scl.artifacts import writing


class EventFile:
    """Scalars by epoch, in a new file of a folder that TensorBoard is pointed at.

    Raises InputError, in every method, if the file cannot be written.
    """

    def __init__(self, folder: Path) -> None:
        # TensorBoard imports tensorflow, where it is installed, just to write files, unless it finds this module.
        sys.modules.setdefault("tensorboard.compat.notf", types.ModuleType("tensorboard.compat.notf"))
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.summary.writer.record_writer import RecordWriter

        self.path = folder / f"events.out.tfevents.{int(time.time()):010d}.{socket.gethostname()}.{os.getpid()}.0"
        with writing(self.path):
            folder.mkdir(parents=True, exist_ok=True)
            self.file = open(self.path, "wb")  # noqa: SIM115  # closed by close()
        self.records = RecordWriter(self.file)
        self._write(Event(wall_time=time.time(), file_version="brain.Event:2"))

    def epoch(self, epoch: int, figures: Mapping[str, float]) -> None:
        from tensorboard.compat.proto.event_pb2 import Event
        from tensorboard.compat.proto.summary_pb2 import Summary

        for name, value in figures.items():
            summary = Summary(value=[Summary.Value(tag=name, simple_value=value)])
            self._write(Event(wall_time=time.time(), step=epoch, summary=summary))

    def close(self) -> None:
        with writing(self.path):
            self.file.close()

    def _write(self, event: object) -> None:
        with writing(self.path):
            self.records.write(event.SerializeToString())  # type: ignore[attr-defined]  # generated, without stubs
            self.file.flush()
