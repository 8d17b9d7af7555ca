"""A session: steps at their time, answers that add up, and what is shown of them."""

import io
import json
import math
from dataclasses import replace

import numpy as np
import pytest

from firmware_host.messages import Result
from firmware_host.monitoring import terminal
from firmware_host.monitoring.answers import Pairs, Reading, invariant_size, shares_of
from firmware_host.monitoring.messages import Press, Turn
from firmware_host.monitoring.shared import LATE_S
from firmware_host.monitoring.state import about, state
from scl.artifacts.decision import Decision
from scl.belief import ONE
from tests.firmware_host.monitoring.parts import about_axis, reading


def test_a_turned_watch_sees_the_same_world_from_its_own_axes(session):
    """Turned by 90 degrees about z, the watch's x axis points where its y axis did, so x reads what y has read."""
    assert session.job(0, 0).moved is None
    session.order(about_axis((0, 0, 1), 90))
    job = session.job(0, 1)
    for first in (0, 3):
        np.testing.assert_array_equal(job.moved[:, first], job.plain[:, first + 1])
        np.testing.assert_array_equal(job.moved[:, first + 1], -job.plain[:, first])
        np.testing.assert_array_equal(job.moved[:, first + 2], job.plain[:, first + 2])
    session.order(Turn("turn", (-1.0, 0.0, 0.0, 0.0)))
    assert session.job(0, 2).moved is None


def test_steps_come_at_their_time_and_by_buttons(session):
    clock = session.now
    first = session.job(0, 0)
    assert first.step.number == 0
    clock.seconds = 2.49
    session.order(about_axis((1, 0, 0), 10))
    assert session.job(0, first.serial).step.number == 0
    clock.seconds = 2.5
    assert session.job(0, 2).step.number == 1
    session.order(Press("press", "pause"))
    clock.seconds = 60.0
    assert session.job(0, 3).step.number == 1 and state(session)["paused"]
    session.order(Press("press", "step"))
    job = session.job(0, 4)
    assert (job.step.number, job.turn) == (2, 2)
    session.order(Press("press", "restart"))
    job = session.job(0, job.serial)
    assert (job.step.number, job.turn) == (0, 3)
    session.order(Press("press", "play"))
    for wanted in (*range(1, 12), 0):
        clock.seconds += 2.5
        job = session.job(0, job.serial)
        assert job.step.number == wanted
    session.end()
    assert session.job(0, 0) is None


def test_answers_add_up_to_a_consistency(session):
    job = session.job(0, 0)
    session.take(0, job, reading(0), None)
    assert state(session)["boards"][0]["pairs"] == {"equal": 0, "compared": 0}
    for number, (code, plain) in enumerate(((0, 0), (1, 0), (0, 0), (-1, -1))):  # of abstention nothing holds
        session.order(about_axis((0, 0, 1), 10 * (number + 1)))
        session.take(0, session.current, reading(plain), reading(code))
    board = state(session)["boards"][0]
    assert board["pairs"] == {"equal": 2, "compared": 4} and board["holds"] is False
    assert [point[3] for point in board["points"]] == [None, True, False, True, False]
    assert board["right"] == {"right": 1, "known": 1}  # once for each step
    session.take(0, job, reading(0), reading(0, features=(0.6, 0.8, 0.0, 5.0, -5.0)))
    assert invariant_size(session.manifest) == 3
    assert state(session)["boards"][0]["similarity"] == 0.6
    assert Pairs(4, 2) == Pairs(compared=4, equal=2)


def test_a_pair_counts_once_for_each_orientation(session):
    """Orders that change nothing send the window again; that is no new pair."""
    pairs = session.seats[0].answered.pairs
    session.order(about_axis((0, 0, 1), 90))
    for order in (about_axis((0, 0, 1), 90), *(Press("press", button) for button in ("pause", "stop", "play"))):
        session.take(0, session.current, reading(), reading())
        session.order(order)
        assert (pairs.equal, pairs.compared) == (1, 1)
    session.order(about_axis((0, 0, 1), 91))
    session.take(0, session.current, reading(), reading(1))
    assert (pairs.equal, pairs.compared) == (1, 2)
    session.order(Press("press", "step"))
    session.take(0, session.current, reading(), reading())
    assert (pairs.equal, pairs.compared) == (2, 3)


