"""A small data set in the layout and format of the official WISDM archive, written by hand."""

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

KEY = "walking = A\njogging = B\nsitting = D\n\n"


def rows(subject: int, code: str, times_ns: np.ndarray, values: np.ndarray) -> str:
    lines = (f"{subject},{code},{t},{x!r},{y!r},{z!r};" for t, (x, y, z) in zip(times_ns, values.tolist(), strict=True))
    return "\n".join(lines) + "\n"


def write_wisdm(
    folder: Path,
    subjects: tuple[int, ...] = (1600, 1601, 1602, 1603),
    codes: str = "ABD",
    seconds: float = 30.0,
    change: Callable[[str, str], str] = lambda name, text: text,
    outer: bool = False,
    key: str | bytes = KEY,
) -> Path:
    """Writes an archive: `seconds` of each activity at 20 Hz; `change(name, text)` may damage a member."""
    members: dict[str, str | bytes] = {"wisdm-dataset/activity_key.txt": key}
    for sensor, scale in (("accel", 9.0), ("gyro", 1.0)):
        for subject in subjects:
            text = ""
            for number, code in enumerate(codes):
                t = np.arange(round(seconds * 20)) * 50_000_000
                phase = 2 * np.pi * (0.5 + number) * t * 1e-9
                values = scale * np.stack([np.sin(phase), np.cos(phase), np.ones(len(t)) / (1 + number)], axis=1)
                rng = np.random.default_rng(subject + number)
                text += rows(subject, code, t + 10**15 * (1 + number), values + 0.1 * rng.normal(size=values.shape))
            name = f"wisdm-dataset/raw/watch/{sensor}/data_{subject}_{sensor}_watch.txt"
            members[name] = change(name, text)
    path = folder / "wisdm-dataset.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as archive:
        for name, text in members.items():
            archive.writestr(name, text)
    if outer:
        buffer = io.BytesIO(path.read_bytes())
        path = folder / "outer.zip"
        with zipfile.ZipFile(path, "w") as archive:
            archive.writestr("wisdm-dataset.zip", buffer.getvalue())
    return path
