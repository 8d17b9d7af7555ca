"""LIVE on the native board, whose sensor is a file: every answer is the model's of the sensor's own samples, counted
from where LIVE began or from behind the latest gap.

Answers are compared with fixture_model/make_model.py, which computes them slowly from the written rules.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import numpy as np
import pytest

from firmware_host import emulator
from firmware_host.link import Link
from firmware_host.messages import (
    BoardError,
    ErrorCode,
    Hop,
    LiveAnswer,
    LiveProgress,
    capture_block,
    greeting,
    live,
    live_answer,
    samples_chunk,
    window_chunk,
)
from firmware_host.protocol import ANSWER, Frame, Type
from scl.frontend.flags import SATURATED
from tests.firmware.board_host import Host, model, receive

SAMPLES, HOP, WINDOW = 3000, 4, model.WINDOW
FOREVER = 0xFFFFFFFF
Started = Callable[..., AbstractContextManager[Host]]


@pytest.fixture
def counts(rng) -> np.ndarray:
    return rng.integers(-4000, 4000, (SAMPLES, model.CHANNELS)).astype(np.int16)


@pytest.fixture
def started(fixture_firmware, counts, tmp_path) -> Started:
    """started(native arguments): a greeted board that plays the counts."""
    (tmp_path / "sensor.raw").write_bytes(counts.astype("<i2").tobytes())

    @contextmanager
    def start(*arguments: str) -> Iterator[Host]:
        with emulator.native(
            fixture_firmware("native"), ["--sensor", str(tmp_path / "sensor.raw"), *arguments]
        ) as line:
            yield Host(Link(line), "native")

    return start


def frames_until(host: Host, done: Callable[[list[Frame]], bool]) -> list[Frame]:
    frames: list[Frame] = []
    while not done(frames):
        frames += receive(host.link)
    return frames


def of(host: Host, frames: list[Frame], seq: int) -> list[LiveProgress | LiveAnswer]:
    chosen = [frame for frame in frames if frame.seq == seq]
    assert all(frame.type == Type.LIVE | ANSWER for frame in chosen)
    return [live_answer(frame.payload, host.hello) for frame in chosen]


def ended(host: Host) -> LiveProgress:
    """How far LIVE was, told to end."""
    (frame,) = answered(host, Type.LIVE, live(0, 0))
    progress = live_answer(frame.payload, host.hello)
    assert isinstance(progress, LiveProgress)
    return progress


def answered(host: Host, kind: Type, payload: bytes = b"") -> list[Frame]:
    seq, _size = host.link.send(kind, payload)
    frames = frames_until(host, lambda frames: any(frame.seq == seq for frame in frames))
    return [frame for frame in frames if frame.seq == seq]


def check(answer: LiveAnswer, samples: np.ndarray) -> None:
    """`samples`: all since the front end began."""
    features, logits = model.network(model.quantized(samples)[-WINDOW:])
    assert answer.features.tolist() == features and answer.logits.tolist() == logits
    assert answer.predicted == logits.index(max(logits))


@pytest.mark.parametrize("arguments", [(), ("--sensor-rate", "4000")], ids=["unpaced", "paced"])
@pytest.mark.parametrize(("hop", "hops"), [(1, 5), (HOP, 30), (WINDOW + 3, 4)])
def test_classes_of_the_sensor(started, counts, arguments, hop, hops):
    """The start is confirmed, answers come unasked and numbered, and LIVE ends by itself; then it may begin anew."""
    with started(*arguments) as host:
        for _ in range(2):
            seq, _size = host.link.send(Type.LIVE, live(hop, hops))
            start, *answers = of(host, frames_until(host, lambda frames: len(frames) > hops), seq)
            assert start == LiveProgress(0, 0, 0) and len(answers) == hops
            for number, answer in enumerate(answers):
                assert (answer.number, answer.end, answer.dropped) == (number, WINDOW + number * hop, 0)
                check(answer, counts[: answer.end])
            assert ended(host) == LiveProgress(hops, answers[-1].end, 0)
            assert host.collect() == []
            assert host.bench() > 0  # on the newest window


def test_beside_a_capture_answers_are_those_of_a_stream_of_its_samples(started, counts):
    """Both read one sensor with one numbering: LIVE says with which sample it began. A stream fed with them says the
    same, and so does a window for features and logits.
    """
    with started("--sensor-rate", "4000") as host:
        capture, _size = host.link.send(Type.CAPTURE, struct.pack("<I", 400))
        first = frames_until(host, lambda frames: len(frames) > 0)
        seq, _size = host.link.send(Type.LIVE, live(HOP, 40))
        frames = first + frames_until(host, lambda frames: sum(frame.seq == seq for frame in frames) > 40)
        start, *answers = of(host, frames, seq)
        assert isinstance(start, LiveProgress) and start.hops == start.dropped == 0
        blocks = [capture_block(frame.payload, model.CHANNELS) for frame in frames if frame.seq == capture]
        for number, dropped, block in blocks:
            assert dropped == 0 and np.array_equal(block, counts[number : number + len(block)])
        assert answered(host, Type.CAPTURE, bytes(4))[0].payload[4:8] == bytes(4)
        host.link.request(Type.STREAM, struct.pack("<H", HOP))
        position = start.end
        for number, answer in enumerate(answers):
            assert (answer.number, answer.end, answer.dropped) == (number, start.end + WINDOW + number * HOP, 0)
            sent = samples_chunk(position - start.end, counts[position : answer.end])
            hop = Hop.parse(host.link.request(Type.SAMPLES, sent).payload)
            position = answer.end
            assert (hop.hops, hop.predicted, hop.flags) == (number + 1, answer.predicted, answer.flags)
            check(answer, counts[start.end : answer.end])
        result = host.send_window(counts[answer.end - model.RAW_SAMPLES : answer.end])
        assert np.array_equal(result.features, answer.features) and np.array_equal(result.logits, answer.logits)


def test_a_board_that_is_too_slow_for_a_whole_window_says_so_when_asked(started):
    """Every 7th sample is lost, so no window of 16 is whole."""
    with started("--sensor-loses", "7", "--sensor-rate", "4000") as host:
        host.link.send(Type.LIVE, live(HOP, FOREVER))
        seq, _size = host.link.send(Type.CAPTURE, struct.pack("<I", 100))
        frames_until(host, lambda frames: sum(frame.seq == seq for frame in frames) > 14)
        progress = ended(host)
        assert progress.hops == 0 and progress.end >= 100 and progress.dropped == progress.end // 7


@pytest.mark.parametrize("loses", [23, 50])
def test_no_answer_is_of_a_window_with_a_gap(started, counts, loses):
    """Every `loses`-th sample is lost and counted, also by a capture beside it; the front end begins anew behind it."""
    expected = []
    begin = dropped = 0
    for number in range(400):
        if (number + 1) % loses == 0:
            begin, dropped = number + 1, dropped + 1
        elif number + 1 - begin >= WINDOW and (number + 1 - begin - WINDOW) % HOP == 0:
            expected.append((number + 1, dropped, begin))
    with started("--sensor-loses", str(loses), "--sensor-rate", "4000") as host:
        seq, _size = host.link.send(Type.LIVE, live(HOP, FOREVER))
        frames = frames_until(host, lambda frames: len(frames) > len(expected))
        answers = of(host, frames, seq)[1 : len(expected) + 1]
        assert [(answer.end, answer.dropped) for answer in answers] == [each[:2] for each in expected]
        for answer, (end, _dropped, begin) in zip(answers, expected, strict=True):
            check(answer, counts[begin:end])


SAMPLE = samples_chunk(0, np.zeros((1, model.CHANNELS), np.int16))
NOMINAL = bytes(8) + np.concatenate([np.zeros(3), np.eye(3).ravel()] * 2).astype(np.float32).tobytes()
ENDINGS = {
    "window": (Type.WINDOW, window_chunk(0, 0, np.zeros((3, model.CHANNELS), np.int16))),
    "stream": (Type.STREAM, struct.pack("<H", HOP)),
    "calibration": (Type.CALIBRATION, NOMINAL),
    "session": (Type.HELLO, greeting(0x1234)),
    "end": (Type.LIVE, live(0, 0)),
}
GOES_ON = {
    "bench": (Type.BENCH, b""),
    "stats": (Type.STATS, b""),
    "the same session": (Type.HELLO, greeting(0)),
    "the end of a capture": (Type.CAPTURE, bytes(4)),
    "a later chunk": (Type.WINDOW, window_chunk(0, 5, np.zeros((3, model.CHANNELS), np.int16))),
}


@pytest.mark.parametrize("what", [*ENDINGS, *GOES_ON])
def test_what_ends_it_and_what_does_not(started, what):
    with started("--sensor-rate", "4000") as host:
        seq, _size = host.link.send(Type.LIVE, live(HOP, FOREVER))
        frames_until(host, lambda frames: len(frames) > 3)
        (refused,) = answered(host, Type.SAMPLES, SAMPLE)
        assert BoardError.parse(refused.payload).code == ErrorCode.NOT_STREAMING
        answered(host, *(ENDINGS | GOES_ON)[what])
        if what in GOES_ON:
            frames_until(host, lambda frames: sum(frame.seq == seq for frame in frames) > 5)
            return
        host.collect()  # what was on its way
        progress = ended(host)
        assert ended(host) == progress and progress.hops >= 3
        assert not any(frame.seq == seq for frame in host.collect())


@pytest.mark.parametrize("first", [Type.LIVE, Type.CAPTURE])
def test_one_ends_and_the_other_goes_on(started, counts, first):
    """With the sensor's numbers, which the second one joined."""
    requests = {Type.LIVE: live(HOP, FOREVER), Type.CAPTURE: struct.pack("<I", FOREVER)}
    ends = {Type.LIVE: live(0, 0), Type.CAPTURE: bytes(4)}
    (second,) = set(requests) - {first}
    with started("--sensor-rate", "4000") as host:
        host.link.send(first, requests[first])
        frames_until(host, lambda frames: len(frames) > 2)
        seq, _size = host.link.send(second, requests[second])
        frames_until(host, lambda frames: sum(frame.seq == seq for frame in frames) > 2)
        answered(host, first, ends[first])
        frames = frames_until(host, lambda frames: sum(frame.seq == seq for frame in frames) > 3)
        latest = [frame for frame in frames if frame.seq == seq][-1]
        if second == Type.CAPTURE:
            start, dropped, block = capture_block(latest.payload, model.CHANNELS)
            assert dropped == 0 and np.array_equal(block, counts[start : start + len(block)])
        else:
            answer = live_answer(latest.payload, host.hello)
            assert isinstance(answer, LiveAnswer) and answer.dropped == 0
            check(answer, counts[answer.end - WINDOW : answer.end])


