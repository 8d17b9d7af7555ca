"""Functions of one value: from ONNX against ONNX Runtime, and their tables against TFLite Micro."""

import math

import numpy as np
import pytest

from export.network import curves, from_file
from export.network.curves import VALUE, Curve
from export.network.float_run import run_float
from export.network.from_onnx import read
from export.network.integers import Affine
from export.network.layers import Conv, Network, Tensor
from export.network.pointwise import LOOKUP, Multiply, PRelu, Table
from export.network.quantization import round_nearest, with_scales
from export.network.tables import entries_of
from export.proof.runtimes import run_tflite_micro
from export.writers.onnx import write_onnx
from export.writers.tflite import write_tflite
from scl.artifacts import InputError
from tests.export.network.test_from_onnx import CONV, W, graph, require_as_onnx_runtime, require_same

NUMBERS = {"root": np.float32(2**0.5), "one": np.float32(1), "half": np.float32(0.5), "three": np.float32(3)} | {
    "factor": np.float32(0.044715),
    "gain": np.float32(math.sqrt(2 / math.pi)),
    "low": np.float32(-1.5),
    "threshold": np.float32(20),
    "high": np.float32(0.7),
}
GELU = [  # as exporters write it that know no Gelu
    *(("Div", ["c", "root"], "d", {}), ("Erf", ["d"], "e", {}), ("Add", ["e", "one"], "a", {})),
    *(("Mul", ["c", "a"], "m", {}), ("Mul", ["m", "half"], "y", {})),
]
BY_TANH = [
    *(("Pow", ["c", "three"], "p", {}), ("Mul", ["p", "factor"], "f", {}), ("Add", ["c", "f"], "s", {})),
    *(("Mul", ["s", "gain"], "g", {}), ("Tanh", ["g"], "t", {}), ("Add", ["t", "one"], "o", {})),
    *(("Mul", ["half", "c"], "h", {}), ("Mul", ["h", "o"], "y", {})),
]
CASES = {
    "gelu": [("Gelu", ["c"], "y", {})],
    "gelu by tanh": [("Gelu", ["c"], "y", {"approximate": "tanh"})],
    "gelu in five nodes": GELU,
    "gelu by tanh in eight nodes": BY_TANH,
    "silu": [("Sigmoid", ["c"], "s", {}), ("Mul", ["c", "s"], "y", {})],
    "mish": [("Mish", ["c"], "y", {})],
    "mish in three nodes": [("Softplus", ["c"], "s", {}), ("Tanh", ["s"], "t", {}), ("Mul", ["t", "c"], "y", {})],
    "elu": [("Elu", ["c"], "y", {"alpha": 0.7})],
    "selu": [("Selu", ["c"], "y", {})],
    "celu": [("Celu", ["c"], "y", {"alpha": 1.5})],
    "softplus": [("Softplus", ["c"], "y", {})],
    "softplus as torch writes it": [
        *(("Softplus", ["c"], "s", {}), ("Greater", ["c", "threshold"], "g", {}), ("Where", ["g", "c", "s"], "y", {}))
    ],
    "softsign": [("Softsign", ["c"], "y", {})],
    "softsign in three nodes": [("Abs", ["c"], "a", {}), ("Add", ["a", "one"], "b", {}), ("Div", ["c", "b"], "y", {})],
    "clip": [("Clip", ["c", "low", "high"], "y", {})],
    "clip from below": [("Clip", ["c", "low"], "y", {})],
    "max and min": [("Max", ["c", "low"], "l", {}), ("Min", ["high", "l"], "y", {})],
    "hard sigmoid": [("HardSigmoid", ["c"], "y", {})],
    "root": [("Abs", ["c"], "a", {}), ("Sqrt", ["a"], "y", {})],
    "square": [("Mul", ["c", "c"], "y", {})],
    "power": [("Pow", ["half", "c"], "y", {})],
    "quotient": [("Exp", ["c"], "e", {}), ("Div", ["one", "e"], "y", {})],
    **{kind.lower(): [(kind, ["c"], "y", {})] for kind in ("Exp", "Erf", "Abs", "Neg", "Sin", "Cos")},
}


@pytest.mark.parametrize("name", CASES)
def test_a_function_of_one_value_is_one_table(name: str) -> None:
    data = graph([CONV, *CASES[name]], {"w": W} | NUMBERS)
    imported = require_as_onnx_runtime(data)
    assert [type(layer) for layer in imported.network.layers] == [Conv, Table]
    # Written as float ONNX and read again, it is the same function.
    again = read(write_onnx(imported.network), "again")
    windows = np.random.default_rng(3).normal(0, 2, (2, 3, 20)).astype(np.float32)
    (expected,) = (run_float(imported.network, windows.transpose(0, 2, 1))[name] for name in imported.network.outputs)
    assert [type(layer) for layer in again.network.layers] == [Conv, Table]
    require_same(again, windows, (expected.transpose(0, 2, 1),))


