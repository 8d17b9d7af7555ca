"""Random float networks of every layer that the engine has, with branches, as a trained model may have them."""

import numpy as np

from export.network.curves import gelu
from export.network.layers import SIX, AveragePool, Concat, Conv, Depthwise, Layer, MaxPool, Mean, Network, Sum, Tensor
from export.network.pointwise import LOOKUP, Add, Extreme, Maximum, Minimum, Multiply, PRelu, Softmax, Subtract, Table
from export.network.slices import Slice
from export.network.tables import FUNCTIONS

JOINTS = (Add, Subtract, Multiply, Maximum, Minimum)


class Growing:
    """A network in the making: layers one behind the other, each over `at` unless it says otherwise."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.at = Tensor("input", int(self.rng.integers(8, 24)), int(self.rng.integers(1, 6)))
        self.layers: list[Layer] = []

    def add(self, layer: Layer) -> Tensor:
        self.layers.append(layer)
        self.at = layer.result
        return self.at

    def name(self) -> str:
        return f"layer{len(self.layers)}"

    def floats(self, *shape: int, products: int = 1) -> np.ndarray:
        return self.rng.normal(0, 1 / np.sqrt(products), shape).astype(np.float32)

    def bias(self, channels: int) -> np.ndarray:
        """Not below 0, so that a ReLU hardly ever ends all."""
        return np.abs(self.floats(channels))

    def activation(self) -> tuple[bool, float]:
        """Whether a ReLU is fused, and where it ends."""
        return self.flip(), float(self.rng.choice([SIX, np.inf]))

    def flip(self) -> bool:
        return bool(self.rng.integers(2))

    def window(self) -> tuple[int, int, bool]:
        """Kernel, stride and padding that fit."""
        kernel, same = int(self.rng.integers(1, min(6, self.at.length + 1))), self.flip()
        return kernel, int(self.rng.integers(1, 3)), same

    def conv(self, channels: int | None = None, keeps_shape: bool = False) -> Tensor:
        kernel, stride, same = self.window()
        stride, same = (1, True) if keeps_shape else (stride, same)
        channels = channels or int(self.rng.integers(1, 9))
        weights = self.floats(channels, kernel, self.at.channels, products=kernel * self.at.channels)
        dilation = 2 if 2 * kernel < self.at.length and stride == 1 and self.flip() else 1
        relu, ceiling = self.activation()
        bias = self.bias(channels)
        return self.add(Conv(self.name(), self.at, weights, bias, stride, same, relu, dilation, ceiling))

    def depthwise(self) -> Tensor:
        kernel, stride, same = self.window()
        channels = self.at.channels * int(self.rng.integers(1, 3))
        weights = self.floats(kernel, channels, products=kernel)
        return self.add(Depthwise(self.name(), self.at, weights, self.bias(channels), stride, same, self.flip()))

    def pool(self) -> Tensor:
        kind = MaxPool if self.flip() else AveragePool
        return self.add(kind(self.name(), self.at, *self.window()))

    def joined(self) -> Tensor:
        """What was read joined with a convolution of it, with its mean as a gate, or with a constant."""
        kind, before = self.rng.choice(np.array(JOINTS)), self.at
        activation = (False, np.inf) if issubclass(kind, Extreme) else self.activation()
        if self.flip():
            conv = kind is Subtract or self.flip()  # the mean of a difference to the mean is 0
            second = self.conv(before.channels, keeps_shape=True) if conv else self.mean()
            return self.add(kind(self.name(), before, second, *activation))
        second = Tensor(f"{self.name()}/second", 1 if self.flip() else before.length, before.channels)
        return self.add(kind(self.name(), before, second, *activation, self.floats(second.length, second.channels)))

    def beside(self) -> Tensor:
        """Two or three tensors of different scales, one of them a sigmoid, side by side or behind each other."""
        before = self.at
        parts = [before, self.add(Table(self.name(), before, "LOGISTIC"))]
        if self.flip():
            self.at = before
            parts.insert(0, self.conv(before.channels, keeps_shape=True))
        return self.add(Concat(self.name(), tuple(parts), self.flip()))

    def prelu(self) -> Tensor:
        second = Tensor(f"{self.name()}/slopes", 1, self.at.channels)
        return self.add(PRelu(self.name(), self.at, second, values=self.floats(1, self.at.channels, products=4)))

    def table(self) -> Tensor:
        function = str(self.rng.choice([*FUNCTIONS, LOOKUP]))
        curve = gelu("none") if function == LOOKUP else None
        return self.add(Table(self.name(), self.at, function, 0.1 if function == "LEAKY_RELU" else 0.0, curve))

    def mean(self) -> Tensor:
        """Or the sum."""
        kind = Mean if self.flip() else Sum
        return self.add(kind(self.name(), self.at, self.at.length, self.at.length))

    def dense(self) -> Tensor:
        self.at = Tensor(self.at.name, 1, self.at.size)
        kernels = self.floats(4, 1, self.at.channels, products=self.at.channels)
        return self.add(Conv(self.name(), self.at, kernels, self.bias(4)))

    def part(self) -> Tensor:
        """Some samples and some channels."""
        length, channels = (int(self.rng.integers(1, n + 1)) for n in (self.at.length, self.at.channels))
        start, first = (int(self.rng.integers(n + 1)) for n in (self.at.length - length, self.at.channels - channels))
        stride = 2 if self.flip() else 1
        return self.add(Slice(self.name(), self.at, start, -(-length // stride), first, channels, stride))

    def softmax(self) -> Tensor:
        return self.add(Softmax(self.name(), self.at))


STEPS = (Growing.conv, Growing.depthwise, Growing.pool, Growing.joined, Growing.joined, Growing.table)
STEPS += (Growing.beside, Growing.prelu, Growing.part)


def random_network(seed: int) -> Network:
    """A few layers, then perhaps a mean, dense layers behind what is left, flat, and perhaps a softmax; every tensor is
    an output.
    """
    growing = Growing(seed)
    for _ in range(int(growing.rng.integers(2, 6))):
        STEPS[int(growing.rng.integers(len(STEPS)))](growing)
    if growing.flip():
        growing.mean()
    growing.dense()
    if growing.flip():
        growing.softmax()
    return Network(tuple(growing.layers), tuple(layer.name for layer in growing.layers))


def random_windows(network: Network, count: int, seed: int) -> np.ndarray:
    """float32 (count, samples, channels)."""
    source = network.input
    rng = np.random.default_rng([seed, 1])
    return rng.normal(0, 3, (count, source.length, source.channels)).astype(np.float32)
