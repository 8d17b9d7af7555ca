"""The page on ONNX files: a float one and one in QDQ format, validated on the emulated board."""

import re
from pathlib import Path

import pytest

from tests.tutorials.pages import accuracy, play, said, sections


@pytest.mark.timeout(900)
@pytest.mark.usefixtures("board_tools")
def test_both_files_end_in_passed_exact(tmp_path: Path) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    for title in ("A float model", "An int8 model in QDQ format"):
        commands = sections("onnx.md")[title]
        ended = play(commands, project)
        assert len(ended) == len(commands) and all(done.status == 0 for done in ended), said(ended)
        assert ended[-1].output.splitlines()[-2] == "passed: exact", said(ended)
        assert accuracy(ended[-1].output) > 0.8, said(ended)
        assert re.search(r"│ consistency +│ +[\d.]+ % │", ended[-1].output), said(ended)
