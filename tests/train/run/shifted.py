"""Cuts of noise and an untrained model of them, for figures under time shift."""

import numpy as np
import torch

from scl.artifacts.architecture import Architecture
from scl.partition import Partition
from train.data.recordings import WindowSet
from train.model.encoder import Classifier
from train.run.evaluate import predict
from train.transformations import Shift

SHIFT = Shift(-2, 6, 40, 2.0)
CPU = torch.device("cpu")


def cuts(multilabel: bool = False) -> WindowSet:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 1, 48)).astype(np.float32)
    labels_at = np.repeat(rng.integers(0, 8 if multilabel else 3, (40, 1)), 9, axis=1)
    labels_at[::5, 6:] = (labels_at[::5, 6:] + 1) % 3  # a late shift changes some
    return WindowSet(x, labels_at[:, 2], np.arange(40) % 5, labels_at, multilabel=multilabel)


def shift_model() -> Classifier:
    torch.manual_seed(3)
    net = Classifier(Architecture((8,), (2,), 5, "flatten"), Partition(4, 3, 5), channels=1, samples=40, classes=3)
    with torch.no_grad():
        x, y = torch.from_numpy(cuts().x), torch.from_numpy(cuts().targets)
        net.encoder.latent.bias -= torch.from_numpy(predict(net, SHIFT.identity(x, y)[0])[0].mean(axis=0))
        net.head.bias.zero_()
    return net
