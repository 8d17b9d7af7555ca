"""Decisions on the host: names, what the desktop decides, and what is sent to a board."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from firmware_host import live, stream
from firmware_host.decisions import (
    check_decisions,
    confidence,
    decide,
    decides_by,
    decision_name,
    desktop_decisions,
    in_words,
    set_decisions,
)
from firmware_host.link import Link
from firmware_host.message_error import MessageError
from firmware_host.messages import ABSTAIN, UNSURE_CODE, BoardError, ErrorCode
from firmware_host.protocol import ANSWER, Type
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle, read_bundle
from scl.artifacts.decision import Decision
from scl.artifacts.golden import read_golden
from scl.belief import ONE, UNSURE, decide_alone
from scl.decision import LOST
from scl.frontend.flags import LEAD_OFF

DECISION = Decision(temperature=0.8, bout_s=None, unsure=0.0)


@pytest.fixture
def bundle(fake_bundle):
    return read_bundle(fake_bundle)


@pytest.fixture
def deciding(bundle):
    """The bundle with a decision, whose windows have 10 s and whose hops 2.5 s."""
    return Bundle(bundle.path, replace(bundle.manifest, decision=DECISION))


def answer(decided, sure=ONE // 4):
    return SimpleNamespace(decided=decided, confidence=sure)


def test_answers_in_words(bundle, deciding):
    plain, manifest = bundle.manifest, deciding.manifest
    assert [in_words(plain, answer(code, 0)) for code in (1, ABSTAIN)] == ["jogging", "abstained"]
    assert confidence(plain, answer(1, 0)) is None and confidence(manifest, answer(1)) == 0.25
    assert [in_words(manifest, answer(code)) for code in (0, UNSURE_CODE)] == ["walking 0.25", "unsure 0.25"]
    assert in_words(manifest, answer(ABSTAIN, 0)) == "abstained"
    for code in (3, 0xFFFD):
        with pytest.raises(MessageError, match=f"class {code}, of a model with 3 classes"):
            decision_name(manifest, answer(code))


def test_what_the_desktop_decides(bundle, deciding):
    golden = read_golden(bundle)
    golden.flags[1, 2] = LEAD_OFF
    none = desktop_decisions(bundle.manifest, golden)
    assert (none.answers == golden.predictions).all() and not none.confidences.any()
    manifest = replace(deciding.manifest, decision=replace(DECISION, unsure=0.5, bout_s=60.0))
    found = desktop_decisions(manifest, golden)
    assert found.answers[1, 2] == LOST and (found.answers == UNSURE).any() and (found.answers >= 0).any()
    one = decide_alone(manifest.decision_settings(), golden.logits[2, 5])
    assert (found.answers[2, 5], found.confidences[2, 5]) == (one.answers, one.confidences)


class Settings:
    """A FakeBoard's answers to DECIDE; `lie` is what becomes of them."""

    def __init__(self, board, lie=lambda payload: payload):
        self.sent, self.honest, self.lie = [], board.respond, lie
        board.respond = self.respond

    def respond(self, frame):
        if frame.type != Type.DECIDE:
            return self.honest(frame)
        self.sent.append(frame.payload)
        return [(Type.DECIDE | ANSWER, self.lie(frame.payload))]


def test_a_board_gets_the_settings_of_the_stream_s_hop(make_board, deciding):
    board = make_board()
    settings = Settings(board)
    link = Link(board, board.now)
    set_decisions(link, deciding.manifest, None, None, 50)
    set_decisions(link, deciding.manifest, 60.0, 0.25, 50)
    set_decisions(link, deciding.manifest, 60.0, None, 100)
    plain, filtered, slower = map(decides_by, settings.sent)
    assert (plain.stay, plain.unsure) == (0, 0) and plain == deciding.manifest.decision_settings()
    assert (filtered.unsure, filtered.stay) == (ONE // 4, round(65536 * (1 - 2.5 / 60)))
    assert slower.stay == round(65536 * (1 - 5 / 60)) and slower.unsure == 0
    assert plain.slope == filtered.slope == slower.slope
    assert [round(one.slope / one.evidence, 2) for one in (plain, slower)] == [4.0, 2.0]


def test_a_board_that_confirms_other_settings(make_board, deciding):
    board = make_board()
    Settings(board, lambda payload: payload[:8] + b"\1\0" + payload[10:])
    with pytest.raises(InputError, match=r"the board confirmed .*stay=1.* was asked for; reset the board"):
        set_decisions(Link(board, board.now), deciding.manifest, 60.0, None, 50)


def test_a_model_without_decisions_is_asked_nothing(make_board, bundle):
    board = make_board()
    settings = Settings(board)
    set_decisions(Link(board, board.now), bundle.manifest, None, None, 50)
    assert settings.sent == []


def test_every_byte_of_an_answer_is_looked_at(deciding):
    payload = decide(deciding.manifest.decision_settings())
    for size in range(len(payload) + 3):
        if size != len(payload):
            with pytest.raises(MessageError, match=f"a DECIDE answer of {size} bytes; 12 expected"):
                decides_by((payload + bytes(3))[:size])
    for at in range(len(payload)):
        for value in range(256):
            changed = payload[:at] + bytes([value]) + payload[at + 1 :]
            try:
                assert decide(decides_by(changed)) == changed
            except MessageError as error:
                assert "a DECIDE answer in which" in str(error)


def test_decisions_that_cannot_be(bundle, deciding):
    check_decisions(bundle, None, None, 50)
    check_decisions(deciding, 60.0, 0.1, 50)
    for given in ((60.0, None), (None, 0.0)):
        with pytest.raises(InputError, match="has no decisions behind its logits; leave --bout and --unsure out"):
            check_decisions(bundle, *given, 50)
    with pytest.raises(InputError, match="a bout of 2 s is not longer than a hop of 2.5 s"):
        check_decisions(deciding, 2.0, None, 50)
    check_decisions(deciding, 2.0, None, 10)  # longer than this hop of half a second


def test_a_refusal_says_what_to_do(make_board, deciding):
    board = make_board()
    board.respond = lambda frame: [(Type.ERROR, BoardError(ErrorCode.NO_DECISION, 0, 0).pack())]
    with pytest.raises(InputError, match="the board refused DECIDE: ERROR NO_DECISION .*; flash the firmware"):
        set_decisions(Link(board, board.now), deciding.manifest, None, None, 50)


@pytest.mark.parametrize("command", [stream, live])
def test_options_of_the_commands(command):
    parsed = command._parser().parse_args(["bundle", "--bout", "60", "--unsure", "0.2"])
    assert (parsed.bout, parsed.unsure) == (60.0, 0.2)
