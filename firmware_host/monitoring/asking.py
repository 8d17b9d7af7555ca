"""Asks a board about the windows of a session, as they are and as the user moved them."""

import numpy as np

from firmware_host.board import Board
from firmware_host.calibration_file import NOMINAL_HASH, nominal
from firmware_host.flight import Flight
from firmware_host.link import ANSWER_TIMEOUT_S
from firmware_host.message_error import MessageError
from firmware_host.monitoring.answers import Reading
from firmware_host.monitoring.session import Session
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest


def ask(session: Session, seat: int, bundle: Bundle[BundleManifest], board: Board) -> None:
    """Until the session ends. Raises InputError when the board is lost, or answers what no sound one does."""
    if board.hello.calibration_hash != NOMINAL_HASH and bundle.manifest.frontend is not None:
        nominal(bundle).send(board.link)
    after, turn, plain = 0, -1, None
    while (job := session.job(seat, after)) is not None:
        if plain is None or job.turn != turn:
            windows = [job.plain] if job.moved is None else [job.plain, job.moved]
            plain, *others = _readings(board, bundle, windows)
        else:  # only the orientation is another one
            others = [] if job.moved is None else _readings(board, bundle, [job.moved])
        session.take(seat, job, plain, others[0] if others else None)
        after, turn = job.serial, job.turn


def _readings(board: Board, bundle: Bundle[BundleManifest], windows: list[np.ndarray]) -> list[Reading]:
    """What the board says of windows (samples, values). Raises InputError if it does not answer all of them."""
    timeout_s = ANSWER_TIMEOUT_S + board.line_seconds(board.hello.receive)
    outcome = Flight(board.link, board.hello, len(windows), windows.__getitem__, timeout_s=timeout_s).run()
    if outcome.stopped:
        raise InputError(outcome.stopped)
    try:
        return [Reading.of(result, bundle.manifest) for result in outcome.results if result is not None]
    except MessageError as error:
        raise MessageError(error.found, board.link.name) from error
