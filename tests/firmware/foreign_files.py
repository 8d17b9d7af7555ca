"""Networks from .tflite files on the C engine against TFLite Micro, tensor by tensor."""

import numpy as np

from export.network import from_file
from export.network.from_file import Foreign
from export.proof.cut import between_int8
from export.proof.runtimes import tflite_micro_runner
from tests.firmware.test_operators import run

INPUTS = 12


def assert_exact(engine, data: bytes, seed: int = 0) -> Foreign:
    """Reads a file and compares every layer of it in C with TFLite Micro on the file between its int8 ends."""
    whole = from_file.read(data, "model.tflite")
    inner = between_int8(data, whole)
    read = from_file.read(inner, "model.tflite")
    assert [type(layer) for layer in read.network.network.layers] == [
        type(layer) for layer in whole.network.network.layers
    ]
    rng, micro = np.random.default_rng(seed), tflite_micro_runner(inner)
    shape = (read.network.network.input.length, read.network.network.input.channels)
    for index in range(INPUTS):
        x = rng.integers(-128, 128, shape) if index % 2 else rng.choice([-128, 127], shape)
        expected = micro(read.to_file(read.tensors["input"], x.astype(np.int8)))
        for name, values in run(engine, read.network, x.astype(np.int8), rng).items():
            np.testing.assert_array_equal(values, read.to_network(name, expected(read.tensors[name])), err_msg=name)
    return read


def kinds(read: Foreign) -> list[str]:
    """Classes of a network's layers."""
    return [type(layer).__name__ for layer in read.network.network.layers]
