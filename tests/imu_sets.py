"""Folders of IMU recordings made from a model whose values are known at any time: roll, pitch and yaw of a device are
sums of sines, so that gravity and angular rate follow in closed form and agree with each other.

    python tests/imu_sets.py FOLDER described|edge-impulse|captures|arrays [--people 8] [--seconds 40] [--rate 50]
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

if __name__ == "__main__":  # tests has folders named like the product's
    sys.path[0] = str(Path(__file__).parents[1])
    sys.modules["tests"] = ModuleType("tests")
    sys.modules["tests"].__path__ = [str(Path(__file__).parent)]

import numpy as np

from scl.artifacts.capture import Capture, write_capture

G = 9.80665
DEG = np.pi / 180
UNITS = {"m/s2": 1.0, "g": G, "mg": G / 1000, "rad/s": 1.0, "deg/s": DEG}
ACTIVITIES = ("resting", "waving", "shaking")
HEADER = ("timestamp", "ax", "ay", "az", "gx", "gy", "gz")


@dataclass(frozen=True)
class Movement:
    """Of an activity: rate of the main swing in Hz, its angle in rad, and the device's acceleration in m/s^2."""

    rate_hz: float
    angle: float
    push: float


MOVEMENTS = {
    "resting": Movement(0.08, 0.03, 0.0),
    "waving": Movement(0.8, 0.7, 0.3),
    "shaking": Movement(2.2, 0.25, 4.0),
}


def motion(activity: str, person: int, times: np.ndarray) -> np.ndarray:
    """What an ideal sensor measures at times (n,): acceleration in m/s^2 with gravity, rad/s; (n, 6)."""
    rng = np.random.default_rng([person, ACTIVITIES.index(activity)])
    move = MOVEMENTS[activity]
    rate = 2 * np.pi * move.rate_hz * rng.uniform(0.85, 1.15)
    # Every angle: base + swing + a slow drift, with its derivative.
    tilt = {"resting": (0.2, 0.1), "waving": (0.9, 0.3), "shaking": (0.3, -0.8)}[activity]
    base = np.array([*tilt, 0.0]) + rng.normal(0, 0.1, 3)
    swing = move.angle * rng.uniform(0.8, 1.2, 3) * np.array([1.0, 0.6, 0.4])
    phase, slow = rng.uniform(0, 2 * np.pi, 3), 2 * np.pi * rng.uniform(0.03, 0.06, 3)
    drift = 0.15 * rng.uniform(0.5, 1.0, 3) * (activity != "resting")
    t = times[:, None]
    angles = base + swing * np.sin(rate * t + phase) + drift * np.sin(slow * t)
    rates = swing * rate * np.cos(rate * t + phase) + drift * slow * np.cos(slow * t)
    (roll, pitch, _), (d_roll, d_pitch, d_yaw) = angles.T, rates.T
    omega = np.stack(
        [
            d_roll - d_yaw * np.sin(pitch),
            d_pitch * np.cos(roll) + d_yaw * np.cos(pitch) * np.sin(roll),
            -d_pitch * np.sin(roll) + d_yaw * np.cos(pitch) * np.cos(roll),
        ],
        axis=1,
    )
    up = np.stack([-np.sin(pitch), np.cos(pitch) * np.sin(roll), np.cos(pitch) * np.cos(roll)], axis=1)
    push = move.push * np.stack([np.sin(rate * times + 1), np.sin(2 * rate * times), np.cos(rate * times)], axis=1)
    return np.concatenate([G * up + push, omega], axis=1)


def units_of(values: np.ndarray, acceleration: str, angular_rate: str) -> np.ndarray:
    """SI values (n, 6) in other units."""
    return values / np.array([UNITS[acceleration]] * 3 + [UNITS[angular_rate]] * 3)


def person_name(person: int) -> str:
    return f"p{person + 1:02d}"


def write_csv(path: Path, header: Sequence[str], times: np.ndarray, values: np.ndarray, *texts: str) -> None:
    """Times as they stand, values to nine digits, then the same texts in every row."""
    path.parent.mkdir(parents=True, exist_ok=True)
    end = "".join(f",{text}" for text in texts)
    rows = (f"{t},{','.join(f'{v:.9g}' for v in row)}{end}" for t, row in zip(times.tolist(), values, strict=True))
    path.write_text("\n".join([",".join(header), *rows]) + "\n", encoding="utf-8")


