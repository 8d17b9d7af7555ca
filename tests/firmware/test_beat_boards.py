"""Heartbeats on the native board and on an emulated one: every field of every beat is numpy's and TFLite Micro's."""

import functools
import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware_host import emulator
from firmware_host.beats import KEPT, BeatRecord, BeatsAnswer, beats
from firmware_host.board import Board
from firmware_host.hello import InputKind
from firmware_host.link import Link
from firmware_host.messages import ABSTAIN, ErrorCode, Hop, LiveAnswer, live, live_answer, samples_chunk, window_chunk
from firmware_host.playing_beats import play_beats
from firmware_host.protocol import ANSWER, Type
from firmware_host.reopening import SerialPort
from scl.frontend.beats import BeatInput
from scl.frontend.rhythm import rhythms
from tests.firmware.beat_model import BeatModel, of_record, recording, same
from tests.firmware.board_host import Host, receive
from tests.firmware_host.damaged_line import damaged_line

MINUTES = 2.0


@pytest.fixture(scope="module")
def counts() -> np.ndarray:
    return recording(MINUTES)


@pytest.fixture(scope="module")
def model(counts) -> Callable[[BeatInput], BeatModel]:
    """model(input)"""
    return functools.cache(lambda measured: BeatModel.of(counts, measured))


@pytest.fixture(scope="module")
def firmware(model, make_firmware, tmp_path_factory) -> Callable[[str, BeatInput], Path]:
    """firmware(board, input)"""

    @functools.cache
    def make(board: str, measured: BeatInput) -> Path:
        folder = tmp_path_factory.mktemp("beats")
        model(measured).write(folder)
        return make_firmware(board, folder, folder / "out")

    return make


BOARDS = ("native", "mps2-an386", "mps2-an385")  # with an FPU and without


@pytest.mark.parametrize(
    ("name", "measured"),
    [
        *itertools.product(BOARDS, ("features",)),
        ("native", "causal"),
        ("mps2-an386", "both"),
        *(pytest.param(*other, marks=pytest.mark.exact) for other in itertools.product(BOARDS[1:], ("causal",))),
        *(pytest.param(*other, marks=pytest.mark.exact) for other in (("native", "both"), ("native", "waveform"))),
        pytest.param("mps2-an386", "waveform", marks=pytest.mark.exact),
    ],
)
def test_every_field_of_every_beat(model, firmware, counts, tmp_path, name, measured):
    """Of two streams, one behind the other."""
    beat_model, elf = model(measured), firmware(name, measured)
    with emulator.native(elf) if name == "native" else emulator.qemu(elf, name) as line:
        link = Link(line)
        board = Board(link, link.greet(), name != "native", None)
        assert board.hello.input == InputKind.BEATS and board.hello.window == 1
        records = list(play_beats(board, beat_model.manifest(tmp_path), counts))
        assert same(records, beat_model.expected(counts))
        again = list(play_beats(board, beat_model.manifest(tmp_path), counts[2000:9000]))
        assert same(again, beat_model.expected(counts[2000:9000]))
    assert len(records) > 100 and {record.predicted for record in records} == {0, 1, 2, ABSTAIN}
    assert records[-1].rhythm.couplets + records[-1].rhythm.runs > 0 and records[-1].rhythm.pauses > 0


@pytest.mark.parametrize("number", [106, 119, 208])
def test_every_beat_of_a_recording(make_firmware, data_dir, tmp_path, number):
    """Three minutes of MIT-BIH."""
    counts = of_record(data_dir, number, 180)
    beat_model = BeatModel.of(counts, "features")
    beat_model.write(tmp_path)
    with emulator.native(make_firmware("native", tmp_path, tmp_path / "out")) as line:
        link = Link(line)
        board = Board(link, link.greet(), False, None)
        records = list(play_beats(board, beat_model.manifest(tmp_path), counts))
    assert same(records, beat_model.expected(counts)) and len(records) > 150


@pytest.mark.parametrize("seed", [1, 2])
def test_nothing_is_lost_or_doubled_on_a_damaged_line(model, firmware, counts, tmp_path, seed):
    """A line that damages a byte in a thousand, both ways."""
    counts = counts[:20_000]
    with damaged_line(firmware("native", "causal"), tmp_path / "line", 0.001, seed) as ways:
        port = SerialPort(str(tmp_path / "line"), 115_200)()
        link = Link(port)
        records = list(play_beats(Board(link, link.greet(), False, None), model("causal").manifest(tmp_path), counts))
        port.close()
    assert same(records, model("causal").expected(counts)) and min(way.count for way in ways) > 10


@pytest.fixture
def host(firmware, model) -> Iterator[Host]:
    with emulator.native(firmware("native", "causal")) as line:
        yield Host(Link(line), "native")


