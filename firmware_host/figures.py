"""From the board's answers to the figures of a validation: parity, accuracy, consistency, similarity.

Definitions are those of docs/DESIGN.md. A window that was lost, or that the board abstained from, is a failure and
stays in every denominator (prediction -1, latent zero, cosine 0). Scalars named `transformed` are means over the
transformed copies, the identity excluded; intervals are clustered by group.
"""

import math
from dataclasses import asdict, dataclass

import numpy as np

from firmware_host.decisions import CODES
from firmware_host.messages import ABSTAIN
from firmware_host.model import dequantized
from firmware_host.outcome import Outcome
from firmware_host.parity import Parity
from firmware_host.validation import CopyFigures, Figures, Latency
from scl import metrics
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import BundleManifest, OutputTensor
from scl.belief import UNSURE, Decisions
from scl.decision import LOST
from scl.robustness import robustness


@dataclass(frozen=True)
class Answers:
    """The board's answers as arrays over (transforms, windows)."""

    answered: np.ndarray  # bool
    predictions: np.ndarray  # int64; LOST where not answered or abstained
    features: np.ndarray  # (transforms, windows, features) int8; 0 where not answered
    logits: np.ndarray  # (transforms, windows, classes) int8; 0 where not answered
    input_crc32: np.ndarray  # uint32
    flags: np.ndarray  # uint8; 0 where not answered
    latency_s: np.ndarray  # NaN where not answered
    attempts: np.ndarray  # int64
    decided: np.ndarray  # int64: classes, UNSURE, or LOST where not answered or abstained
    confidences: np.ndarray  # int64 in 2^-15; 0 where not answered

    @classmethod
    def of(cls, outcome: Outcome, golden: Golden) -> "Answers":
        """Orders the results of a flight whose index counts windows within transforms."""
        shape = golden.input_crc32.shape
        features, logits = np.zeros_like(golden.features), np.zeros_like(golden.logits)
        predictions, crc = np.full(shape, LOST), np.zeros(shape, np.uint32)
        answered, flags = np.zeros(shape, bool), np.zeros(shape, np.uint8)
        decided, confidences = np.full(shape, LOST), np.zeros(shape, np.int64)
        for index, result in enumerate(outcome.results):
            if result is None:
                continue
            where = np.unravel_index(index, shape)
            features[where], logits[where] = result.features, result.logits
            answered[where], crc[where], flags[where] = True, result.input_crc32, result.flags
            decided[where] = CODES.get(result.decided, result.decided)
            confidences[where] = result.confidence
            if result.predicted != ABSTAIN:
                predictions[where] = result.predicted
        latency, attempts = np.reshape(outcome.latency_s, shape), np.reshape(outcome.attempts, shape)
        return cls(answered, predictions, features, logits, crc, flags, latency, attempts, decided, confidences)


def steps(answered: np.ndarray, expected: np.ndarray) -> np.ndarray:
    """Largest difference of each (transform, window), in quantization steps."""
    return np.asarray(np.abs(answered.astype(np.int16) - expected.astype(np.int16)).max(axis=-1, initial=0))


def parity(answers: Answers, golden: Golden, decisions: Decisions) -> Parity:
    """How far the answers are from the golden ones, and from the desktop's decisions; over answered windows, as lost
    ones are counted apart.
    """
    decided_off = (answers.decided != decisions.answers) | (answers.confidences != decisions.confidences)
    seen = answers.answered
    features, logits = steps(answers.features, golden.features)[seen], steps(answers.logits, golden.logits)[seen]
    return Parity(
        compared=int(seen.sum()),
        max_lsb=_largest(np.maximum(features, logits)),
        features_max_lsb=_largest(features),
        logits_max_lsb=_largest(logits),
        windows_off=int(((features > 0) | (logits > 0)).sum()),
        input_crc32_off=int((answers.input_crc32 != golden.input_crc32)[seen].sum()),
        predictions_off=int((answers.predictions != golden.predictions)[seen].sum()),
        flags_off=int((answers.flags != golden.flags)[seen].sum()),
        decisions_off=int(decided_off[seen].sum()),
    )


