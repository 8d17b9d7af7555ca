"""Operators cut out of a file against the whole file in the same interpreter."""

import numpy as np
import pytest

from export.network import from_file
from export.proof.cut import CutOperator
from export.proof.runtimes import tflite_micro_runner
from tests.firmware.random_models import RandomModel


@pytest.mark.parametrize("seed", range(30))
def test_each_operator_alone_gives_what_it_gives_in_the_file(seed):
    model = RandomModel(seed)
    data = model.bytes()
    read = from_file.read(data, "model.tflite")
    x = np.random.default_rng(seed).integers(-128, 128, model.input_shape).astype(np.int8)
    tensors = tflite_micro_runner(data)(x)
    values = {name: tensors(index).copy() for name, index in read.tensors.items()}
    for layer in read.network.network.layers:
        result = CutOperator(data, read, layer).run(values)
        np.testing.assert_array_equal(result, values[layer.name], err_msg=f"{layer.name} of {model.kinds}")
