"""Computes where a model holds: its answers by angle, direction, shift and class."""

from collections.abc import Iterable

import numpy as np

from firmware_host.breakdown_types import (
    AngleBin,
    Breakdown,
    ClassFigures,
    Confusions,
    DirectionBin,
    LatencyBin,
    Pairs,
    ShiftBin,
)
from firmware_host.figures import Answers, similarities
from firmware_host.model import class_name
from scl import metrics
from scl.artifacts.fields import MOST_LABELS
from scl.artifacts.golden import Golden
from scl.artifacts.manifest import BundleManifest, Manifest
from scl.metrics import interval_if_several

ANGLES_DEG = (0, 30, 60, 90, 120, 150, 180)
ACCELEROMETER = "accelerometer"
RINGS = (1, 4, 8)  # cells of half a sphere, from its pole to its edge, all of the same area
MOST_CONFUSED = 24  # classes of a confusion that a page has room for
LATENCY_BINS = 12


def breakdown(manifest: BundleManifest, golden: Golden, answers: Answers) -> Breakdown:
    """Of the board's answers to `golden`, by docs/DESIGN.md: lost windows count as failures."""
    pairs = _AllPairs(manifest, golden, answers)
    direction_of, directions = reference_directions(manifest, golden)
    names = tabled_classes(manifest)
    return Breakdown(
        by_angle=() if golden.rotation is None else tuple(_by_angle(pairs, rotation_angles(golden.rotation[1:]))),
        direction_of=direction_of,
        by_direction=() if directions is None else tuple(_by_direction(pairs, directions[1:])),
        by_shift=() if golden.shift is None else tuple(_by_shift(pairs, manifest, golden.shift[1:])),
        classes=tuple(_class_figures(pairs, golden, answers.predictions, names)),
        confusions=_confusions(golden, answers.predictions, names),
        latency=tuple(_latency(answers.latency_s)),
    )


def rotation_angles(rotation: np.ndarray) -> np.ndarray:
    """Angles in degrees, 0 to 180, of rotation matrices (..., 3, 3)."""
    cosine = (np.trace(rotation, axis1=-2, axis2=-1) - 1) / 2
    return np.asarray(np.degrees(np.arccos(np.clip(cosine, -1, 1))))


def reference_directions(manifest: BundleManifest, golden: Golden) -> tuple[str, np.ndarray | None]:
    """What direction is followed, in words, and where it points in each (transform, window): unit vectors in the axes
    of the sensor, float64 (transforms, windows, 3). Without rotations there is none.

    With an accelerometer it is the mean acceleration of the counts as they are sent; without, the axis that lay along
    z before the turn.
    """
    if golden.rotation is None:
        return "", None
    if manifest.frontend is not None and ACCELEROMETER in manifest.sensor.slices:
        part = next(part for part in manifest.sensor.parts if part.kind == ACCELEROMETER)
        if part.axes == golden.rotation.shape[-1]:
            mean = golden.counts[..., manifest.sensor.slices[ACCELEROMETER]].mean(axis=2)
            vectors = (mean * part.unit_per_count - np.array(part.bias)) @ np.array(part.alignment).T
            length = np.linalg.norm(vectors, axis=-1, keepdims=True)
            z = np.broadcast_to([0.0, 0.0, 1.0], vectors.shape)
            unit = np.divide(vectors, length, out=z.copy(), where=length > 0)
            return "the mean acceleration, which points up in a sensor at rest", unit
    return "what lay along the z axis before the turn", golden.rotation[..., 2]


def cells() -> np.ndarray:
    """Middles of the equal cells of the sphere, unit vectors (cells, 3): from +z to its equator, then from -z."""
    middles = []
    for side in (1, -1):
        begun = 0
        for ring in RINGS:
            height = 1 - (begun + ring / 2) / sum(RINGS) if begun else 1.0
            around = 2 * np.pi * np.arange(ring) / ring
            radius = np.sqrt(1 - height**2)
            middles += [(radius * np.cos(a), radius * np.sin(a), side * height) for a in around]
            begun += ring
    return np.array(middles)


def cell_of(directions: np.ndarray) -> np.ndarray:
    """Which of `cells` holds each of unit vectors (..., 3).

    Heights that are evenly spaced cut bands of equal area from a sphere (Archimedes), so the rings of half of it end
    at heights that their numbers of cells give.
    """
    x, y, z = np.moveaxis(np.asarray(directions, float), -1, 0)
    ends = np.cumsum(RINGS)
    ring = np.searchsorted(ends, (1 - np.abs(z)) * ends[-1], side="right").clip(max=len(RINGS) - 1)
    count = np.array(RINGS)[ring]
    sector = np.rint(np.arctan2(y, x) / (2 * np.pi) * count).astype(int) % count
    return np.asarray(np.where(z < 0, ends[-1], 0) + ends[ring] - count + sector)


def tabled_classes(manifest: BundleManifest) -> list[str]:
    """Names of the classes that have a row in the report; none where labels are not known, are bit masks, or are more
    than a table has room for.
    """
    if not manifest.labelled or manifest.thresholds is not None or manifest.classes > MOST_LABELS:
        return []
    return [class_name(manifest, code) for code in range(manifest.classes)]


