"""Searches, layer by layer, for inputs at which the C differs from TFLite Micro.

Random inputs of a whole network meet few roundings of its inner layers. Here every operator is cut out of the file, and
its inputs are chosen:

- constants of every value, alternating extremes, and random values;
- where an output is a step function of one sum (convolution, depthwise, dense, mean, average pool): the least and the
  largest sum of every channel, then sums on both sides of the function's steps. Two functions that never fall are equal
  everywhere between the sums that were tried if they are equal on both sides of every step of one of them. The sums
  come first at which the smallest error of the multiplier would show;
- of a table all values, of an addition all pairs of values; of a softmax samples whose probabilities are spread over
  their range.

The work is bounded (WORK); `Searched` says how much of it was done.
"""

from collections.abc import Iterator
from itertools import chain

import numpy as np

from export.network.from_file import Foreign
from export.network.integers import Int8Network
from export.network.layers import Layer, Tensor
from export.network.operators import Search, operator_of
from export.proof.borders import Sums, borders, reach, sums_of
from export.proof.c_engine import CEngine
from export.proof.cut import CutOperator
from export.proof.gates import ExportError
from scl.artifacts.export_report import Searched

WORK = 4_000_000_000  # multiply-accumulates of a search: about 5 s in both runtimes on one core
RUN = 10_000  # what else a run of one layer costs, as multiply-accumulates
RANDOM = 200  # random inputs of each layer
SAMPLES = 10_000  # of a softmax

Inputs = dict[str, np.ndarray]  # int8, flat, by the tensor's name


