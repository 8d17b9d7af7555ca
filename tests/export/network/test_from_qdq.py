"""QDQ models of ONNX Runtime's quantizer: scales and integers as they are, and TFLite Micro's answers on them."""

import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from torch import nn
from torch.nn import functional as F

from export import module
from export.network.from_onnx import read
from export.network.from_qdq import integers
from export.network.layers import Weighted
from export.proof.runtimes import run_tflite_micro
from export.writers.tflite import write_tflite
from scl.artifacts import InputError
from tests.export.network.random_modules import Causal

WINDOWS = 24


class Windows(CalibrationDataReader):
    def __init__(self, name: str, windows: np.ndarray) -> None:
        self.left = iter([{name: window[None]} for window in windows])

    def get_next(self) -> "dict[str, np.ndarray] | None":
        return next(self.left, None)


class Temporal(nn.Module):
    """Causal convolutions with a residual sum, pools and a head over all of time."""

    def __init__(self) -> None:
        super().__init__()
        self.first = Causal(3, 8, 3, 2, chomp=True)
        self.second, self.last = nn.Conv1d(8, 8, 3, padding=1), nn.Conv1d(8, 12, 5, stride=2)
        self.head = nn.Linear(12, 4)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.relu(self.first(x))
        x = F.max_pool1d(F.relu(x + self.second(x)), 2)
        result: torch.Tensor = self.head(F.relu6(self.last(x)).mean(dim=2))
        return result


def separable() -> nn.Module:
    """Depthwise convolutions, functions of one value, a flattened map and a softmax."""
    return nn.Sequential(
        *(nn.Conv1d(3, 8, 3, padding="same"), nn.LeakyReLU(0.1), nn.Conv1d(8, 16, 3, groups=8, stride=2), nn.Tanh()),
        *(nn.Conv1d(16, 8, 1), nn.Sigmoid(), nn.AvgPool1d(4), nn.Flatten(), nn.Linear(56, 4), nn.Softmax(dim=1)),
    )


NETS = {"temporal": Temporal, "separable": separable}


def quantized(
    name: str, folder: Path, activations: QuantType = QuantType.QInt8, weights: QuantType = QuantType.QInt8
) -> tuple[bytes, np.ndarray]:
    """A module as ONNX Runtime quantizes it, and windows."""
    torch.manual_seed(1)
    model = onnx.load_from_string(module.captured(NETS[name]().eval(), 3, 60))
    windows = np.random.default_rng(1).normal(0, 1, (WINDOWS, 3, 60)).astype(np.float32)
    logging.getLogger().setLevel(logging.ERROR)
    quantize_static(
        *(model, str(folder / "qdq.onnx"), Windows(model.graph.input[0].name, windows)),
        quant_format=QuantFormat.QDQ,
        per_channel=weights == QuantType.QInt8,
        activation_type=activations,
        weight_type=weights,
    )
    return (folder / "qdq.onnx").read_bytes(), windows


@pytest.mark.parametrize("activations", [QuantType.QInt8, QuantType.QUInt8])
@pytest.mark.parametrize("name", NETS)
def test_tflite_micro_answers_as_onnx_runtime_does_on_the_file(name, activations, tmp_path) -> None:
    data, windows = quantized(name, tmp_path, activations)
    int8 = integers(read(data, "qdq.onnx"), "qdq.onnx")
    found = run_tflite_micro(write_tflite(int8), int8.activations["input"].quantize(windows.transpose(0, 2, 1)))
    options = onnxruntime.SessionOptions()
    # Each operator in float between its scales, as the file says; its int8 kernels round in ways of their own.
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    (given,) = session.get_inputs()
    rows = zip(*(session.run(None, {given.name: window[None]}) for window in windows), strict=True)
    for output, values in zip(int8.network.outputs, rows, strict=True):
        steps = int8.activations[output].quantize(np.concatenate(values)).astype(int) - found[output]
        # A tie or a table's entry that rounds the other way, layer behind layer.
        assert np.abs(steps).max() <= 4 and np.mean(np.abs(steps) <= 1) > 0.97, np.bincount(np.abs(steps).ravel())


def test_scales_and_integers_are_those_of_the_file(tmp_path) -> None:
    data, _ = quantized("temporal", tmp_path)
    int8 = integers(read(data, "qdq.onnx"), "qdq.onnx")
    held = {one.name: numpy_helper.to_array(one) for one in onnx.load_from_string(data).graph.initializer}
    weights = [values for values in held.values() if values.dtype == np.int8 and values.ndim > 1]
    biases = [
        values for name, values in held.items() if values.dtype == np.int32 and values.ndim == 1 and values.size > 1
    ]
    ours = [int8.convs[layer.name] for layer in int8.network.layers if isinstance(layer, Weighted)]
    assert len(ours) == len(weights)
    for conv in ours:
        assert any(np.array_equal(np.sort(conv.bias), np.sort(bias)) for bias in biases)
        assert any(
            values.size == conv.weights.size and np.array_equal(np.sort(values.ravel()), np.sort(conv.weights.ravel()))
            for values in weights
        )
    scales = {float(values.ravel()[0]) for values in held.values() if values.dtype == np.float32 and values.size == 1}
    free = [affine for name, affine in int8.activations.items() if "unscaled" not in name]
    assert all(float(affine.scale) in scales or affine.scale in (1 / 256, 1 / 128) for affine in free)


def test_a_model_that_is_quantized_in_part_is_refused(tmp_path) -> None:
    model = onnx.load_from_string(quantized("temporal", tmp_path)[0])
    (given,) = [one.name for one in model.graph.input]
    (quantizer,) = [node for node in model.graph.node if node.input[0] == given]
    (back,) = [node for node in model.graph.node if node.input[0] == quantizer.output[0]]
    model.graph.node.remove(quantizer)
    model.graph.node.remove(back)
    for node in model.graph.node:
        node.input[:] = [given if name == back.output[0] else name for name in node.input]
    with pytest.raises(
        InputError, match="tensor input has no QuantizeLinear behind it, expected one behind every operator"
    ):
        integers(read(model.SerializeToString(), "qdq.onnx"), "qdq.onnx")


def test_weights_of_another_kind_are_refused(tmp_path) -> None:
    data, _ = quantized("temporal", tmp_path, QuantType.QUInt8, QuantType.QUInt8)
    with pytest.raises(InputError, match="is DequantizeLinear with asymmetric weights; .* symmetric ones"):
        read(data, "qdq.onnx")
