"""Probes on latents whose contents are known."""

import json
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.partition import Partition
from tests.documents import document
from train import imu, probe

PEOPLE, EACH, DRAWS = 10, 40, 3


@pytest.fixture(scope="module")
def known() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Invariant dimensions tell the class, variant ones the transformation, free ones the subject."""
    rng = np.random.default_rng(0)
    groups = np.repeat(np.arange(PEOPLE), EACH)
    labels = np.tile(np.arange(4), PEOPLE * EACH // 4)
    parameters = rng.normal(size=(DRAWS, len(groups), 2))
    z = 0.1 * rng.normal(size=(1 + DRAWS, len(groups), 12))
    z[:, :, :4] += 3 * np.eye(4)[labels]
    z[1:, :, 4:6] += parameters
    z[:, :, 6:] += 3 * rng.normal(size=(PEOPLE, 6))[groups]
    return z, parameters, labels, groups


def test_each_group_tells_what_was_put_there(known) -> None:
    found = probe.probes(*known, Partition(4, 2, 6), seed=0)
    assert found["invariant"]["class"] > 0.99 and found["free"]["class"] < 0.4 and found["variant"]["class"] < 0.4
    assert found["free"]["subject"] > 0.99 and found["invariant"]["subject"] < 0.25
    assert found["variant"]["transformation"] > 0.95
    assert found["invariant"]["transformation"] == found["free"]["transformation"] == pytest.approx(0, abs=0.02)
    assert found["chance"] == {"class": 0.25, "subject": 0.1, "transformation": 0.0}


def test_the_class_is_judged_on_other_people() -> None:
    """Where each person has a code of their own for the classes, windows of the same people would give it away."""
    rng = np.random.default_rng(1)
    groups, labels = np.repeat(np.arange(10), 30), np.tile(np.arange(3), 100)
    x = rng.normal(size=(10, 3, 40))[groups, labels]
    assert probe.classified(x, labels, groups, 0) < 0.5 < 0.95 < probe.classified(x, labels, None, 0)


def test_invariance_is_one_minus_the_share_of_variance_within_windows() -> None:
    rng = np.random.default_rng(2)
    z = np.zeros((50, 400, 3))
    z[:, :, 0] = rng.normal(size=400)  # the window alone
    z[:, :, 1] = rng.normal(size=(50, 400))  # the copy alone
    z[:, :, 2] = rng.normal(size=400) + np.sqrt(3) * rng.normal(size=(50, 400))  # a quarter the window's
    np.testing.assert_allclose(probe.invariance(z), [1, 0.02, 0.25], atol=0.03)
    assert (probe.invariance(np.ones((4, 5, 2))) == 1).all()


def test_a_run_is_probed(tmp_path: Path, monkeypatch, capsys) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    run = tmp_path / "run"
    imu.main(["--out", str(run), "--epochs", "1", "--draws", "1", "--split", "random", "--input", "raw"])
    capsys.readouterr()
    assert probe.main([str(run), "--draws", "2", "--json"]) == 0
    said = capsys.readouterr()
    contents = document(said.out)
    assert contents == json.loads((run / "probe.json").read_text())
    assert set(contents["groups"]) == {"invariant", "variant", "free", "chance"}
    assert len(contents["invariance"]) == 128 and all(0 <= score <= 1 for score in contents["invariance"])
    assert (run / "probe.png").read_bytes()[:4] == b"\x89PNG"
    assert "rotation (R^2)" in said.err


def test_too_few_people(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    run = tmp_path / "run"
    imu.main(["--out", str(run), "--epochs", "1", "--draws", "1"])
    with pytest.raises(InputError, match="2 people or records test, expected at least 5"):
        probe.main([str(run)])
