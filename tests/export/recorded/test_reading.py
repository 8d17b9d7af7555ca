"""Recordings that are cut off anywhere or changed at random: read, or refused in words."""

from pathlib import Path

import numpy as np
import pytest

from export.recorded.conversion import convert
from export.recorded.rate import ratio_of
from export.recorded.reading import Hints, read_recording
from scl.frontend.sensor import load_sensor
from tests.train.data.damage import mutations, outcome, prefixes

SENSOR = load_sensor("bmi270")
MUTATIONS = 300


def recording(folder: Path) -> Path:
    rng = np.random.default_rng(0)
    rows = np.column_stack([np.arange(40) * 20, 9.8 / 3**0.5 + rng.normal(size=(40, 3)), rng.normal(size=(40, 3))])
    lines = ["t (ms),ax (m/s2),ay (m/s2),az (m/s2),gx (rad/s),gy (rad/s),gz (rad/s),label"]
    lines += [",".join(f"{value:.3f}" for value in row) + ',"to walk"' for row in rows]
    (folder / "walk.csv").write_text("\n".join(lines) + "\n")
    return folder / "walk.csv"


@pytest.mark.filterwarnings("error")
def test_some_prefixes_and_mutations(tmp_path: Path) -> None:
    path = recording(tmp_path)

    def load() -> None:
        read = read_recording(path, SENSOR, Hints())
        made = convert(path, read, ratio_of(path, read.timing.rate_hz, SENSOR.rate_hz))
        assert len(made.counts) == len(made.label) and made.counts.dtype == np.int16

    load()
    whole = path.read_bytes()
    outcome(prefixes(whole, 7), tmp_path, "walk.csv", load)
    accepted, refused = outcome(mutations(whole, MUTATIONS), tmp_path, "walk.csv", load)
    assert accepted and refused and accepted + refused == MUTATIONS
