"""Every way in which this project writes, as a command for tests/warm.py: WRITER PATH TEXT."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from scl import artifacts
from train.run.working_folder import CHECKPOINT, WorkingFolder

IDENTITY: dict[str, object] = {"config": {"epochs": 3}}


def _folder(path: Path, text: str) -> None:
    with artifacts.folder(path, "run") as folder:
        (folder / "below").mkdir()
        (folder / "below" / "text").write_text(text)
        _fill(folder, text)


def _fill(folder: Path, text: str) -> None:
    artifacts.write_npz(folder / "arrays.npz", text=np.frombuffer(text.encode(), np.uint8))
    artifacts.write_json(folder / "run.json", {"kind": "run", "schema": 1, "text": text})


def _training(path: Path, text: str) -> None:
    """As training does: resumed where it can be, an epoch, the run's files, its name."""
    folder = WorkingFolder(path, resume=WorkingFolder(path).interrupted, force=True)
    partial = folder.open(IDENTITY)
    artifacts.write_bytes(partial / CHECKPOINT, text.encode())
    artifacts.write_bytes(partial / "below" / "text", text.encode())
    _fill(partial, text)
    folder.finish()


def _picture(path: Path, text: str) -> None:
    """As a library writes into a file that it opens by its name."""
    with artifacts.replacing(path) as temporary, open(temporary, "w") as file:
        file.write(text[:3])
        file.write(text[3:])


WRITERS: dict[str, Callable[[Path, str], None]] = {
    "bytes": lambda path, text: artifacts.write_bytes(path, text.encode()),
    "json": lambda path, text: artifacts.write_json(path, {"kind": "text", "schema": 1, "text": text}),
    "npz": lambda path, text: artifacts.write_npz(path, text=np.frombuffer(text.encode(), np.uint8)),
    "picture": _picture,
    "folder": _folder,
    "training": _training,
}


def text_of(writer: str, path: Path) -> str:
    """What was written. Raises an exception unless it is whole."""
    if writer in ("bytes", "picture"):
        return path.read_text()
    if writer == "npz":
        return artifacts.read_npz(path, "text")["text"].tobytes().decode()
    if writer == "json":
        return str(artifacts.read_json(path, "text")["text"])
    texts = {
        (path / "below" / "text").read_text(),
        text_of("npz", path / "arrays.npz"),
        str(artifacts.read_json(path / "run.json", "run")["text"]),
    }
    assert len(texts) == 1, f"{path} holds parts of several writers: {texts}"
    return texts.pop()


def main(argv: Sequence[str]) -> int:
    writer, path, text = argv
    WRITERS[writer](Path(path), text)
    return 0


if __name__ == "__main__":
    artifacts.command(main)
