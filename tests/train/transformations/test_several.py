"""Several transformations in one copy: drawn one behind the other, written into run.json and made again from it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from scl.frontend.counts import replay
from scl.frontend.sensor import load_sensor
from scl.transforms import random_rotations_torch, rotate
from tests.scl.frontend.designs import front_end_spec
from train import imu
from train.data.recordings import WindowSet
from train.data.stored import windows_for_run
from train.run.folder import load_run
from train.transformations import Several, from_info, kind
from train.transformations.nuisances import Signal
from train.transformations.nuisances.mirror import SIGNS
from train.transformations.several import check_against

SIGNAL = Signal.of(20.0, ("ax", "ay", "az", "gx", "gy", "gz"))
X = torch.randn(50, 6, 80, generator=torch.Generator().manual_seed(1))
Y = torch.arange(50) % 3


def test_a_copy_is_turned_and_then_mirrored_in_half_of_the_cases() -> None:
    several = Several.of("rotation+mirror", SIGNAL)
    copy, labels = several(X, Y, torch.Generator().manual_seed(0))
    turned = rotate(X, random_rotations_torch(len(X), torch.Generator().manual_seed(0), X.device))
    signs = torch.tensor(SIGNS["accelerometer"] + SIGNS["gyroscope"])[:, None]
    mirrored = [bool(torch.equal(seen, plain * signs)) for seen, plain in zip(copy, turned, strict=True)]
    kept = [bool(torch.equal(seen, plain)) for seen, plain in zip(copy, turned, strict=True)]
    assert [a != b for a, b in zip(mirrored, kept, strict=True)] == [True] * 50 and 15 < sum(mirrored) < 35
    assert labels is Y and several.identity(X, Y)[0] is X


@pytest.mark.parametrize("name", ["rotation+mirror+slip", "mirror", "gyroscope-dead+held"])
def test_it_comes_back_from_its_run(name: str) -> None:
    several = Several.of(name, SIGNAL)
    info = several.describe()
    again = from_info(info)
    assert again == several and again.name == name == info.name and kind(name) is Several
    first, second = (one.copies(X, Y, 2, seed=4) for one in (several, again))
    for (a, _), (b, _) in zip(first, second, strict=True):
        torch.testing.assert_close(a, b, rtol=0, atol=0)


def test_counts_are_those_of_the_copies_that_the_float_model_sees() -> None:
    spec = front_end_spec(load_sensor("replay-imu"), 80, 20.0)
    windows = WindowSet(X.numpy(), Y.numpy(), Y.numpy())
    copies = Several.of("rotation+accelerometer-bias", SIGNAL).sensor_copies(windows, 2, 0, lambda: None, spec)
    rows = np.array([3, 7])
    for transform in range(3):
        view = copies.windows(transform)
        assert (transform == 0) == np.array_equal(view, windows.x)
        np.testing.assert_array_equal(copies.counts(transform, rows), replay(view[rows], spec)[0])


def test_a_probe_learns_each_strength_as_a_share_of_the_strongest() -> None:
    probed = Several.of("mirror+slip", SIGNAL).probed(X, Y, 3, 0)
    assert probed.parameters.shape == (3, 50, 2) and len(probed.windows) == 4
    assert set(probed.parameters[..., 0].ravel().tolist()) == {0.0, 1.0}
    assert probed.parameters[..., 1].min() >= 0 and 0.9 < probed.parameters[..., 1].max() <= 1


def test_wrong_names_and_parameters_are_refused() -> None:
    for name in ("rotations", "mirror+rotation", "rotation+", "shift+mirror", "ecg-hum", "mirror+ecg-wander"):
        with pytest.raises(InputError, match="--against is .* expected rotation or nuisances"):
            check_against(name)
    for name in ("", "rotation", "rotation+mirror", "held"):
        check_against(name)
    with pytest.raises(InputError, match="nuisance 'gyroscope-dead' is not known for accelerometer"):
        Several.of("gyroscope-dead", Signal.of(20.0, ("ax", "ay", "az")))
    info = Several.of("mirror", SIGNAL).describe()
    with pytest.raises(InputError, match="transformation mirror: parameters {} do not fit"):
        from_info(type(info)("mirror", {}, info.sentence))


def test_a_run_against_several_says_so_and_its_figures_are_counted_anew(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    out = tmp_path / "run"
    options = ["--epochs", "1", "--draws", "1", "--partition", "8/8/16", "--input", "raw"]
    assert imu.main(["--against", "rotation+mirror+gyroscope-dead", "--out", str(out), *options]) == 0
    written = json.loads((out / "metrics.json").read_text())
    assert written["transformation"] == "rotation+mirror+gyroscope-dead"
    run = load_run(out)
    windows = windows_for_run(run.info, "test")
    ((copy, _),) = from_info(run.info.transformation).copies(
        torch.from_numpy(windows.x), torch.from_numpy(windows.labels), 1, run.info.split.seed
    )
    with torch.inference_mode():
        before, after = (
            run.model.activations(view)["logits"].argmax(dim=1).numpy() for view in (torch.from_numpy(windows.x), copy)
        )
    figures = written["rotation+mirror+gyroscope-dead"]
    assert figures["consistency"] == pytest.approx((before == after).mean(), abs=1e-9)
    assert figures["accuracy"] == pytest.approx((after == windows.labels).mean(), abs=1e-9)
