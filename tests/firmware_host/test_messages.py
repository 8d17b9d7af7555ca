"""The codec and the messages against tests/golden/frames.json, which the C side is tested with too."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware_host.decisions import decide, decides_by
from firmware_host.hello import RESULT_HEADER, Hello, InputKind
from firmware_host.message_error import MessageError
from firmware_host.messages import (
    ABSTAIN,
    UNSURE_CODE,
    BoardError,
    ErrorCode,
    Hop,
    Probe,
    Stats,
    Wanted,
    capture_block,
    greeting,
    live_answer,
    probe,
    samples_chunk,
    window_chunk,
)
from firmware_host.protocol import MAX_PAYLOAD, Decoder, Frame, encode
from scl.artifacts.fields import MOST_OUTPUTS
from scl.belief import DecisionSettings
from scl.frontend.flags import LEAD_OFF, SATURATED

ENTRIES = json.loads((Path(__file__).parents[1] / "golden" / "frames.json").read_text())
FRAMES = {entry["name"]: Frame(entry["type"], entry["seq"], bytes.fromhex(entry["payload_hex"])) for entry in ENTRIES}
HELLO = replace(Hello.parse(FRAMES["HELLO answer"].payload), features=55)
WIRE = {entry["name"]: bytes.fromhex(entry["wire_hex"]) for entry in ENTRIES}


def counts(samples, channels=6):
    """The counts of make_frames.py."""
    return np.array([(-1) ** i * (i * 1021 % 32768) for i in range(samples * channels)], np.int16).reshape(-1, channels)


@pytest.mark.parametrize("name", FRAMES)
def test_bytes_on_the_wire(name):
    assert encode(FRAMES[name]) == WIRE[name]


def test_bytes_from_the_wire():
    decoder = Decoder()
    assert decoder.feed(b"".join(WIRE.values())) == list(FRAMES.values())
    assert decoder.errors == 0


def test_hello():
    payload = FRAMES["HELLO answer"].payload
    hello = Hello.parse(payload)
    assert (hello.protocol, hello.model_hash) == (9, bytes(range(32)).hex())
    assert (hello.raw_samples, hello.channels, hello.window, hello.features, hello.classes) == (200, 6, 200, 96, 3)
    assert (hello.max_payload, hello.tick_hz, hello.calibration_hash) == (1030, 25_000_000, bytes(8))
    assert (hello.session, hello.input, hello.receive) == (0x89ABCDEF, InputKind.COUNTS, 4096)
    assert (hello.board, hello.firmware) == ("mps2-an386", "0.1.0")
    assert hello.labels == ("walking", "jogging", "climbing (à pied)")
    assert hello.pack() == payload


def test_classes_without_names():
    """As many outputs as an anomaly detector has, of which one is told by a number above 255."""
    payload = FRAMES["HELLO answer, 640 classes without names"].payload
    hello = Hello.parse(payload)
    assert (hello.classes, hello.labels, hello.firmware, hello.pack()) == (640, (), "0.1.0", payload)
    result = FRAMES["WINDOW answer with a result, class 300 of 640"].payload
    answer = Wanted.parse(result, hello)
    assert answer.result is not None and answer.result.predicted == 300 and answer.pack() == result
    assert answer.result.logits.tolist() == [*range(128), *range(-128, 0)] * 2 + [0] * 128
    with pytest.raises(MessageError, match="the number of labels is 2; 640 or none expected"):
        Hello.parse(payload + b"\na\nb")


def test_chunks():
    assert greeting(0x89ABCDEF) == FRAMES["HELLO request"].payload
    assert greeting(0) == FRAMES["HELLO request that only asks"].payload
    assert window_chunk(513, 0, counts(85)) == FRAMES["WINDOW first chunk"].payload
    assert window_chunk(513, 199, counts(1)) == FRAMES["WINDOW last chunk"].payload
    assert samples_chunk(70_000, counts(5)) == FRAMES["SAMPLES request"].payload
    assert probe(3, 70_000) == FRAMES["PROBE request"].payload


def test_result():
    payload = FRAMES["WINDOW answer with a result"].payload
    answer = Wanted.parse(payload, HELLO)
    result = answer.result
    assert (answer.window, answer.next) == (513, 200)
    assert (result.predicted, result.input_crc32, result.ticks) == (2, 0x89ABCDEF, 123_456)
    assert result.flags == SATURATED
    assert (result.decided, result.confidence) == (UNSURE_CODE, 17_000)
    assert result.features.tolist() == [value - 256 for value in range(200, 255)]
    assert result.logits.tolist() == [-128, 0, 127]
    assert answer.pack() == payload


def test_more_is_wanted():
    payload = FRAMES["WINDOW answer, more is wanted"].payload
    assert Wanted.parse(payload, HELLO) == Wanted(513, 85, None)
    assert Wanted(513, 85, None).pack() == payload


@pytest.mark.parametrize(("following", "size"), [(200, 4), (65535, 4), (199, 77), (0, 77)])
def test_a_window_s_answer_that_cannot_be(following, size):
    """A whole window without a result, a result of one that is not whole."""
    payload = FRAMES["WINDOW answer with a result"].payload[:size]
    with pytest.raises(MessageError, match=f"the board sent a .* {following} of .*200"):
        Wanted.parse(payload[:2] + following.to_bytes(2, "little") + payload[4:], HELLO)


def test_a_board_that_abstains():
    result = Wanted.parse(FRAMES["WINDOW answer with a result, abstained"].payload, HELLO).result
    assert (result.predicted, result.flags) == (ABSTAIN, SATURATED | LEAD_OFF)
    hop = Hop.parse(FRAMES["SAMPLES answer, abstained"].payload)
    assert (hop.end, hop.predicted, hop.flags) == (70_006, ABSTAIN, LEAD_OFF)


def test_answers():
    hop = Hop.parse(FRAMES["SAMPLES answer"].payload)
    assert (hop.next, hop.hops, hop.end, hop.predicted, hop.flags) == (70_005, 1397, 70_001, 300, 0)
    assert (hop.decided, hop.confidence, hop.pack()) == (299, 32_768, FRAMES["SAMPLES answer"].payload)
    settings = decides_by(FRAMES["DECIDE answer"].payload)
    assert settings == DecisionSettings(14_773, 3_693, 62_805, 8_192)
    assert decide(settings) == FRAMES["DECIDE request"].payload
    live = live_answer(FRAMES["LIVE answer of a hop"].payload, HELLO)
    assert (live.predicted, live.decided, live.confidence) == (2, 1, 20_000)
    assert live.pack() == FRAMES["LIVE answer of a hop"].payload
    assert Stats.parse(FRAMES["STATS answer"].payload) == Stats(1000, 2, 3, 0xFFFFFFFF)
    found = Probe.parse(FRAMES["PROBE answer"].payload)
    assert (found.ticks, found.size, found.operators) == (123_456, 70_003, 7)
    assert found.values.tolist() == [-128, 0, 127] and found.pack() == FRAMES["PROBE answer"].payload
    start, dropped, got = capture_block(FRAMES["CAPTURE block"].payload, 6)
    assert (start, dropped) == (160, 2) and (got == counts(16)).all()
    assert str(BoardError.parse(FRAMES["ERROR bad length"].payload)) == "ERROR BAD_LENGTH (window 513, detail 1024)"
    assert BoardError.parse(FRAMES["ERROR unknown type"].payload) == BoardError(1, 0, 0x42)
    assert BoardError.parse(FRAMES["ERROR no session"].payload) == BoardError(ErrorCode.NO_SESSION, 0, 0)
    assert BoardError.parse(FRAMES["ERROR no window"].payload) == BoardError(ErrorCode.NO_WINDOW, 0, 0)
    assert BoardError.parse(FRAMES["ERROR no decision"].payload) == BoardError(ErrorCode.NO_DECISION, 0, 0)
    assert str(BoardError(77, 1, 2)) == "ERROR 77 (window 1, detail 2)"


@pytest.mark.parametrize(
    "parse",
    [
        lambda payload: Wanted.parse(payload, replace(HELLO, features=56)),
        Hop.parse,
        Stats.parse,
        BoardError.parse,
        decides_by,
        lambda payload: capture_block(payload, 6),
    ],
)
@pytest.mark.parametrize("size", [0, 1, 15, 72, 1030])
def test_payloads_of_another_length(parse, size):
    with pytest.raises(MessageError, match=f"the board sent a .* of {size} bytes"):
        parse(bytes(size))


@pytest.mark.parametrize("at", [0, 3, 4, 7, 11])
def test_settings_that_no_board_can_have(at):
    payload = bytearray(FRAMES["DECIDE answer"].payload)
    payload[at] = 255
    if at in (0, 4):
        payload[at : at + 4] = bytes(4)
    with pytest.raises(MessageError, match="a DECIDE answer in which .* expected"):
        decides_by(bytes(payload))


def test_the_most_outputs_of_a_bundle_are_those_that_an_answer_holds():
    assert MOST_OUTPUTS == MAX_PAYLOAD - RESULT_HEADER


@pytest.mark.parametrize("confidence", [32_769, 65_535])
def test_a_share_of_more_than_everything_is_no_answer(confidence):
    result = Wanted.parse(FRAMES["WINDOW answer with a result, abstained"].payload, HELLO)
    live = live_answer(FRAMES["LIVE answer of a hop"].payload, HELLO)
    for parse, payload in (
        (
            lambda p: Wanted.parse(p, HELLO),
            replace(result, result=replace(result.result, confidence=confidence)).pack(),
        ),
        (lambda p: live_answer(p, HELLO), replace(live, confidence=confidence).pack()),
    ):
        with pytest.raises(MessageError, match=f"a confidence of {confidence}; at most 32768 expected"):
            parse(payload)
    most = live_answer(replace(live, confidence=32_768).pack(), HELLO)
    assert most.confidence == 32_768
