"""One hop of a network: what a stream computes anew when the window moves on, with the columns kept that it has.

Each tensor gets a place of its own, in which a step writes the hop's columns behind those that it kept. A sliding layer
without padding then reads just as many as its new outputs need; once they are there, what the next step needs again is
moved to the front. From the first layer on whose outputs all change (the pool over the whole window), places hold every
column and layers run as they do for a window. So every value is computed by the kernel and from the inputs that a whole
window has, and the outputs are equal in every bit.
"""

from dataclasses import dataclass, replace

from export.network.arena import scratch_bytes, scratch_name
from export.network.layers import Layer, Network
from export.network.operators import operator_of
from export.network.placing import Arena, Block, plan
from scl.artifacts import InputError

ADVICE = "train with --padding valid (zero padding at the window's edges changes the columns there with every hop)"


@dataclass(frozen=True)
class Keep:
    """Columns of a tensor that the next step needs again, moved from `source` to the front of their place."""

    source: int  # bytes from the start of the arena
    target: int
    length: int  # samples
    channels: int


@dataclass(frozen=True)
class Step:
    """The network that runs once each hop.

    Args:
        hop: samples of the input in a step.
        layers: the network's own, each as short as a step.
        arena: where the hop's columns of each tensor are written, and scratch; all of it lives from step to step.
        reads: where each layer's input starts, by the layer's name.
        keeps: run behind the layers.
    """

    hop: int
    layers: tuple[Layer, ...]
    arena: Arena
    reads: dict[str, int]
    keeps: tuple[Keep, ...]


@dataclass(frozen=True)
class _Place:
    """A tensor's columns: `old` kept ones, then `new` ones; the layer behind reads `count` from `start` on."""

    name: str
    channels: int
    old: int
    new: int
    start: int
    count: int


def step(network: Network, hop: int) -> Step:
    """The step of a chain of layers, for windows that move on by `hop` samples.

    Raises InputError if hop is no multiple of the strides' product or not shorter than the window, or the network pads
    with zeros, branches or has nothing to keep.
    """
    window, stride = network.input.length, total_stride(network)
    if not 1 <= hop < window or hop % stride:
        raise InputError(
            f"--streaming {hop}: expected a multiple of {stride}, the strides' product, and fewer than the window's "
            f"{window} samples; give such a hop"
        )
    places, layers, new = [], [], hop
    written, sliding = network.input, True
    for layer in network.layers:
        if layer.sources != (written,):
            raise InputError(
                f"--streaming: layer {layer.name} reads {layer.sources}, expected {written}, a plain chain; "
                "leave it out"
            )
        if sliding and _slides(layer) and new // layer.stride < layer.result.length:
            if layer.pads != (0, 0):
                raise InputError(f"--streaming: layer {layer.name} pads its input with zeros; {ADVICE}")
            left = written.length - ((layer.result.length - 1) * layer.stride + layer.span)
            count = (new // layer.stride - 1) * layer.stride + layer.span
            first = new - left - count  # of the columns that it reads, counted from the hop's first
            places.append(_Place(written.name, written.channels, max(-first, 0), new, max(first, 0), count))
            layers.append(layer.over(replace(written, length=count)))
            new //= layer.stride
        else:
            sliding = False
            places.append(_Place(written.name, written.channels, written.length - new, new, 0, written.length))
            layers.append(layer)
            new = layer.result.length
        written = layer.result
    if layers[0] is network.layers[0]:
        raise InputError(
            f"--streaming: layer {network.layers[0].name} needs the whole window, so nothing can be kept; leave it out"
        )
    return _placed(network, hop, tuple(layers), places)


def _slides(layer: Layer) -> bool:
    return operator_of(layer).slides and layer.result.length > 1


def total_stride(network: Network) -> int:
    """Product of the strides before the first layer that reads all there is: what a hop must be a multiple of."""
    product = 1
    for layer in network.layers:
        if not _slides(layer):
            break
        product *= layer.stride
    return product


def _placed(network: Network, hop: int, layers: tuple[Layer, ...], places: list[_Place]) -> Step:
    end = len(layers) - 1
    blocks = {place.name: Block((place.old + place.new) * place.channels, 0, end) for place in places}
    for index, layer in enumerate(layers):
        blocks.setdefault(layer.name, Block(layer.result.size, 0, end))
        if scratch_bytes(layer):
            blocks[scratch_name(layer)] = Block(scratch_bytes(layer), index, index)
    arena = plan(blocks)
    starts = dict(arena.offsets)
    offsets, reads, keeps = dict(starts), {}, []
    for layer, place in zip(layers, places, strict=True):
        offsets[place.name] += place.old * place.channels
        reads[layer.name] = starts[place.name] + place.start * place.channels
        if place.old:
            moved = starts[place.name] + place.new * place.channels
            keeps.append(Keep(moved, starts[place.name], place.old, place.channels))
    return Step(hop, layers, Arena(offsets, arena.size), reads, tuple(keeps))
