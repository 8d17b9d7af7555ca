"""robustness against loops over pairs, and figures of several labels against scikit-learn."""

import numpy as np
import pytest
from sklearn.metrics import f1_score

from scl import metrics
from scl.decision import LOST, UNKNOWN
from scl.robustness import robustness

RNG = np.random.default_rng(0)
LABELS = np.tile(RNG.integers(0, 3, 60), (4, 1))
LABELS[1:, ::7] = (LABELS[1:, ::7] + 1) % 3  # labels that the copies change
CLASSES = RNG.integers(-1, 3, (4, 60))
GROUPS = np.arange(60) // 10


def test_every_figure_is_a_count_of_pairs() -> None:
    result = robustness(LABELS, CLASSES, GROUPS)
    copies = result.transformed
    assert copies is not None
    same, kept, followed, changed = [], [], [], []
    for copy in (1, 2, 3):
        for n in range(60):
            agrees = CLASSES[copy, n] == CLASSES[0, n] and CLASSES[0, n] != -1
            same.append(agrees)
            if LABELS[copy, n] == LABELS[0, n]:
                kept.append(agrees)
            else:
                changed.append(1)
                followed.append(CLASSES[copy, n] == LABELS[copy, n])
    assert result.accuracy == pytest.approx(np.mean(CLASSES[0] == LABELS[0]))
    assert copies.consistency == pytest.approx(np.mean(kept))
    assert copies.consistency_all_pairs == pytest.approx(np.mean(same))
    assert copies.changed_labels.share == pytest.approx(len(changed) / 180)
    assert copies.changed_labels.followed == pytest.approx(np.mean(followed))
    assert copies.accuracy == pytest.approx(np.mean(CLASSES[1:] == LABELS[1:]))
    scores = [
        f1_score(LABELS[copy], CLASSES[copy], labels=[0, 1, 2], average="macro", zero_division=0) for copy in (1, 2, 3)
    ]
    assert copies.macro_f1 == pytest.approx(np.mean(scores))
    assert copies.consistency_ci95 is not None
    low, high = copies.consistency_ci95
    assert low <= copies.consistency <= high
    assert [copy.lost for copy in copies.per_copy] == (CLASSES[1:] == -1).sum(axis=1).tolist()


def test_a_single_group_has_no_interval_and_windows_alone_no_consistency() -> None:
    copies = robustness(LABELS, CLASSES, np.zeros(60)).transformed
    assert copies is not None and copies.consistency_ci95 is None
    assert robustness(LABELS[:1], CLASSES[:1], GROUPS).transformed is None


def test_unknown_labels_leave_the_consistency_of_all_pairs() -> None:
    result = robustness(np.full((4, 60), UNKNOWN), CLASSES, GROUPS)
    copies, known = result.transformed, robustness(LABELS, CLASSES, GROUPS).transformed
    assert result.accuracy is result.macro_f1 is None and copies is not None and known is not None
    assert copies.accuracy is copies.macro_f1 is copies.per_copy[0].accuracy is None
    assert copies.consistency == copies.consistency_all_pairs == known.consistency_all_pairs
    assert copies.changed_labels.share == 0 and copies.changed_labels.followed is None


def test_nothing_left_unchanged_is_not_known() -> None:
    labels = np.array([[0, 1], [1, 0]])
    copies = robustness(labels, np.zeros((2, 2), int), np.arange(2)).transformed
    assert copies is not None and copies.consistency is None and copies.consistency_all_pairs == 1.0
    assert copies.changed_labels.share == 1 and copies.changed_labels.followed == 0.5


def test_shapes_are_checked() -> None:
    with pytest.raises(ValueError, match="expected"):
        robustness(LABELS[:2], CLASSES, GROUPS)


def test_masks_equal_scikit_learns_multilabel_f1() -> None:
    truth, said = RNG.integers(0, 8, 200), RNG.integers(0, 8, 200)
    bits = [[[mask >> i & 1 for i in range(3)] for mask in masks] for masks in (truth, said)]
    assert metrics.macro_f1_of_masks(truth, said, 3) == pytest.approx(f1_score(*bits, average="macro"))
    assert metrics.macro_f1_of_masks(truth, np.full(200, LOST), 3) == 0.0  # wrong about every label
    with pytest.raises(ValueError, match="none"):
        metrics.macro_f1_of_masks(np.zeros(3, int), np.zeros(3, int), 2)


def test_retrieval_against_sorting() -> None:
    gallery = RNG.normal(size=(700, 5))
    queries = gallery + 0.8 * RNG.normal(size=gallery.shape)
    groups = np.arange(700) // 100
    found = metrics.retrieval(queries, gallery, groups)
    ranks, hits = [], []
    for n, query in enumerate(queries):
        cosines = [query @ key / np.linalg.norm(query) / np.linalg.norm(key) for key in gallery]
        order = sorted(range(700), key=lambda i: -cosines[i])
        ranks.append(order.index(n) + 1)
        hits.append(groups[order[0]] == groups[n])
    assert found["recall_at_1"] == pytest.approx(np.mean(np.array(ranks) == 1))
    assert found["recall_at_5"] == pytest.approx(np.mean(np.array(ranks) <= 5))
    assert found["mean_reciprocal_rank"] == pytest.approx(np.mean(1 / np.array(ranks)))
    assert found["same_group_at_1"] == pytest.approx(np.mean(hits))


def test_a_collapsed_latent_retrieves_nothing() -> None:
    same = np.ones((50, 4))
    found = metrics.retrieval(same, same, np.arange(50))
    assert found["recall_at_1"] == found["recall_at_5"] == 0 and found["mean_reciprocal_rank"] == pytest.approx(1 / 50)


def test_interval_of_macro_f1() -> None:
    """Each cluster resampled in a loop gives the same quantiles; against itself a model gains nothing."""
    labels, found = RNG.integers(0, 3, 300), RNG.integers(-1, 3, 300)
    clusters = RNG.integers(0, 12, 300)
    low, high = metrics.macro_f1_interval(labels, found, clusters)
    draws = np.random.default_rng(0).integers(0, 12, size=(2000, 12))
    scores = []
    for draw in draws[:300]:
        rows = np.concatenate([np.flatnonzero(clusters == c) for c in draw])
        scores.append(metrics.macro_f1(labels[rows], found[rows]))
    assert np.quantile(scores, 0.025) == pytest.approx(low, abs=0.01)
    assert np.quantile(scores, 0.975) == pytest.approx(high, abs=0.01)
    assert metrics.macro_f1_interval(labels, found, clusters, minus=found) == (0.0, 0.0)
    with pytest.raises(ValueError, match="at least 2"):
        metrics.macro_f1_interval(labels, found, np.zeros(300))


def test_per_class_by_hand() -> None:
    matrix = metrics.confusion(np.array([0, 0, 1, 2, 0]), np.array([0, 1, 1, 1, -1]), 3)
    assert matrix.tolist() == [[1, 1, 0, 1], [0, 1, 0, 0], [0, 1, 0, 0]]
    rows = metrics.per_class(matrix)
    assert rows[0] == {"windows": 3, "precision": 1.0, "recall": pytest.approx(1 / 3), "f1": pytest.approx(0.5)}
    assert rows[1] == {"windows": 1, "precision": pytest.approx(1 / 3), "recall": 1.0, "f1": pytest.approx(0.5)}
    assert rows[2] == {"windows": 1, "precision": None, "recall": 0.0, "f1": 0.0}
