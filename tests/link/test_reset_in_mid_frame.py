"""A board that is reset while a frame is on its way: what it had, and half of the frame, is gone; it boots, talking.

Resets before each type of frame are in tests/firmware_host/test_resets.py.
"""

import random
from dataclasses import dataclass, field

import numpy as np
import pytest

from firmware_host.board import Board, ForeignAnswersError
from firmware_host.flight import Flight
from firmware_host.link import BoardResetError, Link
from firmware_host.messages import samples_chunk
from firmware_host.protocol import Decoder, Type, decode
from tests.firmware_host.fake_board import FakeBoard, fake_board

TEXTS = [
    b"",
    b"ets Jun  8 2016 00:22:57\r\nrst:0x1 (POWERON_RESET)\r\n",
    b"\0\0log: 3 frames\0\xff\xfe",
    b"\x55" * 5000,
]
COUNT = 5


@dataclass
class ResetAt:
    """A line whose board is reset when `share` of the `number`-th request of `kind` has arrived."""

    kind: Type
    number: int
    share: float
    text: bytes = b""
    board: FakeBoard | None = None
    seen: int = 0
    happened: list[int] = field(default_factory=list)  # bytes of the frame that were in

    def __call__(self, _number: int, data: bytes) -> list[bytes]:
        frame = decode(data[:-1])
        if frame is None or frame.type != self.kind:
            return [data]
        self.seen += 1
        if self.seen != self.number + 1:
            return [data]
        cut = int(self.share * len(data))
        self.happened.append(cut)
        self.board.ring.clear()
        self.board.out.clear()
        self.board.decoder = Decoder()
        self.board.reset()
        if self.text:
            self.board.out.append((self.board.clock, self.text))
        return [data[cut:]]


def board_of(line: ResetAt, **options) -> FakeBoard:
    line.board = fake_board(to_board=line, **options)
    return line.board


@pytest.mark.parametrize("text", TEXTS, ids=["silent", "boot text", "log with zeros", "long noise"])
@pytest.mark.parametrize("share", [0, 0.01, 0.3, 0.9, 0.999])
@pytest.mark.parametrize("number", [0, 1, 2, 3, 7, 14])
def test_windows_go_on(number, share, text):
    line = ResetAt(Type.WINDOW, number, share, text)
    board = board_of(line)
    link = Link(board, board.now, random.Random(1))
    windows = np.random.default_rng(1).integers(-30000, 30000, (COUNT, 200, 6), np.int16)
    hello, sessions = link.greet(), []
    outcome = Flight(
        link, hello, COUNT, windows.__getitem__, resume=lambda: sessions.append(link.greet().session)
    ).run()
    assert line.happened and len(sessions) == 1 and hello.session not in sessions
    assert (outcome.lost, outcome.stopped) == (0, "")
    assert [result.input_crc32 for result in outcome.results] == [board.answer(window)[2] for window in windows]


REQUESTS = [Type.STATS, Type.STREAM, Type.SAMPLES, Type.CALIBRATION, Type.BENCH, Type.PROBE]


@pytest.mark.parametrize("text", TEXTS, ids=["silent", "boot text", "log with zeros", "long noise"])
@pytest.mark.parametrize("share", [0, 0.3, 0.9])
@pytest.mark.parametrize("kind", REQUESTS, ids=lambda kind: kind.name)
def test_a_request_names_the_reset(kind, share, text):
    """It is repeated behind the silence, and its answer says that the session is gone."""
    board = board_of(line := ResetAt(kind, 0, share, text))
    link = Link(board, board.now, random.Random(1))
    link.greet()
    payloads = {
        Type.STREAM: b"\x05\0",
        Type.SAMPLES: samples_chunk(0, np.ones((9, 6), np.int16)),
        Type.CALIBRATION: bytes(104),
        Type.PROBE: bytes(6),
    }
    with pytest.raises(BoardResetError, match=f"the board was reset .* before it answered {kind.name}"):
        link.request(kind, payloads.get(kind, b""))
    assert line.happened and board.clock < 10


@pytest.mark.parametrize("text", TEXTS, ids=["silent", "boot text", "log with zeros", "long noise"])
@pytest.mark.parametrize("share", [0, 0.3, 0.9])
def test_another_model_behind_it_ends_the_flight(share, text):
    """What was answered before stays; nothing of the other model is taken."""
    board = board_of(ResetAt(Type.WINDOW, 17, share, text), comes_back={"model_hash": "ef" * 32})
    link = Link(board, board.now, random.Random(1))
    host = Board(link, link.greet(), emulated=False, baud=None)
    windows = np.random.default_rng(1).integers(-30000, 30000, (COUNT, 200, 6), np.int16)
    outcome = Flight(link, host.hello, COUNT, windows.__getitem__, resume=host.resume).run()
    assert 0 < outcome.lost < COUNT and f"the board holds model {'ef' * 32} now" in outcome.stopped
    assert [r.input_crc32 for r in outcome.results if r] == [
        board.answer(window)[2] for window in windows[: COUNT - outcome.lost]
    ]
    with pytest.raises(ForeignAnswersError):
        host.resume()


@pytest.mark.parametrize("seed", range(6))
def test_log_text_between_the_answers(seed):
    """A board that prints while it answers: each text costs at most the answer it runs into."""
    rng = np.random.default_rng(seed)

    def print_now_and_then(_number, data):
        return [b"I (1234) wifi: state\r\n", data] if rng.random() < 0.15 else [data]

    board = fake_board(to_host=print_now_and_then)
    link = Link(board, board.now, random.Random(1))
    windows = rng.integers(-30000, 30000, (20, 200, 6), np.int16)
    outcome = Flight(link, link.greet(), 20, windows.__getitem__).run()
    assert (outcome.lost, outcome.stopped) == (0, ""), f"seed {seed}"
    assert [result.input_crc32 for result in outcome.results] == [board.answer(window)[2] for window in windows]
