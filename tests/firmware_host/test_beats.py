"""BEATS against tests/golden/frames.json, written from docs/PROTOCOL.md alone; no field is believed unseen."""

import json
import re
from dataclasses import astuple, replace
from pathlib import Path

import numpy as np
import pytest

from firmware_host.beats import KEPT, RECORD_FIXED, BeatRecord, BeatsAnswer, beats
from firmware_host.frames import Reader
from firmware_host.hello import Hello, InputKind
from firmware_host.message_error import MessageError
from firmware_host.messages import ABSTAIN, BoardError, ErrorCode
from firmware_host.protocol import MAX_PAYLOAD, Frame
from scl.frontend.rhythm import Rhythm

ENTRIES = json.loads((Path(__file__).parents[1] / "golden" / "frames.json").read_text())
FRAMES = {entry["name"]: Frame(entry["type"], entry["seq"], bytes.fromhex(entry["payload_hex"])) for entry in ENTRIES}
HELLO = Hello.parse(FRAMES["HELLO answer, beats"].payload)
PAYLOAD = FRAMES["BEATS answer"].payload
SIZE = RECORD_FIXED + 5 + 4 + 3


def record(**fields: object) -> BeatRecord:
    """The first one of the golden answer, with other fields."""
    return replace(BeatsAnswer.parse(PAYLOAD, HELLO).records[0], **fields)


def refused(*records: BeatRecord, total: int = 13) -> str:
    with pytest.raises(MessageError) as error:
        BeatsAnswer.parse(BeatsAnswer(total, 5, records).pack(), HELLO)
    return str(error.value)


def test_a_board_of_beats():
    assert (HELLO.input, HELLO.window, HELLO.value_bytes, HELLO.features) == (InputKind.BEATS, 1, 2, 4)
    with pytest.raises(MessageError, match="window is 200 of beats; 1 expected"):
        Hello.parse(replace(HELLO, window=200).pack())


def test_records():
    answer = BeatsAnswer.parse(PAYLOAD, HELLO)
    assert (answer.total, answer.inputs, len(answer.records)) == (13, 5, 2)
    beat, unsure = answer.records
    assert (beat.number, beat.sample, beat.end, beat.interval) == (11, 69_700, 69_990, 165)
    assert (beat.predicted, beat.flags, beat.margin) == (2, 1, 100)
    assert beat.rhythm == Rhythm(654, 33, 25, 1, 2, 3, 5, 2)
    assert beat.inputs.tolist() == [-127, 0, 127, 5, 6] and beat.features.tolist() == [1, -1, 2, -2]
    assert beat.logits.tolist() == [-16, 10, 110]
    assert (unsure.number, unsure.predicted, unsure.rhythm.worst) == (12, ABSTAIN, 255)
    assert answer.pack() == PAYLOAD
    assert BeatsAnswer.parse(FRAMES["BEATS answer, no beat"].payload, HELLO) == BeatsAnswer(11, 5, ())
    assert beats(11) == FRAMES["BEATS request"].payload
    assert BoardError.parse(FRAMES["ERROR wrong input"].payload) == BoardError(ErrorCode.WRONG_INPUT, 0, 2)


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        ({"number": 10}, "beat 12 behind beat 10; the next one"),
        ({"number": 13}, "beat 13 of 13; a lower number"),
        ({"sample": 69_990}, "sample is 69990; 0 to 69989"),
        ({"sample": 69_990, "end": 69_991}, "^$"),
        ({"end": 71_300}, "answered after 71300, behind one at 69700, answered after 71300; rising"),
        ({"sample": 70_901, "end": 71_000}, "at sample 70900, .* behind one at 70901"),
        ({"interval": 0}, "interval is 0 and heart rate 654"),
        ({"predicted": 1}, "class is 1 and flags 1; 2, or"),
        ({"predicted": ABSTAIN}, "class is 65535 and flags 1; 2, or"),
        ({"flags": 3}, "class is 2 and flags 3"),
        ({"flags": 4}, "flags is 4; 0 to 3"),
        ({"margin": 99}, "margin is 99; 100, as of its logits"),
        ({"logits": np.array([110, 10, 110], np.int8), "margin": 0}, "class is 2 and flags 1; 0, or"),
        ({"rhythm": Rhythm(0, 33, 25, 1, 2, 3, 5, 2)}, "interval is 165 and heart rate 0"),
        ({"rhythm": Rhythm(654, 33, 101, 1, 2, 3, 5, 2)}, "irregular share is 101; 0 to 100"),
        ({"rhythm": Rhythm(654, 33, 25, 1, 2, 0, 5, 2)}, "the longest of 0 runs has 5 beats"),
        ({"rhythm": Rhythm(654, 33, 25, 1, 2, 3, 2, 2)}, "the longest of 3 runs has 2 beats"),
        ({"rhythm": Rhythm(654, 33, 25, 1, 2, 3, 5, 1)}, "of class 2 in which the worst class of ten seconds is 1"),
        ({"rhythm": Rhythm(654, 33, 25, 1, 2, 3, 5, 3)}, "worst class of ten seconds is 3; one of 3"),
        ({"rhythm": Rhythm(654, 33, 25, 1, 2, 3, 5, 255)}, "worst class of ten seconds is 255"),
    ],
)
def test_a_record_that_contradicts_itself_or_the_next(fields, text):
    first, second = record(**fields), BeatsAnswer.parse(PAYLOAD, HELLO).records[1]
    if text == "^$":
        assert BeatsAnswer.parse(BeatsAnswer(13, 5, (first, second)).pack(), HELLO).records[0].end == 69_991
    else:
        assert re.search(text, refused(first, second))


