"""What a board captured: the page's own set, counts of a BMI270 at 100 Hz, for a model of 50 Hz behind that sensor."""

import json
from pathlib import Path

import pytest

from tests.tutorials.pages import accuracy, passed, play, sections
from tests.tutorials.truth import check_imu_windows

NEAR = 0.3  # at a recording's ends, where the resampler knows one side; a count is 0.0012 m/s^2


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("board_tools")
def test_the_page_ends_in_passed_exact(tmp_path: Path) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    ended = play(sections("imu-folder.md")["What a board captured"], project)
    passed(ended)
    assert accuracy(ended[-1].output) > 0.8
    check_imu_windows(project, "board", 100, 50, 60, NEAR)
    sensor = json.loads((project / "bundles" / "board" / "manifest.json").read_text())["frontend"]["sensor"]
    assert (sensor["name"], sensor["rate_hz"]) == ("bmi270", 100)
