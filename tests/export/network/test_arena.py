"""The arena planner against brute force."""

import itertools

import numpy as np
import pytest

from export.network.arena import lifetimes, reach, schedule, scratch_bytes, scratch_name
from export.network.layers import Conv, Layer, Network, Tensor
from export.network.placing import ALIGNMENT, Block, plan
from export.network.pointwise import Add


def random_blocks(seed: int, count: int) -> dict[str, Block]:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 6, count)
    return {
        f"t{i}": Block(int(rng.integers(1, 60)), int(start), int(start + rng.integers(0, 4)))
        for i, start in enumerate(first)
    }


@pytest.mark.parametrize(("seed", "count"), [*((seed, 7) for seed in range(60)), *((seed, 12) for seed in range(3))])
def test_tensors_alive_together_share_no_byte(seed, count):
    """Seven blocks are placed in the least memory; with twelve the search may end at SEARCHED placements."""
    blocks = random_blocks(seed, count)
    arena = plan(blocks)
    for time in range(12):
        owner: dict[int, str] = {}
        for name, block in blocks.items():
            if block.first <= time <= block.last:
                for byte in range(arena.offsets[name], arena.offsets[name] + block.size):
                    assert owner.setdefault(byte, name) == name
                    assert byte < arena.size
    assert all(offset % ALIGNMENT == 0 for offset in arena.offsets.values()) and arena.size % ALIGNMENT == 0


def smallest_by_brute_force(blocks: dict[str, Block], overlaps: dict[tuple[str, str], int]) -> int:
    """Tries every aligned offset of every tensor."""
    names, sizes = list(blocks), [block.size for block in blocks.values()]
    grid = range(0, sum(-(-size // ALIGNMENT) * ALIGNMENT for size in sizes), ALIGNMENT)
    smallest = sum(-(-size // ALIGNMENT) * ALIGNMENT for size in sizes)
    for offsets in itertools.product(grid, repeat=len(names)):
        size = max(-(-(offset + n) // ALIGNMENT) * ALIGNMENT for offset, n in zip(offsets, sizes, strict=True))
        if size < smallest and all(
            offsets[j] - offsets[i] >= overlaps.get((names[j], names[i]), sizes[i])
            or offsets[i] - offsets[j] >= overlaps.get((names[i], names[j]), sizes[j])
            for i, j in itertools.combinations(range(len(names)), 2)
            if blocks[names[i]].meets(blocks[names[j]])
        ):
            smallest = size
    return smallest


@pytest.mark.parametrize("seed", range(40))
def test_small_plans_are_optimal(seed):
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 3, 4)
    blocks = {
        f"t{i}": Block(int(rng.integers(1, 17)), int(at), int(at + rng.integers(0, 3))) for i, at in enumerate(first)
    }
    overlaps = {("t0", "t1"): int(rng.integers(1, 9)), ("t2", "t3"): int(rng.integers(1, 9))}
    assert plan(blocks, overlaps).size == smallest_by_brute_force(blocks, overlaps)
    assert plan(blocks).size == smallest_by_brute_force(blocks, {})


@pytest.mark.parametrize("seed", range(60))
def test_an_output_is_written_only_where_nothing_is_read_any_more(seed):
    """Byte by byte, a convolution in the order of the kernels: a window is read whole while its output is written."""
    rng = np.random.default_rng(seed)
    length, channels, out, kernel, stride = (int(rng.integers(low, 9)) for low in (8, 1, 1, 1, 1))
    weights = np.zeros((out, kernel, channels), np.float32)
    layer = Conv("x", Tensor("input", length, channels), weights, np.zeros(out, np.float32), stride, bool(seed % 2))

    def destroys(distance: int) -> bool:
        for t in range(layer.result.length):
            read = range(max(t * stride - layer.pads[0], 0) * channels + distance, length * channels + distance)
            written = range(t * out, (t + 1) * out)
            if max(read.start, written.start) < min(read.stop, written.stop):
                return True
        return False

    assert not destroys(reach(layer))
    if reach(layer) > 0:
        assert destroys(reach(layer) - 1)


@pytest.mark.parametrize(
    ("widths", "saves"),
    [((9, 1, 1, 1), True), ((16, 8, 4, 2), True), ((3, 4, 5, 6), False)],  # the last needs most for its outputs
)
def test_outputs_lie_over_inputs_where_they_may(widths, saves):
    network = chain(*widths)
    blocks, arena = lifetimes(network), schedule(network)
    for index, layer in enumerate(network.layers):
        blocks[scratch_name(layer)] = Block(scratch_bytes(layer), index, index)
        source, result = arena.offsets[layer.source.name], arena.offsets[layer.name]
        scratch = range(arena.offsets[scratch_name(layer)], arena.offsets[scratch_name(layer)] + scratch_bytes(layer))
        assert source - result >= reach(layer) or result - source >= layer.source.size
        for start, size in ((source, layer.source.size), (result, layer.result.size)):
            assert start >= scratch.stop or start + size <= scratch.start
    assert (arena.size < plan(blocks).size) == saves


@pytest.mark.parametrize("blocks", [3, 40])
def test_a_deep_residual_network_takes_what_one_of_its_blocks_takes(blocks):
    """Alive are what is added in the end, the tensor between the two convolutions, and scratch; what the second writes
    lies as far below what it reads as it must, and the sum where one of its parts lies.
    """
    layers: list[Layer] = []

    def conv(source: Tensor) -> Tensor:
        weights, bias = np.zeros((8, 3, source.channels), np.float32), np.zeros(8, np.float32)
        layers.append(Conv(f"layer{len(layers)}", source, weights, bias, same=True))
        return layers[-1].result

    at = conv(Tensor("input", 50, 4))
    for _ in range(blocks):
        layers.append(Add(f"layer{len(layers) + 2}", conv(conv(at)), at))
        at = layers[-1].result
    network = Network(tuple(layers), (at.name,))
    assert schedule(network).size == 2 * 400 + reach(layers[1]) + scratch_bytes(layers[1])


def chain(*widths: int) -> Network:
    """1x1 convolutions from 10 samples of 2 channels; the last two are features and logits."""
    tensor, layers = Tensor("input", 10, 2), []
    names = [f"block{i}" for i in range(len(widths) - 2)] + ["features", "logits"]
    for name, width in zip(names, widths, strict=True):
        layers.append(
            Conv(name, tensor, np.zeros((width, 1, tensor.channels), np.float32), np.zeros(width, np.float32))
        )
        tensor = layers[-1].result
    return Network(tuple(layers))


def test_outputs_survive_and_inputs_are_released():
    blocks = lifetimes(chain(3, 4, 5, 6))
    assert blocks["input"] == Block(20, 0, 0)
    assert blocks["block0"] == Block(30, 0, 1)
    assert blocks["block1"] == Block(40, 1, 2)
    assert blocks["features"] == Block(50, 2, 3)
    assert blocks["logits"] == Block(60, 3, 3)


@pytest.mark.parametrize("widths", list(itertools.product((1, 4, 9), repeat=4)))
def test_a_chain_needs_no_more_than_its_largest_neighbours(widths):
    """At any operator only its input, its output and finished outputs are alive; a chain reaches that bound."""
    blocks = lifetimes(chain(*widths))
    alive = [
        sum(-(-b.size // ALIGNMENT) * ALIGNMENT for b in blocks.values() if b.first <= t <= b.last) for t in range(4)
    ]
    assert max(alive) <= plan(blocks).size <= max(alive) * 1.5
