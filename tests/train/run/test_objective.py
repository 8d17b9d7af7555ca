"""The task loss of weighted classes and of several labels, by hand."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional

from train.data.recordings import WindowSet
from train.run.config import TrainConfig
from train.run.objective import task_loss

CPU = torch.device("cpu")


def test_rare_classes_weigh_more_by_the_balance() -> None:
    data = WindowSet(np.zeros((100, 1, 4), np.float32), np.repeat([0, 1, 2], [81, 18, 1]), np.zeros(100, int))
    logits, labels = torch.randn(3, 3), torch.tensor([0, 1, 2])
    plain = functional.cross_entropy(logits, labels, reduction="none")
    even = task_loss(data, TrainConfig().changed(balance=0.0), 3, CPU)(logits, labels)
    assert even.item() == pytest.approx(plain.mean().item(), rel=1e-6)
    weights = np.array([1 / 9, 1 / math.sqrt(18), 1.0])
    weights /= (weights * [0.81, 0.18, 0.01]).sum()  # a mean of 1 over the windows
    loss = task_loss(data, TrainConfig().changed(balance=0.5), 3, CPU)(logits, labels)
    assert loss.item() == pytest.approx(float((plain.numpy() * weights).mean()), rel=1e-5)


def test_several_labels_are_judged_one_by_one() -> None:
    data = WindowSet(
        np.zeros((4, 1, 4), np.float32), np.array([0b01, 0b11, 0, 0b10]), np.zeros(4, int), multilabel=True
    )
    logits = torch.tensor([[2.0, -1.0], [0.5, 0.0]])
    bits = torch.tensor([[1.0, 0.0], [1.0, 1.0]])
    loss = task_loss(data, TrainConfig(), 2, CPU)(logits, torch.tensor([0b01, 0b11]))
    p = torch.sigmoid(logits)
    assert loss.item() == pytest.approx(float(-(bits * p.log() + (1 - bits) * (1 - p).log()).mean()), rel=1e-6)
