"""The deployed float network against the trained classifier itself."""

import numpy as np
import pytest
import torch

from export.network.from_encoder import dropped, fold
from export.proof.runtimes import run_onnx_float
from export.writers.onnx import write_onnx
from scl.artifacts.architecture import Architecture
from scl.artifacts.export_report import Dropped
from scl.partition import Partition
from train.model.encoder import Classifier

SAMPLES, CHANNELS, CLASSES = 61, 6, 5


def classifier(pool: str, partition: Partition, **sizes) -> Classifier:
    """Random weights, and batch norms that have seen something."""
    torch.manual_seed(0)
    model = Classifier(Architecture(pool=pool, **sizes), partition, CHANNELS, SAMPLES, CLASSES)
    model.train()
    for _ in range(5):
        model(torch.randn(16, CHANNELS, SAMPLES) * 2 + 0.3)
    return model.eval()


@pytest.mark.parametrize("pool", ["average", "flatten"])
@pytest.mark.parametrize(
    "partition", [Partition(3, 4, 5), Partition(0, 4, 5), Partition(8, 0, 0), Partition(4, 8, 0)], ids=str
)
@pytest.mark.parametrize(
    "sizes",
    [
        {"widths": (7, 9, 8), "strides": (2, 1, 3), "kernel": (5, 4, 3)},
        {"widths": (7, 9, 8), "strides": (2, 1, 3), "kernel": 5, "padding": "valid"},
        {"widths": (4,), "strides": (1,), "kernel": 4},
    ],
)
def test_no_logit_and_no_kept_feature_changes(pool, partition, sizes):
    model = classifier(pool, partition, **sizes)
    x = torch.randn(40, CHANNELS, SAMPLES) * 2
    with torch.inference_mode():
        z, logits = model(x)
    found = run_onnx_float(write_onnx(fold(model, SAMPLES)), model.normalize(x).numpy())
    np.testing.assert_allclose(found["features"], z[:, model.partition.kept], atol=2e-5, rtol=1e-5)
    np.testing.assert_allclose(found["logits"], logits, atol=2e-5, rtol=1e-5)


@pytest.mark.parametrize("pool", ["average", "flatten"])
def test_saving_is_what_the_whole_network_costs_more(pool):
    """Counted on the model of the same weights whose variant dimensions are free, and so are kept."""
    model = classifier(pool, Partition(3, 4, 5))
    whole = fold(classifier(pool, Partition(3, 0, 9)), SAMPLES)
    small = fold(model, SAMPLES)
    head = 4 * CLASSES  # the other head reads the variant dimensions too
    assert dropped(model) == Dropped(
        dimensions=4,
        parameters=whole.parameters - small.parameters - head,
        bytes=whole.parameters - small.parameters - head + 3 * 4,  # a bias has four bytes
        macs=whole.macs - small.macs - head,
    )


def test_counts_every_parameter_of_the_classifier_that_is_left():
    model = classifier("average", Partition(3, 0, 9))
    trained = sum(p.numel() for p in model.parameters())
    norms = sum(block.norm.num_features for block in model.encoder.blocks)  # gain and offset become one bias
    assert fold(model, SAMPLES).parameters == trained - norms
