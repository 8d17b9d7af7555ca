"""Resampler and invariants on every emulated core, with an FPU and without: the same bits as numpy's."""

import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from export.network import arena
from export.network.layers import FEATURES, LOGITS, Conv, Network, Tensor
from export.network.quantization import quantize
from export.proof.runtimes import run_tflite_micro
from export.writers.c_source import CModel, write_c
from export.writers.tflite import write_tflite
from firmware_host import emulator
from firmware_host.link import Link
from scl.frontend.chain import FrontEnd
from scl.frontend.invariants import invariants, names
from scl.frontend.sensor import Part, Sensor
from scl.frontend.spec import FrontEndSpec
from scl.machines import MACHINES
from tests.firmware.board_host import Host
from tests.scl.frontend.designs import front_end_spec

INPUTS, LABELS, WARM_UP_S = len(names(6)), ("sit", "stand", "walk"), 3.0


def a_sensor() -> Sensor:
    """At 104 Hz, askew and with a bias, so that no product is exact."""
    rng = np.random.default_rng(1)
    parts = []
    for kind, scale, unit in (("accelerometer", 9.80665 / 8192, "m/s^2"), ("gyroscope", 0.001065, "rad/s")):
        alignment = tuple(map(tuple, (np.eye(3) + rng.normal(0, 0.05, (3, 3))).tolist()))
        parts.append(Part(kind, 3, scale, tuple(rng.normal(0, 0.2, 3).tolist()), alignment, unit, ""))
    return Sensor("bench", 104.0, tuple(parts))


def a_network(window: int) -> Network:
    rng = np.random.default_rng(2)

    def conv(name: str, source: Tensor, kernel: int, channels: int) -> Conv:
        weights = rng.normal(0, 1 / np.sqrt(kernel * source.channels), (channels, kernel, source.channels))
        return Conv(name, source, weights.astype(np.float32), np.zeros(channels, np.float32), 1, False)

    first = conv("first", Tensor("input", window, INPUTS), 1, 4)
    features = conv(FEATURES, first.result, window, 5)
    return Network((first, features, conv(LOGITS, features.result, 1, len(LABELS))))


def counts_of(spec: FrontEndSpec, windows: int) -> np.ndarray:
    """Random walks about gravity, int16 (windows, raw_samples, 6)."""
    rng = np.random.default_rng(3)
    steps = rng.normal(0, 300, (windows, spec.raw_samples, 6))
    return np.clip(np.rint(np.cumsum(steps, 1) + [3000, -5000, 6000, 0, 0, 0]), -32000, 32000).astype(np.int16)


@pytest.fixture(params=MACHINES)
def on_board(request, make_firmware: Callable[..., Path], tmp_path) -> Callable:
    """on_board(window, mean, std): a context with such a model on an emulated board, its network and its front end."""

    @contextmanager
    def start(window: int, mean: Sequence[float], std: Sequence[float]) -> Iterator[tuple[Host, object, FrontEndSpec]]:
        network = a_network(window)
        int8 = quantize(network, {name: [-4.0, 4.0] for name in network.tensors})
        affine = int8.activations["input"]
        steps = {"invariant": True, "warmup_s": WARM_UP_S}
        spec = front_end_spec(a_sensor(), window, 20.0, affine.scale, affine.zero_point, mean, std, **steps)
        coefficients = FrontEnd.from_spec(spec).resampler.coefficients
        write_c(CModel(int8, arena.schedule(network), LABELS, "ab" * 32, spec, coefficients), tmp_path)
        elf = make_firmware(request.param, tmp_path, tmp_path / "out")
        with emulator.qemu(elf, request.param) as transport:
            yield Host(Link(transport), request.param), int8, spec

    return start


def sent(host: Host, counts: np.ndarray):
    """The result of one window, in chunks that fit into a frame."""
    return host.send_window(counts, tuple(range(80, len(counts), 80)))


def test_windows(on_board):
    with on_board(10, [1.0] * INPUTS, [1.5] * INPUTS) as (host, int8, spec):
        counts = counts_of(spec, 3)
        inputs = FrontEnd.from_spec(spec).quantized_windows(counts)
        expected = run_tflite_micro(write_tflite(int8), inputs)
        assert len(np.unique(inputs)) > 100
        for index, window in enumerate(counts):
            result = sent(host, window)
            assert result.input_crc32 == zlib.crc32(inputs[index].tobytes())
            np.testing.assert_array_equal(result.features, expected[FEATURES][index])
            np.testing.assert_array_equal(result.logits, expected[LOGITS][index])


def test_every_bit_before_quantization(on_board):
    """int8 hides low bits: less its expected value, blown up, only an equal one gives the zero point. Three seconds of
    recursive filters lie behind it."""
    spec = front_end_spec(a_sensor(), 1, 20.0, invariant=True, warmup_s=WARM_UP_S, mean=[0.0] * INPUTS)
    (counts,) = counts_of(spec, 1)
    end = FrontEnd.from_spec(spec)
    values = invariants(end.signals(counts[None]), spec.invariant.fast, spec.invariant.slow)[0, -1]
    with on_board(1, values.tolist(), [1e-30] * INPUTS) as (host, _int8, spec):
        zero = zlib.crc32(np.full(INPUTS, spec.input_zero_point, np.int8).tobytes())
        assert sent(host, counts).input_crc32 == zero
        counts[0, 0] += 1
        assert sent(host, counts).input_crc32 != zero
