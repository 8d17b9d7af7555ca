"""Parsed recordings, kept so that the next command starts at once.

A cache file is named by what it was made from and can be removed at any time; a damaged one is made anew.
"""

import json
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import numpy as np

from scl import ec57, frontend
from scl.artifacts import InputError, read_npz, replacing, sha256_bytes, sha256_file
from train.data.recordings import Block, Recordings

# Part of the key, so that a changed loader, front end or matching of beats never meets what the old one made.
FOLDERS = (Path(__file__).parent, *(Path(part.__path__[0]) for part in (frontend, ec57)))
CODE = tuple(file for folder in FOLDERS for file in sorted(folder.glob("*.py")))


def folder() -> Path:
    """SCL_CACHE_DIR, or `.cache` in the current folder."""
    return Path(os.environ.get("SCL_CACHE_DIR") or ".cache")


def cached(name: str, key: dict[str, object], make: Callable[[], Recordings]) -> Recordings:
    """The recordings that `make` returns, from the cache where it holds them under this key; without an other lead."""
    code = [sha256_file(file) for file in CODE]
    path = folder() / f"{name}-{sha256_bytes(json.dumps([code, key], sort_keys=True).encode())[:16]}.npz"
    if os.path.exists(path):
        with suppress(InputError, ValueError, KeyError, TypeError, IndexError, AttributeError, RecursionError):
            return _read(path)
    recordings = make()
    with suppress(InputError, OSError):  # without a cache the next command is slower, that is all
        _write(path, recordings)
    return recordings


def _write(path: Path, recordings: Recordings) -> None:
    meta = {k: v for k, v in vars(recordings).items() if k not in ("blocks", "other_lead")}
    blocks = recordings.blocks
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(
            file,
            meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8),
            x=np.concatenate([b.x for b in blocks], axis=1),
            lengths=np.array([b.x.shape[1] for b in blocks]),
            groups=np.array([b.group for b in blocks]),
            block_labels=np.array([b.label for b in blocks]),
            beats=np.concatenate([b.beats for b in blocks]),
            beat_counts=np.array([len(b.beats) for b in blocks]),
            flutter=np.concatenate([b.flutter for b in blocks]),
            flutter_counts=np.array([len(b.flutter) for b in blocks]),
        )


def _read(path: Path) -> Recordings:
    names = ("meta", "x", "lengths", "groups", "block_labels", "beats", "beat_counts", "flutter", "flutter_counts")
    arrays = read_npz(path, *names)
    meta = json.loads(arrays["meta"].tobytes())
    parts = np.split(arrays["x"], np.cumsum(arrays["lengths"])[:-1], axis=1)
    beats = np.split(arrays["beats"], np.cumsum(arrays["beat_counts"])[:-1])
    flutter = np.split(arrays["flutter"], np.cumsum(arrays["flutter_counts"])[:-1])
    labels = zip(arrays["groups"], arrays["block_labels"], strict=True)
    blocks = tuple(
        Block(int(g), int(label), x, marks, spans)
        for (g, label), x, marks, spans in zip(labels, parts, beats, flutter, strict=True)
    )
    meta["sensors"] = tuple((kind, tuple(channels)) for kind, channels in meta["sensors"])
    meta |= {name: tuple(meta[name]) for name in ("channels", "units", "labels", "group_names")}
    return Recordings(**meta, blocks=blocks)
