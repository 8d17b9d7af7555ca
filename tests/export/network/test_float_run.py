"""Float networks in numpy against ONNX Runtime, and what their ranges say of networks that cannot be calibrated."""

import numpy as np
import pytest

from export.network.float_run import RUNS, run_float
from export.network.operators import OPERATORS
from export.proof.runtimes import run_onnx_float
from export.writers.onnx import write_onnx
from tests.export.network.random_networks import random_network, random_windows

SEEDS = range(60)


@pytest.mark.parametrize("seed", SEEDS)
def test_every_tensor_is_onnx_runtimes(seed):
    network = random_network(seed)
    windows = random_windows(network, 3, seed)
    expected = run_onnx_float(write_onnx(network), windows.transpose(0, 2, 1))
    values = run_float(network, windows)
    for layer in network.layers:
        np.testing.assert_allclose(
            values[layer.name].reshape(3, -1), expected[layer.name], rtol=1e-4, atol=1e-5, err_msg=str(layer)
        )


def test_every_operator_is_among_them():
    assert {type(layer) for seed in SEEDS for layer in random_network(seed).layers} == set(RUNS)
    assert set(RUNS) == {operator.layer for operator in OPERATORS}
