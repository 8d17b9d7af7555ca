"""Networks from ONNX against PyTorch and ONNX Runtime: modules and graphs of every operator, in float."""

import itertools

import numpy as np
import onnxruntime
import pytest
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn
from torch.nn import functional as F

from export import module
from export.network.float_run import run_float
from export.network.from_onnx import Imported, read
from export.network.layers import AveragePool, Concat, Conv, Depthwise, MaxPool
from export.network.pointwise import Add, Table
from scl.artifacts import InputError
from tests.export.network.random_modules import RandomModule

ROUNDING = 3e-6  # of the largest value: sums of some hundred float32 products in another order


def of_module(net: nn.Module, channels: int, samples: int) -> Imported:
    return read(module.captured(net.eval(), channels, samples), "module", channels_first=True)


def require_same(imported: Imported, windows: np.ndarray, expected: "tuple[np.ndarray, ...]") -> None:
    """The network's outputs, on windows (n, channels, samples), are what another runtime computed."""
    found = run_float(imported.network, windows.transpose(0, 2, 1))
    assert len(imported.network.outputs) == len(expected)
    for name, values in zip(imported.network.outputs, expected, strict=True):
        if values.ndim > 2:  # channels before samples
            values = values.reshape(*values.shape[:2], -1).transpose(0, 2, 1)
        np.testing.assert_allclose(
            found[name].reshape(len(windows), -1),
            values.reshape(len(windows), -1),
            rtol=0,
            atol=ROUNDING * max(np.abs(values).max(), 1),
        )


def require_as_torch(net: nn.Module, channels: int, samples: int, n: int = 3) -> Imported:
    windows = np.random.default_rng(1).normal(0, 1, (n, channels, samples)).astype(np.float32)
    imported = of_module(net, channels, samples)
    require_same(imported, windows, module.outputs(net, windows))
    return imported


@pytest.mark.parametrize("seed", range(6))
def test_random_modules_are_what_torch_and_onnx_runtime_compute(seed: int) -> None:
    net = RandomModule(seed)
    data, windows = module.captured(net, net.channels, net.samples), net.windows(4)
    imported = read(data, "module RandomModule", channels_first=True)
    require_same(imported, windows, module.outputs(net, windows))
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (name,) = [given.name for given in session.get_inputs()]
    rows = zip(*(session.run(None, {name: window[None]}) for window in windows), strict=True)
    require_same(imported, windows, tuple(np.concatenate(values) for values in rows))


@pytest.mark.exact
@pytest.mark.parametrize("seed", range(6, 150))
def test_more_random_modules(seed: int) -> None:
    test_random_modules_are_what_torch_and_onnx_runtime_compute(seed)


class Of(nn.Module):
    """A function of some modules and a window."""

    def __init__(self, function, *parts: nn.Module) -> None:  # type: ignore[no-untyped-def]
        super().__init__()
        self.parts, self.function = nn.ModuleList(parts), function

    def forward(self, x):  # type: ignore[no-untyped-def]
        return self.function(x, *self.parts)


@pytest.mark.parametrize(
    ("samples", "kernel", "stride", "padding", "dilation"),
    [case for case in itertools.product((20, 21), (1, 2, 5), (1, 2, 3), (0, 1, 2, "same", "valid"), (1, 2))
     if (case[3] != "same" or case[2] == 1)][::11],
)  # fmt: skip
def test_paddings_strides_and_dilations(samples, kernel, stride, padding, dilation) -> None:
    imported = require_as_torch(nn.Conv1d(3, 4, kernel, stride, padding, dilation), 3, samples)
    assert [type(layer) for layer in imported.network.layers] == [Conv]


def test_batch_norm_before_and_behind_a_convolution_is_folded() -> None:
    norms = [nn.BatchNorm1d(3), nn.BatchNorm1d(5)]
    for norm in norms:
        norm.running_mean, norm.running_var = torch.randn(norm.num_features), torch.rand(norm.num_features) + 0.1
        nn.init.normal_(norm.weight), nn.init.normal_(norm.bias)
    folded = require_as_torch(nn.Sequential(norms[0], nn.Conv1d(3, 5, 3), norms[1], nn.ReLU()), 3, 20)
    assert [(type(one), one.relu) for one in folded.network.layers] == [(Conv, True)]
    # Behind a batch norm, zeros of the padding are no longer its input's zeros.
    padded = require_as_torch(nn.Sequential(norms[0], nn.Conv1d(3, 5, 3, padding=1)), 3, 20)
    assert [type(one) for one in padded.network.layers] == [Depthwise, Conv]