class _AllPairs:
    """Windows and their copies: arrays over (copies, windows)."""

    def __init__(self, manifest: BundleManifest, golden: Golden, answers: Answers) -> None:
        predictions = answers.predictions
        self.kept = golden.labels[1:] == golden.labels[0]  # the true label, by the transformation
        self.same = metrics.consistency(predictions[0], predictions[1:]) if len(predictions) > 1 else self.kept
        self.similarity = similarities(manifest, predictions, answers.features)
        self.groups = np.broadcast_to(golden.groups, self.kept.shape)

    def figures(self, chosen: np.ndarray) -> Pairs:
        """Of the pairs that `chosen` (copies, windows) names and whose label was left; similarity of all it names."""
        rows = chosen & self.kept
        similarity = None if self.similarity is None else self.similarity[chosen]
        return Pairs(
            pairs=int(rows.sum()),
            consistency=float(self.same[rows].mean()) if rows.any() else None,
            consistency_ci95=interval_if_several(self.same[rows], self.groups[rows]),
            similarity_invariant=float(similarity.mean()) if similarity is not None and similarity.size else None,
        )


def _by_angle(pairs: _AllPairs, angles: np.ndarray) -> Iterable[AngleBin]:
    bins = np.clip(np.digitize(angles, ANGLES_DEG) - 1, 0, len(ANGLES_DEG) - 2)
    for index, (low, high) in enumerate(zip(ANGLES_DEG, ANGLES_DEG[1:], strict=False)):
        yield AngleBin(**vars(pairs.figures(bins == index)), low_deg=float(low), high_deg=float(high))


def _by_direction(pairs: _AllPairs, directions: np.ndarray) -> Iterable[DirectionBin]:
    where = cell_of(directions)
    for index, (x, y, z) in enumerate(cells().round(3).tolist()):
        yield DirectionBin(**vars(pairs.figures(where == index)), direction=(x, y, z))


def _by_shift(pairs: _AllPairs, manifest: BundleManifest, shifts: np.ndarray) -> Iterable[ShiftBin]:
    rate_hz = None
    if isinstance(manifest, Manifest):
        rate_hz = manifest.window.rate_hz * manifest.transformation.source_samples
    elif manifest.frontend is not None:
        rate_hz = manifest.frontend.model_rate_hz
    for index in np.argsort(shifts, kind="stable"):
        chosen = np.zeros(pairs.kept.shape, bool)
        chosen[index] = True
        samples = float(shifts[index])
        yield ShiftBin(**vars(pairs.figures(chosen)), samples=samples, seconds=rate_hz and samples / rate_hz)


def _class_figures(
    pairs: _AllPairs, golden: Golden, predictions: np.ndarray, names: list[str]
) -> Iterable[ClassFigures]:
    if not names:
        return
    labels, right = golden.labels, predictions == golden.labels
    groups = np.broadcast_to(golden.groups, labels.shape)
    tables = [metrics.per_class(metrics.confusion(labels[p], predictions[p], len(names))) for p in _PARTS]
    for code, (name, as_recorded, turned) in enumerate(zip(names, *tables, strict=True)):
        own = labels == code
        kept = pairs.figures(np.broadcast_to(own[0], pairs.kept.shape))
        yield ClassFigures(
            label=name,
            windows=int(own[0].sum()),
            copies=int(own[1:].sum()),
            precision=as_recorded["precision"],
            recall=as_recorded["recall"],
            recall_ci95=interval_if_several(right[0][own[0]], golden.groups[own[0]]),
            f1=as_recorded["f1"],
            precision_transformed=turned["precision"],
            recall_transformed=turned["recall"],
            recall_transformed_ci95=interval_if_several(right[1:][own[1:]], groups[1:][own[1:]]),
            f1_transformed=turned["f1"],
            consistency=kept.consistency,
            consistency_ci95=kept.consistency_ci95,
        )


_PARTS = (slice(0, 1), slice(1, None))  # of the transforms: the identity, and the copies


def _confusions(golden: Golden, predictions: np.ndarray, names: list[str]) -> Confusions | None:
    if not 0 < len(names) <= MOST_CONFUSED:
        return None
    matrices = [metrics.confusion(golden.labels[part], predictions[part], len(names)) for part in _PARTS]
    untouched, transformed = (tuple(tuple(row) for row in matrix.tolist()) for matrix in matrices)
    return Confusions(tuple(names), untouched, transformed if len(predictions) > 1 else ())


def _latency(seconds: np.ndarray) -> Iterable[LatencyBin]:
    known = seconds[np.isfinite(seconds)] * 1e3
    if not known.size:
        return
    counts, edges = np.histogram(known, LATENCY_BINS, (0.0, max(float(known.max()), 1e-3)))
    for count, low, high in zip(counts, edges, edges[1:], strict=False):
        yield LatencyBin(float(low), float(high), int(count))
