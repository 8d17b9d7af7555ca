"""The thread of a board: asked, lost, opened again."""

from contextlib import contextmanager
from functools import partial

import numpy as np
import pytest

from firmware_host.board import Board
from firmware_host.link import Link
from firmware_host.monitoring.asking import ask
from firmware_host.monitoring.driver import Driver
from firmware_host.monitoring.messages import Press
from firmware_host.port_errors import PortLostError
from scl.artifacts import InputError
from scl.artifacts.golden import read_golden
from tests.bundles import network
from tests.firmware_host.fake_board import fake_board
from tests.firmware_host.monitoring.parts import about_axis


def fake_open(bundles, asked=None):
    """Opens one made-up board after the other; an InputError in their place is raised."""
    boards = iter(bundles)

    @contextmanager
    def open_next():
        board = next(boards)
        if isinstance(board, Exception):
            raise board
        link = Link(board, board.now)
        yield Board(link, link.greet(), False, None)

    return open_next


def driver_of(session, bundle, boards):
    return Driver(session, 0, fake_open(boards), partial(ask, session, 0, bundle))


def test_a_board_is_asked_lost_and_asked_again(bundle, session):
    sent, lost = [], []

    def remembered(counts):
        sent.append(counts)
        if len(sent) == 3:
            raise PortLostError("port fake: was pulled out; plug it in")
        return network(counts)

    boards = [
        fake_board(answer=remembered),
        PortLostError("port fake: is not back; plug it in"),
        fake_board(answer=remembered),
    ]
    driver = driver_of(session, bundle, boards)
    session.order(Press("press", "pause"))
    session.listen(lambda: lost.append(session.seats[0].cause))
    driver.start()
    driver.opened()
    wait_for(session, lambda: session.seats[0].answered.serial == 2)
    assert len(sent) == 1  # as worn: sent once
    session.order(about_axis((0, 0, 1), 90))
    wait_for(session, lambda: len(sent) == 2)
    session.order(about_axis((0, 0, 1), 180))
    wait_for(session, lambda: session.seats[0].answered.serial == 4)
    session.end()
    driver.join(10)
    plain = read_golden(bundle).counts[0, 0]
    np.testing.assert_array_equal(sent[1][:, 0], plain[:, 1])
    np.testing.assert_array_equal(sent[-2], plain)  # the new board is asked both
    np.testing.assert_array_equal(sent[-1][:, :2], -plain[:, :2])
    assert {"port fake: was pulled out; plug it in", "port fake: is not back; plug it in"} <= set(lost)
    assert session.seats[0].cause is None and session.seats[0].losses == 1
    answered = session.seats[0].answered
    assert answered.plain.code == int(network(plain)[1].argmax())


def test_a_board_that_cannot_be_opened_ends_the_command(bundle, session):
    driver = driver_of(session, bundle, [InputError("port fake: no board; plug one in")])
    driver.start()
    with pytest.raises(InputError, match="no board"):
        driver.opened()
    assert session.ended and session.fault is None


def test_a_fault_of_a_thread_is_the_commands(bundle, session):
    driver = driver_of(session, bundle, [ZeroDivisionError()])
    driver.start()
    driver.opened()
    assert session.ended and isinstance(session.fault, ZeroDivisionError)


def wait_for(session, holds):
    with session.changed:
        assert session.changed.wait_for(holds, 20)
