"""The log of a training: metrics.jsonl, TensorBoard scalars, and what the terminal shows."""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from scl import artifacts
from scl.artifacts import InputError, read_bytes, shortened
from train.run.event_file import EventFile

MOST_BYTES = 64 << 20  # of metrics.jsonl
Epoch = Mapping[str, float | None]


def read_log(path: Path) -> list[Epoch]:
    """The figures of each epoch in a metrics.jsonl. Raises InputError unless every line is an object of numbers."""
    data = read_bytes(path, MOST_BYTES, "the figures of a training")
    try:
        epochs = [json.loads(line) for line in data.decode().splitlines()]
    except (ValueError, RecursionError) as error:
        raise InputError(f"{path}: is not JSON lines ({error}); train it again") from error
    for number, epoch in enumerate(epochs, start=1):
        if not isinstance(epoch, dict) or not all(
            value is None or type(value) in (int, float) for value in epoch.values()
        ):
            raise InputError(
                f"{path}, line {number}: is {shortened(epoch)}, expected the figures of an epoch; train it again"
            )
    return epochs


class EpochLog:
    """metrics.jsonl, TensorBoard scalars, and a bar on a terminal or plain lines elsewhere."""

    def __init__(self, folder: Path, epochs: int) -> None:
        from tqdm import tqdm

        self.epochs = epochs
        self.file = folder / "metrics.jsonl"
        # A run that was killed after its last epoch has its figures here only.
        logged = read_log(self.file) if self.file.exists() else []
        self.last: Epoch = logged[-1] if logged else {}
        self.board = EventFile(folder / "tensorboard")
        self.bar = tqdm(disable=not sys.stderr.isatty(), leave=False, unit="batch")

    def __enter__(self) -> "EpochLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.close()
        self.board.close()

    def step(self, done: int, total: int) -> None:
        self.bar.total, self.bar.n = total, done
        self.bar.refresh()

    def epoch(self, epoch: int, figures: Epoch) -> None:
        self.last = figures
        lines = self.file.read_text().splitlines() if self.file.exists() else []
        lines = lines[: epoch - 1] + [json.dumps({"epoch": epoch, **figures})]
        artifacts.write_bytes(self.file, ("\n".join(lines) + "\n").encode())
        known = {name: value for name, value in figures.items() if value is not None}
        self.board.epoch(epoch, known)
        text = "  ".join(f"{name} {value:.3f}" for name, value in known.items())
        self.bar.write(f"epoch {epoch}/{self.epochs}  {text}", file=sys.stdout)
