"""Figures of strips by their worst beat, against loops over strips and shifts."""

import numpy as np
import pytest
import torch

from scl.artifacts.architecture import Architecture
from scl.partition import Partition
from train.data.strips import Strips
from train.model.encoder import Classifier
from train.run.evaluate import predict
from train.run.evaluate_strips import evaluate_strips
from train.run.summary import consistency_words
from train.transformations import headline

BEATS, STRIPS, SHIFTS = 400, 40, 3


def strips() -> Strips:
    rng = np.random.default_rng(2)
    first = 10 * np.arange(STRIPS) + np.arange(SHIFTS)[:, None]
    parts = np.stack([first, np.minimum(first + 9, BEATS)], axis=-1)
    parts[1, 3] = 31, 31  # one copy has no beat
    labels = np.repeat(rng.integers(0, 3, (1, STRIPS)), SHIFTS, axis=0)
    labels[2, ::7] = 1
    return Strips(rng.normal(size=(BEATS, 6, 1)).astype(np.float32), parts, labels, np.arange(STRIPS) % 4, (0, 30, 60))


def model() -> Classifier:
    torch.manual_seed(0)
    net = Classifier(Architecture((8,), (1,), (1,)), Partition(4, 3, 5), channels=6, samples=1, classes=3)
    with torch.no_grad():
        net.head.bias += torch.tensor([1.5, 0.0, -0.5])  # so that not every strip has a beat of the worst class
    return net


def test_figures_equal_loops() -> None:
    net, data = model(), strips()
    figures = evaluate_strips(net, data)
    z, logits = predict(net, torch.from_numpy(data.x))
    classes = logits.argmax(axis=1)

    def decides(shift: int, strip: int) -> int:
        first, last = data.parts[shift, strip]
        inside = range(first, last)
        return max(inside, key=lambda beat: (classes[beat], logits[beat].max()), default=-1)

    def answer(shift: int, strip: int) -> int:
        beat = decides(shift, strip)
        return int(classes[beat]) if beat >= 0 else -1

    pairs = [(shift, strip) for shift in (1, 2) for strip in range(STRIPS)]
    unchanged = [(t, s) for t, s in pairs if data.labels[t, s] == data.labels[0, s]]
    kept = [answer(t, s) == answer(0, s) for t, s in unchanged]
    assert 0 < np.mean(kept) < 1
    later = figures.transformed
    assert later.mean_consistency == pytest.approx(np.mean(kept))
    assert figures.accuracy == np.mean([answer(0, s) == data.labels[0, s] for s in range(STRIPS)])
    assert later.accuracy == pytest.approx(np.mean([answer(t, s) == data.labels[t, s] for t, s in pairs]))
    assert later.same_beat == pytest.approx(np.mean([decides(t, s) == decides(0, s) for t, s in pairs]))
    cosines = []
    for t, s in pairs:
        one, two = decides(0, s), decides(t, s)
        if t == 1 and two >= 0:
            a, b = z[one, :4], z[two, :4]
            cosines.append(a @ b / np.sqrt((a @ a) * (b @ b)))
    assert later.similarity["invariant"][0] == pytest.approx(np.mean(cosines), abs=1e-5)
    assert figures.confusion is not None and np.sum(figures.confusion) == STRIPS
    assert figures.retrieval is not None and (figures.retrieval.samples, figures.retrieval.gallery) == (60, STRIPS)


def test_they_are_read_again_and_said() -> None:
    figures = evaluate_strips(model(), strips())
    written = {"transformation": "shift", **figures.as_dict()}
    assert headline(written) == figures.transformed.headline
    assert "by record" in consistency_words(figures.transformed.headline, "record", None)
    (line,) = figures.transformed.sentences({})
    assert "the same beat decides" in line and "circular" not in line