def test_what_is_read_elsewhere_or_of_other_tensors_stays() -> None:
    """A product of two tensors' functions is no function of one value."""
    nodes = [CONV, ("Conv", ["x", "v"], "k", {}), ("Tanh", ["k"], "t", {}), ("Mul", ["c", "t"], "y", {})]
    layers = require_as_onnx_runtime(graph(nodes, {"w": W, "v": W[::-1].copy()})).network.layers
    assert [type(layer) for layer in layers] == [Conv, Conv, Table, Multiply]
    nodes = [CONV, ("Mul", ["c", "gains"], "g", {}), ("Tanh", ["g"], "t", {}), ("Mul", ["g", "t"], "y", {})]
    layers = require_as_onnx_runtime(graph(nodes, {"w": W, "gains": W[0, :1, :1] + W[:, :1, 0]})).network.layers
    assert [type(layer) for layer in layers] == [Conv, Table]  # the gains are in the convolution


@pytest.mark.parametrize(("threshold", "other"), [(np.float32(2), "c"), (np.float32(20), "s")])
def test_another_branch_on_values_stays_refused(threshold: np.float32, other: str) -> None:
    nodes = [
        CONV,
        ("Softplus", ["c"], "s", {}),
        ("Greater", ["c", "t"], "g", {}),
        ("Where", ["g", other, "s"], "y", {}),
    ]
    with pytest.raises(InputError, match="is Greater; the nearest supported form is a function without branches"):
        read(graph(nodes, {"w": W, "t": threshold}), "branch")


def test_functions_of_functions_are_bounded() -> None:
    """Each squares the one before, 2^40 products in all, if they were one."""
    squares = [
        ("Mul", [before, before], after, {}) for before, after in zip("cdefghijklmnop", "defghijklmnopq", strict=True)
    ]
    squares[-1] = ("Mul", ["p", "p"], "y", {})
    layers = read(graph([CONV, *squares], {"w": W / 10}), "squares").network.layers
    assert 3 < len(layers) <= len(squares)
    assert all(layer.curve.size < 200 for layer in layers if isinstance(layer, Table) and layer.curve)


def test_prelu_has_a_slope_for_each_channel_or_one() -> None:
    slopes = np.array([0.1, -0.2, 0.3, 0.5], np.float32)[:, None]
    nodes = [CONV, ("PRelu", ["c", "s"], "y", {})]
    layers = require_as_onnx_runtime(graph(nodes, {"w": W, "s": slopes})).network.layers
    assert [type(layer) for layer in layers] == [Conv, PRelu]
    one = require_as_onnx_runtime(graph(nodes, {"w": W, "s": slopes[:1, 0]})).network.layers[-1]
    assert (one.function, one.slope) == ("LEAKY_RELU", slopes[0, 0])


@pytest.mark.parametrize("curve", [curves.gelu("none"), curves.mish(), Curve("Sqrt", (VALUE,)), Curve("Exp", (VALUE,))])
def test_tflite_micro_looks_up_the_nearest_step_of_every_value(curve: Curve) -> None:
    source, result = Affine(np.float32(0.031), 3), Affine(np.float32(0.027), -128)
    layer = Table("f", Tensor("input", 32, 8), LOOKUP, curve=curve)
    int8 = with_scales(Network((layer,), ("f",)), {"input": source, "f": result}.__getitem__, round_nearest)
    data, values = write_tflite(int8), np.arange(-128, 128, dtype=np.int8)
    (found,) = run_tflite_micro(data, values.reshape(1, 32, 8))["f"]
    of = {"Exp": math.exp, "Sqrt": lambda x: math.sqrt(x) if x >= 0 else 0.0}.get(curve.kind)
    if of is None and curve == curves.gelu("none"):
        of = lambda x: x * math.erfc(-x / math.sqrt(2)) / 2  # noqa: E731
    of = of or (lambda x: x * math.tanh(math.log1p(math.exp(x))))
    real = np.array([of(float(np.float32(0.031)) * (int(value) - 3)) for value in values])
    steps = np.clip(real / float(np.float32(0.027)) - 128, -128, 127)
    assert np.abs(found - steps).max() <= 0.5 + 1e-4
    again = from_file.read(data, "f.tflite").network
    np.testing.assert_array_equal(again.rescales[again.network.outputs[0]].constants, entries_of(layer, source, result))
