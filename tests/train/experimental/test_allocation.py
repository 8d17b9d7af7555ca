"""Automatic allocation: the criterion dimension by dimension, the masked loss, the settled network's logits."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest
import torch

from scl.artifacts.architecture import Architecture
from scl.loss import StructuredContrastiveLoss
from scl.negatives import negatives
from scl.partition import Partition
from train import imu
from train.experimental.allocation import FREE, IDLE, INV, INVARIANT, VAR, Allocating, allocate
from train.methods.base import Batch
from train.run.config import TrainConfig
from train.run.folder import load_run
from train.run.objective import contrast_for

PARTITION = Partition(3, 2, 3)


def model(group: list[int] | None = None) -> Allocating:
    torch.manual_seed(0)
    found = Allocating(Architecture((4,), (2,), 3), PARTITION, channels=3, samples=20, classes=3)
    if group is not None:
        found.group.copy_(torch.tensor(group))
    return found


def test_it_starts_with_the_partition_it_is_given() -> None:
    assert model().group.tolist() == [0, 0, 0, 1, 1, 2, 2, 2]


def test_each_dimension_goes_where_the_criterion_says() -> None:
    """Two dimensions hardly used: one moves under the transformation, the other does not."""
    total = torch.full((8,), 4.0)
    invariance = torch.tensor([0.95, 0.5, 0.5, 0.95, 0.5, 0.95, 0.5, INVARIANT])
    use = torch.tensor([1.0, 1.0, 0.01, 9.0, 9.0, 0.01, 1.0, 1.0])
    group = torch.tensor([FREE, INV, INV, VAR, VAR, FREE, FREE, INV])
    found = allocate(group, (1 - invariance) * total, total, torch.stack([use / 2, torch.zeros(8)]))
    assert found.tolist() == [INV, FREE, VAR, FREE, VAR, INV, FREE, INV]


def test_use_is_a_share_of_what_the_head_reads() -> None:
    """Six of even use and one of a little more, or less, than IDLE of the mean; a variant column does not count."""
    group, within, total = torch.full((8,), FREE), torch.ones(8), torch.ones(8)
    group[7] = VAR
    for factor, expected in ((1.02, FREE), (0.98, VAR)):
        use = torch.ones(8)
        use[7] = 100
        use[0] = factor * IDLE * 6 / (7 - IDLE)  # solves use = factor * IDLE * mean
        assert allocate(group, within, total, use[None])[0] == expected


def test_the_head_is_never_left_with_nothing() -> None:
    group = torch.full((4,), VAR)
    assert torch.equal(allocate(group, torch.ones(4), torch.ones(4), torch.ones(2, 4)), group)


def test_the_loss_is_that_of_the_dimensions_of_each_group() -> None:
    group = [FREE, INV, VAR, INV, FREE, VAR, INV, VAR]
    net = model(group)
    contrast = contrast_for(
        TrainConfig().changed(allocation="auto", partition=str(PARTITION), lambda_=0.5, beta=2.0), net
    )
    generator = torch.Generator().manual_seed(0)
    z, z_t = (torch.randn(7, 8, generator=generator) for _ in range(2))
    total, _ = contrast(z, z_t, Batch(torch.zeros(7), torch.Generator().manual_seed(1), 0.0))
    order = [1, 3, 6, 2, 5, 7, 0, 4]
    other = negatives(z, torch.Generator().manual_seed(1))
    expected = StructuredContrastiveLoss(Partition(3, 3, 2), 2.0, 0.01)(*(v[:, order] for v in (z, z_t, other)))
    assert total.item() == pytest.approx(0.5 * expected.loss.item(), rel=1e-5)


def test_variances_are_followed() -> None:
    """Views that are equal but for one dimension, which is drawn anew: its invariance is 0, the others' 1."""
    net = model()
    contrast = contrast_for(TrainConfig().changed(allocation="auto", partition=str(PARTITION)), net)
    generator = torch.Generator().manual_seed(0)
    for _ in range(300):
        z = torch.randn(64, 8, generator=generator)
        z_t = z.clone()
        z_t[:, 2] = torch.randn(64, generator=generator)
        contrast(z, z_t, Batch(torch.zeros(64), generator, 0.0))
    invariance = 1 - contrast.between.within / contrast.between.total
    assert invariance[2].item() == pytest.approx(0, abs=0.05)
    assert torch.allclose(invariance[torch.arange(8) != 2], torch.ones(7))


def test_the_settled_network_has_the_same_logits_and_reads_no_variant_dimension() -> None:
    net = model([FREE, INV, VAR, INV, FREE, VAR, INV, VAR]).eval()
    x = torch.randn(5, 3, 20)
    found = net.settled()
    assert found.partition == Partition(3, 3, 2) and type(found).__name__ == "Classifier" and not found.training
    (z, logits), (settled, same) = net(x), found(x)
    assert torch.allclose(logits, same, atol=1e-6)
    assert torch.equal(settled, z[:, [1, 3, 6, 2, 5, 7, 0, 4]])


def test_a_dimension_that_comes_back_starts_with_no_weight_and_settled_groups_stay() -> None:
    net = model([INV, INV, INV, VAR, VAR, FREE, FREE, FREE])
    contrast = contrast_for(TrainConfig().changed(allocation="auto", partition=str(PARTITION)), net)
    contrast.between.total.fill_(1.0)  # nothing moves: every invariance is 1
    contrast.after_epoch(0.7)
    assert net.group.tolist() == [0, 0, 0, 1, 1, 2, 2, 2]
    contrast.after_epoch(0.5)
    assert net.group.tolist() == [0, 0, 0, 2, 2, 0, 0, 0]
    assert (net.head.weight[:, 3:5] == 0).all() and (net.head.weight[:, :3] != 0).all()


def test_a_run_ends_with_the_partition_it_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    out = tmp_path / "run"
    options = ["--epochs", "3", "--draws", "1", "--split", "random", "--input", "raw", "--allocation", "auto"]
    imu.main([*options, "--partition", "8/8/16", "--out", str(out)])
    run = load_run(out)
    last = json.loads((out / "metrics.jsonl").read_text().splitlines()[-1])
    assert run.partition.size == 32 and run.info.config["partition"] == "8/8/16"
    assert run.info.partition.invariant == last["invariant_size"]
    assert run.info.parameters == sum(p.numel() for p in run.model.parameters())
    assert json.loads((out / "metrics.json").read_text())["partition"] == asdict(run.info.partition)
