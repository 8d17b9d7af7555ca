"""Operators as whole objects: each is described once, a made-up one needs nothing but its description and its kernel,
and whoever handles layers refuses one that it does not know.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import pytest

from export.cost.estimate import estimate
from export.cost.table import layer_rows, memory_map
from export.network import arena, from_file, layers, operators, pointwise, slices, streaming
from export.network.float_run import run_float
from export.network.integers import Int8Network
from export.network.layers import Conv, Depthwise, Layer, MaxPool, Network, Tensor
from export.network.operators import OPERATORS, FileForm, Operator, Search, operator_of
from export.network.pointwise import Pointwise, Softmax
from export.network.quantization import quantize
from export.proof import converter
from export.proof.borders import sums_of
from export.proof.c_engine import CEngine, build_library
from export.proof.search import _chosen
from export.writers.c_operators import kernel
from export.writers.c_source import CModel, write_c
from export.writers.onnx import write_onnx
from export.writers.tflite import write_tflite
from scl import toolchain
from tests.firmware.random_models import Model


class Negate(Pointwise):
    """The input with the other sign."""


NEGATE_KERNEL = """
static void scl_negate(const scl_op *op, int8_t *arena)
{
    for (uint32_t i = 0; i < (uint32_t)op->out_length * op->out_channels; i++) {
        int value = 2 * op->in_zero_point - arena[op->in_offset + i];
        value = value < op->act_min ? op->act_min : value > op->act_max ? op->act_max : value;
        arena[op->out_offset + i] = (int8_t)value;
        arena[op->scratch_offset] = 99;
    }
}
"""


@pytest.fixture
def negate(monkeypatch) -> Operator:
    """A made-up operator, registered: one description, of a layer class of its own."""
    described = Operator(
        *(Negate, "negation", "scl_negate", Search.NONE),
        slides=True,
        result=lambda layer, sources: sources[0],
        constant_bytes=lambda layer: 5,
        scratch_bytes=lambda layer: 12,
        forms={"NEG": FileForm(lambda op: Negate(op.name, op.source()), options="")},
        activation=False,
    )
    monkeypatch.setattr(operators, "OPERATORS", (*OPERATORS, described))
    return described


def negated_file() -> bytes:
    """A random convolution, whose values are negated and pooled."""
    model = Model(3)
    at = model.input([1, 1, 12, 4], 0.05, 7)
    w = model.tensor([6, 1, 3, 4], model.s.TensorType.INT8, 0.01, 0, model.rng.integers(-127, 128, (72,), np.int8))
    bias = model.rng.integers(-2000, 2000, 6).astype(np.int32)
    b = model.tensor([6], model.s.TensorType.INT32, 0.0005, 0, bias)
    options = model.s.Conv2DOptionsT()
    options.padding, options.strideH, options.strideW = model.s.Padding.VALID, 1, 1
    options.dilationHFactor = options.dilationWFactor = 1
    model.operator("CONV_2D", [at, w, b], at := model.activation([1, 1, 10, 6], 0.08, -3), options)
    model.operator("NEG", [at], at := model.activation([1, 1, 10, 6], 0.08, -3), None)
    pool = model.s.Pool2DOptionsT()
    pool.filterHeight, pool.filterWidth, pool.strideH, pool.strideW = 1, 2, 1, 2
    pool.padding = model.s.Padding.VALID
    model.operator("MAX_POOL_2D", [at], model.activation([1, 1, 5, 6], 0.08, -3), pool)
    return model.bytes()


def test_a_made_up_operator_needs_its_description_and_its_kernel_only(negate, board_tools, tmp_path):
    """From a file through arena, C source and the table's rows; the compiled C negates."""
    read = from_file.read(negated_file(), "negated.tflite")
    network = read.network.network
    layer = network.layers[1]
    assert isinstance(layer, Negate) and [type(other) for other in network.layers] == [Conv, Negate, MaxPool]
    memory = arena.schedule(network)
    place = next(row for row in memory_map(read.network, memory) if row.name == arena.scratch_name(layer))
    assert place.bytes == 12 and place.first == place.last == 1
    row = layer_rows(read.network, memory, [30, 20, 10])[1]
    assert (row.kind, row.flash_bytes, row.read_bytes, row.instructions) == ("negation", 5, 65, 20)
    assert row.output == (10, 6) and row.macs == 0

    (tmp_path / "c").mkdir()
    write_c(CModel(read.network, memory, list("abcdef" * 5), "ab" * 32, None, None), tmp_path / "c")
    source = (tmp_path / "c" / "model_data.c").read_text()
    assert "{.run = scl_negate, .in_length = 10, .in_channels = 6," in source
    # The kernel's own file, as short as it can be.
    include = '#include "kernels.h"\n'
    (tmp_path / "c" / "model_data.c").write_text(source.replace(include, include + NEGATE_KERNEL))
    engine = CEngine(build_library(tmp_path / "c", tmp_path))
    x = np.random.default_rng(0).integers(-128, 128, (12, 4)).astype(np.int8)
    conv, negated, pooled = engine.tensors(x)
    np.testing.assert_array_equal(negated, np.clip(2 * -3 - conv.astype(int), -128, 127))
    np.testing.assert_array_equal(pooled.reshape(5, 6), negated.reshape(5, 2, 6).max(axis=1))


