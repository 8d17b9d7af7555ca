"""The board's own sensor: an activity in six positions."""

import json
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest

from firmware_host.calibration_file import NOMINAL_HASH
from firmware_host.message_error import MessageError
from firmware_host.messages import LiveAnswer
from firmware_host.monitoring import own as own_module
from firmware_host.monitoring.messages import Activity, Position, Press, parse
from firmware_host.monitoring.own import Own
from firmware_host.monitoring.own_state import about_own, state_own, verdict
from firmware_host.own_sensor import Block
from tests.bundles import LABELS, SAMPLES
from tests.firmware_host.monitoring.parts import Clock


def answer(number, code, dropped=0, end=None):
    logits = np.zeros(3, np.int8)
    logits[code] = 30
    end = 200 + 50 * number if end is None else end
    return LiveAnswer(number, end, dropped, code, 0, code, 0, np.zeros(5, np.int8), logits)


def test_an_activity_in_six_positions(bundle):
    """Right answers by the named activity, kept ones by the first position; a verdict from two activities."""
    own = Own(bundle.manifest, Clock())
    own.greeted(0, "fake")
    own.take_answer(answer(0, 2), 0)  # no activity is named yet
    assert not own.repeated and own.reading.name == "sitting"
    own.order(Activity("activity", 3))
    assert own.activity == ""
    end = 0
    for label, given in (("walking", [[0, 0, 1], [0], [1, 1]]), ("sitting", [[2], [2, 0], []])):
        own.order(Activity("activity", LABELS.index(label)))
        assert "No verdict" in verdict(own)
        for position, codes in enumerate(given):
            own.order(Position("position", position))
            own.take_block(Block(end, 0, np.zeros((16, 6), np.int16)))
            end += 16 + SAMPLES
            for code in codes:
                own.take_answer(answer(0, code, end=end), 3)
    walking, sitting = own.repeated["walking"], own.repeated["sitting"]
    assert (walking.answers, walking.right("Walking"), walking.kept) == (6, 3, (1, 3))
    assert (sitting.answers, sitting.right("sitting"), sitting.kept) == (3, 2, (1, 2))
    assert verdict(own) == (
        "Over 2 activities: 5 of 9 answers are right (56%), and 2 of 5 in the other positions are the first position's "
        "class (40%)."
    )
    shown = json.loads(json.dumps(state_own(own), allow_nan=False))
    assert shown["own"]["positions"] == ["sitting 1", "sitting 1, walking 1", "", "", "", ""]
    assert "10 answers, 3 lost on the line" in shown["place"]
    assert json.loads(json.dumps(about_own(own)))["own"] == 6
    own.order(Press("press", "restart"))
    assert not own.repeated


def test_an_answer_counts_when_all_of_its_window_came_behind_the_order(bundle):
    own = Own(bundle.manifest, Clock())
    own.greeted(0, "fake")
    own.take_block(Block(0, 0, np.zeros((16, 6), np.int16)))
    own.order(Activity("activity", 0))
    own.take_block(Block(16, 0, np.zeros((16, 6), np.int16)))
    for end in (200, 231):
        own.take_answer(answer(0, 1, end=end), 0)
    assert not own.repeated
    own.take_answer(answer(0, 0, end=32 + SAMPLES), 0)
    own.order(Position("position", 2))
    for end in (280, 330, 479):  # the first one behind the order tells where the board is
        own.take_answer(answer(0, 1, end=end), 0)
    own.take_answer(answer(0, 0, end=480), 0)
    assert [dict(classes) for classes in own.repeated["walking"].classes] == [
        *({"walking": 1}, {}, {"walking": 1}),
        *({}, {}, {}),
    ]


def test_a_label_is_chosen_by_its_number_whatever_it_is_written_with(bundle):
    labels = ("walking", "\x1b[31msitting", "jogging")
    own = Own(replace(bundle.manifest, labels=labels), Clock())
    assert state_own(own)["own"]["activity"] is None
    own.order(parse('{"kind": "activity", "number": 1}'))
    assert own.activity == labels[1] and state_own(own)["own"]["activity"] == 1
    own.order(parse('{"kind": "activity", "number": null}'))
    assert own.activity == ""


def test_a_board_whose_answer_cannot_be_is_told_to_end(bundle, monkeypatch):
    """At once, and not when the last one who knows of the answers has forgotten them."""
    ended = []

    def answers():
        try:
            yield answer(0, 0)
        finally:
            ended.append(True)

    known = answers()
    monkeypatch.setattr(own_module, "live", lambda *_arguments, **_options: known)
    session = Own(bundle.manifest, Clock())
    monkeypatch.setattr(session, "take_answer", lambda *_: (_ for _ in ()).throw(MessageError("no such class")))
    board = SimpleNamespace(hello=SimpleNamespace(calibration_hash=NOMINAL_HASH))
    with pytest.raises(MessageError):
        own_module.listen(session, bundle, board)
    assert ended


def test_the_sensors_samples_are_shown_and_kept(bundle):
    own = Own(bundle.manifest, Clock())
    own.greeted(0, "fake")
    own.order(Activity("activity", LABELS.index("jogging")))
    own.order(Press("press", "record"))
    counts = np.arange(16 * 6, dtype=np.int16).reshape(16, 6)
    own.take_block(Block(0, 0, counts))
    own.take_block(Block(16, 0, counts + 100))
    np.testing.assert_array_equal(own.counts, np.concatenate([counts, counts + 100]))
    capture = own.capture()
    np.testing.assert_array_equal(capture.counts, own.counts)
    assert set(capture.label) == {"jogging"}
    own.take_block(Block(40, 8, counts + 200))  # behind a gap the picture begins anew
    np.testing.assert_array_equal(own.counts, counts + 200)
    own.take_answer(answer(0, 0, dropped=12, end=70), 0)
    own.take_block(Block(60, 12, counts + 300))  # an answer told of the loss before
    np.testing.assert_array_equal(own.counts, counts + 300)
    own.take_block(Block(92, 12, counts + 400))  # a block was lost on the line
    np.testing.assert_array_equal(own.counts, counts + 400)
    capture = own.capture()
    np.testing.assert_array_equal(capture.counts[::16, 0], [0, 100, 200, 300, 400])
    assert capture.dropped == 8 + 4 + 16
    for number in range(20):
        own.take_block(Block(108 + 16 * number, 12, counts))
    assert len(own.counts) == SAMPLES
    own.lost(0, "port fake: gone")
    own.greeted(0, "fake")  # how many samples are missing is not known
    own.take_block(Block(0, 0, counts))
    assert not own.kept.on and own.capture().dropped == 28