Change = Callable[[str, np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]


def _as_it_is(name: str, times: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return times, values


DATASET = """[time]
column = "timestamp"
unit = "ms"

[accelerometer]
columns = ["ax", "ay", "az"]
unit = "{acceleration}"

[gyroscope]
columns = ["gx", "gy", "gz"]
unit = "{angular_rate}"

[subject]
file_name = "{{subject}}_*.csv"

[label]
file_name = "*_{{label}}.csv"
"""


def write_described(
    folder: Path,
    people: int = 6,
    seconds: float = 40.0,
    rate_hz: float = 50.0,
    acceleration: str = "g",
    angular_rate: str = "deg/s",
    change: Change = _as_it_is,
    described: bool = True,
) -> Path:
    """p01_waving.csv and so on, times in milliseconds, with a dataset.toml; `change(name, times in ms, values in the
    file's units)` plants a fault.
    """
    folder.mkdir(parents=True, exist_ok=True)
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    for person in range(people):
        for activity in ACTIVITIES:
            name = f"{person_name(person)}_{activity}.csv"
            values = units_of(motion(activity, person, times), acceleration, angular_rate)
            write_csv(folder / name, HEADER, *change(name, times * 1000, values))
    if described:
        text = DATASET.format(acceleration=acceleration, angular_rate=angular_rate)
        (folder / "dataset.toml").write_text(text, encoding="utf-8")
    return folder


def write_edge_impulse(folder: Path, people: int = 6, seconds: float = 40.0, rate_hz: float = 62.5) -> Path:
    """waving.p01.csv and so on: whole milliseconds, m/s^2 and degrees per second."""
    times = np.arange(round(seconds * rate_hz)) / rate_hz
    header = ("timestamp", "accX", "accY", "accZ", "gyrX", "gyrY", "gyrZ")
    for person in range(people):
        for activity in ACTIVITIES:
            values = units_of(motion(activity, person, times), "m/s2", "deg/s")
            path = folder / f"{activity}.{person_name(person)}.csv"
            write_csv(path, header, np.rint(times * 1000).astype(int), values)
    return folder


def write_captures(
    folder: Path, people: int = 6, seconds: float = 40.0, sensor: str = "bmi270", subject: bool = True
) -> Path:
    """p01.csv and so on: what firmware_host.capture would have written of a BMI270, all activities of a person."""
    counts_per = np.array([8192 / G] * 3 + [16.384 / DEG] * 3)
    times = np.arange(round(seconds * 100)) / 100
    for person in range(people):
        values = [motion(activity, person, times) for activity in ACTIVITIES]
        counts = np.rint(np.concatenate(values) * counts_per).astype(np.int16)
        labels = tuple(activity for activity in ACTIVITIES for _ in times)
        who = person_name(person) if subject else ""
        capture = Capture(sensor, 100.0, HEADER[1:], counts, label=labels, subject=who)
        write_capture(folder / f"{person_name(person)}.csv", capture)
    return folder


def write_arrays(
    folder: Path, people: int = 6, windows: int = 10, rate_hz: float = 25.0, window_s: float = 4.0
) -> Path:
    """X.npy (n, samples, 6) in g and rad/s, y.npy with the classes' names, groups.npy with people's numbers."""
    folder.mkdir(parents=True, exist_ok=True)
    samples = round(window_s * rate_hz)
    x, y, groups = [], [], []
    for person in range(people):
        for activity in ACTIVITIES:
            values = motion(activity, person, np.arange(windows * samples) / rate_hz)
            x.append(units_of(values, "g", "rad/s").reshape(windows, samples, 6))
            y += [activity] * windows
            groups += [person] * windows
    np.save(folder / "X.npy", np.concatenate(x).astype(np.float32))
    np.save(folder / "y.npy", np.array(y))
    np.save(folder / "groups.npy", np.array(groups))
    return folder


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("convention", choices=("described", "edge-impulse", "captures", "arrays"))
    parser.add_argument("--people", type=int, default=8)
    parser.add_argument("--seconds", type=float, default=40.0)
    parser.add_argument("--rate", type=float, default=50.0)
    given = parser.parse_args(argv)
    if given.convention == "described":
        write_described(given.folder, given.people, given.seconds, given.rate, described=False)
    elif given.convention == "edge-impulse":
        write_edge_impulse(given.folder, given.people, given.seconds, given.rate)
    elif given.convention == "captures":
        write_captures(given.folder, given.people, given.seconds)
    else:
        write_arrays(given.folder, given.people, round(given.seconds / 4), given.rate)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
