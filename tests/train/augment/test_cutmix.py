"""CutMix in time: which samples and labels come from whom, and how spans are drawn."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from scl.artifacts.architecture import Architecture
from scl.partition import Partition
from train.augment.cutmix import Splice, partners
from train.model.encoder import Classifier
from train.run.config import TrainConfig
from train.run.objective import Objective, contrast_for
from train.transformations import Rotation


def test_a_span_is_the_neighbours() -> None:
    x = torch.arange(4.0)[:, None, None].expand(4, 2, 10).clone()
    spliced = Splice(3, 7, 10)(x)
    for row, partner in enumerate((1, 0, 3, 2)):
        for sample in range(10):
            expected = partner if 3 <= sample < 7 else row
            assert (spliced[row, :, sample] == expected).all()
    assert torch.equal(Splice(0, 0, 10)(x), x) and torch.equal(Splice(0, 10, 10)(x), partners(x))
    assert Splice(3, 7, 10).share == pytest.approx(0.4)


def test_an_odd_batch_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="3 windows cannot be paired"):
        partners(torch.zeros(3))


def test_lengths_and_places_are_drawn_evenly() -> None:
    generator = torch.Generator().manual_seed(0)
    drawn = [Splice.draw(4, generator) for _ in range(5000)]
    lengths = np.bincount([s.last - s.first for s in drawn], minlength=5)
    assert len(lengths) == 5 and abs(lengths - 1000).max() < 150  # 5 deviations
    places = np.bincount([s.first for s in drawn if s.last - s.first == 2], minlength=3)
    assert len(places) == 3 and abs(places - lengths[2] / 3).max() < 80


@pytest.mark.parametrize("method", ["baseline", "scl"])
def test_the_task_asks_for_both_labels_by_their_shares(method: str) -> None:
    torch.manual_seed(0)
    partition = Partition(4, 2, 4)
    model = Classifier(Architecture((4,), (2,), 3), partition, channels=3, samples=20, classes=3).eval()
    config = TrainConfig().changed(method=method, partition=str(partition), cutmix=1.0, lambda_=0.0, anchor="original")
    generators = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    contrast = contrast_for(config, model)
    objective = Objective(config, Rotation(), functional.cross_entropy, contrast, *generators)
    x, labels = torch.randn(6, 3, 20), torch.arange(6) % 3
    total, _ = objective(model, x, labels)
    order, draw = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    torch.rand((), generator=order)
    splice = Splice.draw(20, order)
    assert 0 < splice.share < 1
    views = [x] if method == "baseline" else [x, Rotation()(x, labels, draw)[0]]
    losses = []
    for view in views:
        mixed = view.clone()
        for row in range(6):
            mixed[row, :, splice.first : splice.last] = view[row ^ 1, :, splice.first : splice.last]
        logits = model(mixed)[1]
        for row in range(6):
            own, other = (functional.cross_entropy(logits[row], labels[r]) for r in (row, row ^ 1))
            losses.append((1 - splice.share) * own + splice.share * other)
    assert total.item() == pytest.approx(torch.stack(losses).mean().item(), rel=1e-5)


def test_a_share_of_the_batches() -> None:
    config = TrainConfig().changed(method="baseline", cutmix=0.25)
    objective = Objective(config, Rotation(), None, None, torch.Generator().manual_seed(0), torch.Generator())  # type: ignore[arg-type]
    drawn = sum(objective._splice(50) is not None for _ in range(2000))
    assert abs(drawn - 500) < 100  # 5 deviations
