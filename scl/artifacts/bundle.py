"""The bundle folder: everything that a board and its validation need, listed and hashed in manifest.json."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Generic, TypeVar

from scl.artifacts.decision import Decision
from scl.artifacts.errors import InputError
from scl.artifacts.files import file_inside, read_bytes, sha256_file, stands
from scl.artifacts.folders import kinds_in
from scl.artifacts.json_files import MOST_ARTIFACT_BYTES, read_artifact, write_artifact
from scl.artifacts.manifest import ADVICE, BundleManifest, Manifest, NetworkManifest
from scl.frontend.spec import FrontEndSpec

MANIFEST = "manifest.json"
MOST_BYTES = 1 << 30  # of all files of a bundle together: hashing them takes seconds
MODEL_FILES = (".tflite", ".onnx")  # suffixes
C_FILES = ("c/model_data.c", "c/model_data.h")

M = TypeVar("M", bound=BundleManifest, covariant=True)


@dataclass(frozen=True)
class Bundle(Generic[M]):
    """A bundle folder whose files are those that its manifest lists."""

    path: Path
    manifest: M

    def file(self, name: str) -> Path:
        """The path of a file that the manifest lists, so that its hash was checked.

        Raises InputError for another one: whoever made it, it is no part of the bundle.
        """
        if name not in self.manifest.files:
            raise InputError(
                f"{self.path / MANIFEST}: lists no {name}, expected it with its hash; {self.manifest.advice}"
            )
        return self.path / name


def model_hash(
    tflite: bytes,
    frontend: FrontEndSpec | None,
    labels: Sequence[str],
    thresholds: Sequence[int] | None = None,
    decision: Decision | None = None,
) -> str:
    """SHA-256 (hex) of all that decides a board's answer: network, front end, labels, thresholds, decision."""
    facts = {
        "frontend": None if frontend is None else asdict(frontend),
        "labels": list(labels),
        "thresholds": None if thresholds is None else list(thresholds),
        "decision": None if decision is None else asdict(decision),
    }
    described = json.dumps(facts, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(tflite + described.encode()).hexdigest()


def hashes(folder: Path) -> dict[str, str]:
    """SHA-256 of every file in a folder, by its path in it."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): sha256_file(path) for path in files}


def write_manifest(folder: Path, manifest: BundleManifest) -> None:
    """Writes manifest.json, which is written last: `manifest.files` are the `hashes` of the folder."""
    write_artifact(folder / MANIFEST, manifest)


def read_bundle(folder: str | Path) -> Bundle[BundleManifest]:
    """Reads a bundle's manifest and checks the hash of every file, none before all are known to be files of the folder.

    Raises InputError if it is no bundle, a field is wrong, a file is missing, changed or not inside the folder, or they
    have more than MOST_BYTES together.
    """
    folder = Path(folder)
    path = folder / MANIFEST
    if not stands(path):
        source, what = "RUN", f"is no bundle (no {MANIFEST})"
        if folder.suffix in MODEL_FILES and folder.is_file():
            source, what = f"--from {folder}", "is a model's file, expected a bundle"
        elif "run" in kinds_in(folder):
            source, what = str(folder), "is a run, expected a bundle"
        out = "BUNDLE" if source != "RUN" else folder
        raise InputError(f"{folder}: {what}; python -m export.quantize {source} --out {out} makes one")
    manifest: BundleManifest
    file_inside(folder, MANIFEST, ADVICE)
    if _kind(path) == NetworkManifest.kind:
        manifest = read_artifact(path, NetworkManifest)
    else:
        manifest = read_artifact(path, Manifest)
    paths = {name: file_inside(folder, name, ADVICE) for name in manifest.files}
    size = sum(path.stat().st_size for path in paths.values())
    if size > MOST_BYTES:
        raise InputError(f"{folder}: its files have {size:,} bytes together, expected {MOST_BYTES:,} at most; {ADVICE}")
    for name, expected in manifest.files.items():
        found = sha256_file(paths[name])
        if found != expected:
            raise InputError(
                f"{folder / name}: SHA-256 is {found}, but {MANIFEST} lists {expected}; export it again or restore it"
            )
    return Bundle(folder, manifest)


def read_run_bundle(folder: str | Path) -> Bundle[Manifest]:
    """As `read_bundle`, of a trained run. Raises InputError for a network from elsewhere, which no run belongs to."""
    bundle = read_bundle(folder)
    if not isinstance(bundle.manifest, Manifest):
        raise InputError(
            f"{bundle.path}: is of a model from elsewhere (export.quantize --from), expected a bundle of a run, whose "
            "channels have names; use firmware_host.validate, which sends the bundle's own windows, or export a run"
        )
    return Bundle(bundle.path, bundle.manifest)


def read_front_end_bundle(folder: str | Path) -> Bundle[BundleManifest]:
    """As `read_bundle`, of a model that takes a sensor's counts. Raises InputError for one without a front end."""
    bundle = read_bundle(folder)
    if bundle.manifest.frontend is None:
        raise InputError(
            f"{bundle.path}: has no front end, so it takes no sensor's counts; export it again with "
            "`python -m export.quantize --from FILE --front-end SPEC.toml`"
        )
    return bundle


def _kind(path: Path) -> object:
    """What kind of manifest a file says that it is; None for what is none, about which its reader says more."""
    try:
        value = json.loads(read_bytes(path, MOST_ARTIFACT_BYTES, "a manifest"))
    except (ValueError, RecursionError):
        return None
    return value.get("kind") if isinstance(value, dict) else None
