"""A small IMU model whose stream keeps columns, as C: random weights, no file behind it."""

from pathlib import Path

import numpy as np

from export.network import arena, streaming
from export.network.layers import FEATURES, LOGITS, AveragePool, Conv, Tensor
from export.network.layers import Network as Layers
from export.network.quantization import quantize
from export.writers.c_source import CModel, write_c
from scl.frontend.sensor import Part, Sensor
from tests.scl.frontend.designs import front_end_spec

WINDOW, HOP, CHANNELS = 40, 8, 6
LABELS = ("sit", "stand", "walk")


def write(folder: Path) -> None:
    """model_data.c and model_data.h into `folder`, always the same."""
    rng = np.random.default_rng(0)

    def conv(name: str, source: Tensor, kernel: int, channels: int, stride: int = 1) -> Conv:
        weights = rng.normal(0, 0.2, (channels, kernel, source.channels)).astype(np.float32)
        return Conv(name, source, weights, np.zeros(channels, np.float32), stride, False)

    first = conv("first", Tensor("input", WINDOW, CHANNELS), 5, 8, 2)
    second = conv("second", first.result, 3, 8, 2)
    pool = AveragePool("pool", second.result, second.result.length, second.result.length)
    features = conv(FEATURES, pool.result, 1, 5)
    network = Layers((first, second, pool, features, conv(LOGITS, features.result, 1, len(LABELS))))
    int8 = quantize(network, {name: [-4.0, 4.0] for name in network.tensors})
    straight = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    parts = (
        Part("accelerometer", 3, 9.80665 / 8192, (0.0, 0.0, 0.0), straight, "m/s^2", ""),
        Part("gyroscope", 3, 0.001065, (0.0, 0.0, 0.0), straight, "rad/s", ""),
    )
    affine = int8.activations["input"]
    sensor, mean, std = Sensor("bench", 20.0, parts), [0.0] * CHANNELS, [9.0] * CHANNELS
    spec = front_end_spec(sensor, WINDOW, 20.0, affine.scale, affine.zero_point, mean, std)
    coefficients, step = np.zeros((1, 0), np.float32), streaming.step(network, HOP)
    write_c(CModel(int8, arena.schedule(network), LABELS, "ab" * 32, spec, coefficients, step=step), folder)
