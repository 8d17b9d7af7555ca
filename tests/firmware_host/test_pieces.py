"""The pieces on their way, against what a board made up in memory has taken and keeps."""

import random

import numpy as np

from firmware_host.flight import Flight
from firmware_host.link import Link
from firmware_host.pieces import BOARD_KEEPS_BYTES, Pieces, State
from tests.firmware_host.fake_board import fake_board

RAW = 100


def sent(pieces, *sizes):
    return [pieces.further(size, seq) for seq, size in enumerate(sizes)]


def test_a_lost_piece_is_sent_again_alone():
    pieces = Pieces(RAW, 12)
    first, second, third = sent(pieces, 10, 10, 10)
    pieces.lose(first, 0)
    pieces.wanted((0, 0))
    pieces.answered(second, 1)
    pieces.answered(third, 2)
    assert pieces.lost() is first and [piece.state for piece in (second, third)] == [State.KEPT] * 2
    assert pieces.again(first, 10, 3) is first and pieces.lost() is None
    pieces.wanted((0, 30))
    assert pieces.front == (0, 30) and not pieces._pieces


def test_a_long_piece_goes_again_in_several():
    pieces = Pieces(RAW, 12)
    (piece,) = sent(pieces, 50)
    pieces.lose(piece, 0)
    cuts = []
    while lost := pieces.lost():
        part = pieces.again(lost, min(20, lost.end - lost.start), 7)
        cuts.append((part.start, part.end))
    assert cuts == [(0, 20), (20, 40), (40, 50)] and pieces.front == (0, 50)


def test_what_finds_no_room_or_does_not_join_is_lost():
    pieces = Pieces(RAW, 12)
    first, second, third, fourth, fifth = sent(pieces, 10, BOARD_KEEPS_BYTES // 12 - 5, 5, 1, 1)
    pieces.lose(first, 0)
    pieces.lose(fourth, 3)
    for piece in (second, third, fifth):
        pieces.answered(piece, piece.seq)
    assert [p.state for p in (second, third, fifth)] == [State.KEPT, State.KEPT, State.LOST]
    pieces = Pieces(RAW, 12)
    first, second, third = sent(pieces, 10, BOARD_KEEPS_BYTES // 12, 1)
    for piece in (second, third):
        pieces.answered(piece, piece.seq)
    assert [p.state for p in (second, third)] == [State.KEPT, State.LOST]


def test_a_board_that_wants_what_it_should_keep_gets_it_again():
    pieces = Pieces(RAW, 12)
    first, second, _third = sent(pieces, 10, 10, 10)
    pieces.answered(second, 1)
    pieces.wanted((0, 10))
    assert pieces.lost() is second and first not in pieces._pieces


def test_an_answer_to_a_sending_before_the_latest_loses_nothing():
    pieces = Pieces(RAW, 12)
    (piece,) = sent(pieces, 10)
    pieces.lose(piece, 0)
    pieces.again(piece, 10, 5)
    pieces.lose(piece, 0)
    assert pieces.lost() is None
    pieces.lose(piece, 5)
    assert pieces.lost() is piece


def test_a_lost_result_is_asked_for_once():
    pieces = Pieces(RAW, 12)
    (piece,) = sent(pieces, RAW)
    pieces.lose(piece, 0)
    pieces.ask(0)
    pieces.wanted((1, 0))
    question = pieces.lost()
    assert (question.index, question.start, question.end) == (0, RAW - 1, RAW)
    pieces.again(question, 1, 1)
    pieces.ask(0)
    assert pieces.lost() is None
    pieces.lose(question, 1)
    assert pieces.lost() is question
    pieces.settled(0)
    assert pieces.lost() is None and pieces.front == (1, 0)


def test_what_is_thought_to_be_kept_is_kept(monkeypatch):
    """Frames to the board get lost, answers do not: then the two agree after every answer of a window that is begun."""
    rng, sizes = random.Random(1), []
    board = fake_board(raw_samples=RAW, to_board=lambda n, frame: [] if n > 5 and rng.random() < 0.2 else [frame])
    answered = Pieces.answered

    def checked(pieces, piece, seq):
        answered(pieces, piece, seq)
        kept = {place for place, _ in board.kept}
        thought = {(each.index, sample) for each in pieces._kept() for sample in range(each.start, each.end)}
        assert kept <= thought and all(place < board.place() for place in thought - kept)
        sizes.append(len(kept))

    monkeypatch.setattr(Pieces, "answered", checked)
    windows = np.random.default_rng(1).integers(-30000, 30000, (60, RAW, 6), np.int16)
    outcome = Flight(Link(board, board.now), board.hello, 60, windows.__getitem__).run()
    assert outcome.lost == 0 and max(sizes) > 20
