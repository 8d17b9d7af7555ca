"""The page on PyTorch modules: a training loop of one's own, deployed and validated on the emulated board."""

import re
from pathlib import Path

import pytest

from tests.tutorials.pages import accuracy, play, said, sections

MOST_LINES = 60


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("board_tools")
def test_a_loop_with_the_structured_contrastive_loss_ends_in_passed_exact(tmp_path: Path) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    commands = sections("pytorch.md")["From a training loop to the board"]
    ended = play(commands, project)
    assert len(ended) == len(commands) and all(done.status == 0 for done in ended), said(ended)
    assert " on mps2-an386: " in ended[-1].output and "lost / retried" in ended[-1].output, said(ended)
    assert ended[-1].output.splitlines()[-2] == "passed: exact", said(ended)
    assert accuracy(ended[-1].output) > 0.9, said(ended)
    assert consistency(ended[-1].output) > 0.9, said(ended)


def consistency(report: str) -> float:
    """What the board measured under rotation, as a share."""
    (found,) = re.findall(r"│ consistency +│ +([\d.]+) % │", report)
    return float(found) / 100


def test_the_example_has_at_most_sixty_lines() -> None:
    (script,) = [text for text in sections("pytorch.md")["From a training loop to the board"] if "<<'PY'" in text]
    assert len(script.splitlines()) - 2 <= MOST_LINES
