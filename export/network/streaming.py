"""One hop of a network: what a stream computes anew when the window moves on, with the columns kept that it has.

A column of a tensor is one sample of it. Columns in the window's middle stay as it moves on; those that zero padding
reaches, at its start and at its end, do not, and layer by layer they grow more:

    output t of a layer reads columns t * stride - before to t * stride - before + span - 1, `before` zeros standing
    before column 0; it is a left column if the first of them is padding or a left column, and a right column if the
    last is padding or a right column.

So a hop computes, of every layer, the right columns with the new ones before them, and the left columns. Right columns
are those of the window that ends now. The left columns of that window would ask for the columns beside them, which are
as old as the window; so they are computed early, of a window that ends now too but is as many hops shorter as leaves
the left columns, the new ones and the right ones side by side, and they wait as many hops. Windows grow from layer to
layer, up to the whole one before the first layer all of whose outputs change (the pool over the window): from there on
layers run as they do for a window. Every value is computed by the kernel and from the inputs that a whole window has,
so the outputs are equal in every bit.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from export.network.arena import scratch_bytes, scratch_name
from export.network.layers import Layer, Network, Tensor
from export.network.operators import operator_of
from export.network.placing import Arena, Block, plan
from scl.artifacts import InputError


@dataclass(frozen=True)
class Keep:
    """Columns that a later step needs again, moved from `source` to `target`."""

    source: int  # bytes from the start of the arena
    target: int
    length: int  # samples
    channels: int


@dataclass(frozen=True)
class Part:
    """Outputs of a layer that stand side by side, and in which numbers its scl_op differs from a whole window's."""

    layer: Layer
    changes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Step:
    """The network that runs once each hop.

    Args:
        hop: samples of the input in a step.
        parts: of the network's own layers, in order.
        arena: where the hop's samples are written, the outputs, and scratch; all of it lives from step to step.
        keeps: run behind the parts.
    """

    hop: int
    parts: tuple[Part, ...]
    arena: Arena
    keeps: tuple[Keep, ...]


