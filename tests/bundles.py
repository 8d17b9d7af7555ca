"""A bundle made up in memory, of which only the recordings and the manifest are there."""

import hashlib
import zlib
from pathlib import Path

import numpy as np

from scl.artifacts import write_npz
from scl.artifacts.bundle import write_manifest
from scl.frontend.sensor import Part, Sensor
from scl.partition import Partition
from scl.transforms import random_rotations
from tests.manifests import manifest
from tests.scl.frontend.designs import front_end_spec

SAMPLES, CHANNELS, FEATURES, CLASSES = 200, 6, 5, 3
LABELS = ("walking", "jogging", "sitting")
MODEL_HASH = "ab" * 32


def network(counts: np.ndarray) -> tuple[np.ndarray, np.ndarray, int]:
    """A made-up network: features, logits and input CRC that depend on every count."""
    digest = hashlib.sha256(counts.astype("<i2").tobytes()).digest()
    values = np.frombuffer(digest[: FEATURES + CLASSES], np.int8)
    return values[:FEATURES], values[FEATURES:], zlib.crc32(digest)


def write_bundle(folder: Path) -> Path:
    """A bundle folder without model files: 12 windows, 2 copies of each, golden outputs of the made-up network."""
    folder.mkdir()
    rng = np.random.default_rng(0)
    counts = rng.integers(-3000, 3000, (3, 12, SAMPLES, CHANNELS), np.int16)
    outputs = [[network(window) for window in copies] for copies in counts]
    features, logits, crc = (np.array([[output[part] for output in copies] for copies in outputs]) for part in range(3))
    turns = np.concatenate([np.tile(np.eye(3), (12, 1, 1)), random_rotations(24, rng)]).reshape(3, 12, 3, 3)
    write_npz(
        folder / "golden.npz", counts=counts, features=features, logits=logits, input_crc32=crc.astype(np.uint32),
        flags=np.zeros((3, 12), np.uint8), rotation=turns,
    )  # fmt: skip
    labels = np.arange(12) % CLASSES
    write_npz(
        folder / "evaluation.npz",
        windows=np.zeros((12, CHANNELS, SAMPLES), np.float32),
        labels=np.tile(labels, (3, 1)),
        groups=np.arange(12) // 4,
    )
    eye, zero = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)), (0.0,) * 3
    units = (("accelerometer", "m/s^2"), ("gyroscope", "rad/s"))
    sensor = Sensor("bmi270", 20.0, tuple(Part(kind, 3, 0.001, zero, eye, unit, "") for kind, unit in units))
    spec = front_end_spec(sensor, SAMPLES, 20.0, 0.05)
    write_manifest(folder, manifest(folder, spec, LABELS, Partition(3, 4, 2), model_hash=MODEL_HASH))
    return folder