def search(read: Foreign, tflite: bytes, engine: CEngine, seed: int, work: int = WORK) -> Searched:
    """Compares every layer of the compiled C with TFLite Micro on chosen inputs.

    Raises ExportError that names the first layer in which they differ, and the value.
    """
    rng, layers = np.random.default_rng(seed), read.network.network.layers
    done = Searched()
    for index, layer in enumerate(layers):
        operator = CutOperator(tflite, read, layer)
        cost = RUN + max(layer.macs, layer.result.size * layer.kernel)
        inputs, borders_tried, all_borders = _chosen(read.network, layer, work // (len(layers) - index) // cost, rng)
        count = 0
        for x in inputs:
            values = engine.layer(index, [x[source.name] for source in layer.sources])
            _require_equal(layer, operator.run(x), values, seed)
            count += 1
        work -= count * cost
        done = Searched(
            done.inputs + count,
            done.values + count * layer.result.size,
            done.borders + borders_tried,
            done.all_borders + all_borders,
        )
    return done


def _require_equal(layer: Layer, expected: np.ndarray, values: np.ndarray, seed: int) -> None:
    if np.array_equal(expected, values):
        return
    at = int(np.argmax(expected != values))
    raise ExportError(
        f"the C differs from TFLite Micro in layer {layer.name}: its output {at} (channel {at % layer.channels}) is "
        f"{values[at]}, expected {expected[at]}, for an input that the search chose; the same --seed ({seed}) meets it "
        "again: please report it with the file"
    )


def _chosen(int8: Int8Network, layer: Layer, runs: int, rng: np.random.Generator) -> tuple[Iterator[Inputs], int, int]:
    """Inputs of a layer, about as many as `runs`; how many borders they try, and how many there are."""
    common = _plain(layer, runs, rng)
    left = max(runs - len(common), 1)
    kind = operator_of(layer).search
    if kind is Search.SUMS:
        inputs, tried, all_borders = _at_borders(sums_of(int8, layer), layer, left, rng)
        return chain(common, inputs), tried, all_borders
    others = {Search.VALUES: _values, Search.PAIRS: _pairs, Search.SPREAD: _spread, Search.NONE: _no_others}[kind]
    return chain(common, others(layer, left, rng)), 0, 0


def _plain(layer: Layer, runs: int, rng: np.random.Generator) -> list[Inputs]:
    """Constants, alternating extremes by value and by sample, and random values."""
    sizes = {source.name: source.size for source in layer.sources}
    rows = np.arange(layer.source.size)
    alternating = [
        np.where(rows // step % 2 == first, -128, 127) for step in (1, layer.source.channels) for first in (0, 1)
    ]
    constants = range(-128, 128) if runs > 4 * 256 else (-128, 127)
    chosen = [{name: np.full(size, value, np.int8) for name, size in sizes.items()} for value in constants]
    chosen += [
        {name: np.resize(values, size).astype(np.int8) for name, size in sizes.items()} for values in alternating
    ]
    for _ in range(max(min(RANDOM, runs // 4), 4)):
        chosen.append({name: _noise(size, rng) for name, size in sizes.items()})
    return chosen


def _noise(size: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(-128, 128, size, np.int8)


def _values(layer: Layer, runs: int, rng: np.random.Generator) -> Iterator[Inputs]:
    """Every value in every channel."""
    source = layer.source
    for start in range(0, 256, source.length):
        yield {source.name: _each_sample(start + np.arange(source.length), source.channels)}


def _each_sample(values: np.ndarray, channels: int) -> np.ndarray:
    """Samples with one of the values (modulo 256) in all channels, flat."""
    return np.repeat((values % 256).astype(np.uint8).view(np.int8), channels)


def _pairs(layer: Layer, runs: int, rng: np.random.Generator) -> Iterator[Inputs]:
    """All pairs of values of two tensors, in random order; all values beside a constant."""
    if len(layer.sources) == 1:
        yield from _values(layer, runs, rng)
        return
    first, second = layer.sources
    if first.name == second.name:
        return  # the constants have its pairs
    if first.size != second.size:
        yield from _pairs_with_one_sample(first, second, runs, rng)
        return
    pairs = rng.permutation(1 << 16)
    for start in range(0, min(len(pairs), runs * first.size), first.size):
        pair = np.resize(pairs[start : start + first.size], first.size)
        yield {first.name: (pair >> 8).astype(np.uint8).view(np.int8), second.name: pair.astype(np.uint8).view(np.int8)}


def _pairs_with_one_sample(first: Tensor, second: Tensor, runs: int, rng: np.random.Generator) -> Iterator[Inputs]:
    """All pairs of values of a tensor and of one sample, whose channels divide its values among them."""
    starts = [(a, b) for b in range(0, 256, second.channels) for a in range(0, 256, first.length)]
    for at in rng.permutation(len(starts))[:runs]:
        a, b = starts[at]
        ones = _each_sample(b + np.arange(second.channels), 1)
        yield {first.name: _each_sample(a + np.arange(first.length), first.channels), second.name: ones}


def _spread(layer: Layer, runs: int, rng: np.random.Generator) -> Iterator[Inputs]:
    """Samples whose values lie below the largest by steps of every size, small ones more often."""
    source = layer.source
    for _ in range(min(runs, -(-SAMPLES // source.length))):
        shape = source.length, source.channels
        steps = np.floor(256 ** rng.uniform(0, 1, shape)).astype(np.int64) - 1
        steps -= steps.min(axis=1, keepdims=True)
        top = rng.integers(steps.max(axis=1, keepdims=True) - 128, 128)
        yield {source.name: (top - steps).astype(np.int8).ravel()}


def _no_others(layer: Layer, runs: int, rng: np.random.Generator) -> Iterator[Inputs]:
    return iter(())


def _at_borders(sums: Sums, layer: Layer, runs: int, rng: np.random.Generator) -> tuple[Iterator[Inputs], int, int]:
    """Inputs with every channel's least and largest sum and with sums on both sides of its steps, in each window that
    is free another; how many such sides they try, and how many there are.
    """
    channels, targets = borders(sums)
    each, (least, largest) = np.arange(len(sums.bias)), sums.ends()
    channels, targets = np.concatenate([each, each, channels]), np.concatenate([least, largest, targets])
    run, window = _rooms(sums, channels)
    patches = np.zeros((len(channels), sums.weights.shape[1]), np.int8)
    reached = np.zeros(len(channels), bool)
    for channel in each:
        rows = np.flatnonzero((channels == channel) & (run < runs))
        wanted = targets[rows] - sums.bias[channel]
        patches[rows], reached[rows] = reach(sums.weights[channel], sums.zero_point, wanted, rng)

    def inputs() -> Iterator[Inputs]:
        order = np.argsort(run, kind="stable")
        for rows in np.split(order, np.cumsum(np.bincount(run)))[: min(runs, int(run.max()) + 1)]:
            x = _noise(layer.source.size, rng)
            x[sums.places[window[rows], channels[rows]]] = patches[rows]
            yield {layer.source.name: x}

    return inputs(), int(reached[2 * len(each) :].sum()), len(channels) - 2 * len(each)


def _rooms(sums: Sums, channels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The run and the window for each of the sums that channels are to have: channels that read the same inputs take
    turns, others do not meet.
    """
    readers, turns = sums.places[0, channels, 0], np.zeros(len(channels), np.int64)
    for reader in np.unique(readers):
        rows = np.flatnonzero(readers == reader)
        turns[rows] = np.arange(len(rows))
    return np.divmod(turns, len(sums.places))
