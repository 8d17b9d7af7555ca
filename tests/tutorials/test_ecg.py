"""A WFDB folder: the page's own set, at 250 Hz for a model of 180 Hz."""

import json
from pathlib import Path

import pytest

from tests.tutorials.pages import accuracy, passed, play, sections
from tests.tutorials.truth import check_ecg_windows

SECTION = "From a folder to the board"


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("board_tools")
def test_the_page_ends_in_passed_exact(tmp_path: Path) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    ended = play(sections("ecg-folder.md")[SECTION], project)
    passed(ended)
    assert accuracy(ended[-1].output) > 0.6  # of three classes; S beats look like N beats that are early
    check_ecg_windows(project, "ecg")
    window = json.loads((project / "runs" / "ecg" / "run.json").read_text())["window"]
    assert (window["rate_hz"], window["samples"], window["units"]) == (180, 720, ["mV"])
