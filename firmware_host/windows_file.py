"""windows.csv of a validation report: one row for each window and each of its copies."""

import csv
import io
from collections.abc import Iterator

import numpy as np

from firmware_host.breakdown import rotation_angles
from firmware_host.figures import Answers, similarities, steps
from firmware_host.model import class_name
from scl.artifacts import sha256_bytes
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import BundleManifest
from scl.decision import LOST, UNKNOWN
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.text import cell

WINDOWS, BATTERY = "windows.csv", "battery.csv"
CSV_COLUMNS = (
    "window", "transform", "group", "label", "predicted", "expected", "consistent", "features_lsb", "logits_lsb",
    "input_ok", "saturated", "lead_off", "correct", "label_kept", "similarity", "angle_deg", "shift_samples", "sha256",
    "attempts", "latency_ms",
)  # fmt: skip
Value = str | int | float


def windows_csv(manifest: BundleManifest, golden: Golden, answers: Answers) -> str:
    """One row per window and transformation; empty cells where the window was lost, or there is no such figure."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(CSV_COLUMNS)
    for row in _rows(manifest, golden, answers):
        writer.writerow([row[name] for name in CSV_COLUMNS])
    return out.getvalue()


def _rows(manifest: BundleManifest, golden: Golden, answers: Answers) -> Iterator[dict[str, Value]]:
    expected, predictions = golden.predictions, answers.predictions
    features, logits = steps(answers.features, golden.features), steps(answers.logits, golden.logits)
    similarity = similarities(manifest, predictions, answers.features)
    angles = None if golden.rotation is None else rotation_angles(golden.rotation)
    for transform, window in np.ndindex(predictions.shape):
        at, seen = (transform, window), answers.answered[transform, window]
        predicted, label = int(predictions[at]), int(golden.labels[at])
        yield {
            "window": int(golden.rows[window]),
            "transform": transform,
            "group": int(golden.groups[window]),
            "sha256": row_key(golden.counts[at]),
            "angle_deg": "" if angles is None else f"{angles[at]:.3f}",
            "shift_samples": "" if golden.shift is None else int(golden.shift[transform]),
            "label": cell(class_name(manifest, label, "")),
            "predicted": cell(class_name(manifest, predicted, "abstained" if seen else "lost")),
            "expected": cell(class_name(manifest, int(expected[at]))),
            "correct": "" if label == UNKNOWN else int(predicted == label),
            "label_kept": int(label == golden.labels[0, window]),
            "consistent": int(predicted != LOST and predicted == predictions[0, window]),
            "similarity": f"{similarity[transform - 1, window]:.6f}" if similarity is not None and transform else "",
            "features_lsb": int(features[at]) if seen else "",
            "logits_lsb": int(logits[at]) if seen else "",
            "input_ok": int(answers.input_crc32[at] == golden.input_crc32[at]) if seen else "",
            "saturated": int(answers.flags[at] & SATURATED > 0) if seen else "",
            "lead_off": int(answers.flags[at] & LEAD_OFF > 0) if seen else "",
            "attempts": int(answers.attempts[at]),
            "latency_ms": f"{answers.latency_s[at] * 1e3:.3f}" if seen else "",
        }


def row_key(counts: np.ndarray) -> str:
    """What tells the samples of a window (samples, values) from those of any other: 16 digits of their SHA-256."""
    return sha256_bytes(np.ascontiguousarray(counts).tobytes())[:16]
