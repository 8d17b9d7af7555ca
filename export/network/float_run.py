"""Runs a float network on windows: every tensor.

Plain and slow beside a runtime; it asks for nothing but numpy, and knows every layer that the engine has.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from export.network.layers import AveragePool, Concat, Conv, Depthwise, Layer, MaxPool, Mean, Network, Sum
from export.network.operators import of_class
from export.network.pointwise import Add, Elementwise, Maximum, Minimum, Multiply, PRelu, Softmax, Subtract, Table
from export.network.slices import Slice
from export.network.tables import real


def run_float(network: Network, windows: np.ndarray) -> dict[str, np.ndarray]:
    """Windows float32 (n, samples, channels) -> every tensor float32 (n, length, channels) by name, the input first.

    Raises TypeError if a layer is of a class that is not known here.
    """
    values = {network.input.name: np.asarray(windows, np.float32)}
    for layer in network.layers:
        run = of_class(RUNS, layer, "numpy runs")
        sources = [values[s.name].reshape(len(windows), s.length, s.channels) for s in layer.sources]
        result = run(layer, *sources)
        values[layer.name] = np.clip(result, 0, layer.ceiling) if layer.relu else result
    return values


def _under_windows(layer: Layer, x: np.ndarray, outside: float) -> np.ndarray:
    """Inputs (n, length, channels) under each window: (n, out, kernel, channels), `outside` where padding is."""
    padded = np.pad(x, ((0, 0), layer.pads, (0, 0)), constant_values=outside)
    starts = np.arange(layer.result.length)[:, None] * layer.stride
    return padded[:, starts + np.arange(layer.kernel) * layer.dilation]


def _conv(layer: Conv, x: np.ndarray) -> np.ndarray:
    under = _under_windows(layer, x, 0)
    rows = under.reshape(*under.shape[:2], -1)
    result: np.ndarray = rows @ layer.weights.reshape(layer.channels, -1).T + layer.bias
    return result


def _depthwise(layer: Depthwise, x: np.ndarray) -> np.ndarray:
    under = np.repeat(_under_windows(layer, x, 0), layer.channels // layer.source.channels, axis=3)
    result: np.ndarray = (under * layer.weights).sum(axis=2) + layer.bias
    return result


def _average_pool(layer: AveragePool, x: np.ndarray) -> np.ndarray:
    result: np.ndarray = np.nanmean(_under_windows(layer, x, np.nan), axis=2)
    return result


def _max_pool(layer: MaxPool, x: np.ndarray) -> np.ndarray:
    result: np.ndarray = _under_windows(layer, x, -np.inf).max(axis=2)
    return result


def _mean(layer: Mean, x: np.ndarray) -> np.ndarray:
    result: np.ndarray = x.mean(axis=1, keepdims=True)
    return result


def _sum(layer: Sum, x: np.ndarray) -> np.ndarray:
    result: np.ndarray = x.sum(axis=1, keepdims=True)
    return result


def _concat(layer: Concat, *parts: np.ndarray) -> np.ndarray:
    return np.concatenate(parts, axis=1 if layer.along_time else 2)


def _slice(layer: Slice, x: np.ndarray) -> np.ndarray:
    end = layer.start + layer.length * layer.stride
    return x[:, layer.start : end : layer.stride, layer.first : layer.first + layer.channels]


def _prelu(x: np.ndarray, slopes: np.ndarray) -> np.ndarray:
    return np.where(x < 0, slopes * x, x)


def _joining(join: Callable[..., Any]) -> Callable[..., Any]:
    """An elementwise layer's run: the second is its constant, if it has one."""

    def run(layer: Elementwise, first: np.ndarray, *second: np.ndarray) -> Any:
        return join(first, *second or (layer.values,))

    return run


def _softmax(layer: Softmax, x: np.ndarray) -> np.ndarray:
    shares = np.exp(x - x.max(axis=2, keepdims=True))
    result: np.ndarray = shares / shares.sum(axis=2, keepdims=True)
    return result


def _table(layer: Table, x: np.ndarray) -> np.ndarray:
    return real(layer, x)


RUNS: dict[type[Layer], Callable[..., Any]] = {
    Conv: _conv,
    Depthwise: _depthwise,
    AveragePool: _average_pool,
    MaxPool: _max_pool,
    Mean: _mean,
    Sum: _sum,
    Concat: _concat,
    Slice: _slice,
    Add: _joining(np.add),
    Subtract: _joining(np.subtract),
    Multiply: _joining(np.multiply),
    Maximum: _joining(np.maximum),
    Minimum: _joining(np.minimum),
    PRelu: _joining(_prelu),
    Softmax: _softmax,
    Table: _table,
}
