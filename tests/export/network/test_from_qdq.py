"""QDQ models of ONNX Runtime's quantizer: scales and integers as they are, and TFLite Micro's answers on them."""

import logging
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import numpy_helper
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static

from export import module
from export.network.from_onnx import read
from export.network.from_qdq import integers
from export.network.layers import Weighted
from export.proof.runtimes import run_tflite_micro
from export.writers.tflite import write_tflite
from scl.artifacts import InputError
from tests.export.network.random_modules import RandomModule

WINDOWS = 24


class Windows(CalibrationDataReader):
    def __init__(self, name: str, windows: np.ndarray) -> None:
        self.left = iter([{name: window[None]} for window in windows])

    def get_next(self) -> "dict[str, np.ndarray] | None":
        return next(self.left, None)


def quantized(seed: int, folder: Path, activations: QuantType = QuantType.QInt8) -> tuple[bytes, np.ndarray]:
    """A random module as ONNX Runtime quantizes it, and windows."""
    net = RandomModule(seed)
    model, windows = onnx.load_from_string(module.captured(net, net.channels, net.samples)), net.windows(WINDOWS)
    logging.getLogger().setLevel(logging.ERROR)
    quantize_static(
        *(model, str(folder / "qdq.onnx"), Windows(model.graph.input[0].name, windows)),
        quant_format=QuantFormat.QDQ,
        per_channel=True,
        activation_type=activations,
        weight_type=QuantType.QInt8,
    )
    return (folder / "qdq.onnx").read_bytes(), windows


@pytest.mark.parametrize("activations", [QuantType.QInt8, QuantType.QUInt8])
@pytest.mark.parametrize("seed", [1, 3, 5, 7, 10, 12])
def test_tflite_micro_answers_as_onnx_runtime_does_on_the_file(seed, activations, tmp_path) -> None:
    data, windows = quantized(seed, tmp_path, activations)
    int8 = integers(read(data, "qdq.onnx"), "qdq.onnx")
    found = run_tflite_micro(write_tflite(int8), int8.activations["input"].quantize(windows.transpose(0, 2, 1)))
    options = onnxruntime.SessionOptions()
    options.add_session_config_entry("session.x64quantprecision", "1")
    session = onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
    (name,) = [given.name for given in session.get_inputs()]
    rows = zip(*(session.run(None, {name: window[None]}) for window in windows), strict=True)
    for output, values in zip(int8.network.outputs, rows, strict=True):
        steps = int8.activations[output].quantize(np.concatenate(values)).astype(int) - found[output]
        # A tie or a table's entry that rounds the other way, layer behind layer.
        assert np.abs(steps).max() <= 4 and np.mean(np.abs(steps) <= 1) > 0.97, np.bincount(np.abs(steps).ravel())


def test_scales_and_integers_are_those_of_the_file(tmp_path) -> None:
    data, _ = quantized(5, tmp_path)
    int8 = integers(read(data, "qdq.onnx"), "qdq.onnx")
    held = {one.name: numpy_helper.to_array(one) for one in onnx.load_from_string(data).graph.initializer}
    weights = [values for name, values in held.items() if values.dtype == np.int8 and values.ndim > 1]
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
    scales = {float(values) for name, values in held.items() if values.dtype == np.float32 and values.size == 1}
    free = [affine for name, affine in int8.activations.items() if "unscaled" not in name]
    assert all(float(affine.scale) in scales or affine.scale in (1 / 256, 1 / 128) for affine in free)


def test_a_model_that_is_quantized_in_part_is_refused(tmp_path) -> None:
    model = onnx.load_from_string(quantized(5, tmp_path)[0])
    first = next(node for node in model.graph.node if node.op_type == "Conv")
    (quantizer,) = [node for node in model.graph.node if list(node.input[:1]) == list(first.output)]
    (back,) = [node for node in model.graph.node if list(node.input[:1]) == list(quantizer.output)]
    for node in model.graph.node:
        for place, name in enumerate(node.input):
            if name == back.output[0]:
                node.input[place] = first.output[0]
    with pytest.raises(InputError, match="has no QuantizeLinear behind it, expected one behind every operator"):
        integers(read(model.SerializeToString(), "qdq.onnx"), "qdq.onnx")


def test_weights_of_another_kind_are_refused(tmp_path) -> None:
    net = RandomModule(5)
    model, windows = onnx.load_from_string(module.captured(net, net.channels, net.samples)), net.windows(4)
    quantize_static(
        *(model, str(tmp_path / "qdq.onnx"), Windows(model.graph.input[0].name, windows)),
        quant_format=QuantFormat.QDQ,
        weight_type=QuantType.QUInt8,
        activation_type=QuantType.QUInt8,
    )
    with pytest.raises(InputError, match="is DequantizeLinear with asymmetric weights; .* symmetric ones"):
        read((tmp_path / "qdq.onnx").read_bytes(), "qdq.onnx")
