"""Float networks in numpy against ONNX Runtime, and what their ranges say of networks that cannot be calibrated."""

import numpy as np
import pytest

from export.network.float_run import BATCH, RUNS, ranges, run_float
from export.network.layers import Conv, Network, Tensor
from export.network.operators import OPERATORS
from export.proof.runtimes import run_onnx_float
from export.writers.onnx import write_onnx
from scl.artifacts import InputError
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


def test_ranges_are_the_ends_of_all_windows_and_zero():
    network = random_network(3)
    windows = random_windows(network, BATCH + 5, 3)
    found, values = ranges(network, windows), run_float(network, windows)
    assert set(found) == set(values)
    for name, (low, high) in found.items():
        assert low == min(0, values[name].min()) and high == max(0, values[name].max()), name


@pytest.mark.parametrize(
    ("weight", "message"), [(np.nan, "tensor x is not finite"), (0, "x is zero for all 2 windows")]
)
def test_what_cannot_be_calibrated_is_named(weight, message):
    weights = np.full((1, 1, 1), weight, np.float32)
    network = Network((Conv("x", Tensor("input", 4, 1), weights, np.zeros(1, np.float32)),), ("x",))
    with pytest.raises(InputError, match=message):
        ranges(network, np.ones((2, 4, 1), np.float32))
