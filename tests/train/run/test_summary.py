"""What a summary says."""

import numpy as np
import pytest
import torch

from scl.artifacts.architecture import Architecture
from scl.artifacts.run import InputSteps, Normalisation, WindowInfo
from scl.frontend.invariants import names
from scl.partition import Partition
from tests.run_info import run_info
from tests.train.run.shifted import SHIFT, cuts, shift_model
from train.data.recordings import WindowSet
from train.model.encoder import Classifier
from train.run.evaluate import evaluate, evaluate_others, predict
from train.run.summary import Metrics, summary
from train.transformations import Rotation


def test_the_summary_names_what_a_shift_does() -> None:
    data = cuts()
    window = WindowInfo(SHIFT.samples, 180.0, ("ecg",), ("mV",))
    info = run_info(
        *(Architecture(), Partition(4, 4, 4), window, ("N", "S", "V")), task="beat", transformation=SHIFT.describe()
    )
    evaluation, others = evaluate(shift_model(), data, SHIFT, 4, 0), evaluate_others(shift_model(), data, SHIFT, 4)
    text = summary(Metrics(info, evaluation, others, {"F": [3, 0, 1]}, ("look out",)))
    for part in ("under shift", "Se/PPV", "recall at 1", "change their label", "3 as N, 0 as S, 1 as V", "look out"):
        assert part in text


@pytest.mark.parametrize("invariant", [True, False])
def test_a_consistency_that_no_weights_can_change_is_said_to_be_by_construction(invariant: bool) -> None:
    """An untrained encoder of invariants answers alike under every rotation, one of raw channels does not."""
    torch.manual_seed(0)
    shape, hz = (Architecture((8,), (2,), 5), Partition(4, 4, 4)), 20.0 if invariant else None
    net = Classifier(*shape, channels=6, samples=40, classes=3, invariant_hz=hz)
    rng = np.random.default_rng(0)
    data = WindowSet(rng.normal(size=(60, 6, 40)).astype(np.float32), rng.integers(0, 3, 60), np.arange(60) % 4)
    with torch.no_grad():  # answers differ: latents are centred on the windows
        net.encoder.latent.bias -= torch.from_numpy(predict(net, torch.from_numpy(data.x))[0].mean(axis=0))
        net.head.bias.zero_()
    window = WindowInfo(40, 20.0, ("ax", "ay", "az", "gx", "gy", "gz"), ("m/s^2",) * 3 + ("rad/s",) * 3)
    inputs = len(names(6)) if invariant else 6
    steps = {
        "frontend": InputSteps(invariant=invariant),
        "normalisation": Normalisation((0.0,) * inputs, (1.0,) * inputs, 4.0),
    }
    info = run_info(*shape, window, ("a", "b", "c"), **steps)
    evaluation = evaluate(net, data, Rotation(), 4, 0)
    metrics = Metrics(info, evaluation)
    reason = "the input does not change under rotation"
    assert (f"consistency 1.000 (by construction: {reason})" in summary(metrics)) is invariant
    assert ("by subject)" in summary(metrics)) is not invariant
    assert metrics.by_construction == ({"rotation": reason} if invariant else {})
    assert (evaluation.transformed.headline.consistency == 1) is invariant
