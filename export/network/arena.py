"""Where each tensor lies in the device's one block of working memory.

A layer's output may lie on its input where that has been read already: `reach` says how far apart their starts must be.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from export.network.layers import Layer, Network
from export.network.operators import operator_of

ALIGNMENT = 4  # bytes
SEARCHED = 50_000  # placements that are tried, at most; small networks need fewer to be optimal
COMPARED = 64 * 64 * SEARCHED  # pairs of blocks looked at for them, at most: of more than 64 blocks, fewer tries


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


def schedule(network: Network) -> Arena:
    """Places a network's tensors and its kernels' scratch (`scratch_name`), outputs over inputs where they may lie."""
    blocks, overlaps = lifetimes(network), {}
    for index, layer in enumerate(network.layers):
        for source in layer.sources:
            over = layer.keeps_step_with(source) and source.name not in network.outputs
            if over and blocks[source.name].last == index:
                overlaps[source.name, layer.name] = reach(layer)
        if scratch_bytes(layer):
            blocks[scratch_name(layer)] = Block(scratch_bytes(layer), index, index)
    return plan(blocks, overlaps)


def lifetimes(network: Network) -> dict[str, Block]:
    """Every tensor's lifetime: from the operator that writes it to the last that reads it; outputs to the end."""
    end = len(network.layers) - 1
    last = {source.name: index for index, layer in enumerate(network.layers) for source in layer.sources}
    last |= dict.fromkeys(network.outputs, end)
    blocks = {network.input.name: Block(network.input.size, 0, last[network.input.name])}
    for index, layer in enumerate(network.layers):
        blocks[layer.name] = Block(layer.result.size, index, last.get(layer.name, index))
    return blocks


def reach(layer: Layer) -> int:
    """Bytes that a layer's input must start above its output: output t is whole when window t may still be read."""
    t = np.arange(layer.result.length)
    starts = np.maximum(t * layer.stride - layer.pads[0], 0)
    return int(np.max((t + 1) * layer.channels - starts * layer.source.channels)) - layer.skipped


def scratch_name(layer: Layer) -> str:
    return f"{layer.name}/scratch"


def scratch_bytes(layer: Layer) -> int:
    """Of the layer's narrow kernel; 0 if it has none."""
    return operator_of(layer).scratch_bytes(layer)


def plan(blocks: Mapping[str, Block], overlaps: Mapping[tuple[str, str], int] | None = None) -> Arena:
    """Places tensors in the least memory, or in the least that SEARCHED placements find (fewer of large networks).

    Blocks placed one by one at the lowest free offset reach the optimum in some order, one in which offsets never fall:
    that of an optimum's own offsets, after its blocks have been let down as far as they go. So such orders are
    searched, lowest offset first, and given up where what is left cannot need less than the best so far. That is at
    first the better of two: the largest block first, or the last one first, which lays each output under its input.

    Args:
        blocks: by name.
        overlaps: {(above, below): bytes} of pairs that may overlap if `above` starts that much after `below`.
    """
    overlaps = overlaps or {}
    distances = _distances(blocks, overlaps)
    names, tries = list(blocks), min(SEARCHED, COMPARED // max(len(blocks), 1) ** 2)

    def placed(name: str, offsets: Mapping[str, int]) -> tuple[int, int]:
        """The block's lowest offset among those that are there, and where it ends."""
        near = (entry for entry in distances[name] if entry[0] in offsets)
        offset = _lowest((offsets[other] - above, offsets[other] + below) for other, above, below in near)
        return offset, _aligned(offset + blocks[name].size)

    def in_order(order: Iterable[str]) -> Arena:
        offsets: dict[str, int] = {}
        size = 0
        for name in order:
            offsets[name], end = placed(name, offsets)
            size = max(size, end)
        return Arena(offsets, size)

    largest = in_order(sorted(names, key=lambda name: -blocks[name].size))
    passing = {name for name in names if blocks[name].first == blocks[name].last}  # scratch: on top of the tensors
    latest = in_order(sorted(names, key=lambda name: (name in passing, -blocks[name].last, -blocks[name].first)))
    best = min(largest, latest, key=lambda arena: arena.size)

    def search(offsets: dict[str, int], size: int, newest: tuple[int, int]) -> None:
        nonlocal best, tries
        if len(offsets) == len(names):
            best = Arena(dict(offsets), size)
            return
        left = {name: blocks[name] for name in names if name not in offsets}
        if newest[0] + _needed(left, overlaps) >= best.size:
            return
        places = {name: placed(name, offsets) for name in left}
        for name in sorted(left, key=lambda name: (places[name][0], -left[name].size)):
            offset, end = places[name]
            if (offset, names.index(name)) > newest and max(size, end) < best.size and tries > 0:
                tries -= 1
                offsets[name] = offset
                search(offsets, max(size, end), (offset, names.index(name)))
                del offsets[name]

    search({}, 0, (-1, 0))
    return best


def _needed(blocks: Mapping[str, Block], overlaps: Mapping[tuple[str, str], int]) -> int:
    """Bytes that blocks alive together cannot do without."""
    most = 0
    for time in {block.first for block in blocks.values()}:
        alive = {name: block.size for name, block in blocks.items() if block.first <= time <= block.last}
        saved = sum(
            max(min(alive[above], alive[below] - distance), 0)
            for (above, below), distance in overlaps.items()
            if above in alive and below in alive
        )
        most = max(most, sum(alive.values()) - saved)
    return most


def _distances(
    blocks: Mapping[str, Block], overlaps: Mapping[tuple[str, str], int]
) -> dict[str, list[tuple[str, int, int]]]:
    """For each tensor those alive with it: (name, how far that one must be above, how far this one above that)."""
    return {
        name: [
            (other, overlaps.get((other, name), block.size), overlaps.get((name, other), blocks[other].size))
            for other in blocks
            if other != name and blocks[other].meets(block)
        ]
        for name, block in blocks.items()
    }


def _lowest(taken: Iterable[tuple[int, int]]) -> int:
    """The lowest aligned offset that lies strictly inside none of the intervals."""
    offset = 0
    for low, high in sorted(taken):
        if low < offset < high:
            offset = _aligned(high)
    return offset


def _aligned(offset: int) -> int:
    return -(-offset // ALIGNMENT) * ALIGNMENT
