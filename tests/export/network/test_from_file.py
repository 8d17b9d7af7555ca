"""TFLite files made elsewhere: by TensorFlow's converter from Keras layers, damaged ones, what the engine lacks."""

import math
import tempfile

import numpy as np
import pytest

from export import profile, quantize
from export.network import from_file
from scl.artifacts import InputError
from scl.artifacts.bundle import read_bundle, read_run_bundle
from scl.artifacts.export_report import read_report
from scl.artifacts.manifest import NetworkManifest
from tests.firmware.random_models import Model, RandomModel


def convert(layers, int8_ends: bool = True) -> bytes:
    """What TensorFlow's converter makes of Keras layers over windows (48, 3)."""
    import tensorflow as tf

    source = tf.keras.Input((48, 3), batch_size=1)
    model = tf.keras.Model(source, layers(tf.keras.layers, source))
    rng = np.random.default_rng(0)

    with tempfile.TemporaryDirectory() as folder:
        model.export(folder, verbose=False)
        converter = tf.lite.TFLiteConverter.from_saved_model(folder)
        return _quantized(tf, converter, rng, int8_ends)


def _quantized(tf, converter, rng, int8_ends: bool) -> bytes:
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([rng.normal(size=(1, 48, 3)).astype(np.float32)] for _ in range(20))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if int8_ends:
        converter.inference_input_type = converter.inference_output_type = tf.int8
    return converter.convert()


def keras_encoder(layers, x):
    """A residual block, a separable convolution, pools, a mean, and dense layers up to a softmax."""
    y = layers.Conv1D(8, 5, padding="same", activation="relu")(x)
    y = layers.Add()([y, layers.Conv1D(8, 3, padding="same")(y)])
    y = layers.SeparableConv1D(12, 3, strides=1, padding="valid", activation="relu")(y)
    y = layers.MaxPooling1D(2)(y)
    y = layers.Conv1D(16, 3, strides=2, activation=lambda z: layers.ReLU(6.0)(z))(y)
    y = layers.GlobalAveragePooling1D()(y)
    return layers.Dense(5, activation="softmax")(layers.Dense(9, activation="relu")(y))


def test_a_keras_model_is_exported_and_proved(board_tools, tmp_path, capsys):
    path, out = tmp_path / "keras.tflite", tmp_path / "bundle"
    path.write_bytes(convert(keras_encoder))
    assert quantize.main(["--from", str(path), "--out", str(out)]) == 0
    printed = capsys.readouterr().out
    bundle = read_bundle(out)
    proof = read_report(bundle).agreement
    assert f"equal in every bit over 500 random inputs ({proof.values:,} values),\nand layer by layer over" in printed
    layers = proof.layers
    assert f"{layers.borders:,} of the {layers.all_borders:,} sums that lie beside a step of rounding" in printed
    assert 0.9 * layers.all_borders < layers.borders and layers.inputs > 10_000
    assert isinstance(bundle.manifest, NetworkManifest) and bundle.manifest.input.shape == (1, 1, 48, 3)
    kinds = [row.kind for row in read_report(bundle).layers]
    assert {"conv", "depthwise", "add", "max pool", "mean", "softmax"} <= set(kinds)
    with pytest.raises(InputError, match="is of a model from elsewhere"):
        read_run_bundle(out)
    assert profile.main([str(out)]) == 0
    assert "instructions per inference" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("kind", "nearest"), [("ABS", "one of CONV_2D, "), ("TRANSPOSE_CONV", "CONV_2D: layers that keep")]
)
def test_an_operator_without_a_kernel_is_named(kind, nearest):
    model = Model()
    at = model.input([1, 1, 4, 4], 0.1, 0)
    model.operator(kind, [at], model.activation([1, 1, 4, 4], 0.1, 0), None)
    with pytest.raises(InputError, match=f"x.tflite: operator 0 is {kind}; the nearest supported form is {nearest}"):
        from_file.read(model.bytes(), "x.tflite")


def altered(change) -> bytes:
    """A convolution's model after `change(model, graph)`."""
    for seed in range(100):
        model = RandomModel(seed)
        if model.kinds[0] == "CONV_2D" and -1 not in model.graph.operators[0].inputs:
            break
    change(model, model.graph)
    return model.bytes()


