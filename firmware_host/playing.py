"""Plays samples to a board as a stream, and holds every answer against what is due.

The board windows by itself. One SAMPLES frame is in flight at a time and holds no more than one hop, so a lost frame is
repeated without losing a class.
"""

import argparse
import struct
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from firmware_host.board import Board
from firmware_host.capacity import chunk_samples
from firmware_host.link import Link, resets_named
from firmware_host.messages import UNSURE_CODE, Hop, samples_chunk
from firmware_host.model import is_class
from firmware_host.protocol import Type
from scl.arguments import whole
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.fields import MOST
from scl.artifacts.manifest import BundleManifest
from scl.belief import ONE

CHUNK_S = 0.25  # most sensor time in one frame: how far a class may lag behind its sample at real speed


@dataclass(frozen=True)
class Pace:
    """The clock that samples are held back by; speed max has none."""

    now: Callable[[], float] = time.monotonic
    wait: Callable[[float], None] = time.sleep


class Samples(Protocol):
    """What is played: samples (n, values), and how many of them a second has; None: they have no time."""

    @property
    def counts(self) -> np.ndarray: ...

    @property
    def rate_hz(self) -> float | None: ...


def play(
    board: Board, bundle: Bundle[BundleManifest], record: Samples, hop: int, pace: Pace | None = None
) -> Iterator[Hop]:
    """Streams the recording; yields the board's answer whenever it has classified another hop.

    `hop` is in model-rate samples. With a pace, a sample is sent when its time has come. Raises BoardResetError if the
    board is reset meanwhile: its front end and calibration are gone, so the stream cannot go on; InputError if it
    answers what no board with this model can. A capture file is too small for sample numbers to wrap at 2^32.
    """
    link, due = board.link, Due.of(bundle.manifest, hop)
    most = min(
        chunk_samples(board.hello),
        hop * due.down // due.up,  # at most one hop in a frame
        max(1, int(CHUNK_S * record.rate_hz)) if record.rate_hz else hop,
    )
    position, hops, total = 0, 0, len(record.counts)
    with resets_named(link.name, lambda: f"after {position} of {total} samples"):
        begin(link, hop)
        started = pace.now() if pace else 0.0
        while position < total:
            chunk = record.counts[position : position + most]
            if pace and record.rate_hz:
                pace.wait(max(0.0, started + (position + len(chunk)) / record.rate_hz - pace.now()))
            answer = Hop.parse(link.request(Type.SAMPLES, samples_chunk(position, chunk)).payload)
            position += len(chunk)
            _check_answer(answer, position, due, bundle.manifest, link.name)
            if answer.hops != hops:
                hops = answer.hops
                yield answer


def begin(link: Link, hop: int) -> None:
    """Begins a stream. Raises InputError if the board confirms another one."""
    confirmed = link.request(Type.STREAM, requested := struct.pack("<H", hop)).payload
    if confirmed != requested:
        raise InputError(
            f"port {link.name}: the board confirmed hop {confirmed.hex()}, {requested.hex()} was asked for; "
            "reset the board and start again"
        )


def add_hop_option(parser: argparse.ArgumentParser) -> None:
    """The flag --hop, for `hop_of`."""
    parser.add_argument(
        "--hop",
        type=whole(1, MOST),
        metavar="SAMPLES",
        help="model-rate samples from class to class (default: the export's --streaming, else a quarter window)",
    )


def hop_of(option: int | None, manifest: BundleManifest) -> int:
    """Model-rate samples from class to class: --hop, else the bundle's. InputError if samples would be left out."""
    hop, window = option or manifest.default_hop, manifest.window_samples
    if hop > window:
        raise InputError(
            f"--hop {hop}: longer than the window of {window} samples, so samples would be skipped; give at most "
            f"{window}"
        )
    return hop


@dataclass(frozen=True)
class Due:
    """When a stream's classes are due: the first with a whole window, then every hop.

    Attributes:
        window, hop: model-rate samples.
        up, down: the resampler's ratio.
    """

    window: int
    hop: int
    up: int
    down: int

    @classmethod
    def of(cls, manifest: BundleManifest, hop: int) -> "Due":
        """For the model of a bundle."""
        if manifest.frontend is None:
            return cls(manifest.window_samples, hop, 1, 1)
        return cls(manifest.window_samples, hop, manifest.frontend.resampling.up, manifest.frontend.resampling.down)

    def after(self, samples: int) -> int:
        """How many classes are due after so many samples of the sensor."""
        outputs = (samples * self.up - 1) // self.down + 1
        return max(0, (outputs - self.window) // self.hop + 1)

    def end(self, number: int) -> int:
        """How many samples of the sensor class `number` takes, counted from 1."""
        return (self.window + (number - 1) * self.hop - 1) * self.down // self.up + 1


def _check_answer(answer: Hop, position: int, due: Due, manifest: BundleManifest, port: str) -> None:
    """InputError for an answer that this stream cannot get: one of another program's stream, or a lie."""
    if answer.next != position:
        raise InputError(
            f"port {port}: the board wants sample {answer.next}, {position} comes next; another program speaks to it "
            "too: close that one and start again"
        )
    if answer.confidence > ONE:
        raise InputError(
            f"port {port}: the board says a confidence of {answer.confidence} after {position} samples, {ONE} is the "
            "most; flash the firmware of this bundle"
        )
    hops = due.after(position)
    end = due.end(hops) if hops else 0
    if (answer.hops, answer.end) != (hops, end):
        raise InputError(
            f"port {port}: the board says that after {position} samples it has classified {answer.hops} times, the "
            f"latest after {answer.end}; {hops} were due, the latest after {end}: flash the firmware of this bundle"
        )
    if hops and not is_class(manifest, answer.predicted):
        raise InputError(
            f"port {port}: the board says class {answer.predicted} after {end} samples, the model has "
            f"{manifest.classes} classes; flash the firmware of this bundle"
        )
    if hops and answer.decided != UNSURE_CODE and not is_class(manifest, answer.decided):
        raise InputError(
            f"port {port}: the board decides for class {answer.decided} after {end} samples, the model has "
            f"{manifest.classes} classes; flash the firmware of this bundle"
        )
