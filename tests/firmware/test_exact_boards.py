"""Random networks on every emulated core: their outputs equal TFLite Micro's, byte for byte."""

import numpy as np
import pytest

from benchmarks.device import run
from export.cost.instructions import BOARDS, noise
from export.network import arena, from_file
from export.network.layers import FEATURES, LOGITS, AveragePool, Conv, Network, Tensor
from export.network.quantization import quantize
from export.proof.runtimes import run_tflite_micro, tflite_micro_runner
from export.writers.tflite import write_tflite
from tests.firmware.random_models import RandomModel

SEEDS = [*range(3), *(pytest.param(seed, marks=pytest.mark.exact) for seed in range(3, 260))]
BEYOND = 61  # windows of its depthwise convolution lie wholly in the padding: they have no tap


def random_network(seed: int) -> Network:
    """Convolutions of any kernel, stride and width, often odd; a pool or a kernel as long as what is left; a head."""
    rng = np.random.default_rng(seed)
    tensor = Tensor("input", int(rng.integers(20, 60)), int(rng.integers(1, 8)))
    layers: list[Conv | AveragePool] = []

    def conv(name: str, channels: int, kernel: int, stride: int = 1, same: bool = False, relu: bool = False) -> None:
        source = layers[-1].result if layers else tensor
        weights = rng.normal(0, 1 / np.sqrt(kernel * source.channels), (channels, kernel, source.channels))
        bias = rng.normal(0, 0.1, channels).astype(np.float32)
        layers.append(Conv(name, source, weights.astype(np.float32), bias, stride, same, relu))

    for index in range(int(rng.integers(1, 4))):
        kernel, stride = int(rng.integers(1, 8)), int(rng.integers(1, 4))
        channels, same, relu = int(rng.integers(1, 20)), bool(rng.integers(2)), bool(rng.integers(2))
        fits = kernel <= (layers[-1].result if layers else tensor).length
        conv(f"block{index}", channels, kernel, stride, same or not fits, relu)
    left = layers[-1].result.length
    if seed % 2:
        layers.append(AveragePool("pool", layers[-1].result, left, left))
        left = 1
    conv(FEATURES, int(rng.integers(3, 30)), left)
    conv(LOGITS, int(rng.integers(2, 9)), 1)
    return Network(tuple(layers))


def network_of_rows(lengths: tuple[int, ...], samples: int) -> Network:
    """A convolution for each length of a row of weights, from its channels to those of the next; a head."""
    rng = np.random.default_rng(samples)
    layers: list[Conv] = []
    for index, length in enumerate(lengths):
        source = layers[-1].result if layers else Tensor("input", samples, length)
        channels = lengths[index + 1] if index + 1 < len(lengths) else 5
        weights = rng.normal(0, 1 / np.sqrt(length), (channels, 1, length)).astype(np.float32)
        bias = rng.normal(0, 0.1, channels).astype(np.float32)
        layers.append(Conv(f"block{index}", source, weights, bias, 1, False, False))
    for name, channels, kernel in ((FEATURES, 24, samples), (LOGITS, 4, 1)):
        source = layers[-1].result
        weights = rng.normal(0, 1 / np.sqrt(kernel * source.channels), (channels, kernel, source.channels))
        layers.append(Conv(name, source, weights.astype(np.float32), np.zeros(channels, np.float32), 1, False, False))
    return Network(tuple(layers))


pytestmark = pytest.mark.usefixtures("board_tools")


@pytest.mark.parametrize("machine", BOARDS)
@pytest.mark.parametrize("seed", SEEDS)
def test_random_networks(seed, machine):
    assert_equal_to_tflite_micro(random_network(seed), machine)


def assert_equal_to_tflite_micro(network: Network, machine: str) -> None:
    ranges = {name: [-2.5, 3.0] for name in network.tensors} | {"input": [-4.0, 4.0]}
    int8 = quantize(network, ranges)
    memory = arena.schedule(network)
    at, source = memory.offsets["input"], network.input
    x = noise(memory.size)[at : at + source.size].reshape(1, source.length, source.channels)
    expected = run_tflite_micro(write_tflite(int8), x)
    outputs = np.array(run(int8, memory, machine).outputs, np.uint8).view(np.int8)
    np.testing.assert_array_equal(outputs, np.concatenate([expected[FEATURES][0], expected[LOGITS][0]]))
    assert len(np.unique(outputs)) > 4


@pytest.mark.parametrize("machine", BOARDS)
@pytest.mark.parametrize("samples", [7, 9])  # four windows and three; four, four and one
def test_rows_of_any_number_of_words(samples, machine):
    """Kernels take several words of weights a turn: of 1 to 17, aligned or not, every number is left over."""
    lengths = (3, 8, 11, 16, 17, 22, 27, 32, 36, 39, 42, 48, 52, 53, 59, 62, 65)
    assert [(length + 3) // 4 for length in lengths] == list(range(1, 18))
    assert_equal_to_tflite_micro(network_of_rows(lengths, samples), machine)


@pytest.mark.parametrize("machine", ["mps2-an386", "mps3-an547"])
@pytest.mark.parametrize(("samples", "channels"), [(300, 9), (5500, 1)])
def test_averages_of_many_samples(samples, channels, machine):
    """Of more than are summed in 16 bits at once, and of more than are divided by a product."""
    rng = np.random.default_rng(samples)
    layers: list[Conv | AveragePool] = [AveragePool("pool", Tensor("input", samples, channels), samples, samples)]
    for name, width in ((FEATURES, 24), (LOGITS, 4)):
        source = layers[-1].result
        weights = rng.normal(0, 4, (width, 1, source.channels)).astype(np.float32)
        layers.append(Conv(name, source, weights, rng.normal(0, 1, width).astype(np.float32), 1, False, False))
    assert_equal_to_tflite_micro(Network(tuple(layers)), machine)


@pytest.mark.parametrize("machine", BOARDS)
@pytest.mark.parametrize("seed", [BEYOND, *SEEDS[:BEYOND], *SEEDS[BEYOND + 1 : 103]])
def test_random_operators(seed, machine):
    """Models of every operator, as test_operators.py compares them tensor by tensor on this computer."""
    model = RandomModel(seed)
    data = model.bytes()
    read = from_file.read(data, f"model {seed}")
    network, memory = read.network.network, arena.schedule(read.network.network)
    at, source = memory.offsets["input"], network.input
    x = noise(memory.size)[at : at + source.size].reshape(source.length, source.channels)
    expected = tflite_micro_runner(data)(x)(read.tensors[network.outputs[-1]])
    outputs = np.array(run(read.network, memory, machine).outputs, np.uint8).view(np.int8)
    np.testing.assert_array_equal(outputs, expected, err_msg=f"{model.kinds}")
