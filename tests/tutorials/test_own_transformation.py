"""The page on a transformation of one's own: its script as it stands."""

import re
from pathlib import Path

from tests.tutorials.pages import PAGES, play, said, sections


def test_the_script_keeps_its_answers_under_gains(tmp_path: Path) -> None:
    ended = play(sections("own-transformation.md", PAGES.parent / "how-to")["In a loop of your own"], tmp_path)
    assert all(done.status == 0 for done in ended), said(ended)
    figures = [float(number) for number in re.findall(r"\d\.\d{3}", ended[-1].output)]
    accuracy, changed, consistency, low, high = figures
    assert min(accuracy, changed, consistency) > 0.9 and low <= consistency <= high
