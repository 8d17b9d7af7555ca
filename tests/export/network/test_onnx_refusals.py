"""What is refused of ONNX: operators and forms by a message that says what to do, damaged files without any harm."""

import itertools
import re
import tracemalloc

import numpy as np
import pytest
import torch
from onnx import AttributeProto, ModelProto, TensorProto, helper
from torch import nn
from torch.nn import functional as F

from export import module
from export.network.from_onnx import NO_BRANCH, read
from scl.artifacts import InputError
from tests.export.network.random_modules import RandomModule
from tests.export.network.test_from_onnx import CONV, D, Of, W, graph

NEAREST = "the nearest supported form is"


MODULES = {  # how docs/ONNX.md calls them: the module, how it is refused, and the advice that the page has
    "`LSTM`, `GRU`, `RNN`": (nn.LSTM(20, 4, batch_first=True), "is LSTM", "dilated Conv over time"),
    "`LayerNorm`, `GroupNorm`, `InstanceNorm1d`": (
        nn.LayerNorm(20), "is LayerNormalization", "BatchNormalization, which is folded",
    ),
    "`ConvTranspose1d`": (nn.ConvTranspose1d(3, 4, 3), "is ConvTranspose", "Conv"),
    "`Upsample`": (nn.Upsample(scale_factor=2), "is Resize", "a stride of 1 before it"),
    "`ReflectionPad1d`, `ReplicationPad1d`": (
        nn.Sequential(nn.ReflectionPad1d(2), nn.Conv1d(3, 4, 3)), "is Pad of mode reflect with 0",
        "zeros (padding_mode='zeros'), or a model that pads nothing",
    ),
    "`MaxPool1d` with dilation": (nn.MaxPool1d(3, dilation=2), r"is MaxPool with dilations \[2\]", "dilations of 1"),
    "`Softplus` with another beta than 1, `Softshrink`, `Threshold`": (nn.Softplus(2.0), "is Greater", NO_BRANCH),
    "`matmul` of two computed tensors, as of attention": (
        Of(lambda x: x @ x.transpose(1, 2)), "is MatMul whose second factor is not constant",
        "a constant second factor",
    ),
    "`normalize`": (
        Of(lambda x: F.normalize(x, dim=1)), "is .*",
        "the values themselves: normalize in the loss, not in what is deployed",
    ),
    "`log_softmax`": (
        Of(lambda x: F.log_softmax(x.mean(2), dim=1)), "is LogSoftmax",
        "Softmax, or the logits themselves: their order is the same",
    ),
    "`argmax`": (
        Of(lambda x: x.mean(2).argmax(1)), "is ArgMax", "the logits themselves: the board takes the largest",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_modules_of_the_page_are_refused_with_its_advice(name: str) -> None:
    net, refused, advice = MODULES[name]
    with pytest.raises(InputError, match=rf" {refused}; {NEAREST} {re.escape(advice)}$"):
        read(module.captured(net.eval(), 3, 20), "module", channels_first=True)


@pytest.mark.parametrize(
    ("net", "message"),
    [
        (Of(lambda x: x.mean(2, keepdim=True) - x), r"of \[1, 3, 1\] by \[1, 3, 20\]; .* or one value a channel"),
        (Of(lambda x, conv: F.max_pool1d(conv(x)[:, ::2], 2), nn.Conv1d(3, 4, 3)), "is MaxPool of a part of a"),
        (Of(lambda x, conv: conv(x.flip(2)), nn.Conv1d(3, 4, 3)), "of a part or another order of the 20 samples"),
        (Of(lambda x, conv: conv(x[:, None]), nn.Conv2d(1, 4, (2, 3))), "is Conv with a kernel of .* a kernel of 1"),
        (Of(lambda x, conv: conv(x).flip(2), nn.Conv1d(3, 4, 3)), "its output .* is a part of a tensor"),
        (Of(lambda x: x), "no node computes its output|holds no nodes"),
        (
            Of(lambda x, conv: (conv(x), x.mean(2), x.amax(2)), nn.Conv1d(3, 4, 3)),
            "has 3 outputs, expected logits alone",
        ),
    ],
)
def test_modules_that_are_refused_by_name(net: nn.Module, message: str) -> None:
    with pytest.raises(InputError, match=message):
        read(module.captured(net.eval(), 3, 20), "module", channels_first=True)


def test_the_module_of_a_node_is_named() -> None:
    net = nn.Sequential(nn.Conv1d(3, 4, 3), nn.Sequential(nn.ReLU(), nn.LayerNorm(18)))
    with pytest.raises(InputError, match=r"^module: node \d+ in 1\.1 is LayerNormalization; "):
        read(module.captured(net.eval(), 3, 20), "module", channels_first=True)


def test_what_torch_cannot_capture_is_refused() -> None:
    net = Of(lambda x: x if x.sum() > 0 else -x)
    with pytest.raises(InputError, match="torch.export cannot capture it for a window of 3 x 20 .* without branches"):
        module.captured(net, 3, 20)
    with pytest.raises(InputError, match=r"torch.export cannot capture it .*write its forward"):
        module.captured(nn.Conv1d(4, 4, 3), 3, 20)


def external(model: ModelProto) -> None:
    model.graph.initializer[0].ClearField("raw_data")
    model.graph.initializer[0].data_location = TensorProto.EXTERNAL
    entry = model.graph.initializer[0].external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"


def external_inside(model: ModelProto) -> None:
    """A weight of a graph that is an attribute, which no reader of ours looks at."""
    hidden = model.graph.node[0].attribute.add()
    hidden.name, hidden.type = "body", AttributeProto.GRAPH
    weight = hidden.g.initializer.add()
    weight.CopyFrom(model.graph.initializer[0])
    weight.ClearField("raw_data")
    entry = weight.external_data.add()
    entry.key, entry.value = "location", "../../etc/passwd"


def cyclic(model: ModelProto) -> None:
    model.graph.node[0].input[0] = "f"


def missing(model: ModelProto) -> None:
    del model.graph.initializer[0]


def huge(model: ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [1 << 31, 1 << 31]


def negative(model: ModelProto) -> None:
    model.graph.initializer[0].dims[:] = [-4, -3, 3]


def short(model: ModelProto) -> None:
    model.graph.initializer[0].raw_data = model.graph.initializer[0].raw_data[:-4]


def twice(model: ModelProto) -> None:
    model.graph.node[1].output[0] = "c"


def function(model: ModelProto) -> None:
    model.graph.node[0].domain = "com.microsoft"


def text(model: ModelProto) -> None:
    model.graph.initializer[0].data_type = TensorProto.STRING


def sixteen_bits(model: ModelProto) -> None:
    model.graph.initializer[0].data_type = TensorProto.INT16


def free_length(model: ModelProto) -> None:
    model.graph.input[0].type.tensor_type.shape.dim[2].dim_param = "length"


def many(model: ModelProto) -> None:
    for index in range(5000):
        model.graph.node.add().CopyFrom(helper.make_node("Relu", ["c"], [f"r{index}"]))


def deep(model: ModelProto) -> None:
    for index in range(300):
        before = "c" if index == 0 else f"t{index - 1}"
        model.graph.node.add().CopyFrom(helper.make_node("MaxPool", [before], [f"t{index}"], kernel_shape=[1]))
    model.graph.output[0].name = "t299"


DAMAGES = (
    (external, "constant 'w' lies in another file, expected all weights in this one; save it with external_data=False"),
    (
        external_inside,
        "constant 'w' lies in another file, expected all weights in this one; save it with external_data",
    ),
    (cyclic, "node 0 is Conv that reads 'f', which neither the input nor an earlier node writes"),
    (missing, "node 0 is Conv that reads 'w', which neither"),
    (huge, r"constant 'w' has the shape \[2147483648, 2147483648\], expected at most 16,777,216 values"),
    (negative, r"constant 'w' has the shape \[-4, -3, 3\]"),
    (short, r"constant 'w' holds 35 values, its shape \[4, 3, 3\] says 36; the file is damaged"),
    (twice, "node 1 is Flatten that writes .*, which is written already"),
    (function, "uses 'com.microsoft', expected operators of ONNX alone"),
    (text, "constant 'w' is of STRING, expected one of FLOAT"),
    (sixteen_bits, "constant 'w' is of INT16, expected 8 bits; give the quantizer int8 or uint8 activations"),
    (free_length, r"takes \[1, 3, None\], expected \(1, channels, samples\) of fixed lengths"),
    (many, "has 5002 nodes, expected at most 4096"),
    (deep, "has 301 layers, expected at most 256; leave some out"),
)


@pytest.mark.parametrize(("damage", "message"), DAMAGES, ids=[damage.__name__ for damage, _ in DAMAGES])
def test_damaged_files_are_refused_by_name(damage, message: str) -> None:
    model = ModelProto.FromString(graph([CONV, ("Flatten", ["c"], "f", {})], {"w": W}, outputs=("f",)))
    damage(model)
    with pytest.raises(InputError, match=rf"^model\.onnx: {message}"):
        read(model.SerializeToString(), "model.onnx")


LARGE = np.array([1 << 20, 1 << 20])
BOMBS = (
    ([("ConstantOfShape", ["n"], "c", {}), ("Add", ["x", "c"], "y", {})], {"n": LARGE}),
    ([("Expand", ["v", "n"], "c", {}), ("Add", ["x", "c"], "y", {})], {"n": LARGE, "v": D[0, 0]}),
    ([("Gather", ["v", "n"], "c", {}), ("Add", ["x", "c"], "y", {})],
     {"v": np.zeros((2, 2000), np.float32), "n": np.zeros(1 << 20, np.int64)}),
    ([("Add", ["a", "b"], "c", {}), ("Add", ["x", "c"], "y", {})],
     {"a": np.zeros((1 << 13, 1), np.float32), "b": np.zeros((1, 1 << 13), np.float32)}),
    ([("Pad", ["x", "n"], "p", {}), ("Relu", ["p"], "y", {})], {"n": np.array([0, 0, 1 << 40, 0, 0, 0])}),
    ([("Gather", ["x", "n"], "p", {"axis": 1}), ("Relu", ["p"], "y", {})], {"n": np.zeros(1 << 22, np.int64)}),
    ([("Conv", ["x", "w"], "y", {"pads": [1 << 40, 1 << 40]})], {"w": W}),
    ([("Conv", ["x", "w"], "y", {"group": 1 << 40})], {"w": W}),
)  # fmt: skip


@pytest.mark.parametrize(("nodes", "constants"), BOMBS, ids=[f"{nodes[0][0]}" for nodes, _ in BOMBS])
def test_small_files_make_no_large_memory(nodes, constants) -> None:
    data = graph(nodes, constants)
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match=rf"^model\.onnx: node 0 is .*; {NEAREST}"):
            read(data, "model.onnx")
        assert tracemalloc.get_traced_memory()[1] < 1 << 28
    finally:
        tracemalloc.stop()


def test_what_is_no_onnx_is_refused() -> None:
    for data in (b"", b"\0" * 100, b"TFL3" * 50, np.random.default_rng(0).bytes(5000)):
        with pytest.raises(InputError, match=r"^model\.onnx: (is no ONNX file|holds no nodes)"):
            read(data, "model.onnx")


@pytest.mark.parametrize("seed", [4, 9])
def test_any_damage_is_refused_or_harmless(seed: int) -> None:
    """Cut, changed, shortened and lengthened files: an InputError, or a network that fits together."""
    net = RandomModule(seed)
    whole, rng = module.captured(net, net.channels, net.samples), np.random.default_rng(seed)
    refused = 0
    for index in itertools.count():
        if index == 1000:
            break
        data = bytearray(whole)
        start, end = sorted(rng.integers(len(data), size=2))
        if index % 4 == 0:
            del data[start:]
        elif index % 4 == 1:
            data[start] = rng.integers(256)
        elif index % 4 == 2:
            del data[start : start + 20]
        else:
            data[start:start] = data[end : end + 20]
        try:
            read(bytes(data), "model.onnx")
        except InputError as error:
            assert str(error).startswith("model.onnx: ") and "; " in str(error)
            refused += 1
    assert refused > 500


def test_the_captured_module_stays_as_it_was() -> None:
    net = nn.Sequential(nn.Conv1d(3, 4, 3), nn.Dropout(), nn.BatchNorm1d(4)).train()
    before = {name: value.clone() for name, value in net.state_dict().items()}
    module.captured(net, 3, 20)
    assert net.training and all(torch.equal(value, before[name]) for name, value in net.state_dict().items())
