"""The decision layer in integers: against the same in float64, written slowly, and by its properties."""

import math

import numpy as np
import pytest

from scl.belief import (
    MOST_CLASSES,
    MOST_SLOPE,
    ONE,
    UNSURE,
    BeliefFilter,
    DecisionSettings,
    decide_alone,
    decide_stream,
    settings_of,
)
from scl.decision import LOST, decide

BOUND = 2  # of a confidence, in 2^-15: what scl/belief.py says


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20)


def slowly(settings: DecisionSettings, logits: np.ndarray, abstains: np.ndarray) -> list[list[float]]:
    """The belief behind every window of one stream, (windows, classes), by the formula with logarithms and floats."""
    classes = logits.shape[1]
    belief, seen, rows = [1 / classes] * classes, False, []
    stay = settings.stay / 65536
    for window, lost in zip(logits.tolist(), abstains.tolist(), strict=True):
        if settings.stay == 0:
            belief, seen = [1 / classes] * classes, False
        else:
            belief = [stay * b + (1 - stay) / (classes - 1) * (sum(belief) - b) for b in belief]
        if not lost:
            unit = (settings.evidence if seen else settings.slope) / 65536 * math.log(2)
            belief = [b * math.exp((logit - max(window)) * unit) for b, logit in zip(belief, window, strict=True)]
            seen = True
        belief = [b / sum(belief) for b in belief]
        rows.append(belief)
    return rows


def drawn(rng: np.random.Generator, windows: int, classes: int, kind: str) -> np.ndarray:
    if kind == "extremes":
        return rng.choice(np.array([-128, 127], np.int8), (windows, classes))
    if kind == "equal":
        return np.full((windows, classes), rng.integers(-128, 128), np.int8)
    logits = rng.integers(-128, 128, (windows, classes)) // (1 if kind == "wide" else 16)
    return logits.astype(np.int8)


