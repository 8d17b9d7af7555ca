"""LIVE of heartbeats: records once and in order whatever the line loses; beyond the latest eight they are counted."""

import random
from collections.abc import Callable

import pytest

from firmware_host.beats import KEPT, BeatRecord
from firmware_host.board import Board
from firmware_host.link import Link
from firmware_host.message_error import MessageError
from firmware_host.own_beats import LiveBeats
from firmware_host.protocol import ANSWER, Type
from tests.firmware.beat_model import same
from tests.firmware_host.beat_board import BeatBoard


@pytest.fixture
def listen(heart_model, heart_beats, tmp_path) -> Callable[..., tuple[list[BeatRecord], LiveBeats]]:
    def run(**settings) -> tuple[list[BeatRecord], LiveBeats]:
        line = BeatBoard(heart_beats, heart_model.spec.inputs, heart_model.spec.raw_samples, **settings)
        link = Link(line, line.now)
        live = LiveBeats(Board(link, link.greet(), False, None), heart_model.manifest(tmp_path), len(heart_beats))
        return list(live.beats()), live

    return run


@pytest.mark.parametrize("share", [0.0, 0.05, 0.15])
def test_every_beat_once_and_in_order(listen, heart_beats, share):
    rng = random.Random(3)
    records, live = listen(loses=lambda _number: rng.random() < share)
    assert same(records, heart_beats) and live.lost == 0


def test_what_the_board_no_longer_has_is_counted(listen, heart_beats):
    """Forty frames in a row are lost, with more beats in them than the board keeps."""
    records, live = listen(loses=lambda number: 12 <= number < 52)
    numbers = [record.number for record in records]
    assert numbers == sorted(set(numbers)) and same(records, [heart_beats[number] for number in numbers])
    gap = next(i for i, number in enumerate(numbers) if number != i)
    assert live.lost == numbers[gap] - gap == len(heart_beats) - len(records) > KEPT


def test_a_record_that_is_not_what_was_told(listen):
    def lie(kind: int, payload: bytes) -> bytes:
        if kind != Type.LIVE | ANSWER or len(payload) == 12 or payload[:4] != bytes([9, 0, 0, 0]):
            return payload
        return payload[:14] + bytes([payload[14] ^ 1]) + payload[15:]

    with pytest.raises(MessageError, match="beat 9 as .* which LIVE told as"):
        listen(lie=lie)
