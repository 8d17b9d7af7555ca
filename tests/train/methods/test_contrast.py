"""The weighted loss between two views: schedules in closed form, and which negatives it is given."""

import pytest
import torch

from scl.artifacts.architecture import Architecture
from scl.loss import StructuredContrastiveLoss
from scl.negatives import all_other_classes, all_others, other_class
from scl.partition import Partition
from train.experimental.negatives import BANK
from train.methods.base import Batch
from train.model.encoder import Classifier
from train.run.config import TrainConfig
from train.run.objective import contrast_for

PARTITION = Partition(4, 3, 2)
MODEL = Classifier(Architecture((4,), (2,), 3), PARTITION, channels=3, samples=20, classes=3)
LABELS = torch.arange(8) % 3


def latents() -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    z = torch.randn(8, PARTITION.size, generator=generator)
    return z, z + 0.5 * torch.randn(8, PARTITION.size, generator=generator)


def loss(done: float, **options: object) -> float:
    settings = TrainConfig().changed(partition=str(PARTITION), **options)
    contrast = contrast_for(settings, MODEL)
    return contrast(*latents(), Batch(LABELS, torch.Generator().manual_seed(1), done))[0].item()


@pytest.mark.parametrize("done", [0.0, 0.25, 1.0])
def test_schedules_scale_lambda_and_beta(done: float) -> None:
    assert loss(done, lambda_schedule="rise") == pytest.approx(done * loss(0))
    assert loss(done, lambda_schedule="fall") == pytest.approx((1 - done) * loss(0))
    assert loss(done, beta=2.0, beta_schedule="rise") == pytest.approx(loss(0, beta=2.0 * done))
    assert loss(done, beta=2.0, beta_schedule="fall") == pytest.approx(loss(0, beta=2.0 * (1 - done)))
    assert loss(done, beta=2.0) == loss(0, beta=2.0) != loss(0, beta=1.0)


@pytest.mark.parametrize("method", ["simclr", "vicreg"])
def test_rivals_are_scheduled_too(method: str) -> None:
    assert loss(0.5, method=method, lambda_schedule="rise") == pytest.approx(0.5 * loss(0, method=method))


def test_negatives_of_another_class() -> None:
    z, z_t = latents()
    negative = other_class(z, LABELS, torch.Generator().manual_seed(1))
    expected = StructuredContrastiveLoss(PARTITION, 1.0, 0.01)(z, z_t, negative).loss
    assert loss(0, negatives="other-class") == pytest.approx(0.2 * expected.item())


@pytest.mark.parametrize(("name", "weights"), [("all", all_others(8)), ("all-other-class", all_other_classes(LABELS))])
def test_the_mean_over_many_negatives(name: str, weights: torch.Tensor) -> None:
    z, z_t = latents()
    expected = StructuredContrastiveLoss(PARTITION, 1.0, 0.01, 0.1, "copy")(z, z_t, z, weights).loss
    assert loss(0, negatives=name, floor=0.1, stop="copy") == pytest.approx(0.2 * expected.item())


def test_the_bank_holds_earlier_batches_in_the_state() -> None:
    contrast = contrast_for(TrainConfig().changed(partition=str(PARTITION), negatives="memory"), MODEL)
    z, z_t = latents()
    order = torch.Generator().manual_seed(0)
    contrast(z, z_t, Batch(LABELS, order, 0.0))
    assert contrast.state_dict()["between.negatives.bank.latents"].shape == (BANK, PARTITION.size)
    total, _ = contrast(z + 1, z_t + 1, Batch(LABELS, order, 0.0))
    stored = contrast.between.negatives.bank.latents[:8]
    assert torch.equal(stored, z)
    generator = torch.Generator().manual_seed(0)
    torch.randint(1, 8, (), generator=generator)  # the first batch's, which had no bank
    index = torch.randint(8, (8,), generator=generator)
    expected = StructuredContrastiveLoss(PARTITION, 1.0, 0.01)(z + 1, z_t + 1, z[index]).loss
    assert total.item() == pytest.approx(0.2 * expected.item())


def test_one_view_has_no_contrast() -> None:
    assert contrast_for(TrainConfig().changed(method="augment"), MODEL) is None
