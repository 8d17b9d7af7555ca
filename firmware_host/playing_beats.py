"""Plays counts to a board of heartbeats and takes each beat that it answers, once and in order.

The board keeps its latest 8 beats. So no chunk of samples is longer than what 8 beats can come of, and BEATS is asked
whenever their number has risen: nothing is lost or doubled, whatever frames are. What a record says is held against the
counts (its flags, where it may have been answered), the record before (numbers, intervals) and the rhythm of all of
them.
"""

import math
from collections.abc import Iterator

import numpy as np

from firmware_host.beats import KEPT, BeatRecord, BeatsAnswer, beats
from firmware_host.board import Board
from firmware_host.capacity import chunk_samples
from firmware_host.link import resets_named
from firmware_host.messages import ABSTAIN, Hop, samples_chunk
from firmware_host.playing import CHUNK_S, Pace, begin
from firmware_host.protocol import Type
from scl.artifacts import InputError
from scl.artifacts.manifest import BundleManifest
from scl.frontend.flags import LEAD_OFF, flags_at, lead_off_at
from scl.frontend.rhythm import RhythmSoFar
from scl.frontend.spec import FrontEndSpec

HOP = 1  # beats
STEADY_S = 0.7  # of a chunk: five beats at most, which the detector keeps 240 ms apart, and one that it went back for
SETTLING_S = 3.0  # behind the start, or a lead that was off: the beats of two seconds come one with each sample
MOST_INTERVAL = 65535


def play_beats(
    board: Board, manifest: BundleManifest, counts: np.ndarray, pace: Pace | None = None
) -> Iterator[BeatRecord]:
    """Streams counts (samples, 1) int16 from a new stream on; yields every beat that the board answers.

    With a pace, a sample is sent when its time has come. Raises BoardResetError if the board is reset meanwhile,
    MessageError or InputError if it answers what no board with this model can.
    """
    link, stream = board.link, BeatStream(board, manifest, counts, CHUNK_S if pace else STEADY_S)
    with resets_named(link.name, lambda: f"after {stream.position} of {len(counts)} samples"):
        begin(link, HOP)
        started = pace.now() if pace else 0.0
        while stream.position < len(counts):
            end = stream.next_end()
            if pace:
                pace.wait(max(0.0, started + end / manifest.sensor.rate_hz - pace.now()))
            yield from stream.send(end)


class BeatStream:
    """A stream of counts, sent chunk by chunk; `begin` begins it on the board.

    Args:
        counts: (samples, 1) int16. Those that are not sent yet may still change; they are sent as they are then.
        longest_s: of a chunk.

    Attributes:
        position: samples sent.
    """

    def __init__(self, board: Board, manifest: BundleManifest, counts: np.ndarray, longest_s: float) -> None:
        spec = spec_of(manifest)
        self._link, self._hello, self._counts = board.link, board.hello, counts
        self._checks = _Stream(counts, spec, board.link.name)
        self._chunks = _Chunks(counts, spec, chunk_samples(board.hello), longest_s)

    @property
    def position(self) -> int:
        return self._checks.position

    def next_end(self) -> int:
        """Behind the last sample that may be sent next."""
        return min(self._chunks.end(self.position), len(self._counts))

    def send(self, end: int) -> Iterator[BeatRecord]:
        """Sends the samples up to `end`, at most those up to `next_end`; yields the beats that are answered with them.

        Raises BoardResetError, MessageError and InputError as `play_beats`.
        """
        checks, chunk = self._checks, self._counts[self.position : end]
        answer = Hop.parse(self._link.request(Type.SAMPLES, samples_chunk(checks.position, chunk)).payload)
        checks.take_hop(answer, len(chunk))
        while checks.number < checks.hops:
            payload = self._link.request(Type.BEATS, beats(checks.number)).payload
            yield from checks.take_records(BeatsAnswer.parse(payload, self._hello))


def spec_of(manifest: BundleManifest) -> FrontEndSpec:
    """The front end of a bundle of beats. ValueError for another."""
    if manifest.frontend is None or manifest.frontend.beats is None:
        raise ValueError("the bundle is of no heartbeats")
    return manifest.frontend


