"""CSV files and the dataset.toml that is guessed for them: the page's own set, at 50 Hz in g and degrees per second."""

import json
from pathlib import Path

import pytest

from tests.tutorials.pages import accuracy, passed, play, sections
from tests.tutorials.truth import check_imu_windows

SECTION = "CSV files as you have them"
pytestmark = pytest.mark.timeout(600)


@pytest.mark.usefixtures("board_tools")
def test_the_page_ends_in_passed_exact(tmp_path: Path) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    ended = play(sections("imu-folder.md")[SECTION], project)
    passed(ended)
    assert accuracy(ended[-1].output) > 0.8
    check_imu_windows(project, "mine", 50, 50, 60, 1e-3)
    report = json.loads((project / "reports" / "mine" / "validation.json").read_text())
    assert (report["passed"], report["sensor"], report["sent"]) == (True, "replay-imu", 100)
