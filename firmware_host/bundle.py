"""Reads a bundle folder: checks every hash and shape, needs no framework."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from firmware_host.messages import Hello
from scl.artifacts import InputError, read_json, read_npz, sha256_file
from scl.decision import LOST, decide
from scl.frontend.flags import LEAD_OFF
from scl.partition import Partition

REQUIRED = (
    *("name", "model_hash", "task", "transformation", "labels", "thresholds", "transforms", "files", "split", "data"),
    "streaming",
    *("partition.invariant", "partition.variant", "partition.free", "window.samples", "window.channels"),
    *("frontend.raw_samples", "frontend.up", "frontend.down"),
    *("frontend.sensor.name", "frontend.sensor.rate_hz", "frontend.sensor.sensors"),
    *("outputs.features.size", "outputs.features.scale", "outputs.features.zero_point", "outputs.logits.size"),
)


@dataclass(frozen=True)
class Golden:
    """What the board must answer to each (transform, window); transform 0 is the identity."""

    counts: np.ndarray  # (transforms, windows, raw_samples, channels) int16
    features: np.ndarray  # (transforms, windows, features) int8
    logits: np.ndarray  # (transforms, windows, classes) int8
    input_crc32: np.ndarray  # (transforms, windows) uint32
    flags: np.ndarray  # (transforms, windows) uint8, of messages.Result
    labels: np.ndarray  # (transforms, windows) int64; of several labels, bit masks
    groups: np.ndarray  # (windows,) int64, subject or record
    rows: np.ndarray  # (windows,) place in the bundle's arrays
    thresholds: list[int] | None  # of the logits, where labels are bit masks

    @property
    def predictions(self) -> np.ndarray:
        """(transforms, windows); LOST where the board abstains."""
        return np.where(self.flags & LEAD_OFF, LOST, decide(self.logits, self.thresholds))

    def limited(self, windows: int | None) -> "Golden":
        """The golden set of `windows` originals, spread evenly over all of them; all of them for None."""
        total = len(self.groups)
        if windows is None or windows >= total:
            return self
        rows = np.arange(windows) * total // windows
        columns = ("counts", "features", "logits", "input_crc32", "flags", "labels")
        taken = {name: getattr(self, name)[:, rows] for name in columns}
        return replace(self, **taken, groups=self.groups[rows], rows=self.rows[rows])


@dataclass(frozen=True)
class Bundle:
    """A verified bundle folder."""

    path: Path
    manifest: dict[str, Any]

    @property
    def model_hash(self) -> str:
        return str(self.manifest["model_hash"])

    @property
    def labels(self) -> list[str]:
        return list(self.manifest["labels"])

    @property
    def partition(self) -> Partition:
        return Partition(**self.manifest["partition"])

    @property
    def channels(self) -> list[str]:
        return list(self.manifest["window"]["channels"])

    @property
    def sensor(self) -> dict[str, Any]:
        return dict(self.manifest["frontend"]["sensor"])

    def class_name(self, code: int, otherwise: str = "abstained") -> str:
        """The label of a class, the labels of a mask joined by "+", or `otherwise` for LOST."""
        if code == LOST:
            return otherwise
        if self.manifest["thresholds"] is None:
            return self.labels[code]
        return "+".join(label for i, label in enumerate(self.labels) if code >> i & 1) or "none"

    def dequantize(self, features: np.ndarray) -> np.ndarray:
        """Kept latent features (..., features) as float64, from int8."""
        output = self.manifest["outputs"]["features"]
        return (features.astype(np.float64) - output["zero_point"]) * output["scale"]

    def read_golden(self) -> Golden:
        """Golden outputs with the labels and groups of evaluation.npz.

        Raises InputError if a shape or type is not what the manifest says.
        """
        path = self.path / "golden.npz"
        arrays = read_npz(path, "counts", "features", "logits", "input_crc32", "flags")
        beside = self.path / "evaluation.npz"
        rows = read_npz(beside, "labels", "groups")
        shape = arrays["counts"].shape[:2]
        outputs, frontend = self.manifest["outputs"], self.manifest["frontend"]
        expected = {
            "counts": ((*shape, frontend["raw_samples"], len(self.channels)), np.int16),
            "features": ((*shape, outputs["features"]["size"]), np.int8),
            "logits": ((*shape, outputs["logits"]["size"]), np.int8),
            "input_crc32": (shape, np.uint32),
            "flags": (shape, np.uint8),
        }
        for name, (wanted, kind) in expected.items():
            found = arrays[name]
            if found.shape != wanted or found.dtype != kind:
                raise InputError(
                    f"{path}: {name} is {found.dtype} {found.shape}, expected {np.dtype(kind)} {wanted}; export the "
                    "bundle again"
                )
        for name, wanted in (("labels", shape), ("groups", shape[1:])):
            if rows[name].shape != wanted:
                raise InputError(
                    f"{beside}: {name} has shape {rows[name].shape}, expected {wanted} as golden.npz has windows; "
                    "export the bundle again"
                )
        return Golden(**arrays, **rows, rows=np.arange(shape[1]), thresholds=self.manifest["thresholds"])

    def check_board(self, hello: Hello, port: str) -> None:
        """InputError if the board holds another model than this bundle, or describes it otherwise."""
        if hello.model_hash != self.model_hash:
            raise InputError(
                f"port {port}: the board holds model {hello.model_hash}, {self.path} is model {self.model_hash}; "
                f"flash the firmware of this bundle, or name the bundle that the board was built from"
            )
        outputs = self.manifest["outputs"]
        found = hello.raw_samples, hello.channels, hello.window, hello.features, hello.classes, list(hello.labels)
        expected = (
            self.manifest["frontend"]["raw_samples"],
            len(self.channels),
            self.manifest["window"]["samples"],
            outputs["features"]["size"],
            outputs["logits"]["size"],
            self.labels,
        )
        if found != expected:
            raise InputError(
                f"port {port}: the board describes its model as {found}, the manifest of {self.path} as {expected} "
                "(raw samples, channels, window, features, classes, labels); build and flash the firmware again"
            )


def load_bundle(path: str | Path) -> Bundle:
    """Opens a bundle and verifies the hash of each of its files.

    Raises InputError naming the file that is missing, changed, or of another schema.
    """
    path = Path(path)
    manifest_path = path / "manifest.json"
    if not manifest_path.is_file():
        raise InputError(
            f"{path}: no bundle here (manifest.json is missing); make one with `python -m export.quantize RUN --out "
            f"{path}`"
        )
    manifest = read_json(manifest_path, "bundle", 4)
    if manifest.get("frontend", {}) is None:
        raise InputError(
            f"{path}: was made from a .tflite file (export.quantize --from) and has no front end and no recordings to "
            "send; link its c folder into a program of yours, or export a run for validation on a board"
        )
    missing = [name for name in REQUIRED if not _has(manifest, name.split("."))]
    if missing:
        raise InputError(f"{manifest_path}: {', '.join(missing)} missing; export the bundle again")
    for name, expected in manifest["files"].items():
        if not (path / name).is_file():
            raise InputError(
                f"{path / name}: missing, though manifest.json lists it; copy the whole bundle or export it again"
            )
        found = sha256_file(path / name)
        if found != expected:
            raise InputError(
                f"{path / name}: SHA-256 is {found}, manifest.json says {expected}; the file was changed or damaged: "
                "copy the bundle again or export it again"
            )
    return Bundle(path, manifest)


def _has(value: Any, path: list[str]) -> bool:
    """Whether nested dicts lead along `path`."""
    for key in path:
        if not isinstance(value, dict) or key not in value:
            return False
        value = value[key]
    return True
