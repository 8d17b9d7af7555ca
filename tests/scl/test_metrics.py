import numpy as np
import pytest
from sklearn.metrics import f1_score

from scl import metrics


def test_macro_f1_equals_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    for _ in range(20):
        labels, predictions = rng.integers(0, 6, 50), rng.integers(-1, 6, 50)
        expected = f1_score(labels, predictions, labels=np.unique(labels), average="macro", zero_division=0)
        assert metrics.macro_f1(labels, predictions) == pytest.approx(expected)
        assert metrics.accuracy(labels, predictions) == pytest.approx(np.mean(labels == predictions))


def test_cosine_by_hand_and_of_zero() -> None:
    a = np.array([[1.0, 0], [1, 1], [0, 0], [3, 4]])
    b = np.array([[0.0, 2], [2, 2], [1, 0], [-3, -4]])
    assert metrics.cosine(a, b) == pytest.approx([0, 1, 0, -1])


def test_negative_similarity_equals_all_pairs() -> None:
    z = np.random.default_rng(1).normal(size=(17, 5)) + 0.5
    z[3] = 0
    pairs = [metrics.cosine(z[i : i + 1], z[j : j + 1])[0] for i in range(17) for j in range(17) if i != j]
    assert metrics.negative_similarity(z) == pytest.approx(np.mean(pairs))
    assert metrics.negative_similarity(np.ones((5, 3))) == pytest.approx(1)
    assert metrics.negative_similarity(np.array([[1.0], [-1.0]])) == pytest.approx(-1)


def test_effective_rank_closed_forms() -> None:
    # Rows +-e_i are centred with k equal singular values: the effective rank is k.
    for k in (1, 3, 8):
        z = np.zeros((2 * k, 10))
        z[np.arange(k), np.arange(k)], z[k + np.arange(k), np.arange(k)] = 1, -1
        assert metrics.effective_rank(z) == pytest.approx(k)
    assert metrics.effective_rank(np.full((6, 4), 3.7)) == 0
    # Two singular values a and b: exp of the entropy of a / (a + b).
    z = np.array([[3.0, 0], [-3, 0], [0, 1], [0, -1]])
    assert metrics.effective_rank(z) == pytest.approx(np.exp(-(0.75 * np.log(0.75) + 0.25 * np.log(0.25))))


def test_consistency_counts_lost_windows_as_failures() -> None:
    original = np.array([0, 1, 2, -1])
    copies = np.array([[0, 1, 1, -1], [0, -1, 2, 0]])
    assert metrics.consistency(original, copies).mean(axis=0).tolist() == [1.0, 0.5, 0.5, 0.0]
    with pytest.raises(ValueError, match="classes"):
        metrics.consistency(original, copies[:, :3])


def test_cluster_interval_covers_the_truth_and_is_wider_than_one_that_ignores_clusters() -> None:
    """Values are a cluster's level plus noise: the mean of 20 clusters has a standard error of about 1 / sqrt(20)."""
    covered, widths, naive = 0, [], []
    for seed in range(120):
        rng = np.random.default_rng(seed)
        clusters = np.repeat(np.arange(20), 30)
        values = rng.normal(size=20)[clusters] + 0.3 * rng.normal(size=600)
        low, high = metrics.cluster_interval(values, clusters, resamples=400, seed=seed)
        covered += low <= 0 <= high
        widths.append(high - low)
        naive.append(3.92 * values.std() / np.sqrt(600))
    # A percentile bootstrap of 20 clusters covers a little less than 95 %: about 92 %.
    assert 0.86 <= covered / 120 <= 0.99
    assert np.mean(widths) == pytest.approx(3.92 / np.sqrt(20), rel=0.12)
    assert np.mean(widths) > 4 * np.mean(naive)


def test_cluster_interval_of_a_constant_and_bad_input() -> None:
    assert metrics.cluster_interval(np.full(6, 0.25), np.array([0, 0, 1, 1, 2, 2])) == (0.25, 0.25)
    with pytest.raises(ValueError, match="at least 2"):
        metrics.cluster_interval(np.ones(3), np.zeros(3))
    with pytest.raises(ValueError, match="same"):
        metrics.cluster_interval(np.ones(3), np.zeros(2))


def test_the_interval_of_a_difference_of_other_windows():
    """Of many clusters it is the normal one of two independent means; of equal values in each there is no width."""
    rng = np.random.default_rng(3)
    x, y, clusters = rng.normal(1.0, 1.0, 400), rng.normal(0.4, 2.0, 300), np.arange(400)
    low, high = metrics.difference_interval(x, clusters, y, clusters[:300])
    half = 1.96 * np.sqrt(x.var() / 400 + y.var() / 300)
    assert (low + high) / 2 == pytest.approx(x.mean() - y.mean(), abs=0.03)
    assert (high - low) / 2 == pytest.approx(half, rel=0.1)
    assert metrics.difference_interval(np.ones(4), [0, 0, 1, 1], np.zeros(4), [0, 1, 2, 3]) == (1, 1)
    with pytest.raises(ValueError, match="at least 2"):
        metrics.difference_interval(np.ones(4), np.zeros(4), np.zeros(4), np.arange(4))