def test_numbers_end_below_the_total():
    assert "beat 11 of 11; a lower number" in refused(record(), total=11)


@pytest.mark.parametrize("size", [0, 5, 7, 6 + SIZE - 1, 6 + SIZE + 1, MAX_PAYLOAD])
def test_answers_of_another_length(size):
    with pytest.raises(MessageError, match=f"a BEATS answer of {size} bytes"):
        BeatsAnswer.parse((PAYLOAD[:6] + bytes(MAX_PAYLOAD))[:size], HELLO)


@pytest.mark.parametrize(("total", "count"), [(100, KEPT + 1), (1, 2)])
def test_more_beats_than_there_can_be(total, count):
    records = tuple(record(number=i, sample=100 * i + 1, end=100 * i + 90) for i in range(count))
    assert f"of {total} beats of 5 inputs" in refused(*records, total=total)


def test_every_bit_is_read():
    """A flipped bit is refused or seen."""
    answer = BeatsAnswer.parse(PAYLOAD, HELLO)
    first = [astuple(each) for each in answer.records]
    refusals = 0
    for bit in range(8 * len(PAYLOAD)):
        damaged = bytearray(PAYLOAD)
        damaged[bit // 8] ^= 1 << bit % 8
        try:
            other = BeatsAnswer.parse(bytes(damaged), HELLO)
        except MessageError:
            refusals += 1
            continue
        assert other.pack() == bytes(damaged)
        assert other.total != answer.total or repr([astuple(each) for each in other.records]) != repr(first)
    assert 0 < refusals < 8 * len(PAYLOAD)


def test_a_trace_says_it_in_words():
    reader = Reader()
    assert "before any HELLO" in reader.answer(FRAMES["BEATS answer"])
    reader.answer(FRAMES["HELLO answer, beats"])
    assert reader.request(FRAMES["BEATS request"]) == "BEATS seq 18: from beat 11 on"
    assert reader.answer(FRAMES["BEATS answer"]) == (
        "BEATS answer seq 18: 13 beats so far; beat 11 at sample 69700, class 2; beat 12 at sample 70900, class 65535"
    )
    assert reader.answer(FRAMES["BEATS answer, no beat"]) == "BEATS answer seq 19: 11 beats so far"
