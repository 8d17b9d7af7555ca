"""calibration.json: what is written is read again, and what does not fit together is refused."""

import json
from dataclasses import replace

import pytest

from scl.artifacts import InputError, read_artifact, write_artifact
from scl.artifacts.calibration import AccelerometerFigures, HeldOut, PartCalibration, UnitCalibration

EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
ACCELEROMETER = PartCalibration("accelerometer", (0.1, 0.0, -0.2), EYE, (0.01, 0.01, 0.02))
FIGURES = AccelerometerFigures(
    "still", 18, (1.01, 0.99, 1.0), (1e-3,) * 3, (0.2, -0.1, 0.0), (0.05,) * 3, True, 0.4, HeldOut(14.3, 0.6)
)
UNIT = UnitCalibration("bmi270", (ACCELEROMETER, PartCalibration("gyroscope", (0.0,) * 3, EYE)), FIGURES, "ab" * 32)


@pytest.mark.parametrize("unit", [UNIT, replace(UNIT, accelerometer=None)])
def test_written_and_read(tmp_path, unit):
    write_artifact(tmp_path / "unit.json", unit)
    assert read_artifact(tmp_path / "unit.json", UnitCalibration) == unit


@pytest.mark.parametrize(
    ("place", "value", "message"),
    [
        (("schema",), 2, "has calibration schema 2, this version reads schema 3; .*calibration.sensor still"),
        (("sensors", 0, "bias_uncertainty"), [0.1], "accelerometer: has 1 bias_uncertainty, expected 3 or none"),
        (("sensors", 0, "bias_uncertainty"), [0.1, -1.0, 0.1], "bias_uncertainty"),
        (("sensors", 0, "alignment"), [[1.0]], "alignment .* of the same number of axes"),
        (("accelerometer", "method"), "guess", "method"),
        (("accelerometer", "scale"), [1.0, 1.0], "scale"),
        (("accelerometer", "scale"), [1.0, 1.0, 0.0], "scale"),
        (("accelerometer", "poses"), 0, "poses"),
        (("accelerometer", "held_out", "after_mg"), -0.1, "after_mg"),
    ],
)
def test_what_does_not_fit_is_refused(tmp_path, place, value, message):
    path = tmp_path / "unit.json"
    write_artifact(path, UNIT)
    held = json.loads(path.read_text())
    inner = held
    for step in place[:-1]:
        inner = inner[step]
    assert place[-1] in inner
    inner[place[-1]] = value
    path.write_text(json.dumps(held))
    with pytest.raises(InputError, match=f"unit.json: .*{message}"):
        read_artifact(path, UnitCalibration)