def _stretch(model, graph):
    graph.tensors[graph.inputs[0]].shape = [2, *graph.tensors[graph.inputs[0]].shape[1:]]


def _tanh(model, graph):
    graph.operators[0].builtinOptions.fusedActivationFunction = model.s.ActivationFunctionType.TANH


def _asymmetric(model, graph):
    graph.tensors[graph.operators[0].inputs[1]].quantization.zeroPoint[0] = 3


def _negative_scale(model, graph):
    graph.tensors[graph.operators[0].inputs[1]].quantization.scale[0] = -0.5


def _infinite_scale(model, graph):
    graph.tensors[graph.operators[0].inputs[1]].quantization.scale[0] = math.inf


def _two_outputs(model, graph):
    graph.outputs = [graph.outputs[0], graph.inputs[0]]


def _no_scale(model, graph):
    graph.tensors[graph.inputs[0]].quantization.scale = []


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_stretch, r"operator 0 is CONV_2D over \[2, .*a batch of 2; .* a batch of 1, as with Input\(batch_size=1\)"),
        (_tanh, "operator 0 is CONV_2D with a fused activation; .* a fused ReLU or ReLU6, or none"),
        (_asymmetric, "operator 0 is CONV_2D with asymmetric weights; .* zero points of 0"),
        (_negative_scale, "operator 0 is CONV_2D with a weight scale of -0.5; .* finite scales, none of them negative"),
        (_infinite_scale, "operator 0 is CONV_2D with a weight scale of inf; .* finite scales, none of them negative"),
        (_two_outputs, "its output 0 is written by no operator; convert the model without it"),
        (_no_scale, r"has the scales \[\], expected one above 0; convert it with full integer quantization"),
    ],
)
def test_what_the_engine_lacks_is_said(change, message):
    with pytest.raises(InputError, match=message):
        from_file.read(altered(change), "model.tflite")


def test_a_view_of_another_size_is_named():
    """Two dense layers with a RESHAPE from 6 values to 5 between them."""
    model = Model()
    at = model.input([1, 4], 0.1)
    for width, out in ((4, 6), (5, 3)):
        w = model.tensor([out, width], model.s.TensorType.INT8, 0.1, 0, np.ones((out, width), np.int8))
        result = model.activation([1, out], 0.1, 0)
        model.operator("FULLY_CONNECTED", [at, w, -1], result, model.s.FullyConnectedOptionsT())
        if out == 6:
            at = model.activation([1, 5], 0.1, 0)
            model.operator("RESHAPE", [result], at, model.s.ReshapeOptionsT())
    with pytest.raises(
        InputError, match=r"model.tflite: operator 1 is RESHAPE from \[1, 6\] to \[1, 5\]; .* as many v"
    ):
        from_file.read(model.bytes(), "model.tflite")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 no model", b"\x00" * 64])
def test_what_is_no_tflite_file(data):
    with pytest.raises(InputError, match="model.tflite: starts with .*, expected a .tflite file"):
        from_file.read(data, "model.tflite")


@pytest.mark.parametrize("seed", range(300))
def test_a_damaged_file_is_refused_or_read_and_nothing_else(seed):
    rng, data = np.random.default_rng(seed), bytearray(RandomModel(seed % 20).bytes())
    for at in rng.integers(8, len(data), 4):
        data[at] = rng.integers(256)
    try:
        from_file.read(bytes(data), "model.tflite")
    except InputError as error:
        assert str(error).startswith("model.tflite: ")


def test_a_cut_file_is_damaged():
    data = RandomModel(0).bytes()
    with pytest.raises(InputError, match="is damaged"):
        from_file.read(data[: len(data) // 3], "model.tflite")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "expected either a run folder or --from"),
        (["run", "--from", "x"], "expected either a run folder or --from"),
        (["--from", "x", "--data", "d"], "--data belongs to a run: a file has no recordings but the windows of"),
        (["x", "--transformation", "rotation"], "--transformation belongs to --from FILE"),
    ],
)
def test_either_a_run_or_a_file(arguments, message, tmp_path, capsys):
    with pytest.raises(SystemExit):
        quantize.main([*arguments, "--out", str(tmp_path / "out")])
    assert message in capsys.readouterr().err