@pytest.mark.parametrize("kind", ["wide", "narrow", "extremes", "equal"])
@pytest.mark.parametrize("classes", [2, 3, 18, 32])
def test_within_its_bound_of_real_numbers(rng: np.random.Generator, classes: int, kind: str) -> None:
    for slope, stay in ((9455, 0), (14773, 54613), (900, 60000), (200_000, 64881), (3000, 1)):
        settings = DecisionSettings(slope, max(1, slope // 4), stay, unsure=4000)
        logits, off = drawn(rng, 120, classes, kind), rng.random(120) < 0.05
        exact = np.array(slowly(settings, logits, off))
        found = decide_stream(settings, logits, off)
        margins = np.diff(np.sort(exact, axis=1)[:, -2:]).ravel()
        assert np.abs(found.confidences - exact.max(axis=1) * ONE)[~off].max() <= BOUND
        assert (found.answers[off] == LOST).all() and (found.confidences[off] == 0).all()
        clear = ~off & (margins * ONE > 4000 + BOUND)
        assert (found.answers == exact.argmax(axis=1))[clear].all()
        assert (found.answers[~off & (margins * ONE < 4000 - BOUND)] == UNSURE).all()


def test_without_a_filter_the_answer_is_the_largest_logit(rng: np.random.Generator) -> None:
    for slope in (1, 9455, MOST_SLOPE):
        logits = np.concatenate([drawn(rng, 200, 7, "wide"), drawn(rng, 200, 7, "narrow")])
        found = decide_alone(DecisionSettings(slope, slope), logits)
        assert found.answers.tolist() == decide(logits).tolist()
        assert decide_stream(DecisionSettings(slope, 1), logits).answers.tolist() == found.answers.tolist()


def test_classes_in_another_order_are_answered_in_it(rng: np.random.Generator) -> None:
    settings = settings_of(0.7, 0.1, hop_s=2.5, window_s=10, bout_s=60, unsure=0.1)
    logits = rng.normal(0, 30, (300, 11)).clip(-128, 127).astype(np.int8)
    order = rng.permutation(11)
    first, second = decide_stream(settings, logits), decide_stream(settings, logits[:, order])
    assert first.confidences.tolist() == second.confidences.tolist()
    known = first.answers >= 0
    assert (second.answers >= 0).tolist() == known.tolist() and known.sum() > 100
    assert order[second.answers[known]].tolist() == first.answers[known].tolist()


def test_a_constant_input_converges(rng: np.random.Generator) -> None:
    settings = settings_of(1.0, 0.05, hop_s=10, window_s=10, bout_s=180)
    logits = np.tile(np.array([4, 0, -9, 2], np.int8), (400, 1))
    confidences = decide_stream(settings, logits).confidences
    assert (np.diff(confidences) >= 0).all() and (confidences[-100:] == confidences[-1]).all()
    # The fixed point of the recursion, by 10,000 steps in float64.
    exact = slowly(settings, np.tile(logits[:1], (10_000, 1)), np.zeros(10_000, bool))[-1]
    assert abs(confidences[-1] - max(exact) * ONE) <= BOUND


@pytest.mark.parametrize("classes", [2, 4, 64])
def test_stay_of_one_in_n_is_no_filter(rng: np.random.Generator, classes: int) -> None:
    logits = drawn(rng, 200, classes, "wide")
    filtered = decide_stream(DecisionSettings(9455, 9455, 65536 // classes), logits)
    alone = decide_alone(DecisionSettings(9455, 9455), logits)
    assert filtered.answers.tolist() == alone.answers.tolist()
    assert np.abs(filtered.confidences - alone.confidences).max() <= 1


@pytest.mark.parametrize("classes", [2, MOST_CLASSES])
def test_nothing_overflows_and_no_class_is_lost_for_good(classes: int) -> None:
    """Whatever was believed, and however strongly: with enough evidence another class is answered."""
    for stay in (1, 32768, 65535):
        belief = BeliefFilter(DecisionSettings(MOST_SLOPE, MOST_SLOPE, stay), (), classes)
        for target in (0, classes - 1, 0):
            logits = np.full(classes, -128, np.int8)
            logits[target] = 127
            for _ in range(50):
                found = belief.step(logits)
            assert (int(found.answers), int(found.confidences)) == (target, ONE)


def test_streams_side_by_side_are_those_one_by_one(rng: np.random.Generator) -> None:
    settings = settings_of(0.7, 0.1, hop_s=2.5, window_s=10, bout_s=30, unsure=0.3)
    logits, off = rng.integers(-128, 128, (40, 5, 6)).astype(np.int8), rng.random((40, 5)) < 0.1
    together = decide_stream(settings, logits, off)
    for stream in range(5):
        one = decide_stream(settings, logits[:, stream], off[:, stream])
        assert together.answers[:, stream].tolist() == one.answers.tolist()
        assert together.confidences[:, stream].tolist() == one.confidences.tolist()


def test_a_reset_forgets(rng: np.random.Generator) -> None:
    settings = settings_of(0.7, 0.1, hop_s=10, window_s=10, bout_s=60)
    belief, logits = BeliefFilter(settings, (), 6), drawn(rng, 30, 6, "narrow")
    before = [belief.step(window).confidences.item() for window in logits]
    changed = [belief.step(window).confidences.item() for window in logits]
    belief.reset()
    assert [belief.step(window).confidences.item() for window in logits] == before != changed


def test_settings_follow_bout_hop_and_temperature() -> None:
    settings = settings_of(0.5, 0.125, hop_s=2.5, window_s=10, bout_s=100, unsure=0.5)
    assert abs(settings.slope / 65536 - 0.25 / math.log(2)) < 1e-5
    assert abs(settings.evidence / settings.slope - 0.25) < 1e-4
    assert abs(1 / (1 - settings.stay / 65536) - 40) < 0.05  # hops that a bout lasts on average
    assert settings.unsure == ONE // 2
    assert settings_of(1, 0.1, hop_s=20, window_s=10).evidence == settings_of(1, 0.1, hop_s=20, window_s=10).slope
    with pytest.raises(ValueError, match="a bout of 10 s is not longer than a hop of 10 s"):
        settings_of(1.0, 0.1, hop_s=10, window_s=10, bout_s=10)


@pytest.mark.parametrize(
    ("name", "value"),
    [("slope", 0), ("slope", MOST_SLOPE + 1), ("evidence", 0), ("stay", -1), ("stay", 65536), ("unsure", ONE + 1)],
)
def test_settings_out_of_range(name: str, value: int) -> None:
    with pytest.raises(ValueError, match=f"{name} is {value}, expected"):
        DecisionSettings(**({"slope": 1, "evidence": 1} | {name: value}))


def test_what_is_no_stream_of_logits() -> None:
    settings = DecisionSettings(1, 1)
    for classes in (1, MOST_CLASSES + 1):
        with pytest.raises(ValueError, match=f"{classes} classes, expected 2 to 256"):
            BeliefFilter(settings, (), classes)
    for logits in (np.zeros(3), np.zeros(4, np.int8), np.zeros((2, 3), np.int8)):
        with pytest.raises(ValueError, match=r"logits .*, expected int8 \(3,\)"):
            BeliefFilter(settings, (), 3).step(logits)