def summary(manifest: BundleManifest, golden: Golden, predictions: np.ndarray, features: np.ndarray) -> Figures:
    """Accuracy, F1, consistency and similarity of (transforms, windows) predictions with their int8 features.

    Used for the board and, on the golden outputs, for the desktop. Without labels consistency is over all pairs, and
    there is no accuracy; without features there is no similarity.
    """
    mask_labels = len(manifest.labels) if golden.thresholds is not None else None
    result = robustness(golden.labels[: len(predictions)], predictions, golden.groups, mask_labels)
    whole = _latent(manifest, predictions, features)
    latent, original = whole[..., _invariant_slice(manifest)], whole[0][predictions[0] != LOST]
    copies, right = result.transformed, predictions == golden.labels[: len(predictions)]
    everybody = np.broadcast_to(golden.groups, right.shape)
    per_transform = tuple(
        CopyFigures(
            transform=manifest.transforms[index],
            similarity_invariant=_similarity(latent[0], latent[index]),
            **asdict(copy),
        )
        for index, copy in enumerate(copies.per_copy if copies else (), start=1)
    )
    similarity = [copy.similarity_invariant for copy in per_transform if copy.similarity_invariant is not None]
    invariant = latent[0][predictions[0] != LOST]
    kept = invariant if invariant.shape[1] else original
    several = len(kept) > 1 and kept.shape[1] > 0
    return Figures(
        accuracy_transformed=copies.accuracy if copies else None,
        accuracy_transformed_ci95=metrics.interval_if_several(right[1:].ravel(), everybody[1:].ravel())
        if copies and copies.accuracy is not None
        else None,
        macro_f1_transformed=copies.macro_f1 if copies else None,
        consistency=copies.consistency if copies else None,
        consistency_ci95=copies.consistency_ci95 if copies else None,
        consistency_all_pairs=copies.consistency_all_pairs if copies else None,
        changed_labels=copies.changed_labels if copies else None,
        accuracy=result.accuracy,
        accuracy_ci95=metrics.interval_if_several(right[0], golden.groups) if result.accuracy is not None else None,
        macro_f1=result.macro_f1,
        similarity_invariant=float(np.mean(similarity)) if similarity else None,
        negative_similarity=_number(metrics.negative_similarity(kept)) if several else None,
        effective_rank=_number(metrics.effective_rank(kept)) if several else None,
        per_transform=per_transform,
    )


def answered_accuracy(answers: Answers, golden: Golden) -> float | None:
    """Accuracy over the originals and copies that the board was not unsure about, in which those that were lost or
    abstained from are wrong; None without one.
    """
    sure = answers.decided != UNSURE
    return float((answers.decided == golden.labels)[sure].mean()) if sure.any() else None


def spread_ms(seconds: np.ndarray) -> Latency:
    """Minimum, median and 95th percentile, NaN left out."""
    known = seconds[np.isfinite(seconds)] * 1e3
    if not known.size:
        return Latency(None, None, None)
    return Latency(float(known.min()), float(np.median(known)), float(np.percentile(known, 95)))


def similarities(manifest: BundleManifest, predictions: np.ndarray, features: np.ndarray) -> np.ndarray | None:
    """Cosines (copies, windows) between the invariant features of windows and of their copies, 0 where one was lost;
    None without invariant features.
    """
    latent = _latent(manifest, predictions, features)[..., _invariant_slice(manifest)]
    return metrics.cosine(np.broadcast_to(latent[0], latent[1:].shape), latent[1:]) if latent.shape[-1] else None


def _latent(manifest: BundleManifest, predictions: np.ndarray, features: np.ndarray) -> np.ndarray:
    output = manifest.outputs.features or OutputTensor(0, 1.0, 0)
    return np.asarray(dequantized(features, output) * (predictions != LOST)[..., None])


def _invariant_slice(manifest: BundleManifest) -> slice:
    """All dimensions where no partition is known."""
    return slice(None) if manifest.partition is None else manifest.partition.invariant_slice


def _similarity(a: np.ndarray, b: np.ndarray) -> float | None:
    return _number(float(np.mean(metrics.cosine(a, b)))) if a.shape[1] else None


def _largest(values: np.ndarray) -> int | None:
    return int(values.max()) if values.size else None


def _number(value: float) -> float | None:
    """A plain float; None for NaN, which JSON does not have."""
    return float(value) if math.isfinite(value) else None
