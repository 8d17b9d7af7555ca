"""Models without a front end on the boards: their int8 input comes over the link, and answers are TFLite Micro's."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from export.network import arena, from_file
from export.proof.runtimes import tflite_micro_runner
from export.writers.c_source import CModel, write_c
from firmware_host import emulator
from firmware_host.flight import Flight
from firmware_host.hello import InputKind
from firmware_host.link import Link
from firmware_host.messages import ErrorCode, Hop, Probe, bench_ticks, probe, samples_chunk, window_chunk
from firmware_host.protocol import Type
from tests.firmware.board_host import Host
from tests.firmware.damaged_models import Net, SmallNet

BOARDS = ("native", "mps2-an386")
HOP = 7


@dataclass(frozen=True)
class Tensor:
    """The model, its C files, and TFLite Micro."""

    folder: Path
    network: from_file.Foreign
    tflite: bytes

    @property
    def shape(self) -> tuple[int, int]:
        source = self.network.network.network.input
        return source.length, source.channels

    def answers(self, windows: np.ndarray) -> list[dict[str, np.ndarray]]:
        """What TFLite Micro's tensors hold after each window, by the layer's name."""
        run, read = tflite_micro_runner(self.tflite), self.network
        found = []
        for window in windows:
            tensor = run(window)
            found.append({layer.name: tensor(read.tensors[layer.name]) for layer in read.network.network.layers})
        return found


class SlowNet(Net):
    """Wide and deep enough for an emulated board to receive while the network runs, on a fast computer too."""

    def __init__(self) -> None:
        super().__init__()
        self.conv(3, 96, 0.06)
        for _ in range(8):
            self.conv(96, 96, 0.2)
        self.mean([1, 2], [1, 96])


def made(tflite: bytes, folder: Path) -> Tensor:
    """The model of a file, and its C files in `folder`."""
    read = from_file.read(tflite, "model.tflite")
    network = read.network.network
    labels = [f"class{index}" for index in range(network.tensors[network.outputs[-1]].size)]
    write_c(CModel(read.network, arena.schedule(network), labels, "ab" * 32, None, None), folder)
    return Tensor(folder, read, tflite)


@pytest.fixture(scope="module")
def tensor(tmp_path_factory) -> Tensor:
    return made(SmallNet().bytes(), tmp_path_factory.mktemp("tensor"))


@pytest.fixture(scope="module")
def start(make_firmware, tmp_path_factory):
    """start(model, board, *settings): the model on this board, as a context."""

    def started(model: Tensor, board: str, *settings: str):
        program = make_firmware(board, model.folder, tmp_path_factory.mktemp(board), *settings)
        return emulator.native(program) if board == "native" else emulator.qemu(program, board)

    return started


@pytest.fixture(scope="module", params=BOARDS)
def host(request, start, tensor):
    with start(tensor, request.param) as transport:
        yield Host(Link(transport), request.param)


def some_windows(tensor: Tensor, count: int) -> np.ndarray:
    return np.random.default_rng(count).integers(-128, 128, (count, *tensor.shape)).astype(np.int8)


def test_hello_tells_what_a_sample_is(tensor, host):
    length, channels = tensor.shape
    hello = host.hello
    assert (hello.input, hello.raw_samples, hello.window, hello.channels) == (1, length, length, channels)
    assert hello.input == InputKind.TENSOR and hello.sample_bytes == channels and hello.receive == 4096
    assert hello.features == 0


def test_windows_are_answered_as_tflite_micro_does(tensor, host):
    windows = some_windows(tensor, 20)
    outcome = Flight(host.link, host.hello, len(windows), windows.__getitem__).run()
    assert not outcome.lost and not outcome.stopped
    logits = tensor.network.network.network.outputs[-1]
    for window, result, expected in zip(windows, outcome.results, tensor.answers(windows), strict=True):
        assert result is not None and result.flags == 0 and result.features.size == 0
        assert result.input_crc32 == zlib.crc32(window.tobytes())
        assert result.logits.tolist() == expected[logits].tolist()
        assert result.predicted == int(expected[logits].argmax())


def test_chunks_behind_a_gap_are_kept(tensor, host):
    (window,) = some_windows(tensor, 1)
    number = host.wanted()
    assert host.chunk(number, 0, window[:4]).next == 4
    assert host.chunk(number, 9, window[9:]).next == 4
    answer = host.chunk(number, 4, window[4:9])
    assert answer.result is not None and answer.result.input_crc32 == zlib.crc32(window.tobytes())


def test_a_stream_classifies_every_hop(tensor, host):
    length, channels = tensor.shape
    stream = some_windows(tensor, 3).reshape(-1, channels)
    host.link.request(Type.STREAM, HOP.to_bytes(2, "little"))
    said = []
    for at in range(len(stream)):
        hop = Hop.parse(host.link.request(Type.SAMPLES, samples_chunk(at, stream[at : at + 1])).payload)
        if hop.hops > len(said):
            said.append((hop.end, hop.predicted))
    ends = list(range(length, len(stream) + 1, HOP))
    expected = tensor.answers(np.stack([stream[end - length : end] for end in ends]))
    logits = tensor.network.network.network.outputs[-1]
    assert said == [(end, int(answer[logits].argmax())) for end, answer in zip(ends, expected, strict=True)]


def test_bench_and_probe_run_on_the_newest_window(tensor, host):
    windows = some_windows(tensor, 2)
    Flight(host.link, host.hello, 2, windows.__getitem__).run()
    if host.name != "native":  # its clock may stand still for so short a time
        assert bench_ticks(host.link.request(Type.BENCH).payload) > 0
    expected = tensor.answers(windows)[-1]
    for number, layer in enumerate(tensor.network.network.network.layers):
        answer = Probe.parse(host.link.request(Type.PROBE, probe(number, 0)).payload)
        assert answer.operators == len(tensor.network.network.network.layers)
        assert answer.values.tolist() == expected[layer.name][: len(answer.values)].tolist(), layer.name


def test_there_is_no_sensor_to_calibrate_or_to_capture(host):
    for kind, payload in (
        *((Type.CALIBRATION, bytes(8 + 96)), (Type.CALIBRATION, b"")),
        *((Type.CAPTURE, b"\1\0\0\0"), (Type.LIVE, b"\4\0\1\0\0\0")),
    ):
        assert host.refusal(kind, payload).code == ErrorCode.NO_SENSOR


def test_a_small_receive_ring_loses_nothing(start, tmp_path):
    """On the emulated board a byte that finds the ring full is gone, and counted."""
    slow = made(SlowNet().bytes(), tmp_path)
    windows = some_windows(slow, 30)
    with start(slow, "mps2-an386", "RING=32") as transport:
        link = Link(transport)
        hello = link.greet()
        assert hello.receive == 32
        outcome = Flight(link, hello, len(windows), windows.__getitem__).run()
        assert not outcome.lost and not outcome.retried and link.stats().overrun_bytes == 0
        crcs = [result.input_crc32 for result in outcome.results]
        assert crcs == [zlib.crc32(window.tobytes()) for window in windows]
        link.greet()
        for start in range(0, len(windows[0]), 5):  # the last chunk starts the network
            link.send(Type.WINDOW, window_chunk(0, start, windows[0][start : start + 5]))
        for _ in range(200):  # with no regard to what the board has room for
            link.send(Type.STATS)
        assert link.stats().overrun_bytes > 0
