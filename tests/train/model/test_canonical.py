"""Circular canonicalization: exactly invariant under circular shift, refused where it does not apply."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from scl.transforms import roll
from train import ecg, imu
from train.model.canonical import canonical
from train.run.folder import load_run


def test_the_largest_excursion_comes_first() -> None:
    x = np.random.default_rng(0).normal(size=(6, 2, 30)).astype(np.float32)
    found = canonical(torch.from_numpy(x)).numpy()
    for row in range(6):
        peak = int(np.argmax(np.abs(x[row]).max(axis=0)))
        np.testing.assert_array_equal(found[row], np.roll(x[row], -peak, axis=1))


def test_every_circular_shift_gives_the_same_window() -> None:
    x = np.random.default_rng(1).normal(size=(30, 1, 30)).astype(np.float32)
    shifted = roll(x, np.arange(30))
    assert torch.equal(canonical(torch.from_numpy(shifted)), canonical(torch.from_numpy(x)))


def test_a_run_is_wholly_consistent_under_circular_shift_and_is_not_exported(tmp_path: Path, capsys) -> None:
    from export.pipeline import Options, export

    out = tmp_path / "run"
    options = ["--synthetic", "--epochs", "1", "--draws", "2", "--batch-size", "16", "--method", "baseline"]
    ecg.main([*options, "--input", "canonical", "--out", str(out)])
    run = load_run(out)
    assert run.info.frontend.canonical is True and run.model.canonical
    metrics = json.loads((out / "metrics.json").read_text())
    assert metrics["shift_circular"]["mean_consistency"] == 1.0 > metrics["shift"]["mean_similarity"]["invariant"]
    reason = "the input does not change when a window is rolled round"
    assert metrics["consistency_by_construction"] == {"shift_circular": reason}
    assert f"shift_circular: consistency is 1 by construction: {reason}" in capsys.readouterr().out
    with pytest.raises(InputError, match="input is canonicalized, which the board's front end does not do"):
        export(out, tmp_path / "bundle", Options())


def test_rotation_has_no_use_for_it() -> None:
    with pytest.raises(
        InputError,
        match="--input is canonical, expected raw or invariant for an IMU .rolled windows are for time shift",
    ):
        imu.main(["--input", "canonical"])
