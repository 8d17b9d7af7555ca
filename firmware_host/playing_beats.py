"""Plays counts to a board of heartbeats and takes each beat that it answers, once and in order.

The board keeps its latest 8 beats. So no chunk of samples is longer than what 8 beats can come of, and BEATS is asked
whenever their number has risen: nothing is lost or doubled, whatever frames are. What a record says is held against the
counts (its flags, where it may have been answered), the record before (numbers, intervals) and the rhythm of all of
them.
"""

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
    link, spec = board.link, spec_of(manifest)
    stream = _Stream(counts, spec, manifest.classes, link.name)
    chunks = _Chunks(counts, spec, chunk_samples(board.hello), pace is not None)
    with resets_named(link.name, lambda: f"after {stream.position} of {len(counts)} samples"):
        begin(link, HOP)
        started = pace.now() if pace else 0.0
        while stream.position < len(counts):
            chunk = counts[stream.position : chunks.end(stream.position)]
            if pace:
                due = started + (stream.position + len(chunk)) / spec.sensor.rate_hz
                pace.wait(max(0.0, due - pace.now()))
            answer = Hop.parse(link.request(Type.SAMPLES, samples_chunk(stream.position, chunk)).payload)
            stream.take_hop(answer, len(chunk))
            while stream.number < stream.hops:
                payload = link.request(Type.BEATS, beats(stream.number)).payload
                yield from stream.take_records(BeatsAnswer.parse(payload, board.hello))


def spec_of(manifest: BundleManifest) -> FrontEndSpec:
    """The front end of a bundle of beats. ValueError for another."""
    if manifest.frontend is None or manifest.frontend.beats is None:
        raise ValueError("the bundle is of no heartbeats")
    return manifest.frontend


class _Chunks:
    """Where chunks end: so few samples that the board keeps all beats that may come of them."""

    def __init__(self, counts: np.ndarray, spec: FrontEndSpec, fit: int, paced: bool) -> None:
        rate_hz, down, up = spec.sensor.rate_hz, spec.resampling.down, spec.resampling.up
        number = np.arange(len(counts))
        off = lead_off_at(counts, spec.lead_off_samples)
        restarted = np.maximum.accumulate(np.where(off, number, 0))
        self._settling = number - restarted < SETTLING_S * rate_hz
        self._short = max(1, min(fit, KEPT * down // up))  # one beat at most comes of a model-rate sample
        self._long = max(self._short, min(fit, int((CHUNK_S if paced else STEADY_S) * rate_hz)))

    def end(self, start: int) -> int:
        if self._settling[start : start + self._long].any():
            return start + self._short
        return start + self._long


class _Stream:
    """How far the stream is, and the checks of all that the board says of it."""

    def __init__(self, counts: np.ndarray, spec: FrontEndSpec, classes: int, port: str) -> None:
        self.position = self.hops = self.number = 0
        self._counts, self._spec, self._classes, self._port = counts, spec, classes, port
        self._off = np.flatnonzero(lead_off_at(counts, spec.lead_off_samples))
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
        lead_off = bool(np.any((self._off < record.end) & (self._off >= record.end - span)))
        flags = known | LEAD_OFF * lead_off
        if record.flags != flags:
            raise self._lie(f"beat {record.number} has flags {record.flags}; {flags}, as of its samples, expected")

    def _interval(self, record: BeatRecord) -> float | None:
        """The interval that is due, in model-rate samples; None where it is not known."""
        before, resampling = self._before, self._spec.resampling
        if before is None:
            return 0.0
        if np.any((self._off >= before.sample) & (self._off < record.end)):  # found before the lead was off, or since
            return None
        if record.interval == MOST_INTERVAL or before.sample == 0:
            return None
        return (record.sample - before.sample) * resampling.up / resampling.down

    def _lie(self, text: str) -> InputError:
        return InputError(f"port {self._port}: the board says that {text}: flash the firmware of this bundle")


def _beat(answer: Hop) -> tuple[int, int, int]:
    return answer.end, answer.predicted, answer.flags
