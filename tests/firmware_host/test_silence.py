"""What a greeting that nobody answers says: the causes are told apart, each in bounded time."""

import random

import pytest

from firmware_host.link import BOOT_TIMEOUT_S, Link
from firmware_host.protocol import Frame, Type, encode
from firmware_host.silence import SAMPLE_BYTES
from scl.artifacts import InputError

BOOT_TEXT = b"ets Jul 29 2019 12:21:46\r\nrst:0x1 (POWERON_RESET),boot:0x13 (SPI_FAST_FLASH_BOOT)\r\n" * 3
RATES = (9_600, 19_200, 38_400, 57_600, 115_200, 230_400, 460_800, 921_600)


def at_another_rate(data, sent_baud, read_baud):
    """What a UART, 8N1, reads at one rate of bytes sent at another: bit by bit, sampled in the middle of each bit.

    A line is high when idle, a start bit low; a byte without a stop bit (framing error) is passed on all the same.
    """
    levels = [1] * 4
    for byte in data:
        levels += [0, *((byte >> bit) & 1 for bit in range(8)), 1]
    levels += [1] * 40
    step, position, got = sent_baud / read_baud, 0.0, bytearray()
    while position < len(levels) - 10 * step - 1:
        if levels[int(position)]:
            position += min(step, 1) / 8
            continue
        bits = [levels[min(int(position + (n + 0.5) * step), len(levels) - 1)] for n in range(10)]
        got.append(sum(bit << n for n, bit in enumerate(bits[1:9])))
        position += 9.5 * step
        while position < len(levels) and not levels[int(position)]:  # a break is waited out
            position += min(step, 1) / 8
    return bytes(got)


def cause(board):
    link = Link(board, board.now)
    with pytest.raises(InputError) as caught:
        link.greet()
    assert BOOT_TIMEOUT_S <= board.clock <= BOOT_TIMEOUT_S + 1
    return str(caught.value)


def test_the_uart_of_this_test():
    assert at_another_rate(BOOT_TEXT, 115_200, 115_200) == BOOT_TEXT


@pytest.mark.parametrize("rate", [rate for rate in RATES if rate != 115_200])
def test_a_wrong_baud_rate(make_board, rate):
    """The board is at another rate than we are; it says something at its start, as boards with a boot loader do."""
    board = make_board()
    board.out.append((0.0, at_another_rate(BOOT_TEXT, rate, 115_200)))
    board.to_board = lambda n, data: [at_another_rate(data, 115_200, rate)]
    board.to_host = lambda n, data: [at_another_rate(data, rate, 115_200)]
    assert "bytes came, but no valid answer; the baud rate differs (--baud)" in cause(board)


def test_a_wrong_baud_rate_of_a_silent_board(make_board):
    """It takes what we send for noise, and answers nothing: nothing but the advice can name the rate."""
    board = make_board(to_board=lambda n, data: [at_another_rate(data, 115_200, 9_600)])
    assert "no board answered (not a byte came)" in (text := cause(board)) and "--baud is its rate" in text


def test_another_program_on_the_board(make_board):
    board = make_board(to_host=lambda n, data: [b"> unknown command\r\n"])
    text = cause(board)
    assert "which are text and no answer ('> unknown command" in text and "flash firmware built" in text


def test_text_of_a_board_does_not_act(make_board):
    board = make_board(to_host=lambda n, data: [b"\x1b[31mhello hello hello hello hello\r\n"])
    assert cause(board).isprintable()


def test_an_echo(make_board):
    board = make_board(to_board=lambda n, data: board.out.append((board.clock, data)) or [])
    assert "what was sent came back, as an echo, and no answer; RX and TX are joined" in cause(board)


def test_the_answers_of_another_program(make_board):
    board = make_board(to_host=lambda n, data: [encode(Frame(Type.STATS | 0x80, 7, bytes(16)))])
    assert "whole frames came, and no answer to HELLO; another program speaks to the same board" in cause(board)


def test_a_bad_line_is_told_from_a_wrong_rate(make_board):
    board = make_board(to_host=lambda n, data: [data[:30] + bytes([data[30] ^ 4]) + data[31:]])
    assert "answers among them, but every one damaged; the baud rate is right and the line is bad" in cause(board)


def test_noise_without_end(make_board):
    """A megabyte of it: little is kept, and the time is bounded."""
    board, rng = make_board(), random.Random(1)
    board.to_host = lambda n, data: [rng.randbytes(20_000)]
    assert "the baud rate differs" in cause(board)
    link = Link(board, board.now)
    with pytest.raises(InputError):
        link.greet()
    assert link._heard.count > 20 * SAMPLE_BYTES and len(link._heard.sample) == SAMPLE_BYTES
