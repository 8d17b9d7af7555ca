"""The figures of train.run.evaluate against loops over windows and copies, under rotation and under shift."""

from dataclasses import asdict

import numpy as np
import pytest
import torch
from sklearn.metrics import roc_auc_score

from scl.artifacts.architecture import Architecture
from scl.partition import Partition
from tests.train.run.shifted import SHIFT, cuts, shift_model
from train.data.recordings import WindowSet
from train.model.encoder import Classifier
from train.run.evaluate import evaluate, evaluate_others, macro_auc, predict, where_others_go
from train.transformations import Rotation, headline

DRAWS, SEED = 3, 5


def model() -> Classifier:
    """Untrained, but with latents centred on `windows`: otherwise every answer is the same class."""
    torch.manual_seed(0)
    net = Classifier(Architecture((8,), (2,), 5), Partition(4, 3, 5), channels=6, samples=20, classes=3)
    with torch.no_grad():
        net.encoder.latent.bias -= torch.from_numpy(predict(net, torch.from_numpy(windows().x))[0].mean(axis=0))
        net.head.bias.zero_()
    return net


def windows(groups: int = 4) -> WindowSet:
    rng = np.random.default_rng(1)
    x = rng.normal(size=(30, 6, 20)).astype(np.float32)
    return WindowSet(x, rng.integers(0, 3, 30), np.arange(30) % groups)


def test_transformed_figures_equal_loops() -> None:
    net, data = model(), windows()
    figures = evaluate(net, data, Rotation(), DRAWS, SEED).as_dict()
    net.eval()
    generator = torch.Generator().manual_seed(SEED)
    x = torch.from_numpy(data.x)
    copies = [Rotation()(x, torch.zeros(len(x)), generator)[0] for _ in range(DRAWS)]
    same, right, cosines = [], [], {name: [] for name in ("invariant", "variant", "free")}
    with torch.no_grad():
        for copy in copies:
            for i in range(len(x)):
                (z,), (logits,) = net(x[i : i + 1])
                (z_t,), (logits_t,) = net(copy[i : i + 1])
                same.append(int(logits.argmax()) == int(logits_t.argmax()))
                right.append(int(logits_t.argmax()) == data.labels[i])
                for name, part in (("invariant", slice(0, 4)), ("variant", slice(4, 7)), ("free", slice(7, 12))):
                    a, b = z[part].double(), z_t[part].double()
                    cosines[name].append(float(a @ b / (a.norm() * b.norm())))
    turned = figures["rotation"]
    assert 0 < np.mean(same) < 1  # neither always nor never: otherwise this compares nothing
    assert turned["consistency"] == pytest.approx(np.mean(same))
    assert turned["accuracy"] == pytest.approx(np.mean(right))
    for name, values in cosines.items():
        assert turned["similarity"][name] == pytest.approx(np.mean(values), abs=1e-5)
    assert turned["draws"] == DRAWS and figures["windows"] == 30 and figures["subjects"] == 4


def test_collapse_is_read_from_the_invariant_dimensions() -> None:
    net = model()
    with torch.no_grad():
        net.encoder.latent.weight[:4] = 0  # every window has the same invariant features
        net.encoder.latent.bias[:4] = 1
    figures = evaluate(net, windows(), Rotation(), 1, SEED).as_dict()
    assert figures["negative_similarity"] == pytest.approx(1) and figures["effective_rank"] == 0


def test_one_subject_has_no_interval() -> None:
    assert evaluate(model(), windows(groups=1), Rotation(), 1, SEED).transformed.headline.consistency_ci95 is None


def test_same_seed_same_figures_and_another_seed_other_rotations() -> None:
    net, data = model(), windows()
    first = evaluate(net, data, Rotation(), 1, 0)
    assert evaluate(net, data, Rotation(), 1, 0) == first != evaluate(net, data, Rotation(), 1, 1)


def test_prediction_does_not_depend_on_the_batch() -> None:
    net, x = model(), torch.from_numpy(windows().x)
    whole, parts = predict(net, x), predict(net, x, batch_size=7)
    assert np.allclose(whole[0], parts[0], atol=1e-6) and np.allclose(whole[1], parts[1], atol=1e-6)


def test_figures_of_groups_are_those_of_the_same_copies() -> None:
    """Classes 0 and 2 as one: the share of the windows whose answer is in the true class's group."""
    net, data = model(), windows()
    found = evaluate(net, data, Rotation(), DRAWS, SEED, numbers=np.array([0, 1, 0])).label_groups
    generator, x = torch.Generator().manual_seed(SEED), torch.from_numpy(data.x)
    copies = [Rotation()(x, torch.zeros(len(x)), generator)[0] for _ in range(DRAWS)]
    right = [(predict(net, view)[1].argmax(axis=1) == 1) == (data.labels == 1) for view in (x, *copies)]
    assert found is not None and found.accuracy == pytest.approx(np.mean(right[0]))
    assert found.accuracy_transformed == pytest.approx(np.mean(right[1:]))
    assert "label_groups" not in evaluate(net, data, Rotation(), DRAWS, SEED).as_dict()


def test_the_curve_equals_loops() -> None:
    net, data = shift_model(), cuts()
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
    net, data = shift_model(), cuts()
    found = asdict(evaluate_others(net, data, SHIFT, 4)["shift_circular"])
    x = torch.from_numpy(data.x[:, :, 2:42])
    z = predict(net, x)[0][:, :4]
    z_t = predict(net, torch.roll(x, -6, 2))[0][:, :4]
    expected = np.mean(np.sum(z * z_t, axis=1) / np.linalg.norm(z, axis=1) / np.linalg.norm(z_t, axis=1))
    assert found["kind"] == "circular" and found["similarity"]["invariant"][-1] == pytest.approx(expected, abs=1e-5)
    assert found["changed_labels"]["share"] == 0


def test_where_other_classes_go() -> None:
    net, data = shift_model(), cuts()
    counts = where_others_go(net, data, ("a", "b", "c"), SHIFT)
    classes = predict(net, torch.from_numpy(data.x[:, :, 2:42]))[1].argmax(axis=1)
    assert counts == {n: [int(np.sum(classes[data.labels == i] == c)) for c in range(3)] for i, n in enumerate("abc")}


def test_macro_auc_is_scikit_learns_over_the_labels_that_vary() -> None:
    rng = np.random.default_rng(0)
    labels, logits = rng.integers(0, 4, 100), rng.normal(size=(100, 3))  # bit 2 never set
    expected = np.mean([roc_auc_score(labels >> i & 1, logits[:, i]) for i in range(2)])
    assert macro_auc(labels, logits) == pytest.approx(expected)
    assert macro_auc(np.zeros(100, int), logits) is None
    figures = evaluate(shift_model(), cuts(multilabel=True), SHIFT, 2, 0).as_dict()
    assert 0 <= figures["macro_auc"] <= 1 and "confusion" not in figures
