"""A layer's own zeros before and after its input, as of a causal convolution, in every form of a network."""

import numpy as np
import pytest

from export.network import from_file
from export.network.float_run import run_float
from export.network.layers import Conv, Depthwise, Network, Tensor
from export.network.quantization import quantize
from export.proof.runtimes import run_onnx_float
from export.writers.onnx import write_onnx
from export.writers.tflite import write_tflite
from scl.artifacts import InputError
from tests.firmware.damaged_models import EveryOperator
from tests.firmware.foreign_files import assert_exact


def padded_network(seed: int) -> Network:
    """A convolution and a depthwise one, each with zeros of its own and perhaps SAME's besides."""
    rng = np.random.default_rng(seed)
    source, layers = Tensor("input", int(rng.integers(6, 20)), int(rng.integers(1, 5))), []
    for kind in (Conv, Depthwise):
        kernel, dilation = int(rng.integers(2, 6)), int(rng.integers(1, 3))
        stride = int(rng.integers(1, 3)) if dilation == 1 else 1
        out = source.channels * 2
        shape = (out, kernel, source.channels) if kind is Conv else (kernel, out)
        floats = rng.normal(size=shape).astype(np.float32), rng.normal(size=out).astype(np.float32)
        padding = tuple(rng.integers(0, (kernel - 1) * dilation + 1, 2).tolist())
        same = bool(rng.integers(2)) or source.length < (kernel - 1) * dilation + 1
        layer = kind(kind.__name__, source, *floats, stride, same, dilation=dilation, padding=padding)
        layers.append(layer)
        source = layer.result
    return Network(tuple(layers), tuple(layer.name for layer in layers))


@pytest.mark.parametrize("seed", range(8))
def test_padding_is_the_same_in_numpy_onnx_tflite_and_c(engine, seed):
    network = padded_network(seed)
    windows = np.random.default_rng(seed).normal(size=(3, network.input.length, network.input.channels))
    windows = windows.astype(np.float32)
    values = run_float(network, windows)
    for name, expected in run_onnx_float(write_onnx(network), windows.transpose(0, 2, 1)).items():
        np.testing.assert_allclose(values[name].reshape(3, -1), expected, rtol=1e-4, atol=1e-5)
    ranges = {name: (min(0.0, float(x.min())), max(0.0, float(x.max()))) for name, x in values.items()}
    read = assert_exact(engine, write_tflite(quantize(network, ranges)))
    for layer, other in zip(network.layers, read.network.network.layers, strict=True):
        assert (layer.result.length, layer.pads) == (other.result.length, other.pads)


def test_a_causal_convolution_sees_no_later_sample():
    """The closed form: an impulse at sample 7 moves outputs 7 and later alone."""
    weights, bias = np.ones((1, 3, 1), np.float32), np.zeros(1, np.float32)
    layer = Conv("causal", Tensor("input", 12, 1), weights, bias, padding=(4, 0), dilation=2)
    x = np.zeros((1, 12, 1), np.float32)
    x[0, 7] = 1
    found = run_float(Network((layer,), ("causal",)), x)["causal"].ravel()
    np.testing.assert_array_equal(found, [0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1])


def test_a_pad_of_another_value_is_refused():
    model = EveryOperator()
    op = model.graph.operators[model.kinds.index("PADV2")]
    held = model.model.buffers[model.graph.tensors[op.inputs[2]].buffer]
    held.data = (held.data.view(np.int8) + 1).view(np.uint8)
    with pytest.raises(InputError, match="is PADV2 of another value than zero; .* a PAD of zeros"):
        from_file.read(model.bytes(), "model.tflite")
