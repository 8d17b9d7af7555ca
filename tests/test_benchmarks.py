"""Rows of results are known again by what they were made with."""

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import common
from train.augment import variation

ROOT = Path(__file__).parents[1]


def test_a_row_sees_the_constants_of_training(monkeypatch: pytest.MonkeyPatch) -> None:
    before = common.encoder()
    for name in common.TRAINED_BY:
        for key in common.constants()[name]:
            with monkeypatch.context() as patch:
                patch.setattr(f"{name}.{key}", "another value")
                assert common.encoder() != before, f"{name}.{key}"
    assert common.of_today([{"command": "x", "encoder": before}, {"command": "y", "encoder": "0" * 8}]) == {
        "x": {"command": "x", "encoder": before}
    }
    monkeypatch.setattr(variation, "IMU_GAIN", 0.2)
    assert common.of_today([{"command": "x", "encoder": before}]) == {}


def test_another_process_names_them_alike() -> None:
    code = "from benchmarks.common import encoder; print(encoder())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == common.encoder()
