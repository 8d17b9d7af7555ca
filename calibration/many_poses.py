"""A calibration from many still poses, and the proof of it: every pose under the calibration from all the others."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.coverage import MOST_AMPLIFICATION, largest_gap_deg, missing, worst
from calibration.ellipsoid import PARAMETERS, Ellipsoid, errors, gradients, left_out, scale_and_misalignment, solve
from calibration.poses import MOST_NAMED, NEAR_1G, Poses
from scl.artifacts import InputError
from scl.frontend.sensor import G

OUTLIER_CHANCE = 0.01  # of taking one of a recording's poses for an outlier though none is
OUTLIER_MG = 2.0  # and what is below does no harm
MOST_OUTLIERS = 0.1  # share of the poses
LEAST_LEFT = 16  # fewer cannot tell which of them is off
GAIN_CHANCE = 0.001  # of calling a perfect sensor improved
DRIFT_CHANCE = 0.001
DRIFT_MG = 1.0
LARGE_MG = 5.0
MG = G / 1000


@dataclass(frozen=True, eq=False)
class Calibrated:
    """Attributes:
    poses: those that were used.
    before_mg, after_mg: root mean square of | |a| - 1 g | over them, by the sensor file, and each under the
    calibration from the others.
    notes: what the user has to know, a sentence each.
    """

    fit: Ellipsoid
    poses: Poses
    before_mg: float
    after_mg: float
    notes: tuple[str, ...]


def calibrate(path: Path, poses: Poses) -> Calibrated:
    """Solves for the ellipsoid.

    Raises:
        InputError: the poses are too alike, too many disagree, or the calibration is no better than the sensor file on
        poses that it has not seen.
    """
    check_coverage(path, poses)
    poses, notes = _without_outliers(path, poses)
    if notes:
        check_coverage(path, poses)
    fit = solve(poses.means, poses.noise)
    nominal = errors(poses.means, np.zeros(3), np.eye(3))
    before, after = _rms_mg(nominal), _rms_mg(left_out(poses.means, poses.noise, fit))
    scale, _ = scale_and_misalignment(fit.alignment)
    if np.abs(scale - 1).max() > NEAR_1G:
        raise InputError(
            f"{path}: the scale would be {', '.join(f'{value:.2f}' for value in scale)}, expected 1 within "
            f"{NEAR_1G:.0%}; is one axis clipped, or was the sensor set to another range than its file says?"
        )
    if after >= before or _gain_by_chance(poses, nominal, fit) > GAIN_CHANCE:
        raise InputError(
            f"{path}: the calibration does not clearly improve poses that it has not seen ({before:.2f} mg before, "
            f"{after:.2f} mg after): the sensor file is as good for this unit, or the poses were not still; keep the "
            "sensor file, and take the gyroscope's bias alone with python -m calibration.sensor gyroscope"
            + "".join(f"; {note}" for note in notes[:MOST_NAMED])
        )
    drift = drift_mg(poses, fit)
    if drift:
        notes.append(
            f"the bias drifts by {drift:.1f} mg from the first pose to the last, as a sensor does that warms up: let "
            "it run for ten minutes, and capture again"
        )
    if after > LARGE_MG:
        notes.append(
            f"{after:.1f} mg of error stay, expected below {LARGE_MG:g}: put the device down in each pose, a hand does "
            "not hold it still"
        )
    return Calibrated(fit, poses, before, after, tuple(notes))


def check_coverage(path: Path, poses: Poses) -> None:
    """InputError, with the directions that are missing, for poses from which the ellipsoid cannot be told."""
    directions = poses.means / np.linalg.norm(poses.means, axis=1, keepdims=True)
    factor = worst(directions)
    if factor > MOST_AMPLIFICATION:
        times = f"{factor:.1f}" if factor < 100 else "over 100"
        raise InputError(
            f"{path}: the {len(poses)} poses are too alike: the largest cap of the sphere without a pose has a radius "
            f"of {largest_gap_deg(directions):.0f} degrees, and the error there would be {times} times that of a pose, "
            f"expected {MOST_AMPLIFICATION:g} at most; add poses (capture --append) with these axes up: "
            f"{', '.join(missing(directions))}"
        )


def drift_mg(poses: Poses, fit: Ellipsoid) -> float:
    """How far the bias moves from the first pose to the last, mg; 0 unless an F test is sure of it, and it matters."""
    from scipy.stats import f

    more = len(poses) - PARAMETERS - 3
    if more < 3:
        return 0.0
    slope = gradients(poses.means, fit.bias, fit.alignment)
    time = (poses.start_s - poses.start_s.mean()) / np.ptp(poses.start_s)
    residuals = errors(poses.means, fit.bias, fit.alignment) / poses.noise
    design = np.hstack([slope, slope[:, :3] * time[:, None]]) / poses.noise[:, None]
    change = np.linalg.lstsq(design, -residuals, rcond=None)[0]
    without, explained = np.sum(residuals**2), np.sum((residuals + design @ change) ** 2)
    chance = f.sf((without - explained) / 3 / (explained / more), 3, more)
    drift = float(np.linalg.norm(change[PARAMETERS:])) / MG
    return drift if chance < DRIFT_CHANCE and drift > DRIFT_MG else 0.0


def _without_outliers(path: Path, poses: Poses) -> tuple[Poses, list[str]]:
    """Poses which the others contradict are left out (generalized extreme studentized deviates, Rosner 1983: the worst
    is taken away again and again, whatever it is, as two that are off hide each other; the last that is no chance
    counts, with all before it).
    """
    from scipy.stats import t

    most = max(0, min(int(MOST_OUTLIERS * len(poses)), len(poses) - LEAST_LEFT))
    kept, texts, outliers = [np.arange(len(poses))], list[str](), 0
    while len(texts) <= most:
        rest = poses.only(kept[-1])
        fit = solve(rest.means, rest.noise)
        student = _studentized(rest, fit)
        worst_pose = int(np.abs(student).argmax())
        off = left_out(rest.means, rest.noise, fit)[worst_pose] / MG
        texts.append(f"{rest.name(worst_pose)} is {off:+.0f} mg off by the others (it moved, or something shook it)")
        kept.append(np.delete(kept[-1], worst_pose))
        limit = float(t.isf(OUTLIER_CHANCE / 2 / len(rest), max(fit.freedom - 1, 1)))
        if abs(student[worst_pose]) > limit and abs(off) > OUTLIER_MG:
            outliers = len(texts)
    if outliers > most:
        raise InputError(
            f"{path}: the poses contradict each other: {'; '.join(texts[:MOST_NAMED])}; of {len(poses)} poses {most} "
            "may be left out: capture again, and put the device down in each pose"
        )
    return poses.only(kept[outliers]), [f"left out: {text}" for text in texts[:outliers]]


def _studentized(poses: Poses, fit: Ellipsoid) -> np.ndarray:
    """Residuals (n,) by the deviation that the other poses give them (externally studentized)."""
    residuals = errors(poses.means, fit.bias, fit.alignment) / poses.noise
    slope = gradients(poses.means, fit.bias, fit.alignment) / poses.noise[:, None]
    free = np.clip(1 - np.einsum("ij,jk,ik->i", slope, np.linalg.pinv(slope.T @ slope), slope), 1e-9, None)
    total = np.sum(residuals**2)
    variance = np.maximum(total - residuals**2 / free, 1e-12 * total + 1e-30) / max(fit.freedom - 1, 1)
    return np.asarray(residuals / np.sqrt(variance * free))


def _gain_by_chance(poses: Poses, nominal: np.ndarray, fit: Ellipsoid) -> float:
    """How likely nine parameters explain as much of a perfect sensor's errors (n,) as they do (F test)."""
    from scipy.stats import f

    before = np.sum((nominal / poses.noise) ** 2)
    after = np.sum((errors(poses.means, fit.bias, fit.alignment) / poses.noise) ** 2)
    return float(f.sf((before - after) / PARAMETERS / (after / fit.freedom), PARAMETERS, fit.freedom))


def _rms_mg(values: np.ndarray) -> float:
    return float(np.sqrt(np.mean(values**2))) / MG
