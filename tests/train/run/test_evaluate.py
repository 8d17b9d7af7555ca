"""The figures of train.run.evaluate against loops over windows and copies."""

import numpy as np
import pytest
import torch

from scl.artifacts.run import Architecture
from scl.partition import Partition
from train.data.recordings import WindowSet
from train.model.encoder import Classifier
from train.run.evaluate import evaluate, predict
from train.transformations import Rotation

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