def test_a_relu6_is_fused_and_others_become_tables() -> None:
    fused = require_as_torch(nn.Sequential(nn.Conv1d(2, 4, 3), nn.ReLU6()), 2, 9).network.layers[0]
    assert (fused.relu, fused.ceiling) == (True, 6)
    layers = require_as_torch(nn.Sequential(nn.Conv1d(2, 4, 3), nn.SiLU()), 2, 9).network.layers
    assert [type(one) for one in layers] == [Conv, Table]
    # What is read elsewhere, too, cannot end in the ReLU.
    branched = Of(lambda x, a, b: F.relu(y := a(x)) + b(y), nn.Conv1d(2, 4, 3), nn.Conv1d(4, 4, 1))
    assert [type(one) for one in require_as_torch(branched, 2, 9).network.layers] == [Conv, Table, Conv, Add]
    hard = nn.Sequential(nn.Conv1d(2, 4, 3), nn.Hardsigmoid(), nn.Conv1d(4, 3, 1))
    assert [type(one) for one in require_as_torch(hard, 2, 9).network.layers] == [Conv, Conv]


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_groups(groups: int) -> None:
    imported = require_as_torch(nn.Conv1d(6, 12, 3, groups=groups), 6, 20)
    assert [type(one) for one in imported.network.layers] == [Depthwise if groups == 6 else Conv]
    if groups in (2, 3):
        assert np.count_nonzero(imported.network.layers[0].weights) == 12 * 3 * 6 // groups


def test_what_moves_values_becomes_no_layer() -> None:
    """A flattened map, a shuffle of channels, parts of them and reversed ones all move into the weights behind them."""
    flat = require_as_torch(nn.Sequential(nn.Conv1d(3, 4, 3), nn.Flatten(), nn.Linear(4 * 18, 5)), 3, 20)
    assert [type(one) for one in flat.network.layers] == [Conv, Conv]
    shuffled = Of(
        lambda x, a, b, c: c(b(a(x).reshape(1, 2, 3, -1).transpose(1, 2).reshape(1, 6, -1))),
        *(nn.Conv1d(4, 6, 3), nn.Conv1d(6, 6, 3, groups=6), nn.Conv1d(6, 2, 1)),
    )
    assert [type(one) for one in require_as_torch(shuffled, 4, 20, n=1).network.layers] == [Conv, Depthwise, Conv]
    cut = Of(lambda x, a, b: b(torch.flip(a(x)[:, 1:5], dims=[1])), nn.Conv1d(4, 6, 3), nn.Conv1d(4, 2, 1))
    assert [type(one) for one in require_as_torch(cut, 4, 20).network.layers] == [Conv, Conv]


def test_a_causal_convolution_written_as_padding_and_a_cut() -> None:
    cut = Of(lambda x, conv: F.relu(conv(x)[:, :, :-4]), nn.Conv1d(3, 4, 3, padding=4, dilation=2))
    (layer,) = require_as_torch(cut, 3, 20).network.layers
    assert (type(layer), layer.pads, layer.relu) == (Conv, (4, 0), True)


def test_pools() -> None:
    for pool, kind in (
        (nn.MaxPool1d(3, 2), MaxPool),
        (nn.AvgPool1d(4), AveragePool),
        (nn.AvgPool1d(3, 1, 1, count_include_pad=False), AveragePool),
        (nn.AvgPool1d(3, 2, 1), Depthwise),  # counts its padding
        (nn.MaxPool1d(2, ceil_mode=True), MaxPool),
        (nn.AdaptiveAvgPool1d(1), AveragePool),
        (nn.AdaptiveMaxPool1d(1), MaxPool),
    ):
        imported = require_as_torch(nn.Sequential(nn.Conv1d(2, 4, 1), pool), 2, 21)
        assert [type(one) for one in imported.network.layers] == [Conv, kind], pool


@pytest.mark.parametrize("samples", [20, *(pytest.param(samples, marks=pytest.mark.exact) for samples in (21, 22, 23))])
@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [
        (3, 2, 1),
        (2, 2, 0),
        (5, 2, 2),
        *(pytest.param(*other, marks=pytest.mark.exact) for other in ((3, 1, 1), (5, 3, 2))),
    ],
)
def test_pools_that_pad(samples: int, kernel: int, stride: int, padding: int) -> None:
    """Padding of every pool of PyTorch; where TFLite's SAME pads elsewhere, a pool of every sample comes first."""
    for pool in (
        nn.MaxPool1d(kernel, stride, padding),
        nn.AvgPool1d(kernel, stride, padding, count_include_pad=False),
    ):
        imported = require_as_torch(nn.Sequential(nn.Conv1d(2, 4, 1), pool), 2, samples)
        assert all(one.padding == (0, 0) for one in imported.network.layers)


