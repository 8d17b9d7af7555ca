import numpy as np
import pytest
from sklearn.metrics import confusion_matrix, f1_score

from scl import metrics
from scl.ec57.inter_patient import inter_patient, resampled
from scl.ec57.statistics import qrs_tally


def labelled(seed: int, records: int = 8) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Classes of the reference and of the device 0 .. 4 (NSVFQ), -1 for no beat, and records; every class in each."""
    rng = np.random.default_rng(seed)
    groups = np.repeat(np.arange(records), 200)
    labels = rng.choice([0, 1, 2, 3, 4, -1], p=[0.6, 0.1, 0.15, 0.05, 0.05, 0.05], size=len(groups))
    wrong = rng.random(len(groups)) < 0.2 * rng.random(records)[groups]
    answers = np.where(wrong, rng.integers(-1, 5, size=len(groups)), labels)
    return labels, answers, groups


def matrices(labels: np.ndarray, answers: np.ndarray, groups: np.ndarray) -> list[np.ndarray]:
    counts = np.zeros((groups.max() + 1, 7, 7), np.int64)
    np.add.at(counts, (groups, np.where(labels < 0, 5, labels), np.where(answers < 0, 5, answers)), 1)
    return list(counts)


def test_figures_equal_scikit_learn_on_matched_beats_of_three_classes() -> None:
    labels, answers, groups = labelled(0)
    found = inter_patient(matrices(labels, answers, groups))
    kept = (labels >= 0) & (labels < 3) & (answers >= 0)
    f1 = f1_score(labels[kept], answers[kept], labels=[0, 1, 2], average=None)
    assert found.f1 == pytest.approx(f1) and found.macro_f1 == pytest.approx(f1.mean())
    everything = confusion_matrix(labels[kept], np.minimum(answers[kept], 3), labels=[0, 1, 2, 3])
    assert np.array(found.confusion).tolist() == everything[:3].tolist()


def test_intervals_equal_those_of_the_metrics_over_beats() -> None:
    """`scl.metrics` resamples the same records of the same labels, beat by beat."""
    labels, answers, groups = labelled(1)
    counts = matrices(labels, answers, groups)
    kept = (labels >= 0) & (labels < 3) & (answers >= 0)
    answered = np.where(answers < 3, answers, -1)
    expected = metrics.macro_f1_interval(labels[kept], answered[kept], groups[kept])
    assert inter_patient(counts).macro_f1_ci95 == pytest.approx(expected)

    beats = labels >= 0
    expected = metrics.cluster_interval((answers[beats] >= 0).astype(float), groups[beats])
    found = resampled(np.stack(counts), lambda sums: qrs_tally(sums)[0] / qrs_tally(sums)[:2].sum(axis=0))
    assert found == pytest.approx(expected)


def test_a_class_that_the_reference_lacks_is_left_out_of_the_mean() -> None:
    counts = np.zeros((7, 7), np.int64)
    counts[0, 0], counts[0, 1], counts[2, 2] = 8, 2, 4
    found = inter_patient([counts])
    assert found.f1 == pytest.approx((16 / 18, 0.0, 1.0)) and found.macro_f1 == pytest.approx((16 / 18 + 1) / 2)
    counts[0, 1] = 0
    assert inter_patient([counts]).f1 == (1.0, None, 1.0)
    nothing = inter_patient([np.zeros((7, 7), np.int64)] * 2)
    assert nothing.macro_f1 is None and nothing.macro_f1_ci95 is None


def test_missed_extra_fusion_and_unclassifiable_beats_do_not_change_it() -> None:
    counts = matrices(*labelled(2))
    more = [one.copy() for one in counts]
    for one in more:
        one[3:, :] += 7
        one[:, 5:] += 7
    assert inter_patient(more).macro_f1 == inter_patient(counts).macro_f1


def test_a_single_record_has_no_interval() -> None:
    assert inter_patient(matrices(*labelled(3, records=1))).macro_f1_ci95 is None
