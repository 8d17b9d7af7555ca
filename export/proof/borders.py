"""Layers whose every output is a step function of one sum: where the steps are, and inputs that have a given sum.

The sum is bias + weights * (input - zero point) over the inputs under one window. The step function is requantization,
or the division of an average pool; neither ever falls.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from export.network.integers import Int8Conv, Int8Network, Rescale
from export.network.layers import AveragePool, Conv, Depthwise, Layer, Mean, Sum
from export.network.operators import of_class

ATTEMPTS = 8  # at inputs that have a sum
PAIRED = 64  # weights among which two are sought that reach many sums
VALUES = np.arange(-128, 128)
INT32 = 2**31 - 1
Steps = Callable[[np.ndarray], np.ndarray]  # sums (channels, n) -> values before the clamp, as many


@dataclass(frozen=True, eq=False)
class Sums:
    """A layer as sums and a step function, for windows that share no input and hang over an edge alike.

    Args:
        weights: int64 (channels, n) of the n inputs under a window.
        places: index of those inputs in the layer's input, flat, (windows, channels, n).
        bias: int64 (channels,).
        zero_point: what comes off every input.
        factor: of a sum, float64 (channels,), of which `steps` is the rounded product.
        offset: the value of a sum of 0.
        moved: how much nearer to 0 an earlier rounding moves a step than the middle of two values, float64 (channels,).
        steps: the layer's step function.
        limits: least and largest value after the clamp.
    """

    weights: np.ndarray
    places: np.ndarray
    bias: np.ndarray
    zero_point: int
    factor: np.ndarray
    offset: int
    moved: np.ndarray
    steps: Steps
    limits: tuple[int, int]

    def ends(self) -> np.ndarray:
        """Least and largest sum of each channel, int64 (2, channels), as far as int32 holds them shifted."""
        low, high = self.weights * (-128 - self.zero_point), self.weights * (127 - self.zero_point)
        ends: np.ndarray = np.stack([np.minimum(low, high).sum(axis=1), np.maximum(low, high).sum(axis=1)]) + self.bias
        room = (INT32 / np.maximum(2.0 ** np.ceil(np.log2(np.maximum(self.factor, 1e-30))), 1)).astype(np.int64)
        clipped: np.ndarray = np.maximum(np.minimum(ends, room), -room)
        return clipped


def sums_of(int8: Int8Network, layer: Layer) -> Sums:
    """The layer as sums. Raises TypeError for a layer whose outputs are no step functions of one."""
    return of_class(SUMS, layer, "step functions of a sum are the outputs of")(int8, layer)


def _average_pool(int8: Int8Network, layer: AveragePool) -> Sums:
    places, taps = _own(layer)
    weights, none = np.ones((layer.channels, len(taps)), np.int64), np.zeros(layer.channels, np.int64)
    factor, moved, steps = np.full(layer.channels, 1 / len(taps)), np.zeros(layer.channels), _division(len(taps))
    return Sums(weights, places, none, 0, factor, 0, moved, steps, int8.limits(layer.name))


def _mean(int8: Int8Network, layer: Mean | Sum) -> Sums:
    places, taps = _own(layer)
    weights, none = np.ones((layer.channels, len(taps)), np.int64), np.zeros(layer.channels, np.int64)
    return _requantized(int8, layer, int8.rescales[layer.name], weights, places, none)


def _conv(int8: Int8Network, layer: Conv) -> Sums:
    samples, taps = _windows(layer)
    conv, width = int8.convs[layer.name], layer.source.channels
    weights = conv.weights[:, taps].reshape(layer.channels, -1).astype(np.int64)
    under = (samples[:, :, None] * width + np.arange(width)).reshape(len(samples), 1, -1)
    places = np.broadcast_to(under, (len(samples), layer.channels, under.shape[-1]))
    return _requantized(int8, layer, conv, weights, places, conv.bias.astype(np.int64))


def _depthwise(int8: Int8Network, layer: Depthwise) -> Sums:
    places, taps = _own(layer)
    conv = int8.convs[layer.name]
    weights = conv.weights[taps].T.astype(np.int64)
    return _requantized(int8, layer, conv, weights, places, conv.bias.astype(np.int64))


SUMS: dict[type[Layer], Callable[[Int8Network, Any], Sums]] = {
    Conv: _conv,
    Depthwise: _depthwise,
    AveragePool: _average_pool,
    Mean: _mean,
    Sum: _mean,
}


def _own(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Places and taps of a layer whose every channel reads one channel of the input."""
    samples, taps = _windows(layer)
    channels, width = layer.channels, layer.source.channels
    return samples[:, None, :] * width + (np.arange(channels) * width // channels)[:, None], taps


def _requantized(
    int8: Int8Network,
    layer: Layer,
    fixed: Int8Conv | Rescale,
    weights: np.ndarray,
    places: np.ndarray,
    bias: np.ndarray,
) -> Sums:
    """Sums that multipliers and shifts, one for all channels or for each, make values of."""
    zero_point, offset = (int8.activations[name].zero_point for name in (layer.source.name, layer.name))
    multiplier, shift = (np.broadcast_to(part, layer.channels) for part in (fixed.multiplier, fixed.shift))
    factor = multiplier * 2.0 ** (shift.astype(np.float64) - 31)
    moved = np.where(shift < 0, 2.0 ** (shift.astype(np.float64) - 1), 0)  # half a step of Q31
    steps = _requantization(multiplier, shift, offset)
    return Sums(weights, places, bias, zero_point, factor, offset, moved, steps, int8.limits(layer.name))


def borders(sums: Sums) -> tuple[np.ndarray, np.ndarray]:
    """Sums on both sides of every step within the layer's limits: (channel, sum), each int64 (n,).

    Where all weights of a channel have a common divisor, they are the nearest sums that those can make up. They come in
    the order of the relative error of the factor that would move the step over them, smallest first.
    """
    values = np.arange(sums.limits[0] + 1, sums.limits[1] + 1)
    least, largest = sums.ends()[..., None]
    below, above = (np.broadcast_to(end, (len(end), len(values))) for end in (least, largest))
    inside = (sums.steps(below) < values) & (sums.steps(above) >= values)
    while np.any(above - below > 1):
        middle = (below + above) // 2
        reached = sums.steps(middle) >= values
        below, above = np.where(reached, below, middle), np.where(reached, middle, above)
    channels = np.broadcast_to(np.arange(len(least))[:, None], inside.shape)[inside]
    edges = values - sums.offset - 0.5
    edges = (edges - np.sign(edges) * sums.moved[:, None])[inside]
    divisor, bias = np.maximum(np.gcd.reduce(sums.weights, axis=1), 1)[channels], sums.bias[channels]
    lower, upper = below[inside] - (below[inside] - bias) % divisor, above[inside] + (bias - above[inside]) % divisor
    channels, edges, targets = np.tile(channels, 2), np.tile(edges, 2), np.concatenate([lower, upper])
    first = np.unique(np.stack([channels, targets]), axis=1, return_index=True)[1]  # one sum may have several steps
    channels, edges, targets = channels[first], edges[first], targets[first]
    distance = np.abs(targets * sums.factor[channels] - edges) / np.maximum(np.abs(edges), 0.5)
    order = np.argsort(distance, kind="stable")
    return channels[order], targets[order]


def reach(
    weights: np.ndarray, zero_point: int, targets: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Inputs int8 (n, inputs) with sums of weights * (input - zero_point) that are the targets (n,), and which are.

    All inputs but two lie about where the whole range would have the target; those two make up for what is missing.
    """
    low, high = np.where(weights > 0, -128, 127), np.where(weights > 0, 127, -128)
    least, largest = (int(weights @ (end - zero_point)) for end in (low, high))
    first, second = _pair(weights)
    a, b = int(weights[first]) if first != second else 0, int(weights[second])
    # As much noise as the two can make up for.
    noise = min(40.0, 50 * (abs(a) + abs(b)) / max(float(np.linalg.norm(weights)), 1))
    x, missing = np.zeros((len(targets), len(weights)), np.int64), np.ones(len(targets), bool)
    for _ in range(ATTEMPTS):
        rows = np.flatnonzero(missing)
        if not rows.size:
            break
        share = (targets[rows] - least) / max(largest - least, 1)
        drawn = low + (high - low) * share[:, None] + rng.uniform(-noise, noise, (len(rows), len(weights)))
        drawn = np.clip(np.rint(drawn), -128, 127).astype(np.int64)
        drawn[:, [first, second]] = zero_point
        rest = targets[rows] - (drawn - zero_point) @ weights
        of_second, left = np.divmod(rest[:, None] - a * (VALUES - zero_point), b or 2**40)
        of_second += zero_point
        fits = (left == 0) & (of_second >= -128) & (of_second <= 127)
        pick = np.argmax(fits, axis=1)
        drawn[:, second] = of_second[np.arange(len(rows)), pick]
        if a:
            drawn[:, first] = VALUES[pick]
        x[rows] = drawn
        missing[rows] = ~fits.any(axis=1)
    return x.astype(np.int8), ~missing


def _pair(weights: np.ndarray) -> tuple[int, int]:
    """Two places, with the smallest common divisor and then the largest weights; of one weight the same twice."""
    places = np.flatnonzero(weights)[:PAIRED]
    if len(places) < 2:
        return (int(places[0]),) * 2 if len(places) else (0, 0)
    sizes = np.abs(weights[places])
    divisors = np.gcd.outer(sizes, sizes) - (sizes[:, None] + sizes) / 1024
    np.fill_diagonal(divisors, np.inf)
    first, second = np.unravel_index(np.argmin(divisors), divisors.shape)
    return int(places[first]), int(places[second])


def _windows(layer: Layer) -> tuple[np.ndarray, np.ndarray]:
    """Samples (windows, taps) under windows that share none, and which taps of the kernel those are.

    They are windows with as many taps inside the input as any has.
    """
    samples = np.arange(layer.result.length)[:, None] * layer.stride - layer.pads[0]
    samples = samples + np.arange(layer.kernel) * layer.dilation
    inside = (samples >= 0) & (samples < layer.source.length)
    taps = inside[np.argmax(inside.sum(axis=1))]
    chosen: list[np.ndarray] = []
    taken: set[int] = set()
    for row in samples[(inside == taps).all(axis=1)][:, taps]:
        if taken.isdisjoint(row.tolist()):
            chosen.append(row)
            taken.update(row.tolist())
    return np.array(chosen), np.flatnonzero(taps)


def _requantization(multiplier: np.ndarray, shift: np.ndarray, offset: int) -> Steps:
    """TFLite's: rounded to Q31 half up, then by the right shift half away from zero."""
    factor = multiplier.astype(np.int64)[:, None]
    left, right = (np.maximum(bits, 0)[:, None] for bits in (shift.astype(np.int64), -shift.astype(np.int64)))

    def steps(sums: np.ndarray) -> np.ndarray:
        high = ((sums << left) * factor + 2**30) >> 31
        values: np.ndarray = np.sign(high) * ((np.abs(high) + (1 << right >> 1)) >> right) + offset
        return values

    return steps


def _division(count: int) -> Steps:
    """By `count`, half away from zero."""
    return lambda sums: np.sign(sums) * ((2 * np.abs(sums) + count) // (2 * count))