class _Chunks:
    """Where chunks end: so few samples that the board keeps all beats that may come of them."""

    def __init__(self, counts: np.ndarray, spec: FrontEndSpec, fit: int, longest_s: float) -> None:
        rate_hz, down, up = spec.sensor.rate_hz, spec.resampling.down, spec.resampling.up
        self._counts, self._lead_off_samples = counts, spec.lead_off_samples
        self._settling = math.ceil(SETTLING_S * rate_hz)
        self._short = max(1, min(fit, KEPT * down // up))  # one beat at most comes of a model-rate sample
        self._long = max(self._short, min(fit, int(longest_s * rate_hz)))

    def end(self, start: int) -> int:
        first = start - self._settling + 1
        if first <= 0 or _lead_off(self._counts, self._lead_off_samples, first, start + self._long).any():
            return start + self._short
        return start + self._long


class _Stream:
    """How far the stream is, and the checks of all that the board says of it."""

    def __init__(self, counts: np.ndarray, spec: FrontEndSpec, port: str) -> None:
        self.position = self.hops = self.number = 0
        self._counts, self._spec, self._port = counts, spec, port
        self._latest: Hop | None = None
        self._before: BeatRecord | None = None
        self._rhythm = RhythmSoFar()

    def take_hop(self, answer: Hop, sent: int) -> None:
        """The answer to SAMPLES. InputError for one that this stream cannot get."""
        self.position += sent
        if answer.next != self.position:
            raise InputError(
                f"port {self._port}: the board wants sample {answer.next}, {self.position} comes next; another program "
                "speaks to it too: close that one and start again"
            )
        if not 0 <= answer.hops - self.hops <= KEPT:
            raise self._lie(
                f"it has answered {answer.hops} beats after {self.position} samples, {self.hops} after "
                f"{self.position - sent}; up to {KEPT} more were expected"
            )
        if answer.hops == self.hops and self._latest is not None and _beat(answer) != _beat(self._latest):
            raise self._lie(f"beat {answer.hops} was {_beat(self._latest)}, and is {_beat(answer)} now")
        self.hops, self._latest = answer.hops, answer

    def take_records(self, answer: BeatsAnswer) -> Iterator[BeatRecord]:
        """The answer to BEATS, of which each record is handed on. InputError for one that this stream cannot get."""
        if answer.total != self.hops or answer.inputs != self._spec.inputs:
            raise self._lie(
                f"it has {answer.total} beats of {answer.inputs} inputs; {self.hops} of {self._spec.inputs} expected"
            )
        if not answer.records or answer.records[0].number != self.number:
            first = answer.records[0].number if answer.records else "none"
            raise self._lie(f"of {self.hops} beats the first that it has is {first}; {self.number} was asked for")
        for record in answer.records:
            self._check(record)
            self._before = record
            self.number += 1
            yield record

    def _check(self, record: BeatRecord) -> None:
        before, name = self._before, f"beat {record.number}"
        self._check_place(record)
        due = self._interval(record)
        if due is not None and not abs(record.interval - due) < self._spec.resampling.up / self._spec.resampling.down:
            raise self._lie(
                f"{name} at sample {record.sample} has interval {record.interval} from the one at "
                f"{before.sample if before else 0}; {due:.2f} expected"
            )
        rhythm = self._rhythm.push(record.interval, -1 if record.predicted == ABSTAIN else record.predicted)
        if record.rhythm != rhythm:
            raise self._lie(f"{name} has the {record.rhythm}; {rhythm} follows from its intervals and classes")
        latest = self._latest
        if record.number == self.hops - 1 and latest is not None:
            said = record.end, record.predicted, record.flags
            if said != _beat(latest):
                raise self._lie(
                    f"{name} is {said} (end, class, flags) here, {_beat(latest)} where SAMPLES was answered"
                )

    def _check_place(self, record: BeatRecord) -> None:
        """InputError unless it was answered within what was sent, with a model-rate sample, behind the one before."""
        resampling, span = self._spec.resampling, self._spec.raw_samples
        output = -(-(record.end - 1) * resampling.up // resampling.down)
        least = self._before.end if self._before else 0
        if not least < record.end <= self.position or resampling.consumed(output) != record.end:
            raise self._lie(
                f"beat {record.number} was answered after {record.end} samples; more than {least}, {self.position} at "
                f"most and a multiple of {resampling.down} / {resampling.up} expected"
            )
        if self._before is not None and record.sample <= self._before.sample:
            raise self._lie(f"beat {record.number} lies at sample {record.sample}, as far as {self._before.sample}")
        newest = self._counts[max(0, record.end - span) : record.end]
        known = int(flags_at(newest, self._spec.sensor, 0, span, np.array([len(newest)]))[0])
        flags = known | LEAD_OFF * self._was_off(max(0, record.end - span), record.end)
        if record.flags != flags:
            raise self._lie(f"beat {record.number} has flags {record.flags}; {flags}, as of its samples, expected")

    def _interval(self, record: BeatRecord) -> float | None:
        """The interval that is due, in model-rate samples; None where it is not known."""
        before, resampling = self._before, self._spec.resampling
        if before is None:
            return 0.0
        if self._was_off(before.sample, record.end):  # it was found before the lead was off, or since
            return None
        if record.interval == MOST_INTERVAL or before.sample == 0:
            return None
        return (record.sample - before.sample) * resampling.up / resampling.down

    def _was_off(self, first: int, stop: int) -> bool:
        """Whether the lead was off at a sample from `first` to `stop` - 1."""
        return bool(_lead_off(self._counts, self._spec.lead_off_samples, first, stop).any())

    def _lie(self, text: str) -> InputError:
        return InputError(f"port {self._port}: the board says that {text}: flash the firmware of this bundle")


def _beat(answer: Hop) -> tuple[int, int, int]:
    return answer.end, answer.predicted, answer.flags


def _lead_off(counts: np.ndarray, lead_off_samples: int, first: int, stop: int) -> np.ndarray:
    """Of samples `first` to `stop` - 1 of a stream of counts, whether the lead was off: bool (samples,)."""
    before = max(0, first - lead_off_samples + 1)  # equal counts from there on make it off at `first`
    return lead_off_at(counts[before:stop], lead_off_samples)[first - before :]