def test_an_answer_in_words_and_shares(bundle):
    logits, features = np.array([30, -10, 29], np.int8), np.array([4, 14, -6, 4, 4], np.int8)
    found = Reading.of(Result(0, 1, 77, 7, 0, 0, features, logits), bundle.manifest)
    powers = [math.exp(0.1 * value) for value in (30, -10, 29)]
    np.testing.assert_allclose(found.shares, np.array(powers) / sum(powers))
    assert found.confidence == pytest.approx(powers[0] / sum(powers))
    assert (found.name, found.saturated, found.lead_off) == ("walking", True, False)
    np.testing.assert_allclose(found.features, [0.0, 1.0, -1.0, 0.0, 0.0])
    abstained = Reading.of(Result(0xFFFF, 2, 0, 7, 0xFFFF, 0, features, logits), bundle.manifest)
    assert (abstained.name, abstained.confidence, abstained.lead_off) == ("abstained", None, True)
    masks = replace(bundle.manifest, thresholds=(0, 0, 0))
    np.testing.assert_allclose(
        shares_of(np.array([0.0, 2.0, -2.0]), masks), [0.5, 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2))]
    )
    assert Reading.of(Result(2, 0, 0, 7, 2, 0, features, logits), masks).name == "jogging"
    assert Reading.of(Result(2, 0, 0, 7, 2, 0, features, logits), masks).confidence is None
    assert shares_of(np.zeros(3), replace(bundle.manifest, labels=())).size == 0


@pytest.mark.parametrize("decision", [Decision(2.0, None, 0.0), Decision(2.0, 60.0, 0.9)])
def test_a_fitted_temperature_is_in_the_confidence(bundle, decision):
    """That of the window by itself, in the board's integers, whatever is decided over time or unsure."""
    logits, features = np.array([30, -10, 29], np.int8), np.zeros(5, np.int8)
    deciding = replace(bundle.manifest, decision=decision)
    found = Reading.of(Result(0, 0, 77, 7, 0, 0, features, logits), deciding)
    powers = np.exp(0.1 * logits / 2.0)
    np.testing.assert_allclose(found.shares, powers / powers.sum())
    assert found.confidence == pytest.approx(powers[0] / powers.sum(), abs=2e-4)
    assert found.confidence * ONE == int(found.confidence * ONE)
    assert Reading.of(Result(0xFFFF, 2, 0, 7, 0xFFFF, 0, features, logits), deciding).confidence is None


def test_states_are_json_and_short(session):
    facts = json.loads(json.dumps(about(session), allow_nan=False))
    assert facts["turns"] and facts["shifts"] is None and facts["unmoved"] == ""
    assert [channel["unit"] for channel in facts["channels"]] == ["m/s^2"] * 3 + ["rad/s"] * 3
    now = json.loads(json.dumps(state(session), allow_nan=False))
    counts = session.current.plain
    np.testing.assert_allclose(now["signal"], 0.001 * counts.T, rtol=1e-3)
    assert now["label"] == "walking" and now["boards"][0]["link"] == "lost"


def test_a_late_answer_is_said(session):
    session.greeted(0, "fake")
    assert state(session)["boards"][0]["link"] == "ok"
    session.job(0, 0)
    session.now.seconds = LATE_S + 1
    board = state(session)["boards"][0]
    assert (board["link"], board["cause"]) == ("late", "no answer for 4 s")
    session.take(0, session.current, reading(), None)
    assert state(session)["boards"][0]["link"] == "ok"


def test_the_terminal_turns_the_watch_by_itself(session):
    from rich.console import Console

    moves = terminal.orders(session)
    for number in (1, 2, 3):
        w, x, y, z = next(moves).quaternion
        assert x == y == z and 2 * math.degrees(math.acos(w)) == pytest.approx(15 * number)
    session.greeted(0, "fake")
    session.take(0, session.job(0, 0), reading(1, share=0.75), reading(2, share=0.5))
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(terminal.rendered(session))
    text = console.export_text()
    assert all(part in text for part in ("jogging", "75%", "sitting", "50%", "flips", "0% (0 of 1)", "turns by itself"))
    assert "\\n" not in text and "jogging █████████···  75%" in text
    session.lost(0, "port fake: gone")
    console.print(terminal.rendered(session))
    assert "lost: port fake: gone" in console.export_text()
