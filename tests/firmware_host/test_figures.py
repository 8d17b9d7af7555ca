"""Figures against counts made by hand and slow loops."""

import math
from dataclasses import replace

import numpy as np
import pytest

from firmware_host.figures import Answers, parity, spread_ms, summary
from firmware_host.messages import ABSTAIN, Result
from firmware_host.outcome import Outcome
from firmware_host.parity import Parity
from firmware_host.validation import Latency
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.golden import read_golden
from scl.belief import UNSURE, Decisions
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF
from scl.robustness import ChangedLabels


@pytest.fixture
def bundle(fake_bundle):
    return read_run_bundle(fake_bundle)


@pytest.fixture
def golden(bundle):
    return read_golden(bundle)


def none(golden):
    """Of a model without decisions: the classes."""
    return Decisions(golden.predictions, np.zeros_like(golden.predictions))


def outcome_of(golden, lost=()):
    """The golden outputs as if a board had sent them, with some flat indices lost."""
    results = [
        Result(int(logits.argmax()), index % 2, int(crc), 0, int(logits.argmax()), 0, features, logits)
        for index, (features, logits, crc) in enumerate(
            zip(golden.features.reshape(36, 5), golden.logits.reshape(36, 3), golden.input_crc32.ravel(), strict=True)
        )
    ]
    for index in lost:
        results[index] = None
    return Outcome(results, [math.nan if result is None else 0.01 for result in results], [1] * 36)


def test_golden_answers_are_exact_but_for_flags(golden):
    """Every other answer comes with a flag that is not in the golden set."""
    answers = Answers.of(outcome_of(golden), golden)
    assert answers.answered.all()
    assert (answers.predictions == golden.predictions).all()
    assert (answers.flags.ravel() == np.arange(36) % 2).all()
    assert parity(answers, golden, none(golden)) == Parity(36, 0, 0, 0, 0, 0, 0, flags_off=18, decisions_off=0)


def test_differences_are_counted_where_they_are(golden):
    """-128 against 127 is 255 steps, not 1."""
    golden.features[0, 0, 2], golden.logits[1, 3, 1] = -128, 5
    outcome = outcome_of(golden, lost=[7])
    answers = Answers.of(outcome, golden)
    answers.features[0, 0, 2] = 127
    answers.logits[1, 3, 1] = 3
    answers.input_crc32[2, 2] ^= 1
    answers.input_crc32[0, 7] ^= 1  # lost: not compared
    answers.predictions[2, 11] = (golden.predictions[2, 11] + 1) % 3
    answers.confidences[1, 1] = 3
    answers.decided[1, 2] = UNSURE
    answers.decided[0, 7] = 9  # lost: not compared
    found = parity(answers, golden, none(golden))
    assert found.decisions_off == 2
    assert (found.compared, found.windows_off) == (35, 2)
    assert (found.max_lsb, found.features_max_lsb, found.logits_max_lsb) == (255, 255, 2)
    assert (found.input_crc32_off, found.predictions_off) == (1, 1)


def test_nothing_answered(bundle, golden):
    """No figure is NaN, and nothing counts as right."""
    answers = Answers.of(outcome_of(golden, lost=range(36)), golden)
    assert parity(answers, golden, none(golden)).max_lsb is None
    figures = summary(bundle.manifest, golden, answers.predictions, answers.features)
    assert figures.accuracy == figures.accuracy_transformed == figures.consistency == 0
    assert figures.similarity_invariant == 0
    assert figures.negative_similarity is None and figures.effective_rank is None
    assert spread_ms(answers.latency_s) == Latency(None, None, None)


