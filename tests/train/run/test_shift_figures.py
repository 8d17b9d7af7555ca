"""Figures under time shift against loops, losses of weighted and of several labels, and what training varies."""

import math
from dataclasses import asdict

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score
from torch.nn import functional

from scl.artifacts.run import Architecture, SensorChannels, WindowInfo
from scl.partition import Partition
from tests.run_info import run_info
from train.augment.variation import STRETCH_LIMITS, vary_ecg
from train.data.recordings import WindowSet
from train.model.encoder import Classifier
from train.run.config import TrainConfig
from train.run.evaluate import evaluate, evaluate_others, macro_auc, predict, where_others_go
from train.run.objective import task_loss
from train.run.summary import Metrics, summary
from train.transformations import Shift, headline

SHIFT = Shift(-2, 6, 40, 2.0)
CPU = torch.device("cpu")


def windows(multilabel: bool = False) -> WindowSet:
    rng = np.random.default_rng(2)
    x = rng.normal(size=(40, 1, 48)).astype(np.float32)
    labels_at = np.repeat(rng.integers(0, 8 if multilabel else 3, (40, 1)), 9, axis=1)
    labels_at[::5, 6:] = (labels_at[::5, 6:] + 1) % 3  # a late shift changes some
    return WindowSet(x, labels_at[:, 2], np.arange(40) % 5, labels_at, multilabel=multilabel)


def model() -> Classifier:
    torch.manual_seed(3)
    net = Classifier(Architecture((8,), (2,), 5, "flatten"), Partition(4, 3, 5), channels=1, samples=40, classes=3)
    with torch.no_grad():
        x, y = torch.from_numpy(windows().x), torch.from_numpy(windows().targets)
        net.encoder.latent.bias -= torch.from_numpy(predict(net, SHIFT.identity(x, y)[0])[0].mean(axis=0))
        net.head.bias.zero_()
    return net


def test_the_curve_equals_loops() -> None:
    net, data = model(), windows()
    figures = evaluate(net, data, SHIFT, 4, 0).as_dict()
    shifts = [-2, 2, 4, 6]
    assert SHIFT.grid(4) == shifts
    kept_all, followed = [], []
    for index, shift in enumerate(shifts):
        kept, right, cosines = [], [], []
        for n in range(40):
            cut = torch.from_numpy(data.x[n : n + 1])
            with torch.no_grad():
                (z,), (logits,) = net(cut[:, :, 2:42])
                (z_t,), (logits_t,) = net(cut[:, :, 2 + shift : 42 + shift])
            a, b = z[:4].double(), z_t[:4].double()
            cosines.append(float(a @ b / a.norm() / b.norm()))
            found, label = int(logits_t.argmax()), data.labels_at[n, 2 + shift]
            right.append(found == label)
            if label == data.labels[n]:
                kept.append(found == int(logits.argmax()))
            else:
                followed.append(found == label)
        kept_all += kept
        assert figures["shift"]["similarity"]["invariant"][index] == pytest.approx(np.mean(cosines), abs=1e-5)
        assert figures["shift"]["consistency"][index] == pytest.approx(np.mean(kept))
        low, high = figures["shift"]["consistency_ci95"][index]
        assert low <= np.mean(kept) <= high
    assert 0 < np.mean(kept_all) < 1 and followed
    found = figures["shift"]
    assert found["kind"] == "rewindow" and found["samples"] == [-4, 4, 8, 12]
    assert found["mean_consistency"] == pytest.approx(np.mean(kept_all))
    assert found["changed_labels"]["followed"] == pytest.approx(np.mean(followed))
    assert found["changed_labels"]["share"] == pytest.approx(len(followed) / 160)
    assert headline({"transformation": "shift", **figures}).consistency == found["mean_consistency"]
    assert figures["retrieval"]["samples"] == 12 and figures["retrieval"]["gallery"] == 40
    assert np.sum(figures["confusion"]) == 40