def stream(host: Host, counts: np.ndarray) -> Hop:
    """The answer to the last of some samples of a new stream."""
    host.link.request(Type.STREAM, struct.pack("<H", 1))
    for start in range(0, len(counts), 250):
        payload = host.link.request(Type.SAMPLES, samples_chunk(start, counts[start : start + 250])).payload
    return Hop.parse(payload)


def kept(host: Host, number: int) -> BeatsAnswer:
    return BeatsAnswer.parse(host.link.request(Type.BEATS, beats(number)).payload, host.hello)


def test_the_latest_eight_are_kept(host, model, counts):
    assert kept(host, 0) == BeatsAnswer(0, host_inputs(model), ())
    expected = model("causal").expected(counts[:9000])
    answer = stream(host, counts[:9000])
    assert (answer.hops, answer.end, answer.predicted) == (len(expected), expected[-1].end, expected[-1].predicted)
    for number in (0, answer.hops - KEPT, answer.hops - 3, answer.hops - 1):
        found = kept(host, number)
        first = max(number, answer.hops - KEPT)
        assert found.total == answer.hops and same(list(found.records), expected[first:])
    for number in (answer.hops, 0xFFFFFFFF):
        assert kept(host, number) == BeatsAnswer(answer.hops, host_inputs(model), ())
    assert host.bench() > 0  # on the latest beat
    host.link.request(Type.CALIBRATION, bytes(8) + np.array([5.12, 1], "<f4").tobytes())  # ends the stream
    assert kept(host, 0).total == answer.hops
    host.link.greet()  # a new session
    assert kept(host, 0).total == 0
    stream(host, counts[:100])
    assert kept(host, 0).total == 0


def host_inputs(model) -> int:
    return model("causal").spec.inputs


def test_refusals(host, counts):
    for hop in (0, 2, 50):
        assert host.refusal(Type.STREAM, struct.pack("<H", hop)).code == ErrorCode.BAD_VALUE
        assert host.refusal(Type.LIVE, live(hop, 5)).code == ErrorCode.BAD_VALUE
    refusal = host.refusal(Type.WINDOW, window_chunk(0, 0, counts[:5]))
    assert (refusal.code, refusal.detail) == (ErrorCode.WRONG_INPUT, InputKind.BEATS)
    assert host.refusal(Type.WINDOW, bytes(4)).code == ErrorCode.BAD_LENGTH
    for size in (0, 3, 5):
        assert host.refusal(Type.BEATS, bytes(size)).code == ErrorCode.BAD_LENGTH
    assert host.refusal(Type.BENCH).code == ErrorCode.NO_WINDOW
    assert host.refusal(Type.LIVE, live(1, 5)).code == ErrorCode.NO_SENSOR


@pytest.mark.parametrize("loses", [0, 5000])
def test_live(firmware, model, counts, tmp_path, loses):
    """Beats of the board's own sensor. Behind a gap the search begins anew, numbers and the rhythm's counts go on."""
    (tmp_path / "sensor.raw").write_bytes(counts.astype("<i2").tobytes())
    arguments = ["--sensor", str(tmp_path / "sensor.raw"), *(["--sensor-loses", str(loses)] if loses else [])]
    due = pieces(model("causal"), counts, loses)[:60]
    with emulator.native(firmware("native", "causal"), arguments) as line:
        host = Host(Link(line), "native")
        seq, _size = host.link.send(Type.LIVE, live(1, len(due)))
        frames = []
        while len(frames) <= len(due):
            frames += receive(host.link)
        assert all((frame.type, frame.seq) == (Type.LIVE | ANSWER, seq) for frame in frames)
        answers = [live_answer(frame.payload, host.hello) for frame in frames[1:]]
        found = kept(host, 0)
    assert found.total == len(due) and same(list(found.records), due[-KEPT:])
    for answer, record in zip(answers, due, strict=True):
        assert isinstance(answer, LiveAnswer)
        assert (answer.number, answer.end, answer.predicted) == (record.number, record.end, record.predicted)
        assert answer.flags == record.flags and answer.logits.tolist() == record.logits.tolist()
        assert answer.features.tolist() == record.features.tolist()


def pieces(beat_model: BeatModel, counts: np.ndarray, loses: int) -> list[BeatRecord]:
    """Of each stretch between two lost samples, by itself; then the rhythm of all."""
    length = loses or len(counts)
    records: list[BeatRecord] = []
    for start in range(0, len(counts), length):
        part = counts[start : start + length - 1] if loses else counts
        records += [
            replace(each, number=len(records) + i, sample=each.sample + start, end=each.end + start)
            for i, each in enumerate(beat_model.expected(part))
        ]
    classes = [-1 if record.predicted == ABSTAIN else record.predicted for record in records]
    rhythm = rhythms([record.interval for record in records], classes)
    return [replace(record, rhythm=each) for record, each in zip(records, rhythm, strict=True)]
