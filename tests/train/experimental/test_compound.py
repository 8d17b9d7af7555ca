"""Views that differ in one of several transformations: what is drawn, the loss window by window, a share that tells."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from scl.artifacts.architecture import Architecture
from scl.loss import StructuredContrastiveLoss
from scl.negatives import negatives
from scl.partition import Partition
from train import imu, probe
from train.experimental.compound import SCALE, Change, Compound, CompoundBatch, Roll, Scale, Turn, parts_of
from train.model.encoder import Classifier
from train.run.config import TrainConfig
from train.run.objective import contrast_for

PARTITION = Partition(4, 6, 2)
PARTS = (Turn(), Scale(), Roll())


def windows(n: int = 300) -> torch.Tensor:
    generator = torch.Generator().manual_seed(0)
    x = 0.1 * torch.randn(n, 6, 20, generator=generator)
    x[:, 2] += 9.8
    return x


def test_parts_of() -> None:
    assert [part.name for part in parts_of("scale+shift")] == ["rotation", "scale", "shift"]


def test_views_differ_in_one_part_only() -> None:
    x = windows()
    first, second, change = Compound(PARTS).pair(x, torch.Generator().manual_seed(1))
    length = torch.linalg.vector_norm(first[:, :3], dim=1), torch.linalg.vector_norm(second[:, :3], dim=1)
    for part in range(3):
        rows = change.part == part
        assert 60 < rows.sum() < 140  # a third of 300
        for number, target in enumerate(change.targets):
            same = torch.isclose(target[0][rows], target[1][rows], atol=1e-5).all(dim=1)
            assert not same.any() if number == part and part != 2 else same.all() or number == part
    turned, scaled, rolled = (change.part == part for part in range(3))
    assert torch.allclose(length[0][turned], length[1][turned], atol=1e-4)  # a rotation keeps lengths
    ratio = second[scaled] / first[scaled]
    gain = torch.exp(SCALE * (change.targets[1][1] - change.targets[1][0]))[scaled]
    assert torch.allclose(ratio, gain[:, :, None].expand_as(ratio), rtol=1e-3)
    assert torch.allclose(first[rolled].sort(dim=2).values, second[rolled].sort(dim=2).values, atol=1e-5)


def test_roll_is_numpys_and_tells_its_angle() -> None:
    x, shifts = torch.randn(5, 6, 20), torch.tensor([0, 1, 5, 10, 19])[:, None, None]
    rolled = Roll().apply(x, shifts)
    for row, shift in enumerate(shifts.flatten().tolist()):
        np.testing.assert_array_equal(rolled[row], np.roll(x[row], shift, axis=1))
    target = Roll().target(rolled, shifts)
    expected = np.exp(2j * np.pi * shifts.flatten().numpy() / 20)
    np.testing.assert_allclose(target[:, 0] + 1j * target[:, 1], expected, atol=1e-6)


def test_rotation_tells_where_gravity_points() -> None:
    x = torch.zeros(2, 6, 8)
    x[:, 2] = 9.8
    to_x = torch.tensor([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    drawn = torch.stack([torch.eye(3), to_x])
    target = Turn().target(Turn().apply(x, drawn), drawn)
    assert torch.allclose(target, torch.tensor([[0.0, 0, 1], [1, 0, 0]]))


def test_the_loss_is_that_of_each_windows_own_share() -> None:
    """Row by row: the variant features are the part's share, the other shares lie with the invariant ones."""
    config = TrainConfig().changed(
        partition=str(PARTITION), also="scale+shift", lambda_=0.5, beta=2.0, read=0.3, input="raw"
    )
    model = Classifier(Architecture((4,), (2,), 3), PARTITION, channels=6, samples=20, classes=3)
    contrast = contrast_for(config, model)
    generator = torch.Generator().manual_seed(0)
    z, z_t = (torch.randn(9, PARTITION.size, generator=generator) for _ in range(2))
    part = torch.arange(9) % 3
    change = Change(part, tuple(torch.randn(2, 9, p.size, generator=generator) for p in PARTS))
    total, parts = contrast(z, z_t, CompoundBatch(part, torch.Generator().manual_seed(1), 0.0, change))
    other = negatives(z, torch.Generator().manual_seed(1))
    losses = []
    for row in range(9):
        share = list(range(4 + 2 * int(part[row]), 6 + 2 * int(part[row])))
        order = [*range(4), *(d for d in range(4, 10) if d not in share), *share]
        one = StructuredContrastiveLoss(Partition(8, 2, 0), 2.0, config.method.eps)
        losses.append(one(*(v[row : row + 1, order] for v in (z, z_t, other))).loss)
    reading = [
        functional.mse_loss(reader(view[:, 4 + 2 * k : 6 + 2 * k]), change.targets[k][v])
        for k, reader in enumerate(contrast.readers)
        for v, view in enumerate((z, z_t))
    ]
    expected = 0.5 * torch.stack(losses).mean() + 0.3 * torch.stack(reading).mean()
    assert total.item() == pytest.approx(expected.item(), rel=1e-5)
    assert parts["reading"].item() == pytest.approx(torch.stack(reading).mean().item(), rel=1e-5)


def test_a_run_is_trained_and_each_share_is_probed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    options = ["--epochs", "2", "--draws", "1", "--split", "random", "--input", "raw", "--variation", "0"]
    run = tmp_path / "run"
    imu.main([*options, "--also", "scale", "--read", "1", "--partition", "16/16/16", "--out", str(run)])
    assert "reading" in (run / "metrics.jsonl").read_text()
    assert probe.main([str(run), "--draws", "2"]) == 0
    found = json.loads((run / "probe.json").read_text())["parts"]
    assert set(found) == {"rotation", "scale"}
    assert set(found["scale"]) == {"invariant", "variant: rotation", "variant: scale", "free"}
    assert found["rotation"]["variant: rotation"] > found["rotation"]["variant: scale"]
    assert "variant: scale" in capsys.readouterr().out
