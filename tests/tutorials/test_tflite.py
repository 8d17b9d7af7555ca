"""A Keras model from its training to the emulated board, by the page's own commands, with its consistency measured.

Its commands start cold, as those of the other pages do not: what one of them forgets to import is found here.
"""

import json
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import read_npz
from scl.robustness import robustness
from tests.tutorials.pages import play, said, sections

pytestmark = pytest.mark.timeout(900)


@pytest.mark.usefixtures("board_tools")
def test_the_page_ends_in_passed_exact(tmp_path: Path) -> None:
    project = tmp_path / "empty"
    project.mkdir()
    page = sections("tflite.md")
    ended = play(page["A Keras model"], project, cold=True)
    assert all(done.status == 0 for done in ended), said(ended)
    printed = {done.command.split()[2]: done.output for done in ended if done.command.startswith("python -m")}
    assert printed["firmware_host.validate"].splitlines()[-2] == "passed: exact", said(ended)
    assert " on mps2-an386: 60 windows, 300 sent, of windows.npz" in printed["firmware_host.validate"]
    assert "every layer equals TFLite Micro's" in printed["export.profile"], said(ended)
    assert "60 of 60 classes are TFLite Micro's" in printed["firmware_host.stream"], said(ended)
    report = json.loads((project / "reports" / "model" / "validation.json").read_text())
    assert report["accuracy"] > 0.8 and report["parity"]["compared"] == 300
    truth = read_npz(project / "bundles" / "model" / "evaluation.npz", "labels", "groups")
    logits = read_npz(project / "bundles" / "model" / "golden.npz", "logits")["logits"]
    found = robustness(truth["labels"], logits.argmax(axis=2), truth["groups"]).transformed
    assert found is not None and report["consistency"] == pytest.approx(found.consistency)
    behind = play(page["From a sensor's counts"], project, cold=True)
    assert all(done.status == 0 for done in behind), said(behind)
    assert behind[-1].output.splitlines()[-2] == "passed: exact", said(behind)
    assert json.loads((project / "reports" / "sensor" / "validation.json").read_text())["sensor"] == "wrist"
    assert sorted(np.unique(truth["groups"])) == [6, 7]


@pytest.mark.usefixtures("board_tools")
def test_a_file_of_litert_torch_ends_in_passed_exact(tmp_path: Path) -> None:
    ended = play(sections("tflite.md")["A PyTorch model through litert-torch"], tmp_path, cold=True)
    assert all(done.status == 0 for done in ended), said(ended)
    assert ended[-1].output.splitlines()[-2] == "passed: exact", said(ended)
    report = json.loads((tmp_path / "reports" / "litert" / "validation.json").read_text())
    logits = read_npz(tmp_path / "bundles" / "litert" / "golden.npz", "logits")["logits"].argmax(axis=2)
    assert report["accuracy"] is None and report["parity"]["compared"] == 100
    assert report["consistency"] == pytest.approx((logits[1:] == logits[0]).mean()) and 0 < report["consistency"] < 1
