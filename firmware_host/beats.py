"""The answer to BEATS: the latest heartbeats that a board has answered; docs/PROTOCOL.md has the same table in words.

Every field is held against the others before it is believed: what a record says of itself cannot be a contradiction.
"""

import struct
from dataclasses import astuple, dataclass

import numpy as np

from firmware_host.hello import Hello
from firmware_host.message_error import MessageError
from firmware_host.messages import ABSTAIN
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.frontend.rhythm import NO_CLASS, RUN, Rhythm

_REQUEST = struct.Struct("<I")
_HEAD = struct.Struct("<IH")
_BEAT = struct.Struct("<IIIHHBB")
_RHYTHM = struct.Struct("<HHBHHHHB")

KEPT = 8  # beats that a board keeps
RECORD_FIXED = _BEAT.size + _RHYTHM.size  # bytes before inputs, features and logits
PERCENT = 100


@dataclass(frozen=True)
class BeatRecord:
    """A heartbeat as the board answered it.

    Attributes:
        number: from 0, since STREAM or LIVE.
        sample: of the R peak, in the sensor's samples.
        end: sensor samples that had passed when it was answered.
        interval: model-rate samples since the beat before; 0: there is none that it joins.
        flags: of the newest `raw_samples` sensor samples.
        margin: int8 steps between the largest logit and the second largest.
        rhythm: behind this beat.
        inputs: int8 (inputs,), what the network took.
        features: int8 (features,); logits: int8 (classes,).
    """

    number: int
    sample: int
    end: int
    interval: int
    predicted: int
    flags: int
    margin: int
    rhythm: Rhythm
    inputs: np.ndarray
    features: np.ndarray
    logits: np.ndarray

    def pack(self) -> bytes:
        numbers = self.number, self.sample, self.end, self.interval, self.predicted, self.flags, self.margin
        head = _BEAT.pack(*numbers) + _RHYTHM.pack(*astuple(self.rhythm))
        return head + self.inputs.tobytes() + self.features.tobytes() + self.logits.tobytes()

    def _check(self) -> None:
        """MessageError for what no board can say of a beat."""
        for name, value, low, high in (
            ("flags", self.flags, 0, SATURATED | LEAD_OFF),
            ("sample", self.sample, 0, self.end - 1),
            ("rhythm's irregular share", self.rhythm.irregular, 0, PERCENT),
        ):
            if not low <= value <= high:
                raise MessageError(f"beat {self.number} in which {name} is {value}; {low} to {high} expected")
        lower, highest = np.sort(self.logits)[-2:].tolist()
        if self.margin != highest - lower:
            raise MessageError(
                f"beat {self.number} in which margin is {self.margin}; {highest - lower}, as of its logits, expected"
            )
        largest, lead_off = int(self.logits.argmax()), bool(self.flags & LEAD_OFF)
        if self.predicted != (ABSTAIN if lead_off else largest):
            raise MessageError(
                f"beat {self.number} in which class is {self.predicted} and flags {self.flags}; {largest}, or that the "
                f"board abstains ({ABSTAIN}) where the lead was off, expected"
            )
        self._check_rhythm()

    def _check_rhythm(self) -> None:
        """MessageError for a rhythm that this beat cannot end."""
        rhythm, number = self.rhythm, self.number
        if (rhythm.runs > 0) != (rhythm.longest_run >= RUN) or 0 < rhythm.longest_run < RUN:
            raise MessageError(
                f"beat {number} in which the longest of {rhythm.runs} runs has {rhythm.longest_run} beats; {RUN} or "
                "more of each run, 0 of none expected"
            )
        if (rhythm.heart_rate > 0) != (self.interval > 0):
            raise MessageError(
                f"beat {number} in which interval is {self.interval} and heart rate {rhythm.heart_rate}; both or none "
                "expected"
            )
        classes, own = len(self.logits), NO_CLASS if self.predicted == ABSTAIN else self.predicted
        is_worst = rhythm.worst == NO_CLASS or rhythm.worst < classes
        if not is_worst or (own != NO_CLASS and (rhythm.worst == NO_CLASS or rhythm.worst < own)):
            raise MessageError(
                f"beat {number} of class {own} in which the worst class of ten seconds is {rhythm.worst}; one of "
                f"{classes} that is not below it expected"
            )


@dataclass(frozen=True)
class BeatsAnswer:
    """The beats that a board still has, from the requested number on.

    Attributes:
        total: since STREAM or LIVE.
        inputs: of the network, values in a record.
    """

    total: int
    inputs: int
    records: tuple[BeatRecord, ...]

    @classmethod
    def parse(cls, payload: bytes, hello: Hello) -> "BeatsAnswer":
        """MessageError if it is not an answer of the board that described itself as `hello`."""
        if len(payload) < _HEAD.size:
            raise MessageError(f"a BEATS answer of {len(payload)} bytes; at least {_HEAD.size} expected")
        total, inputs = _HEAD.unpack_from(payload)
        size = RECORD_FIXED + inputs + hello.features + hello.classes
        count, rest = divmod(len(payload) - _HEAD.size, size)
        if not inputs or hello.classes < 2 or rest or count > min(KEPT, total):
            raise MessageError(
                f"a BEATS answer of {len(payload)} bytes, of {total} beats of {inputs} inputs; {_HEAD.size} and "
                f"{size} for each of {KEPT} beats at most expected"
            )
        records = tuple(_record(payload, _HEAD.size + i * size, inputs, hello) for i in range(count))
        for i, record in enumerate(records):
            record._check()
            if record.number != records[0].number + i:
                raise MessageError(f"beat {record.number} behind beat {records[i - 1].number}; the next one expected")
            if record.number >= total:
                raise MessageError(f"beat {record.number} of {total}; a lower number expected")
        for before, record in zip(records, records[1:], strict=False):
            if not (before.sample <= record.sample and before.end < record.end):
                raise MessageError(
                    f"beat {record.number} at sample {record.sample}, answered after {record.end}, behind one at "
                    f"{before.sample}, answered after {before.end}; rising numbers expected"
                )
        return cls(total, inputs, records)

    def pack(self) -> bytes:
        return _HEAD.pack(self.total, self.inputs) + b"".join(record.pack() for record in self.records)


def beats(number: int) -> bytes:
    """Payload of a BEATS request: the beats from this number on."""
    return _REQUEST.pack(number)


def _record(payload: bytes, start: int, inputs: int, hello: Hello) -> BeatRecord:
    number, sample, end, interval, predicted, flags, margin = _BEAT.unpack_from(payload, start)
    rhythm = Rhythm(*_RHYTHM.unpack_from(payload, start + _BEAT.size))
    outputs = inputs + hello.features
    values = np.frombuffer(payload, np.int8, outputs + hello.classes, start + RECORD_FIXED)
    split = values[:inputs], values[inputs:outputs], values[outputs:]
    return BeatRecord(number, sample, end, interval, predicted, flags, margin, rhythm, *split)
