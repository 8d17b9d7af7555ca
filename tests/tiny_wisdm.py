"""A small data set in the layout and format of the official WISDM archive."""

import zipfile
from pathlib import Path

import numpy as np

from tests.train.wisdm_archive import KEY, rows


def write_archive(path: Path, subjects: int = 4, seconds: float = 60.0) -> None:
    """Three activities of some subjects, accelerometer and gyroscope of a watch at 20 Hz."""
    times = np.arange(round(seconds * 20)) * 50_000_000
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("wisdm-dataset/activity_key.txt", KEY)
        for sensor, scale in (("accel", 9.0), ("gyro", 1.0)):
            for subject in range(1600, 1600 + subjects):
                text = ""
                for number, code in enumerate("ABD"):
                    phase = 2 * np.pi * (0.5 + number) * times * 1e-9
                    noise = np.random.default_rng(subject + number).normal(size=(len(times), 3))
                    swing = np.stack([np.sin(phase), np.cos(phase), np.full(len(times), 1 / (1 + number))], axis=1)
                    text += rows(subject, code, times + 10**15 * (1 + number), scale * swing + 0.1 * noise)
                archive.writestr(f"wisdm-dataset/raw/watch/{sensor}/data_{subject}_{sensor}_watch.txt", text)
