"""Beats of a stream: once and in order whatever the line loses, no chunk from which more may come than a board keeps,
and no lie believed.
"""

import random
from dataclasses import replace

import pytest

from firmware_host.beats import KEPT, BeatRecord, BeatsAnswer
from firmware_host.board import Board
from firmware_host.link import Link
from firmware_host.messages import ABSTAIN, Hop
from firmware_host.playing import Pace
from firmware_host.playing_beats import _Chunks, play_beats, spec_of
from firmware_host.protocol import ANSWER, Type
from scl.artifacts import InputError
from scl.frontend.flags import LEAD_OFF
from scl.frontend.rhythm import rhythms
from tests.bundles import write_bundle
from tests.firmware.beat_model import SENSOR, same
from tests.firmware_host.beat_board import BeatBoard


@pytest.fixture
def play(heart_model, heart_counts, tmp_path):
    """play(board settings): records that the host has taken, and the board."""

    def run(records: list[BeatRecord], pace: Pace | None = None, **settings) -> tuple[list[BeatRecord], BeatBoard]:
        line = BeatBoard(records, heart_model.spec.inputs, heart_model.spec.raw_samples, **settings)
        link = Link(line, line.now)
        board = Board(link, link.greet(), False, None)
        return list(play_beats(board, heart_model.manifest(tmp_path), heart_counts, pace)), line

    return run


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
def test_every_beat_once_and_in_order(play, heart_beats, share):
    """Requests and answers are lost."""
    rng = random.Random(5)
    records, board = play(heart_beats, loses=lambda _number: rng.random() < share)
    assert same(records, heart_beats) and len(records) > 30
    assert board.longest <= 0.7 * SENSOR.rate_hz


def test_the_pace_is_the_sensor_s(play, heart_beats, heart_counts):
    clock = [0.0]

    def wait(seconds: float) -> None:
        clock[0] += seconds

    records, board = play(heart_beats, Pace(lambda: clock[0], wait))
    assert same(records, heart_beats) and board.longest <= 0.25 * SENSOR.rate_hz
    assert clock[0] == pytest.approx(len(heart_counts) / SENSOR.rate_hz)


def test_chunks_are_short_where_beats_may_come_at_once(heart_model, heart_counts):
    """Behind the start, and behind a lead that was off; a sample of the model's makes one beat at most."""
    chunks, short, long = _Chunks(heart_counts, heart_model.spec, 500, 0.7), 2 * KEPT, int(0.7 * SENSOR.rate_hz)
    assert chunks.end(0) == short and chunks.end(1079) == 1079 + short
    assert chunks.end(1080) == 1080 + long
    off = round(0.4 * len(heart_counts))
    assert chunks.end(off - 200) == off - 200 + long  # it is off only when it has been so for a second
    assert chunks.end(off + 3 * 360 + 1000) == off + 3 * 360 + 1000 + short
    assert chunks.end(off + 6 * 360 + 1) == off + 6 * 360 + 1 + long
    assert _Chunks(heart_counts, heart_model.spec, 5, 0.7).end(2000) == 2005  # what fits into a frame


def spoiled(records: list[BeatRecord], place: int, **fields) -> list[BeatRecord]:
    """Records of which one has other fields; the rhythm follows."""
    changed = [replace(record, **fields) if i == place else record for i, record in enumerate(records)]
    classes = [-1 if record.predicted == ABSTAIN else record.predicted for record in changed]
    rhythm = rhythms([record.interval for record in changed], classes)
    return [replace(record, rhythm=each) for record, each in zip(changed, rhythm, strict=True)]


@pytest.mark.parametrize(
    ("fields", "text"),
    [
        (lambda beat: {"interval": beat.interval + 1}, "beat 12 at sample .* has interval"),
        (lambda beat: {"interval": 0}, "beat 12 at sample .* has interval 0"),
        (lambda beat: {"sample": beat.sample + 3}, "beat 12 at sample .* has interval"),
        (lambda beat: {"sample": beat.sample - 4000}, "beat 12 at sample .* behind one at|beat 12 lies at sample"),
        (lambda beat: {"end": beat.end + 1}, "beat 12 was answered after .* a multiple of 2 / 1"),
        (lambda beat: {"flags": beat.flags ^ 1}, "beat 12 has flags"),
        (lambda beat: {"flags": beat.flags ^ LEAD_OFF, "predicted": ABSTAIN}, "beat 12 has flags"),
    ],
)
def test_a_record_that_the_counts_or_the_others_contradict(play, heart_beats, fields, text):
    assert heart_beats[12].flags == 0 and heart_beats[12].interval > 0
    with pytest.raises(InputError, match=text + ".*; flash|" + text):
        play(spoiled(heart_beats, 12, **fields(heart_beats[12])))


