"""Where each tensor lies in the device's one block of working memory."""

from collections.abc import Mapping
from dataclasses import dataclass

from export.network import FEATURES, LOGITS, Network

ALIGNMENT = 4  # bytes


@dataclass(frozen=True)
class Block:
    """A tensor of `size` bytes that lives from operator `first` to operator `last`, both included."""

    size: int
    first: int
    last: int

    def meets(self, other: "Block") -> bool:
        """Whether both are alive during some operator."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Arena:
    """Offsets in bytes by tensor name, and the arena's size in bytes."""

    offsets: dict[str, int]
    size: int


def lifetimes(network: Network) -> dict[str, Block]:
    """Every tensor's lifetime: from the operator that writes it to the one that reads it; outputs to the end."""
    end = len(network.layers) - 1
    blocks = {network.input.name: Block(network.input.size, 0, 0)}
    for index, layer in enumerate(network.layers):
        last = end if layer.name in (FEATURES, LOGITS) else index + 1
        blocks[layer.name] = Block(layer.result.size, index, last)
    return blocks


def plan(blocks: Mapping[str, Block]) -> Arena:
    """Places the largest tensor first, each at the lowest aligned offset where no tensor alive with it lies."""
    offsets: dict[str, int] = {}
    for name in sorted(blocks, key=lambda name: -blocks[name].size):
        block, offset = blocks[name], 0
        neighbours = sorted((offsets[other], blocks[other].size) for other in offsets if blocks[other].meets(block))
        for start, size in neighbours:
            if offset + block.size <= start:
                break
            offset = max(offset, _aligned(start + size))
        offsets[name] = offset
    return Arena(offsets, _aligned(max(offsets[name] + block.size for name, block in blocks.items())))


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