def test_circular_figures_are_of_rolled_windows() -> None:
    net, data = model(), windows()
    found = asdict(evaluate_others(net, data, SHIFT, 4)["shift_circular"])
    x = torch.from_numpy(data.x[:, :, 2:42])
    z = predict(net, x)[0][:, :4]
    z_t = predict(net, torch.roll(x, -6, 2))[0][:, :4]
    expected = np.mean(np.sum(z * z_t, axis=1) / np.linalg.norm(z, axis=1) / np.linalg.norm(z_t, axis=1))
    assert found["kind"] == "circular" and found["similarity"]["invariant"][-1] == pytest.approx(expected, abs=1e-5)
    assert found["changed_labels"]["share"] == 0


def test_where_other_classes_go() -> None:
    net, data = model(), windows()
    counts = where_others_go(net, data, ("a", "b", "c"), SHIFT)
    classes = predict(net, torch.from_numpy(data.x[:, :, 2:42]))[1].argmax(axis=1)
    assert counts == {n: [int(np.sum(classes[data.labels == i] == c)) for c in range(3)] for i, n in enumerate("abc")}


def test_macro_auc_is_scikit_learns_over_the_labels_that_vary() -> None:
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 4, 100), rng.normal(size=(100, 3))  # bit 2 never set
    expected = np.mean([roc_auc_score(labels >> i & 1, logits[:, i]) for i in range(2)])
    assert macro_auc(labels, logits) == pytest.approx(expected)
    assert macro_auc(np.zeros(100, int), logits) is None
    figures = evaluate(model(), windows(multilabel=True), SHIFT, 2, 0).as_dict()
    assert 0 <= figures["macro_auc"] <= 1 and "confusion" not in figures


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


def test_variation_scales_stretches_and_adds_noise_anew_each_time() -> None:
    """A sine keeps its shape, its frequency changes within the limits, its amplitude around one; draws differ."""
    t = np.arange(1800) / 180
    x = torch.from_numpy(np.tile(np.sin(2 * np.pi * 5 * t), (300, 1, 1)).astype(np.float32))
    varied = vary_ecg(x, torch.Generator().manual_seed(0)).numpy()[:, 0]
    spectrum = np.abs(np.fft.rfft(varied * np.hanning(1800), axis=1))
    frequency, amplitude = spectrum.argmax(axis=1) / 10, spectrum.max(axis=1) / (np.hanning(1800).sum() / 2)
    assert STRETCH_LIMITS[0] * 5 - 0.1 <= frequency.min() < 4 and 6 < frequency.max() <= STRETCH_LIMITS[1] * 5 + 0.1
    assert 0.13 < np.log(amplitude).std() < 0.3 and abs(np.median(np.log(amplitude))) < 0.08
    again = vary_ecg(x, torch.Generator().manual_seed(0)).numpy()[:, 0]
    np.testing.assert_array_equal(varied, again)
    assert len(np.unique(varied[:, 900])) == 300
    silent = vary_ecg(torch.zeros(200, 1, 1800), torch.Generator().manual_seed(1)).numpy()[:, 0]
    assert silent.std(axis=1).min() < 0.05 and 0.3 < silent.std(axis=1).max() < 0.7 / math.sqrt(3) + 0.02


def test_the_summary_names_what_a_shift_does() -> None:
    data = windows()
    window = WindowInfo(SHIFT.samples, 180.0, ("ecg",), ("mV",))
    info = run_info(
        *(Architecture(), Partition(4, 4, 4), window, ("N", "S", "V")),
        **{"task": "beat", "transformation": SHIFT.describe(), "sensors": (SensorChannels("ecg", (0,)),)},
    )
    evaluation, others = evaluate(model(), data, SHIFT, 4, 0), evaluate_others(model(), data, SHIFT, 4)
    text = summary(Metrics(info, evaluation, others, {"F": [3, 0, 1]}, ("look out",)))
    for part in ("under shift", "Se/PPV", "recall at 1", "change their label", "3 as N, 0 as S, 1 as V", "look out"):
        assert part in text
