"""Random models of every operator against TFLite Micro, layer by layer and bit for bit, with the sanitizer on."""

import ctypes

import numpy as np
import pytest

from export.network import arena, from_file
from export.network.operators import tflite_operators
from export.network.placing import Arena
from export.proof.c_engine import COp
from export.proof.runtimes import tflite_micro_runner
from export.writers.c_operators import kernel, op_fields
from tests.firmware.random_models import RandomModel, read_dense_with_float32_product

QUICK, ALL, BATCH = 100, 1500, 50
SHOWN = (295, 403)  # of 700 seeds two whose model shows a float32 product of scales of a dense layer


def run_layer(engine, int8, memory: Arena, layer, block: np.ndarray, **changes: int) -> None:
    """Runs one layer's kernel on an arena; `changes` are to its scl_op."""
    numbers, arrays = op_fields(int8, memory, layer)
    function, keep = getattr(engine, kernel(int8, memory, layer)), []
    op = COp(run=ctypes.cast(function, ctypes.c_void_p), **(numbers | changes))
    for name, values in arrays.items():
        array = np.ascontiguousarray(values)
        keep.append(array)
        setattr(op, name, ctypes.cast(array.ctypes.data, dict(COp._fields_)[name]))
    function(ctypes.byref(op), block.ctypes.data_as(ctypes.c_void_p))


def run(engine, int8, x: np.ndarray, rng) -> dict[str, np.ndarray]:
    """Every layer's values; arena and noise behind it, which must not change."""
    memory = arena.schedule(int8.network)
    block = np.frombuffer(rng.bytes(memory.size + 64), np.int8).copy()
    before, values = block.copy(), {}
    block[memory.offsets["input"] :][: x.size] = x.ravel()
    for layer in int8.network.layers:
        run_layer(engine, int8, memory, layer, block)
        start = memory.offsets[layer.name]
        values[layer.name] = block[start : start + layer.result.size].copy()
    np.testing.assert_array_equal(block[memory.size :], before[memory.size :], err_msg="written behind the arena")
    return values


def assert_model_equal(engine, seed: int) -> RandomModel:
    model, rng = RandomModel(seed), np.random.default_rng(seed)
    data = model.bytes()
    read = from_file.read(data, f"model {seed}")
    x = rng.integers(-128, 128, model.input_shape).astype(np.int8)
    if seed % 10 == 0:
        x[:] = rng.choice([-128, 127])
    expected = tflite_micro_runner(data)(x)
    for name, values in run(engine, read.network, x, rng).items():
        np.testing.assert_array_equal(
            values, expected(read.tensors[name]), err_msg=f"model {seed}, layer {name} of {model.kinds}"
        )
    return model


@pytest.mark.parametrize("start", range(0, QUICK, BATCH))
def test_random_models(engine, start):
    for seed in range(start, start + BATCH):
        assert_model_equal(engine, seed)


@pytest.mark.exact
@pytest.mark.parametrize("start", range(QUICK, ALL, BATCH))
def test_many_random_models(engine, start):
    for seed in range(start, start + BATCH):
        assert_model_equal(engine, seed)


def test_a_dense_layer_whose_product_of_scales_is_float32_would_be_seen(engine, monkeypatch):
    """What export.network.from_file once took for TFLite Micro's rule, of dense layers with one scale of weights."""
    read_dense_with_float32_product(monkeypatch)
    with pytest.raises(AssertionError, match=r"model \d+, layer \w+ of .*FULLY_CONNECTED"):
        for seed in SHOWN:
            assert_model_equal(engine, seed)


def test_every_operator_is_among_them():
    kinds = {kind for seed in range(QUICK) for kind in RandomModel(seed).kinds}
    assert kinds == {*tflite_operators(), "RESHAPE", "TRANSPOSE", "PAD"} - {"GATHER"}  # EveryOperator has it
