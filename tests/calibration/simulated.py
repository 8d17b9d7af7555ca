"""Captures of simulated units whose truth is known: a device that is put down in one pose after another."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts.capture import Capture, write_capture
from scl.frontend.sensor import DPS, G, Sensor, load_sensor

SENSOR = load_sensor("bmi270")
CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")
MG = G / 1000
PERFECT = (np.eye(3), np.zeros(3))
GYROSCOPE = np.array([1.0, -2.0, 0.5]) * DPS
FACES = np.vstack([np.eye(3), -np.eye(3)])
EDGES = np.array([[x, y, 0] for x in (1, -1) for y in (1, -1)]) / np.sqrt(2)
EDGES = np.vstack([EDGES, EDGES[:, [0, 2, 1]], EDGES[:, [2, 0, 1]]])


@dataclass(frozen=True)
class Noise:
    """Standard deviations: of a sample, and of a whole pose (what longer stillness does not lower), in mg."""

    sample_mg: float = 2.0
    pose_mg: float = 0.5


def unit(rng: np.random.Generator, misalignment_deg: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """Measured = M true + b: scale within 3 %, each axis askew by up to misalignment_deg, bias within 60 mg."""
    rows = np.eye(3) + np.radians(misalignment_deg) * rng.uniform(-1, 1, (3, 3)) * (1 - np.eye(3))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    return rng.uniform(0.97, 1.03, (3, 1)) * rows, rng.uniform(-60, 60, 3) * MG


def anywhere(rng: np.random.Generator, poses: int) -> np.ndarray:
    """Directions (poses, 3) of up, uniform over the sphere."""
    up = rng.normal(size=(poses, 3))
    return np.asarray(up / np.linalg.norm(up, axis=1, keepdims=True))


def by_hand(rng: np.random.Generator, deg: float = 6.0) -> np.ndarray:
    """Eighteen directions: the faces and the edges of a box, each some degrees askew."""
    up = np.vstack([FACES, EDGES])
    up = up + np.radians(deg) * rng.normal(size=up.shape) / np.sqrt(2)
    return np.asarray(up / np.linalg.norm(up, axis=1, keepdims=True))


def means(
    rng: np.random.Generator, truth: tuple[np.ndarray, np.ndarray], up: np.ndarray, noise_mg: float
) -> np.ndarray:
    """What poses measure on average, (n, 3) m/s^2, with noise of their own."""
    return np.asarray(up * G @ truth[0].T + truth[1] + rng.normal(0, noise_mg * MG, up.shape))


def recording(
    rng: np.random.Generator,
    truth: tuple[np.ndarray, np.ndarray],
    up: np.ndarray,
    *,
    still_s: float = 3.0,
    noise: Noise = Noise(),
    sensor: Sensor = SENSOR,
) -> np.ndarray:
    """Counts (n, 6) of a device that lies still with each direction (n, 3) up, and is turned by hand in between."""
    still, turn = round(still_s * sensor.rate_hz), round(1.5 * sensor.rate_hz)
    acceleration, rate = [], []
    for index, direction in enumerate(up):
        offset = rng.normal(0, noise.pose_mg * MG, 3)
        acceleration.append(np.tile(direction * G + offset, (still, 1)))
        rate.append(np.zeros((still, 3)))
        if index + 1 < len(up):
            way = np.linspace(0, 1, turn)[:, None]
            path = (1 - way) * direction + way * up[index + 1] + 0.2 * np.sin(np.pi * way)
            shaking = rng.normal(0, 1.0, path.shape)
            acceleration.append(path / np.linalg.norm(path, axis=1, keepdims=True) * G + shaking)
            rate.append(rng.normal(0, 1.0, path.shape))
    measured = np.vstack(acceleration) @ truth[0].T + truth[1]
    measured += rng.normal(0, noise.sample_mg * MG, measured.shape)
    turning = np.vstack(rate) + GYROSCOPE + rng.normal(0, 1e-3, measured.shape)
    return to_counts(measured, turning, sensor)


def to_counts(acceleration: np.ndarray, rate: np.ndarray, sensor: Sensor = SENSOR) -> np.ndarray:
    """SI units (n, 3) each to counts (n, 6) int16, without the sensor file's bias and alignment."""
    values = [acceleration / sensor.parts[0].unit_per_count, rate / sensor.parts[1].unit_per_count]
    return np.clip(np.rint(np.hstack(values)), -32768, 32767).astype(np.int16)


def write(path: Path, counts: np.ndarray, sensor: Sensor = SENSOR, **columns: tuple[str, ...]) -> Path:
    write_capture(path, Capture(sensor.name, sensor.rate_hz, CHANNELS, counts, **columns))
    return path