def test_a_capture_that_joins_counts_its_own_samples(started, counts):
    with started("--sensor-rate", "4000") as host:
        host.link.send(Type.LIVE, live(HOP, FOREVER))
        frames_until(host, lambda frames: len(frames) > 5)
        seq, _size = host.link.send(Type.CAPTURE, struct.pack("<I", 40))
        frames = frames_until(host, lambda frames: sum(frame.seq == seq for frame in frames) == 3)
        parts = [capture_block(frame.payload, model.CHANNELS) for frame in frames if frame.seq == seq]
        assert parts[0][0] >= WINDOW and [len(part[2]) for part in parts] == [16, 16, 8]
        start = parts[0][0]
        assert np.array_equal(np.concatenate([part[2] for part in parts]), counts[start : start + 40])


def test_a_saturated_sample_is_flagged_for_a_window(started, counts, tmp_path):
    counts = counts.copy()
    counts[30, 2] = 32767
    with started() as host:
        (tmp_path / "sensor.raw").write_bytes(counts.astype("<i2").tobytes())
        seq, _size = host.link.send(Type.LIVE, live(HOP, 12))
        answers = of(host, frames_until(host, lambda frames: len(frames) > 12), seq)[1:]
        flagged = [bool(answer.flags & SATURATED) for answer in answers]
        assert flagged == [30 < answer.end <= 30 + model.RAW_SAMPLES for answer in answers]


def test_refusals(started, fixture_firmware):
    with started() as host:
        assert host.refusal(Type.LIVE, live(0, 1)).code == ErrorCode.BAD_VALUE
        for size in (0, 5, 7):
            assert host.refusal(Type.LIVE, bytes(size)).code == ErrorCode.BAD_LENGTH
    with emulator.native(fixture_firmware("native")) as line:
        host = Host(Link(line), "native")
        assert host.refusal(Type.LIVE, live(HOP, 1)).code == ErrorCode.NO_SENSOR
        assert ended(host) == LiveProgress(0, 0, 0)