def test_two_dimensional_convolutions_that_are_one_dimensional() -> None:
    rows = Of(lambda x, conv: conv(x[:, :, None]), nn.Conv2d(3, 5, (1, 3), padding=(0, 1)))
    columns = Of(lambda x, conv: conv(x[:, :, :, None]), nn.Conv2d(3, 5, (3, 3), padding=1))
    image = Of(lambda x, conv: conv(x.transpose(1, 2)[:, None])[..., 0], nn.Conv2d(1, 5, (4, 3)))
    for net, kinds in ((rows, [Conv]), (columns, [Conv]), (image, [Conv])):
        imported = of_module(net, 3, 20)
        windows = np.random.default_rng(1).normal(0, 1, (3, 3, 20)).astype(np.float32)
        expected = np.concatenate([module.outputs(net, window[None])[0] for window in windows])
        require_same(imported, windows, (expected.reshape(3, 5, -1),))
        assert [type(one) for one in imported.network.layers] == kinds


class EEGNet(nn.Module):
    """Lawhern et al. 2018: filters over time, then over electrodes, on (n, 1, electrodes, samples)."""

    def __init__(self, electrodes: int = 6, samples: int = 64, filters: int = 4) -> None:
        super().__init__()
        self.features = nn.Sequential(
            *(nn.Conv2d(1, filters, (1, 17), padding="same", bias=False), nn.BatchNorm2d(filters)),
            nn.Conv2d(filters, 2 * filters, (electrodes, 1), groups=filters, bias=False),
            *(nn.BatchNorm2d(2 * filters), nn.ReLU(), nn.AvgPool2d((1, 4)), nn.Dropout(0.5)),
            nn.Conv2d(2 * filters, 2 * filters, (1, 8), padding="same", groups=2 * filters, bias=False),
            nn.Conv2d(2 * filters, 2 * filters, 1, bias=False),
            *(nn.BatchNorm2d(2 * filters), nn.ReLU(), nn.AvgPool2d((1, 8)), nn.Flatten()),
        )
        self.head = nn.Linear(2 * filters * (samples // 32), 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        result: torch.Tensor = self.head(self.features(x[:, None]))
        return result


def test_eegnet_is_taken_as_people_write_it() -> None:
    imported = require_as_torch(EEGNet(), 6, 64)
    assert not [one for one in imported.network.layers if isinstance(one, Table)]


def test_concatenations() -> None:
    beside = Of(lambda x, a, b: torch.cat([a(x), b(x)], 1), nn.Conv1d(3, 4, 3), nn.Conv1d(3, 2, 3))
    assert type(require_as_torch(beside, 3, 20).network.layers[-1]) is Concat
    # Parts of one tensor, put together again, are a view of it.
    parts = Of(lambda x, a, b: b(torch.cat([(y := a(x))[:, :2], y[:, 4:]], 1)), nn.Conv1d(3, 6, 3), nn.Conv1d(4, 2, 1))
    assert [type(one) for one in require_as_torch(parts, 3, 20).network.layers] == [Conv, Conv]


def graph(nodes, constants=None, shape=(1, 3, 20), outputs=("y",), opset=20, **more) -> bytes:  # type: ignore[no-untyped-def]
    """An ONNX file of nodes (kind, inputs, output, attributes) from x to the outputs."""
    made = [
        helper.make_node(kind, ins, outs if isinstance(outs, list) else [outs], **attributes)
        for kind, ins, outs, attributes in nodes
    ]
    initializers = [numpy_helper.from_array(np.asarray(value), name) for name, value in (constants or {}).items()]
    ends = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    source = helper.make_tensor_value_info("x", TensorProto.FLOAT, shape)
    made_graph = helper.make_graph(made, "g", [source], ends, initializers)
    opsets = [helper.make_opsetid("", opset)]
    return bytes(helper.make_model(made_graph, opset_imports=opsets, ir_version=8, **more).SerializeToString())


def require_as_onnx_runtime(data: bytes, channels: int = 3, samples: int = 20) -> Imported:
    session = onnxruntime.InferenceSession(data, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    windows = np.random.default_rng(2).normal(0, 1, (2, channels, samples)).astype(np.float32)
    shape = [1, *given.shape[1:]]
    values = windows if given.shape[1] == channels else windows.transpose(0, 2, 1)
    rows = zip(*(session.run(None, {"x": one.reshape(shape)}) for one in values), strict=True)
    imported = read(data, "model.onnx")
    require_same(imported, windows, tuple(np.concatenate(one) for one in rows))
    return imported


W = np.random.default_rng(0).normal(0, 1, (4, 3, 3)).astype(np.float32)
D = np.random.default_rng(0).normal(0, 1, (72, 5)).astype(np.float32)
CONV = ("Conv", ["x", "w"], "c", {})


@pytest.mark.parametrize("mode", ["SAME_UPPER", "SAME_LOWER", "VALID"])
@pytest.mark.parametrize(("kernel", "stride", "samples"), [(3, 1, 20), (3, 2, 20), (3, 2, 21), (2, 3, 20)])
def test_auto_pad(mode: str, kernel: int, stride: int, samples: int) -> None:
    attributes = {"auto_pad": mode, "strides": [stride]}
    data = graph([("Conv", ["x", "w"], "y", attributes)], {"w": W[:, :, :kernel]}, (1, 3, samples))
    require_as_onnx_runtime(data, 3, samples)


@pytest.mark.parametrize(
    ("nodes", "constants", "opset"),
    [
        ([CONV, ("Squeeze", ["u"], "y", {"axes": [1]})][:1]
         + [("Unsqueeze", ["c"], "u", {"axes": [1]}), ("Squeeze", ["u"], "y", {"axes": [1]})], {"w": W}, 11),
        ([CONV, ("ReduceMean", ["c"], "y", {"axes": [2], "keepdims": 0})], {"w": W}, 13),
        ([CONV, ("ReduceMax", ["c"], "y", {"axes": [-1]})], {"w": W}, 13),
        ([CONV, ("Clip", ["c"], "y", {"min": 0.0, "max": 6.0})], {"w": W}, 6),
        ([("Slice", ["x"], "s", {"axes": [1], "starts": [0], "ends": [2]}), ("Conv", ["s", "w"], "y", {})],
         {"w": W[:, :2]}, 9),
        ([("Pad", ["x"], "p", {"pads": [0, 0, 2, 0, 0, 1]}), ("Conv", ["p", "w"], "y", {})], {"w": W}, 10),
        ([CONV, ("Flatten", ["c"], "f", {}), ("MatMul", ["f", "d"], "m", {}), ("Add", ["m", "b"], "y", {})],
         {"w": W, "d": D, "b": D[0]}, 20),
        ([CONV, ("Shape", ["c"], "s", {}), ("Gather", ["s", "zero"], "n", {}),
          ("Concat", ["n", "rest"], "to", {"axis": 0}), ("Reshape", ["c", "to"], "f", {}),
          ("Gemm", ["f", "d", "b"], "y", {"alpha": 0.5, "beta": 2.0})],
         {"w": W, "zero": np.array([0]), "rest": np.array([-1]), "d": D, "b": D[0]}, 13),
        ([("Split", ["x"], ["one", "two"], {"axis": 1, "split": [1, 2]}), ("Conv", ["two", "w"], "y", {})],
         {"w": W[:, :2]}, 11),
        ([CONV, ("Transpose", ["c"], "t", {"perm": [0, 2, 1]}), ("MatMul", ["t", "d"], "m", {}),
          ("Softmax", ["m"], "s", {"axis": -1}), ("Transpose", ["s"], "y", {"perm": [0, 2, 1]})],
         {"w": W, "d": D[:4]}, 13),
        ([CONV, ("GlobalMaxPool", ["c"], "g", {}), ("GlobalAveragePool", ["c"], "a", {}),
          ("Concat", ["g", "a"], "y", {"axis": 1})], {"w": W}, 13),
        ([CONV, ("Tanh", ["c"], "t", {}), ("Max", ["c", "t"], "m", {}), ("Sub", ["m", "t"], "s", {}),
          ("ReduceSum", ["s", "axes"], "y", {"keepdims": 0})], {"w": W, "axes": np.array([2])}, 13),
        ([("Sub", ["x", "m"], "s", {}), ("Div", ["s", "d"], "n", {}), ("Conv", ["n", "w"], "y", {})],
         {"w": W, "m": D[:3, :1], "d": 1 + D[:3, 1:2] ** 2}, 13),
        ([CONV, ("Mul", ["two", "c"], "a", {}), ("Sub", ["two", "a"], "y", {})], {"w": W, "two": np.float32(2)}, 13),
    ],
)  # fmt: skip
def test_forms_of_older_and_other_exporters(nodes, constants, opset) -> None:
    require_as_onnx_runtime(graph(nodes, constants, opset=opset))


def test_a_model_that_begins_with_a_transpose_takes_samples_first() -> None:
    nodes = [("Transpose", ["x"], "t", {"perm": [0, 2, 1]}), ("Conv", ["t", "w"], "y", {})]
    imported = require_as_onnx_runtime(graph(nodes, {"w": W}, (1, 20, 3)))
    assert (imported.network.input.length, imported.network.input.channels) == (20, 3)
    nodes = [("Transpose", ["x"], "t", {"perm": [0, 3, 1, 2]}), ("Conv", ["t", "w"], "y", {})]
    require_as_onnx_runtime(graph(nodes, {"w": W[:, :, None]}, ("N", 1, 20, 3)))


def test_layers_are_called_as_the_modules_are() -> None:
    class Net(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.stem, self.head = nn.Sequential(nn.Conv1d(3, 4, 3), nn.ReLU()), nn.Linear(4, 2)

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            result: torch.Tensor = self.head(self.stem(x).mean(2))
            return result

    assert of_module(Net(), 3, 9).network.names == ["stem_0", "mean", "logits"]


def gated(x: torch.Tensor, conv: nn.Module, first: nn.Module, second: nn.Module) -> torch.Tensor:
    """Squeeze and excite as it is often written: the factors are repeated before they are multiplied."""
    y = conv(x)
    return (y * torch.sigmoid(second(torch.relu(first(y.mean(2))))).unsqueeze(2).expand_as(y)).mean(2)


def test_factors_that_are_repeated_over_time_are_one_sample() -> None:
    require_as_torch(Of(gated, nn.Conv1d(3, 8, 5, stride=2), nn.Linear(8, 4), nn.Linear(4, 8)), 3, 20)


SCALED = torch.tensor([4.0, 2.0, 3.0])


@pytest.mark.parametrize(
    "first",
    [
        lambda x: ((x - SCALED) / SCALED).transpose(1, 2),
        lambda x: x[:, None].squeeze(1).transpose(1, 2),
        lambda x: torch.tanh(x).permute(0, 2, 1),
        lambda x: x.transpose(1, 2),
    ],
)
def test_an_input_may_have_its_samples_first_whatever_the_first_node_is(first) -> None:
    net = Of(lambda x, conv: conv(first(x)).mean(2), nn.Conv1d(3, 4, 5)).eval()
    data = module.captured(net, 20, 3)
    windows = np.random.default_rng(1).normal(0, 1, (3, 20, 3)).astype(np.float32)
    imported = read(data, "model.onnx")
    assert (imported.network.input.length, imported.network.input.channels) == (20, 3)
    require_same(imported, windows.transpose(0, 2, 1), module.outputs(net, windows))
    with pytest.raises(InputError, match=r"takes windows of 20 x 3, samples before channels, .*transpose.1, 2."):
        read(data, "module", channels_first=True)


@pytest.mark.parametrize(("channels", "size"), [(3, (20, 3)), (20, (3, 20)), (None, (3, 20)), (7, (3, 20))])
def test_the_channels_of_the_windows_say_which_axis_is_time(channels: int | None, size: tuple[int, int]) -> None:
    """A dense layer of all values fits either way."""
    net = nn.Sequential(nn.Flatten(), nn.Linear(60, 2)).eval()
    source = read(module.captured(net, 20, 3), "model.onnx", channels=channels).network.input
    assert (source.length, source.channels) == size


def test_concatenations_along_time() -> None:
    v = W[::-1].copy()
    two = [CONV, ("Conv", ["x", "v"], "k", {"pads": [0, 1]}), ("Concat", ["c", "k", "c"], "y", {"axis": 2})]
    layer = require_as_onnx_runtime(graph(two, {"w": W, "v": v})).network.layers[-1]
    assert (type(layer), layer.along_time, layer.result.length) == (Concat, True, 18 + 19 + 18)
    # Zeros before a convolution are its padding.
    causal = [("Concat", ["zeros", "x"], "p", {"axis": 2}), ("Conv", ["p", "w"], "y", {})]
    (layer,) = require_as_onnx_runtime(graph(causal, {"w": W, "zeros": np.zeros((1, 3, 2), np.float32)})).network.layers
    assert (type(layer), layer.pads) == (Conv, (2, 0))
