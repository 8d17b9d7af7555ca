"""Streams that keep columns, against each whole window (TFLite Micro's, where it can be asked): random chains of
layers, with zero padding and without.
"""

import ctypes
from dataclasses import replace

import numpy as np
import pytest

from benchmarks import device as benchmark
from export.cost.instructions import BOARDS
from export.network import arena, streaming
from export.network.integers import Int8Network
from export.network.layers import (
    FEATURES,
    LOGITS,
    AveragePool,
    Conv,
    Depthwise,
    Layer,
    MaxPool,
    Network,
    Tensor,
)
from export.network.quantization import quantize
from export.network.slices import Slice
from export.proof.c_engine import COp
from export.proof.runtimes import run_tflite_micro
from export.writers.tflite import write_tflite
from scl.artifacts import InputError
from tests.firmware.test_operators import run, run_layer

QUICK, ALL, BATCH = 20, 600, 20
ON_BOARDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.exact) for seed in range(3, 60))]


def random_chain(seed: int) -> tuple[Network, int]:
    """Sliding layers of any kind, kernel and stride, strides longer than kernels among them, two of three chains with
    padding: SAME, causal, or any; a pool or a convolution over what is left, or its last sample; a head. And a hop that
    fits.
    """
    rng, padded = np.random.default_rng(seed), seed % 3 > 0
    layers: list[Layer] = []
    tensor, stride = Tensor("input", int(rng.integers(40, 120)), int(rng.integers(1, 9))), 1

    def weighted(kind: type, name: str, kernel: int, channels: int, by: int = 1, dilation: int = 1) -> None:
        inputs = tensor.channels
        shape = (channels, kernel, inputs) if kind is Conv else (kernel, channels)
        weights = rng.normal(0, 1 / np.sqrt(kernel * (inputs if kind is Conv else 1)), shape).astype(np.float32)
        bias = rng.normal(0, 0.1, channels).astype(np.float32)
        same, relu = padded and bool(rng.integers(2)), bool(rng.integers(2))
        span = (kernel - 1) * dilation + 1
        around = [(0, 0), (span - 1, 0), (int(rng.integers(3)), int(rng.integers(3)))][rng.integers(3) if padded else 0]
        layers.append(kind(name, tensor, weights, bias, by, same, relu, dilation, padding=around))

    for index in range(int(rng.integers(1, 5))):
        kind = (Conv, Conv, Depthwise, AveragePool, MaxPool)[rng.integers(5)]
        kernel, by, dilation = int(rng.integers(1, 7)), int(rng.integers(1, 4)), 1
        if kind in (Conv, Depthwise) and rng.integers(4) == 0:
            dilation = 2
        if ((kernel - 1) * dilation + 1 + by) * 2 > tensor.length or stride * by > 12:
            continue
        if kind in (AveragePool, MaxPool):
            layers.append(kind(f"layer{index}", tensor, kernel, by, padded and bool(rng.integers(2))))
        else:
            channels = tensor.channels if kind is Depthwise else int(rng.integers(1, 20))
            weighted(kind, f"layer{index}", kernel, channels, by, dilation)
        tensor, stride = layers[-1].result, stride * by
    if not layers:
        weighted(Conv, "layer", 3, 5)
        tensor = layers[-1].result
    if seed % 2:
        layers.append(AveragePool("pool", tensor, tensor.length, tensor.length))
        tensor = layers[-1].result
    elif seed % 4 == 2:
        layers.append(Slice("part", tensor, tensor.length - 1, 1, 0, tensor.channels))
        tensor = layers[-1].result
    padded = False
    weighted(Conv, FEATURES, tensor.length, int(rng.integers(3, 30)))
    tensor = layers[-1].result
    weighted(Conv, LOGITS, 1, int(rng.integers(2, 9)))
    window = layers[0].source.length
    stride = layers[0].stride if rng.integers(4) == 0 else stride
    return Network(tuple(layers)), stride * int(rng.integers(1, max(2, window // stride // 2)))


def quantized(network: Network) -> Int8Network:
    return quantize(network, {name: [-2.5, 3.0] for name in network.tensors} | {"input": [-4.0, 4.0]})


def stream(engine, int8: Int8Network, step: streaming.Step, samples: np.ndarray, rng) -> dict[str, list[np.ndarray]]:
    """Features and logits after each hop, from an arena of noise."""
    block = np.frombuffer(rng.bytes(step.arena.size + 64), np.int8).copy()
    behind, outputs = block[step.arena.size :].copy(), {FEATURES: [], LOGITS: []}
    for hop in samples.reshape(-1, step.hop * samples.shape[1]):
        block[step.arena.offsets["input"] :][: hop.size] = hop
        for part in step.parts:
            run_layer(engine, int8, step.arena, part.layer, block, **part.changes)
        for keep in step.keeps:
            op = COp(in_offset=keep.source, out_offset=keep.target, out_length=keep.length, out_channels=keep.channels)
            engine.scl_keep(ctypes.byref(op), block.ctypes.data_as(ctypes.c_void_p))
        for name, values in outputs.items():
            values.append(block[step.arena.offsets[name] :][: int8.network.tensors[name].size].copy())
    np.testing.assert_array_equal(block[step.arena.size :], behind, err_msg="written behind the arena")
    return outputs


def written(network: Network) -> bool:
    """Whether the TFLite writer takes it; the kernels of the others are compared in test_operators.py."""
    plain = [layer for layer in network.layers if layer.dilation == 1 and layer.padding == (0, 0)]
    return all(isinstance(layer, Conv | AveragePool | Slice) for layer in plain) and len(plain) == len(network.layers)


def whole(engine, int8: Int8Network, windows: np.ndarray, rng) -> dict[str, np.ndarray]:
    """Features and logits of whole windows, by the same kernels."""
    runs = [run(engine, int8, x, rng) for x in windows]
    return {name: np.stack([values[name] for values in runs]) for name in (FEATURES, LOGITS)}


def assert_stream_equal(engine, seed: int) -> None:
    network, hop = random_chain(seed)
    int8, step, rng = quantized(network), streaming.step(network, hop), np.random.default_rng(seed)
    window = network.input.length
    hops = -(-window // hop) + 5
    samples = rng.integers(-128, 128, (hops * hop, network.input.channels)).astype(np.int8)
    found = stream(engine, int8, step, samples, rng)
    ends = [end for end in range(hop, len(samples) + 1, hop) if end >= window]
    windows = np.stack([samples[end - window : end] for end in ends])
    expected = run_tflite_micro(write_tflite(int8), windows) if written(network) else whole(engine, int8, windows, rng)
    for name, values in expected.items():
        kept = np.array(found[name][-len(ends) :])
        np.testing.assert_array_equal(kept, values, err_msg=f"chain {seed}, hop {hop} of {window}, {name}")


@pytest.mark.parametrize("start", range(0, QUICK, BATCH))
def test_random_chains(engine, start):
    for seed in range(start, start + BATCH):
        assert_stream_equal(engine, seed)


@pytest.mark.exact
@pytest.mark.parametrize("start", range(QUICK, ALL, BATCH))
def test_many_random_chains(engine, start):
    for seed in range(start, start + BATCH):
        assert_stream_equal(engine, seed)


@pytest.mark.parametrize("machine", BOARDS)
@pytest.mark.parametrize("seed", ON_BOARDS)
def test_chains_on_boards(seed, machine, board_tools):
    """The program that counts compares every hop with the whole window, on the board."""
    network, hop = random_chain(seed)
    cost = benchmark.run(quantized(network), arena.schedule(network), machine, streaming.step(network, hop))
    assert cost.stream.differing == 0
    assert cost.stream.compared >= 8 * (network.tensors[FEATURES].size + network.tensors[LOGITS].size)
    assert cost.stream.instructions < cost.instructions


def test_a_lost_column_is_seen(engine):
    """Else the comparison would prove nothing."""
    network, hop = random_chain(1)
    step, rng = streaming.step(network, hop), np.random.default_rng(0)
    samples = rng.integers(-128, 128, (hop * 40, network.input.channels)).astype(np.int8)
    expected = stream(engine, quantized(network), step, samples, rng)[FEATURES]
    for missing in range(len(step.keeps)):
        fewer = replace(step, keeps=step.keeps[:missing] + step.keeps[missing + 1 :])
        assert not np.array_equal(stream(engine, quantized(network), fewer, samples, rng)[FEATURES], expected)


def chain(same: bool = False) -> Network:
    weights, bias = np.ones((4, 5, 2), np.float32), np.zeros(4, np.float32)
    first = Conv("first", Tensor("input", 50, 2), weights, bias, 2, same)
    second = Conv("second", first.result, np.ones((4, 5, 4), np.float32), bias, 2, same)
    pool = AveragePool("pool", second.result, second.result.length, second.result.length)
    features = Conv(FEATURES, pool.result, np.ones((3, 1, 4), np.float32), bias[:3])
    return Network((first, second, pool, features, Conv(LOGITS, features.result, np.ones((2, 1, 3)), bias[:2])))


def numbers(step: streaming.Step, name: str) -> list[int]:
    return [part.changes[name] for part in step.parts if part.changes]


def test_a_chain_worked_out_by_hand():
    """50 samples give 23 columns, the last sample unread, and those 10, none unread. 8 new samples give 4 and 2. The
    first layer reads 3 * 2 + 5 = 11 samples of 12, 4 of them kept; the second reads 7 columns, 3 of them kept; the pool
    keeps 8 of 10.
    """
    step = streaming.step(chain(), 8)
    assert numbers(step, "in_length") == [12, 7] and numbers(step, "out_length") == [4, 2]
    assert [(keep.length, keep.channels) for keep in step.keeps] == [(4, 2), (3, 4), (8, 4)]


def test_a_padded_chain_worked_out_by_hand():
    """50 samples with 1 zero before and 2 behind give 25 columns: column 0 reads the first zero, column 24 both of the
    last. Those give 13, with 2 zeros before and behind: columns 0 (zeros, column 0) and 1 (columns 0 to 4 less 1, which
    reads column 0 too) are left ones; columns 11 (20 to 24) and 12 right ones. 8 new samples give 4 and 2.

    A hop computes 1 + 4 + 1 columns, then 2 + 2 + 2. The second layer's shortest window of 13 - 2 h outputs has 7, 3
    hops less, and 25 - 12 = 13 columns before it, 7 of them kept; the first layer's has 25 - 4 * 4 = 9 outputs, 4 hops
    less, and 50 - 4 * 8 = 18 samples, 10 of them kept. So the first layer's left column waits a hop, and the second's
    two wait 3.
    """
    step = streaming.step(chain(same=True), 8)
    assert numbers(step, "out_length") == [1, 5, 2, 4]
    assert numbers(step, "in_length") == [18, 11, 13, 9]
    assert [(keep.length, keep.channels) for keep in step.keeps] == [(10, 2), (7, 4), (1, 4), (7, 4), (2, 4), (4, 4)]


@pytest.mark.parametrize("hop", [0, -4, 50, 52])
def test_hops_that_do_not_fit(hop):
    with pytest.raises(InputError, match=f"--streaming {hop}: expected 1 to 49 samples, fewer than a window's"):
        streaming.step(chain(), hop)


def test_a_stride_that_does_not_divide_what_is_new_ends_what_is_kept():
    """Of 6 samples the first layer makes 3 columns, of which the second would make 1 and a half."""
    assert [part.layer.name for part in streaming.step(chain(), 6).parts if part.changes] == ["first"]


def test_a_window_of_which_nothing_stays_is_refused():
    with pytest.raises(InputError, match="--streaming 48: layer first needs the whole .* a multiple of 4 "):
        streaming.step(chain(same=True), 48)
