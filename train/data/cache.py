"""Parsed recordings, kept so that the next command starts at once.

A cache file is named by what it was made from and can be removed at any time; a damaged one is made anew.
"""

import hashlib
import json
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, read_npz, replacing
from train.data.recordings import Block, Recordings

SCHEMA = 1


def folder() -> Path:
    """SCL_CACHE_DIR, or `.cache` in the current folder."""
    return Path(os.environ.get("SCL_CACHE_DIR") or ".cache")


def cached(name: str, key: dict[str, object], make: Callable[[], Recordings]) -> Recordings:
    """The recordings that `make` returns, from the cache where it holds them under this key."""
    digest = hashlib.sha256(json.dumps([SCHEMA, key], sort_keys=True).encode()).hexdigest()[:16]
    path = folder() / f"{name}-{digest}.npz"
    if path.exists():
        try:
            return _read(path)
        except (InputError, ValueError, KeyError, TypeError):
            path.unlink()
    recordings = make()
    _write(path, recordings)
    return recordings


def _write(path: Path, recordings: Recordings) -> None:
    meta = {k: v for k, v in vars(recordings).items() if k != "blocks"}
    blocks = recordings.blocks
    with replacing(path) as temporary, open(temporary, "wb") as file:
        np.savez(
            file,
            meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8),
            x=np.concatenate([b.x for b in blocks], axis=1),
            lengths=np.array([b.x.shape[1] for b in blocks]),
            groups=np.array([b.group for b in blocks]),
            block_labels=np.array([b.label for b in blocks]),
        )


def _read(path: Path) -> Recordings:
    arrays = read_npz(path, "meta", "x", "lengths", "groups", "block_labels")
    meta = json.loads(arrays["meta"].tobytes())
    parts = np.split(arrays["x"], np.cumsum(arrays["lengths"])[:-1], axis=1)
    blocks = tuple(
        Block(int(g), int(label), x)
        for g, label, x in zip(arrays["groups"], arrays["block_labels"], parts, strict=True)
    )
    sensors = tuple((kind, tuple(channels)) for kind, channels in meta.pop("sensors"))
    tuples = {name: tuple(meta.pop(name)) for name in ("channels", "units", "labels")}
    return Recordings(**meta, **tuples, sensors=sensors, blocks=blocks)