def test_a_made_up_operator_is_quantized_and_streams(negate):
    network = chain(Negate("made_up", Tensor("block0", 20, 3)))
    int8 = quantize(network, dict.fromkeys(network.names, [-1, 1]) | {"input": [-1, 1]})
    assert int8.activations["made_up"] == int8.activations["block0"]
    step = streaming.step(network, 4)
    assert [part.changes["out_length"] for part in step.parts[:2]] == [4, 4] and type(step.parts[1].layer) is Negate
    assert arena.scratch_name(step.parts[1].layer) in step.arena.offsets


# Who does not know it ---------------------------------------------------------------------------------------------


class Strange(Pointwise):
    """A layer that nobody has described."""


def conv(name: str, source: Tensor, channels: int, kernel: int) -> Conv:
    weights = np.ones((channels, kernel, source.channels), np.float32)
    return Conv(name, source, weights, np.zeros(channels, np.float32))


def chain(middle: Layer) -> Network:
    """An encoder with another layer, over "block0" (20, 3), in its middle."""
    first = conv("block0", Tensor("input", 22, 2), 3, 3)
    features = conv("features", middle.result, 4, middle.result.length)
    return Network((first, middle, features, conv("logits", features.result, 2, 1)))


@dataclass
class Case:
    """A network with a layer in its middle and the integers that a consumer may ask for."""

    layer: Layer

    def __post_init__(self) -> None:
        self.network = chain(self.layer)
        self.ranges = dict.fromkeys(self.network.tensors, [-2.0, 2.0])
        known = chain(MaxPool(self.layer.name, self.layer.source, 1, 1))
        int8 = quantize(known, self.ranges)
        self.memory = arena.schedule(known)
        self.int8 = Int8Network(self.network, int8.activations, int8.convs)


BY_DESCRIPTION: dict[str, Callable[[Case], object]] = {
    "arena": lambda case: arena.schedule(case.network),
    "stream": lambda case: streaming.step(case.network, 4),
    "quantizer": lambda case: quantize(case.network, case.ranges),
    "rows": lambda case: layer_rows(case.int8, case.memory, range(4)),
    "memory map": lambda case: memory_map(case.int8, case.memory),
    "C": lambda case: kernel(case.int8, case.memory, case.layer),
    "search": lambda case: _chosen(case.int8, case.layer, 100, np.random.default_rng(0)),
}
BY_CLASS: dict[str, Callable[[Case], object]] = {
    "TFLite": lambda case: write_tflite(case.int8),
    "ONNX in float": lambda case: write_onnx(case.network),
    "ONNX in int8": lambda case: write_onnx(case.network, case.int8),
    "float run": lambda case: run_float(case.network, np.zeros((1, 22, 2), np.float32)),
}
BY_ENCODERS: dict[str, Callable[[Case], object]] = {
    "converter": lambda case: converter.convert(case.network, case.ranges),
    "estimate": lambda case: estimate(case.network),
    "sums": lambda case: sums_of(case.int8, case.layer),
}


@pytest.mark.parametrize("consumer", [*BY_DESCRIPTION, *BY_CLASS, *BY_ENCODERS])
def test_an_unknown_layer_is_named_by_all_that_handle_layers(consumer):
    case = Case(Strange("odd", Tensor("block0", 20, 3)))
    with pytest.raises(TypeError, match=r"layer odd is a Strange; .* .*Conv, "):
        (BY_DESCRIPTION | BY_CLASS | BY_ENCODERS)[consumer](case)


@pytest.mark.parametrize("consumer", BY_ENCODERS)
def test_a_layer_that_encoders_do_not_hold_is_named_by_those_who_handle_encoders(consumer):
    """The engine has it; it is no pool, and no convolution."""
    case = Case(Softmax("softmax", Tensor("block0", 20, 3)))
    assert operator_of(case.layer).name == "softmax"
    with pytest.raises(TypeError, match=r"layer softmax is a Softmax; .* Conv, .*AveragePool"):
        BY_ENCODERS[consumer](case)


def test_the_quantizer_refuses_a_layer_whose_scale_follows_no_rule(negate, monkeypatch):
    monkeypatch.setattr(operators, "OPERATORS", (*OPERATORS, replace(negate, result=lambda layer, sources: None)))
    case = Case(Negate("made_up", Tensor("block0", 20, 3)))
    with pytest.raises(TypeError, match="layer made_up is a Negate, of which no rule for its scale is known"):
        quantize(case.network, case.ranges)


def test_every_layer_class_has_one_operator_and_every_file_name_one_reader():
    described = vars(layers) | vars(pointwise) | vars(slices)
    classes = [value for value in described.values() if isinstance(value, type) and issubclass(value, Layer)]
    leaves = {value for value in classes if not any(value in other.__bases__ for other in classes)}
    assert sorted(leaves, key=str) == sorted((operator.layer for operator in OPERATORS), key=str)
    names = [name for operator in OPERATORS for name in operator.forms]
    assert len(set(names)) == len(names) > 0


def test_the_kernels_that_the_descriptions_name_are_the_headers():
    """With a narrow one where there is scratch for it; scl_keep belongs to streams, not to a layer."""
    header = (toolchain.FIRMWARE / "src" / "engine" / "kernels.h").read_text()
    declared = set(re.findall(r"^void (scl_\w+)\(", header, re.M)) - {"scl_keep"}
    source = Tensor("input", 16, 4)
    narrow = (
        Conv("x", source, np.zeros((4, 3, 4)), np.zeros(4)),
        Depthwise("x", source, np.zeros((3, 4)), np.zeros(4)),
    )
    described = {operator.kernel for operator in OPERATORS}
    for layer in narrow:
        assert operator_of(layer).scratch_bytes(layer) > 0
        described.add(operator_of(layer).kernel + "_narrow")
    assert declared == described
