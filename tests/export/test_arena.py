"""The arena planner against brute force."""

import itertools

import numpy as np
import pytest

from export.arena import ALIGNMENT, Block, lifetimes, plan
from export.network import Conv, Network, Tensor


def random_blocks(seed: int, count: int) -> dict[str, Block]:
    rng = np.random.default_rng(seed)
    first = rng.integers(0, 6, count)
    return {
        f"t{i}": Block(int(rng.integers(1, 60)), int(start), int(start + rng.integers(0, 4)))
        for i, start in enumerate(first)
    }


@pytest.mark.parametrize("seed", range(60))
def test_tensors_alive_together_share_no_byte(seed):
    blocks = random_blocks(seed, 12)
    arena = plan(blocks)
    for time in range(12):
        owner: dict[int, str] = {}
        for name, block in blocks.items():
            if block.first <= time <= block.last:
                for byte in range(arena.offsets[name], arena.offsets[name] + block.size):
                    assert owner.setdefault(byte, name) == name
                    assert byte < arena.size
    assert all(offset % ALIGNMENT == 0 for offset in arena.offsets.values()) and arena.size % ALIGNMENT == 0


@pytest.mark.parametrize("seed", range(20))
def test_nothing_could_be_placed_lower(seed):
    """No tensor fits at a lower aligned offset among those placed before it."""
    blocks = random_blocks(seed, 8)
    offsets = plan(blocks).offsets
    order = sorted(blocks, key=lambda name: -blocks[name].size)
    for index, name in enumerate(order):
        before = [other for other in order[:index] if blocks[other].meets(blocks[name])]
        for lower in range(0, offsets[name], ALIGNMENT):
            taken = [(offsets[o], offsets[o] + blocks[o].size) for o in before]
            assert any(start < lower + blocks[name].size and lower < end for start, end in taken)


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
