"""Edge Impulse's files: the page's own set, at 62.5 Hz in whole milliseconds, m/s^2 and degrees per second."""

from pathlib import Path

import pytest

from tests.tutorials.pages import accuracy, passed, play, sections
from tests.tutorials.truth import check_imu_windows

JITTER = 0.2  # half a millisecond of the quickest change, and more at the ends


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("board_tools")
def test_the_page_ends_in_passed_exact(tmp_path: Path) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    ended = play(sections("imu-folder.md")["Edge Impulse's files"], project)
    passed(ended)
    assert accuracy(ended[-1].output) > 0.8
    check_imu_windows(project, "impulse", 62.5, 62.5, 60, JITTER)
