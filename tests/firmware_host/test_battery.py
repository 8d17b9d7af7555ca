"""The battery's figures against loops, with answers that were made up."""

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from firmware_host import battery
from firmware_host.figures import Answers
from firmware_host.outcome import Outcome
from firmware_host.parity import Parity
from firmware_host.validate import judge
from scl.artifacts.battery import write_battery
from scl.artifacts.battery_copy import BatteryCopy
from scl.artifacts.bundle import hashes, read_bundle, read_run_bundle, write_manifest
from scl.artifacts.golden import read_golden
from scl.decision import LOST

COPIES = BatteryCopy("mirror", "the other wrist", "", 1.0), BatteryCopy("held", "samples are held", "%", 5.0)


@pytest.fixture
def bundle(fake_bundle):
    manifest = read_run_bundle(fake_bundle).manifest
    write_battery(fake_bundle, read_golden(read_run_bundle(fake_bundle)))
    (fake_bundle / "manifest.json").unlink()
    write_manifest(fake_bundle, replace(manifest, battery=COPIES, files=hashes(fake_bundle)))
    return read_bundle(fake_bundle)


def answered(golden, classes):
    """A board that says these classes and is exact else."""
    seen = classes != LOST
    return Answers(
        seen,
        classes,
        golden.features,
        golden.logits,
        golden.input_crc32,
        golden.flags,
        seen * 0.01,
        seen * 1,
        classes,
        np.zeros_like(classes),
    )


def macro_f1(labels, classes):
    scores = []
    for label in sorted({*labels, *classes[classes >= 0]}):
        hits = sum((t == label) and (c == label) for t, c in zip(labels, classes, strict=True))
        total = sum(t == label for t in labels) + sum(c == label for c in classes)
        scores.append(2 * hits / total)
    return sum(scores) / len(scores)


@pytest.fixture
def report(bundle, monkeypatch):
    """report(classes): what is reported of a board that says these (3, 12)."""

    def report(classes):
        def ask(board, asked, golden):
            results = [None if c == LOST else object() for c in classes.ravel()]
            return answered(golden, classes), Outcome(results, [0.0] * 36, [1] * 36)

        monkeypatch.setattr(battery, "ask", ask)
        return battery.measure_battery(None, bundle).report

    return report


def test_figures_are_those_of_loops_and_lost_windows_are_wrong(report, bundle):
    golden = read_golden(read_run_bundle(bundle.path))
    labels = golden.labels[0]
    classes = np.tile(labels, (3, 1))
    classes[1, :4] = (classes[1, :4] + 1) % 3
    classes[2, 5] = LOST
    found = report(classes)
    assert (found.windows, found.sent, found.lost) == (12, 36, 1)
    assert [rung.name for rung in found.rungs] == ["mirror", "held"]  # the weakest first
    mirror, held = found.rungs
    assert found.recorded.accuracy == 1 and found.recorded.consistency is None
    for row, rung in ((1, mirror), (2, held)):
        assert rung.board.accuracy == pytest.approx(np.mean(classes[row] == labels))
        assert rung.board.consistency == pytest.approx(np.mean(classes[row] == classes[0]))
        assert rung.board.macro_f1 == pytest.approx(macro_f1(labels, classes[row]))
        assert rung.desktop.accuracy == pytest.approx(np.mean(golden.predictions[row] == labels))
    assert held.lost == 1 and mirror.lost == 0
    low, high = mirror.board.accuracy_ci95
    assert low <= mirror.board.accuracy <= high and low < high


def test_the_verdict_names_what_of_the_battery_was_lost_or_differs(report, bundle):
    golden = read_golden(read_run_bundle(bundle.path))
    classes = golden.predictions.copy()
    measured = SimpleNamespace(
        lost=0, sent=36, stopped=None, parity=Parity(36, *[0] * 8), accuracy=1, accuracy_transformed=1, consistency=1
    )
    assert judge(measured, None, None, report(classes)).passed
    classes[1, 0] = LOST
    classes[2, 1] = (classes[2, 1] + 1) % 3
    verdict = judge(measured, None, None, report(classes))
    assert not verdict.passed and verdict.verdict == "incomplete"
    exact = report(golden.predictions.copy())
    off = replace(exact, parity=replace(exact.parity, decisions_off=2))
    assert judge(measured, None, None, off).missed == ("of the battery, 2 decisions differ from the stored ones",)
    assert verdict.missed == (
        "1 of 36 windows of the battery were lost, which count as wrong",
        "of the battery, 1 classes, 1 decisions differ from the stored ones",
    )
