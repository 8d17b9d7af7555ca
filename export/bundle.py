"""The bundle folder: everything that a board and its validation need, listed and hashed in manifest.json."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scl.artifacts import InputError, read_json, sha256_bytes, sha256_file, write_json

KIND, SCHEMA, MANIFEST = "bundle", 4, "manifest.json"


@dataclass(frozen=True)
class Bundle:
    """A bundle folder whose files are those that its manifest lists."""

    path: Path
    manifest: dict[str, Any]


def model_hash(
    tflite: bytes, frontend: dict[str, Any] | None, labels: list[str], thresholds: list[int] | None = None
) -> str:
    """SHA-256 (hex) of all that decides a board's answer: network, front end, labels and their thresholds."""
    facts = {"frontend": frontend, "labels": labels, "thresholds": thresholds}
    described = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return sha256_bytes(tflite + described.encode())


def write_manifest(folder: Path, contents: dict[str, Any]) -> None:
    """Writes manifest.json last: contents and the hash of every file in `folder`."""
    files = {str(path.relative_to(folder)): sha256_file(path) for path in sorted(folder.rglob("*")) if path.is_file()}
    write_json(folder / MANIFEST, {"kind": KIND, "schema": SCHEMA, **contents, "files": files})


def read_bundle(folder: str | Path) -> Bundle:
    """Reads a bundle and checks the hash of every file.

    Raises InputError if it is not a bundle, or a file is missing or changed.
    """
    folder = Path(folder)
    if not (folder / MANIFEST).is_file():
        raise InputError(
            f"{folder}: is not a bundle (no {MANIFEST}); python -m export.quantize RUN --out {folder} makes one"
        )
    manifest = read_json(folder / MANIFEST, KIND, SCHEMA)
    for name, expected in manifest["files"].items():
        found = sha256_file(folder / name)
        if found != expected:
            raise InputError(
                f"{folder / name}: SHA-256 is {found}, but {MANIFEST} lists {expected}; export it again or restore it"
            )
    return Bundle(folder, manifest)