def test_a_rhythm_that_does_not_follow(play, heart_beats):
    rhythm = replace(heart_beats[12].rhythm, rmssd=heart_beats[12].rhythm.rmssd + 1)
    with pytest.raises(InputError, match="beat 12 has the Rhythm.* follows from its intervals and classes: flash the"):
        play([replace(record, rhythm=rhythm) if record.number == 12 else record for record in heart_beats])


def changed_hop(**fields):
    """A lie about SAMPLES once 12 beats have come."""

    def lie(kind: int, payload: bytes) -> bytes:
        if kind != Type.SAMPLES | ANSWER or (hop := Hop.parse(payload)).hops != 12:
            return payload
        return replace(hop, **{name: change(getattr(hop, name)) for name, change in fields.items()}).pack()

    return lie


@pytest.mark.parametrize(
    ("lie", "text"),
    [
        (changed_hop(next=lambda at: at + 1), "the board wants sample .* comes next; another program"),
        (
            changed_hop(hops=lambda hops: hops + 9),
            "has answered 21 beats after .* up to 8 more were expected: flash",
        ),
        (changed_hop(hops=lambda hops: hops - 2), "has answered 10 beats|beat 1. was"),
        (changed_hop(hops=lambda hops: hops + 1), "it has 12 beats of .* inputs; 13 of"),
        (changed_hop(end=lambda end: end + 1), "beat 11 is .* where SAMPLES was answered"),
        (changed_hop(predicted=lambda code: (code + 1) % 3), "beat 11 is .* where SAMPLES was answered"),
        (changed_hop(flags=lambda flags: flags ^ 1), "beat 11 is .* where SAMPLES was answered"),
    ],
)
def test_a_lie_about_samples(play, heart_beats, lie, text):
    with pytest.raises(InputError, match=text):
        play(heart_beats, lie=lie)


def test_a_beat_that_changes_behind_its_record(play, heart_beats):
    seen = [0]

    def lie(kind: int, payload: bytes) -> bytes:
        if kind == Type.SAMPLES | ANSWER and (hop := Hop.parse(payload)).hops:
            if hop.hops == seen[0]:
                return replace(hop, flags=1).pack()
            seen[0] = hop.hops
        return payload

    with pytest.raises(InputError, match="beat .* was .*, and is .* now: flash"):
        play(heart_beats, lie=lie)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        (lambda answer: replace(answer, total=answer.total + 1), "it has 13 beats of .* inputs; 12 of"),
        (lambda answer: replace(answer, records=()), "of 12 beats the first that it has is none; 1. was asked for"),
    ],
)
def test_a_lie_about_beats(play, heart_beats, heart_model, change, text):
    def lie(kind: int, payload: bytes) -> bytes:
        if kind != Type.BEATS | ANSWER or int.from_bytes(payload[:4], "little") != 12:
            return payload
        board = BeatBoard([], heart_model.spec.inputs, heart_model.spec.raw_samples)
        return change(BeatsAnswer.parse(payload, board.hello)).pack()

    with pytest.raises(InputError, match=text):
        play(heart_beats, lie=lie)


def test_another_bundle_has_no_beats(tmp_path):
    from scl.artifacts.bundle import read_run_bundle

    with pytest.raises(ValueError, match="no heartbeats"):
        spec_of(read_run_bundle(write_bundle(tmp_path / "bundle")).manifest)


def test_a_stream_that_is_confirmed_otherwise(play, heart_beats):
    with pytest.raises(InputError, match="confirmed hop 0200, 0100 was asked for; reset the board"):
        play(heart_beats, lie=lambda kind, payload: b"\2\0" if kind == Type.STREAM | ANSWER else payload)