def test_summary_against_loops(bundle, golden):
    """Window 5 lost as an original, window 2 in the second copy."""
    answers = Answers.of(outcome_of(golden, lost=[5, 24 + 2]), golden)
    predictions, labels = answers.predictions, golden.labels
    figures = summary(bundle.manifest, golden, predictions, answers.features)
    right = [[predictions[t, w] == labels[t, w] for w in range(12)] for t in range(3)]
    same = [
        [t_w not in [(1, 5), (2, 5), (2, 2)] and predictions[t_w] == predictions[0, t_w[1]] for t_w in row]
        for row in pairs()
    ]
    cosines = [
        [cosine(bundle, golden, t, w) if (t, w) not in [(1, 5), (2, 5), (2, 2)] else 0.0 for t, w in row]
        for row in pairs()
    ]
    assert figures.accuracy == pytest.approx(sum(right[0]) / 12)
    assert figures.accuracy_transformed == pytest.approx(sum(map(sum, right[1:])) / 24)
    assert figures.consistency == pytest.approx(sum(map(sum, same)) / 24)
    assert figures.similarity_invariant == pytest.approx(np.mean(cosines))
    assert [entry.transform for entry in figures.per_transform] == ["rotation 1", "rotation 2"]
    assert [entry.consistency for entry in figures.per_transform] == pytest.approx([sum(row) / 12 for row in same])
    assert [entry.similarity_invariant for entry in figures.per_transform] == pytest.approx(np.mean(cosines, axis=1))
    assert [entry.lost for entry in figures.per_transform] == [0, 1]
    low, high = figures.consistency_ci95
    assert 0 <= low <= figures.consistency <= high <= 1


def pairs():
    return [[(t, w) for w in range(12)] for t in (1, 2)]


def cosine(bundle, golden, transform, window):
    """Of the first three features (the invariant ones), in SI of the latent: (q - 4) * 0.1."""
    a, b = (np.array([(int(q) - 4) * 0.1 for q in golden.features[t, window, :3]]) for t in (0, transform))
    return float(a @ b / math.sqrt(a @ a) / math.sqrt(b @ b))


def test_originals_only(bundle, golden):
    """A bundle without copies has accuracy but no consistency."""
    figures = summary(bundle.manifest, golden, golden.predictions[:1], golden.features[:1])
    assert figures.accuracy is not None
    assert figures.consistency is None and figures.consistency_ci95 is None
    assert figures.accuracy_transformed is None and figures.per_transform == ()


def test_changed_labels_are_judged_apart(bundle, golden):
    """A copy whose true label changed is not asked to keep its class: it is right to follow."""
    predictions = np.zeros((3, 12), np.int64)
    predictions[1, 4], predictions[2, 6] = 1, 2
    golden.labels[:] = 0
    golden.labels[1, 4] = golden.labels[1, 5] = 1
    figures = summary(bundle.manifest, golden, predictions, golden.features)
    assert figures.consistency == pytest.approx(21 / 22)  # of 22 unchanged pairs only (2, 6) moved
    assert figures.consistency_all_pairs == pytest.approx(22 / 24)
    assert figures.changed_labels == ChangedLabels(pytest.approx(2 / 24), 0.5)
    assert [entry.consistency for entry in figures.per_transform] == [1.0, pytest.approx(11 / 12)]


def test_an_abstaining_board_is_wrong(bundle, golden):
    outcome = outcome_of(golden)
    outcome.results[3] = replace(outcome.results[3], predicted=ABSTAIN, flags=LEAD_OFF)
    golden.flags[0, 3] = LEAD_OFF
    answers = Answers.of(outcome, golden)
    assert answers.answered.all() and answers.predictions[0, 3] == LOST == golden.predictions[0, 3]
    golden.labels[:, 3] = golden.logits[0, 3].argmax()  # the network was right
    figures = summary(bundle.manifest, golden, answers.predictions, answers.features)
    rest = [w for w in range(12) if w != 3]
    assert figures.accuracy == pytest.approx((golden.predictions[0] == golden.labels[0])[rest].sum() / 12)
    assert figures.consistency == pytest.approx((answers.predictions[1:] == answers.predictions[0])[:, rest].sum() / 24)


def test_masks_of_several_labels(bundle, golden):
    """Thresholds make each logit a label of its own; the class is the mask."""
    several = replace(golden, thresholds=(0, 5, -128))
    masks = sum((golden.logits[..., i] >= t).astype(int) << i for i, t in enumerate([0, 5, -128]))
    assert (several.predictions == masks).all() and (masks & 4).all()
    several.labels[:] = masks
    figures = summary(bundle.manifest, several, several.predictions, several.features)
    assert figures.accuracy == figures.macro_f1 == 1.0


def test_one_subject_has_no_interval(bundle, golden):
    golden.groups[:] = 7
    assert summary(bundle.manifest, golden, golden.predictions, golden.features).consistency_ci95 is None


def test_latency():
    assert spread_ms(np.array([0.003, math.nan, 0.001, 0.002])) == Latency(
        pytest.approx(1), pytest.approx(2), pytest.approx(2.9)
    )
