"""Arrays: the page's own set, windows at 25 Hz in g and rad/s."""

from pathlib import Path

import pytest

from tests.tutorials.pages import accuracy, passed, play, sections
from tests.tutorials.truth import check_imu_windows


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("board_tools")
def test_the_page_ends_in_passed_exact(tmp_path: Path) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    ended = play(sections("imu-folder.md")["Arrays"], project)
    passed(ended)
    assert accuracy(ended[-1].output) > 0.8
    check_imu_windows(project, "arrays", 25, 25, 120, 1e-3)
