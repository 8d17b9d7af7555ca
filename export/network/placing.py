"""Places blocks of memory, each alive for some time, in as little memory as it finds.

Blocks that are placed one by one at the lowest free offset reach the optimum in some order. So orders are looked for:
some by rule; then, from the best of them, others in which a block that ends on top has changed places with one of those
that keep it there, or with any; and of few blocks all that matter, until one is known to be best.
"""

import random
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

ALIGNMENT = 4  # bytes
CLIMBED = 1500  # orders that are tried from the best by rule on, at most
FEW = 20  # blocks, at most, whose orders are searched
SEARCHED = 50_000  # placements that this tries, at most; small networks need fewer to be optimal


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


def plan(blocks: Mapping[str, Block], overlaps: Mapping[tuple[str, str], int] | None = None) -> Arena:
    """Places blocks in the least memory that is found; in the least there is, where few of them settle it.

    Args:
        blocks: by name.
        overlaps: {(above, below): bytes} of pairs that may overlap if `above` starts that much after `below`.
    """
    task = _Task(blocks, overlaps or {})
    needed = task.needed(blocks)
    passing = {name for name, block in blocks.items() if block.first == block.last}  # scratch: on top of the tensors
    orders = [
        sorted(blocks, key=lambda name: -blocks[name].size),
        sorted(blocks, key=lambda name: (-blocks[name].size, -blocks[name].first)),
        sorted(blocks, key=lambda name: (name in passing, -blocks[name].last, -blocks[name].first)),
    ]
    arena, order = min(((task.in_order(order), order) for order in orders), key=lambda found: found[0].size)
    if arena.size <= needed:
        return arena
    return _Search(task, arena).best() if len(blocks) <= FEW else _climbed(task, arena, order, needed)


class _Task:
    """The blocks, and how far apart they must be."""

    def __init__(self, blocks: Mapping[str, Block], overlaps: Mapping[tuple[str, str], int]) -> None:
        self.blocks, self.overlaps = blocks, overlaps
        self.distances = _distances(blocks, overlaps)

    def placed(self, name: str, offsets: Mapping[str, int]) -> tuple[int, int]:
        """The block's lowest offset among those that are there, and where it ends."""
        near = (entry for entry in self.distances[name] if entry[0] in offsets)
        offset = _lowest((offsets[other] - above, offsets[other] + below) for other, above, below in near)
        return offset, _aligned(offset + self.blocks[name].size)

    def in_order(self, order: Iterable[str]) -> Arena:
        """All blocks, each at the lowest offset that those before it leave."""
        offsets: dict[str, int] = {}
        size = 0
        for name in order:
            offsets[name], end = self.placed(name, offsets)
            size = max(size, end)
        return Arena(offsets, size)

    def needed(self, blocks: Mapping[str, Block]) -> int:
        """Bytes that such of the blocks as are alive together cannot do without."""
        most = 0
        for time in {block.first for block in blocks.values()}:
            alive = {name: _aligned(b.size) for name, b in blocks.items() if b.first <= time <= b.last}
            saved = sum(
                max(min(alive[above], alive[below] - _aligned(distance)), 0)
                for (above, below), distance in self.overlaps.items()
                if above in alive and below in alive
            )
            most = max(most, sum(alive.values()) - saved)
        return most


def _climbed(task: _Task, best: Arena, order: Sequence[str], needed: int) -> Arena:
    """The best arena of CLIMBED orders: each is the best so far but for one or two changes; always the same ones."""
    rng = random.Random(0)
    for _ in range(CLIMBED):
        places = {name: place for place, name in enumerate(order)}
        top = next(name for name in order if _aligned(best.offsets[name] + task.blocks[name].size) == best.size)
        near = [top, *(other for other, _, _ in task.distances[top] if places[other] < places[top])]
        changed = list(order)
        for _ in range(rng.choice((1, 1, 1, 2))):
            first, second = (places[rng.choice(near)] for _ in range(2))
            if first == second:
                second = rng.randrange(len(changed))
            changed[first], changed[second] = changed[second], changed[first]
        arena = task.in_order(changed)
        if arena.size <= best.size:
            best, order = arena, changed
        if best.size <= needed:
            break
    return best


class _Search:
    """Looks through the orders in which offsets never fall, lowest offset first: that of an optimum's own offsets is
    one, after its blocks have been let down as far as they go. An order is given up where what is left cannot need less
    than the best so far.
    """

    def __init__(self, task: _Task, first: Arena) -> None:
        self.task, self.found, self.tries = task, first, SEARCHED
        self.index = {name: index for index, name in enumerate(task.blocks)}

    def best(self) -> Arena:
        self._go_on({}, 0, (-1, 0))
        return self.found

    def _go_on(self, offsets: dict[str, int], size: int, newest: tuple[int, int]) -> None:
        blocks = self.task.blocks
        if len(offsets) == len(blocks):
            self.found = Arena(dict(offsets), size)
            return
        left = {name: blocks[name] for name in blocks if name not in offsets}
        if newest[0] + self.task.needed(left) >= self.found.size:
            return
        places = {name: self.task.placed(name, offsets) for name in left}
        for name in sorted(left, key=lambda name: (places[name][0], -left[name].size)):
            offset, end = places[name]
            place = offset, self.index[name]
            if place > newest and max(size, end) < self.found.size and self.tries > 0:
                self.tries -= 1
                offsets[name] = offset
                self._go_on(offsets, max(size, end), place)
                del offsets[name]


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