@dataclass(frozen=True)
class _Columns:
    """How many columns of a tensor change with a hop: left ones, new ones in the middle, right ones."""

    tensor: Tensor
    left: int
    new: int
    right: int

    @property
    def changing(self) -> int:
        return self.left + self.new + self.right

    @property
    def spare(self) -> int:
        """Hops by which a window may be shorter, so that no column of it is both a left and a right one."""
        return (self.tensor.length - self.changing) // self.new

    def behind(self, layer: Layer) -> "_Columns":
        """Those of a layer's output."""
        before, _ = layer.pads
        length = layer.result.length
        left = -(-(self.left + before) // layer.stride)
        first = -(-(self.tensor.length - self.right + before - layer.span + 1) // layer.stride)  # right one
        return _Columns(layer.result, left, self.new // layer.stride, length - min(max(first, 0), length))


@dataclass(frozen=True)
class _Place:
    """Where the columns of a tensor lie that the layer behind reads: its left ones, `old` ones that are kept, new ones
    and right ones, of a window that is `shorter` hops shorter. Nothing reads the `skipped` old ones before them. Left
    columns wait `delay` hops.
    """

    columns: _Columns
    shorter: int
    skipped: int = 0
    delay: int = 0

    @property
    def length(self) -> int:
        """Columns of the shorter window, the skipped ones too."""
        return self.columns.tensor.length - self.shorter * self.columns.new

    @property
    def old(self) -> int:
        return self.length - self.skipped - self.columns.changing

    @property
    def size(self) -> int:
        return (self.length - self.skipped) * self.columns.tensor.channels

    @property
    def waiting(self) -> str:
        return f"{self.columns.tensor.name}/left"

    @property
    def waiting_size(self) -> int:
        return self.delay * self.columns.left * self.columns.tensor.channels


def step(network: Network, hop: int) -> Step:
    """The step of a network whose first layers are a chain, for windows that move on by `hop` samples. From the first
    layer on whose stride does not divide what is new, layers run in full.

    Raises InputError if hop is not shorter than the window, or there is nothing to keep.
    """
    window = network.input.length
    if not 1 <= hop < window:
        raise InputError(
            f"--streaming {hop}: expected 1 to {window - 1} samples, fewer than a window's; give such a hop"
        )
    sliding, columns = [], [_Columns(network.input, 0, hop, 0)]
    for layer in _chain(network):
        behind = columns[-1].behind(layer)
        if columns[-1].new % layer.stride or behind.changing >= behind.tensor.length:
            break
        sliding.append(layer)
        columns.append(behind)
    if not sliding:
        stride = total_stride(network)
        raise InputError(
            f"--streaming {hop}: layer {network.layers[0].name} needs the whole window anew with each hop, so nothing "
            f"can be kept; give a short hop, a multiple of {stride} (the strides' product), or leave it out"
        )
    return _placed(network, hop, sliding, _places(sliding, columns))


def total_stride(network: Network) -> int:
    """Product of the strides before the first layer that reads all there is: of what a hop is best a multiple."""
    product = 1
    for layer in _chain(network):
        product *= layer.stride
    return product


def _chain(network: Network) -> Iterator[Layer]:
    """The first layers, each of which slides over what the one before it wrote, which nothing else reads."""
    readers = Counter(source.name for layer in network.layers for source in layer.sources)
    written = network.input
    for layer in network.layers:
        alone = layer.sources == (written,) and readers[written.name] == 1 and layer.name not in network.outputs
        if not operator_of(layer).slides or layer.result.length == 1 or not alone:
            return
        yield layer
        written = layer.result


def _first(layer: Layer, source: _Columns, result: _Columns, shorter: int) -> int:
    """The first column of a shorter window that the layer's new outputs read."""
    output = result.tensor.length - shorter * result.new - result.right - result.new
    return output * layer.stride - layer.pads[0]


def _places(sliding: list[Layer], columns: list[_Columns]) -> list[_Place]:
    """Of the input, and of what each sliding layer writes."""
    places: list[_Place] = []
    shorter = columns[0].spare
    for layer, source, result in zip(sliding, columns, columns[1:], strict=False):
        before, shorter = shorter, min(shorter, source.spare, result.spare)
        newest = source.tensor.length - shorter * source.new - source.right - source.new
        skipped = 0 if result.left else min(_first(layer, source, result, shorter), newest)
        places.append(_Place(source, shorter, skipped, (before - shorter) * (source.left > 0)))
    places.append(_Place(columns[-1], 0, 0, shorter * (columns[-1].left > 0)))
    return places


def _placed(network: Network, hop: int, sliding: list[Layer], places: list[_Place]) -> Step:
    end = len(network.layers) - 1
    blocks = {place.columns.tensor.name: Block(place.size, 0, end) for place in places}
    blocks |= {place.waiting: Block(place.waiting_size, 0, end) for place in places if place.delay}
    for index, layer in enumerate(network.layers):
        blocks.setdefault(layer.name, Block(layer.result.size, 0, end))
        if scratch_bytes(layer):
            blocks[scratch_name(layer)] = Block(scratch_bytes(layer), index, index)
    arena = plan(blocks)
    parts: list[Part] = []
    for layer, source, result in zip(sliding, places, places[1:], strict=False):
        parts += _parts(layer, source, result, arena.offsets)
    parts += [Part(layer) for layer in network.layers[len(sliding) :]]
    keeps = [keep for place in places for keep in _keeps(place, arena.offsets)]
    newest = arena.offsets[network.input.name] + places[0].old * network.input.channels
    return Step(hop, tuple(parts), Arena(arena.offsets | {network.input.name: newest}, arena.size), tuple(keeps))


def _parts(layer: Layer, source: _Place, result: _Place, offsets: Mapping[str, int]) -> Iterator[Part]:
    """Its left columns, then the new ones and the right ones."""
    columns, channels = result.columns, layer.channels
    reads, writes = offsets[layer.source.name], offsets[layer.name]
    if columns.left:
        waits = offsets[result.waiting] + result.waiting_size - columns.left * channels if result.delay else writes
        yield Part(
            layer,
            {"in_length": source.length, "out_length": columns.left, "in_offset": reads, "out_offset": waits},
        )
    first = _first(layer, source.columns, columns, source.shorter)
    yield Part(
        layer,
        {
            "in_length": source.length - first,
            "out_length": columns.new + columns.right,
            "pad_left": 0,
            "in_offset": reads + (first - source.skipped) * layer.source.channels,
            "out_offset": writes + (columns.left + result.old) * channels,
        },
    )


def _keeps(place: _Place, offsets: Mapping[str, int]) -> Iterator[Keep]:
    """Old columns move to the front, and left ones up in their queue."""
    columns, channels = place.columns, place.columns.tensor.channels
    start = offsets[columns.tensor.name]
    if place.old:
        front = start + columns.left * channels
        yield Keep(front + columns.new * channels, front, place.old, channels)
    if place.delay:
        waiting = offsets[place.waiting]
        yield Keep(waiting, start, columns.left, channels)
        if place.delay > 1:
            moved = waiting + columns.left * channels
            yield Keep(moved, waiting, (place.delay - 1) * columns.left, channels)
