"""The same commands on a WFDB set of 128 Hz, which the model keeps."""

import json
from pathlib import Path

import pytest

from tests.ecg_sets import simulated, write_wfdb
from tests.tutorials.pages import passed, play, sections
from tests.tutorials.test_ecg import SECTION
from tests.tutorials.truth import check_ecg_windows


@pytest.mark.timeout(600)
@pytest.mark.usefixtures("board_tools")
def test_a_rate_below_the_models(tmp_path: Path) -> None:
    project = tmp_path / "project"
    write_wfdb(project / "ecg", simulated(12, 3, 128), "212")
    make, *commands = sections("ecg-folder.md")[SECTION]
    assert make.startswith('python "$SCL/tests/ecg_sets.py" ecg ')
    assert "--limit 20" in commands[-1]
    commands[-1] = commands[-1].replace("--limit 20", "--limit 5")
    ended = play(commands, project)
    passed(ended)
    check_ecg_windows(project, "ecg")
    # Five windows are too few for a share.
    metrics = json.loads((project / "runs" / "ecg" / "metrics.json").read_text())
    assert metrics["accuracy"] > 0.6
    assert json.loads((project / "runs" / "ecg" / "run.json").read_text())["window"]["rate_hz"] == 128
