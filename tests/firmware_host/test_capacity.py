"""What a board holds while its network runs is never exceeded, and frames are cut to fit."""

from dataclasses import replace

import numpy as np
import pytest

from firmware_host.capacity import MARKER_BYTES, chunk_samples, reserve_bytes
from firmware_host.flight import Flight
from firmware_host.hello import InputKind
from firmware_host.link import Link
from firmware_host.protocol import MAX_PAYLOAD, payload_size, wire_size
from tests.firmware_host.fake_board import fake_board

HELLO = fake_board().hello


def test_a_frame_of_so_many_bytes():
    for wire in range(9, 1100):
        assert wire_size(payload_size(wire)) <= wire < wire_size(payload_size(wire) + 1)


@pytest.mark.parametrize(
    ("channels", "kind", "max_payload", "receive", "samples"),
    [
        (6, InputKind.COUNTS, MAX_PAYLOAD, 4096, 85),  # 1020 bytes behind 4: one more does not fit
        (6, InputKind.COUNTS, 60_000, 4096, 85),  # whatever a board claims to take
        (1, InputKind.COUNTS, MAX_PAYLOAD, 4096, 513),
        (6, InputKind.COUNTS, 256, 4096, 21),
        (6, InputKind.TENSOR, MAX_PAYLOAD, 4096, 171),
        (6, InputKind.COUNTS, MAX_PAYLOAD, 64, 2),  # 24 + 4 + 9 around, a marker of 10, and 16 for more of them
        (6, InputKind.COUNTS, MAX_PAYLOAD, 63, 2),
        (100, InputKind.TENSOR, MAX_PAYLOAD, 64, 1),  # goes out alone
    ],
)
def test_the_most_samples_that_fit(channels, kind, max_payload, receive, samples):
    hello = replace(HELLO, channels=channels, input=kind, max_payload=max_payload, receive=receive)
    assert chunk_samples(hello) == samples
    left = receive - reserve_bytes(receive) - MARKER_BYTES
    assert samples == 1 or wire_size(4 + samples * hello.sample_bytes) <= left


@pytest.mark.parametrize("receive", [48, 63, 64, 128, 350, 4096])
def test_no_more_is_on_its_way_than_a_board_holds(receive):
    rng = np.random.default_rng(receive)
    board = fake_board(receive=receive)
    windows = rng.integers(-1000, 1000, (20, HELLO.raw_samples, HELLO.channels)).astype(np.int16)
    outcome = Flight(Link(board, board.now), board.hello, len(windows), windows.__getitem__).run()
    assert not outcome.lost and not outcome.retried and not outcome.stopped
    assert board.most_queued <= receive
    for window, result in zip(windows, outcome.results, strict=True):
        assert result is not None and result.input_crc32 == board.answer(window)[2]
