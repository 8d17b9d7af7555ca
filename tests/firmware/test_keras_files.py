"""Keras models as people write them, converted by TensorFlow: accepted and equal to TFLite Micro in every layer."""

import functools

import numpy as np
import pytest

from export.network import from_file
from export.network.tflite_reader import read_file
from scl.artifacts import InputError
from tests.firmware.foreign_files import assert_exact, kinds
from tests.firmware.keras_files import Build, converted, model
from tests.firmware.random_models import Model
from tests.firmware.test_dilation import assert_whole


def flatten(layers, x):
    return layers.Dense(5)(layers.Flatten()(layers.Conv1D(8, 5, activation="relu")(x)))


def pooled(layers, x):
    return layers.Dense(5, activation="softmax")(layers.GlobalAveragePooling1D()(layers.Conv1D(8, 5)(x)))


def causal(layers, x):
    y = layers.Conv1D(8, 5, padding="causal", activation="relu")(x)
    y = layers.Conv1D(8, 3, padding="causal", strides=2)(y)
    return layers.GlobalAveragePooling1D()(layers.Conv1D(8, 3, padding="causal", dilation_rate=4)(y))


def zero_padded(layers, x):
    y = layers.Conv1D(6, 5, strides=2)(layers.ZeroPadding1D((1, 3))(x))
    return layers.GlobalAveragePooling1D()(layers.Conv1D(8, 3, padding="same")(layers.ZeroPadding1D(1)(y)))


def dilated(layers, x):
    y = layers.Conv1D(8, 3, dilation_rate=2, padding="same", activation="relu")(x)
    return layers.Flatten()(layers.Conv1D(4, 3, dilation_rate=4)(y))


def separable(layers, x):
    y = layers.SeparableConv1D(8, 3, padding="same", activation="relu")(x)
    return layers.GlobalAveragePooling1D()(layers.DepthwiseConv1D(3, padding="same", depth_multiplier=2)(y))


def residual(layers, x):
    y = layers.Conv1D(8, 5, padding="same", activation="relu")(x)
    y = layers.ReLU()(layers.Add()([y, layers.Conv1D(8, 3, padding="same")(y)]))
    return layers.Dense(3)(layers.Flatten()(layers.AveragePooling1D(4)(y)))


def dense_over_time(layers, x):
    y = layers.Dense(7, activation="relu")(layers.Conv1D(8, 3)(x))
    return layers.GlobalAveragePooling1D()(layers.Dense(5)(y))


def normalized(layers, x):
    y = layers.Conv1D(8, 3, use_bias=False)(x)
    return layers.GlobalAveragePooling1D()(layers.ReLU()(layers.BatchNormalization()(y)))


def streaming_wake_word(layers, x):
    """MLPerf Tiny's shape: 30 frames of 40 features, four separable blocks, three classes."""
    for filters, kernel in ((128, 3), (64, 5), (64, 10), (32, 15)):
        x = layers.DepthwiseConv2D((kernel, 1), use_bias=False)(x)
        x = layers.BatchNormalization()(layers.Conv2D(filters, 1, use_bias=False)(x))
        x = layers.Dropout(0.2)(layers.ReLU()(x))
    return layers.Dense(3)(layers.Flatten()(x))


def anomaly_detector(layers, x):
    """MLPerf Tiny's shape: an autoencoder of 640 values through 8."""
    for width in (128, 128, 128, 128, 8, 128, 128, 128, 128):
        x = layers.ReLU()(layers.BatchNormalization()(layers.Dense(width)(x)))
    return layers.Dense(640)(x)


def sensors_beside_time(layers, x):
    """Kernels (k, 1) over each axis of an accelerometer, then one over all of them."""
    y = layers.MaxPooling2D((2, 1))(layers.Conv2D(8, (5, 1), activation="relu")(x))
    y = layers.Conv2D(8, (1, 3))(layers.Conv2D(8, (5, 1), padding="same")(y))
    return layers.Dense(4)(layers.Flatten()(y))


def dense_alone(layers, x):
    return layers.Dense(4)(layers.Dense(16, activation="relu")(layers.Flatten()(x)))


def kernel_over_all_sensors(layers, x):
    return layers.Dense(4)(layers.Flatten()(layers.Conv2D(8, (5, 3), activation="relu")(x)))


def two_outputs(layers, x):
    y = layers.Conv1D(8, 3, activation="relu")(x)
    return [layers.Dense(3)(layers.Flatten()(y)), layers.Dense(2)(layers.GlobalAveragePooling1D()(y))]


def normalized_windows(layers, x):
    """A Normalization layer first: SUB and MUL of constants."""
    y = layers.Normalization(mean=[0.1, 0.2, 0.3], variance=[1.0, 2.0, 3.0])(x)
    return layers.GlobalAveragePooling1D()(layers.Conv1D(8, 3)(y))


def rescaled(layers, x):
    return layers.GlobalAveragePooling1D()(layers.Conv1D(8, 3)(layers.Rescaling(1 / 16, offset=0.1)(x)))


def normalized_behind_a_relu(layers, x):
    """Batch normalization that no convolution can take: MUL and ADD of constants."""

    def normalization():
        names = ("beta_initializer", "gamma_initializer", "moving_mean_initializer")
        return layers.BatchNormalization(**dict.fromkeys(names, "random_normal"))

    y = layers.Conv1D(8, 3, activation="relu")(normalization()(x))
    return layers.GlobalMaxPooling1D()(normalization()(y))


def squeeze_and_excite(layers, x):
    y = layers.Conv1D(8, 3, activation="relu")(x)
    gate = layers.Dense(4, activation="relu")(layers.GlobalAveragePooling1D(keepdims=True)(y))
    gate = layers.Dense(8, activation="sigmoid")(gate)
    return layers.GlobalAveragePooling1D()(layers.Multiply()([y, gate]))


def concatenated(layers, x):
    y = layers.Conv1D(6, 5, padding="same", activation="tanh")(x)
    return layers.GlobalAveragePooling1D()(layers.Concatenate()([layers.Conv1D(4, 3, padding="same")(x), y]))


def last_step(layers, x):
    """The last time step of a branch for each sensor, the second sensor's without its first two samples."""
    y = layers.Conv1D(8, 3, activation="relu")(x[:, :, :2])
    z = layers.Conv1D(8, 3, strides=2)(layers.Cropping1D((2, 0))(x[:, :, 2:]))
    return layers.Dense(3)(layers.Concatenate()([y[:, -1, :], z[:, -1, :]]))


SHAPES = {
    "streaming_wake_word": (30, 1, 40),
    "anomaly_detector": (640,),
    "sensors_beside_time": (48, 3, 1),
    "kernel_over_all_sensors": (48, 3, 1),
}
MODELS: dict[str, Build] = {
    function.__name__: function
    for function in (
        *(flatten, pooled, causal, zero_padded, dilated, separable, residual, dense_over_time, normalized),
        *(streaming_wake_word, anomaly_detector, sensors_beside_time, kernel_over_all_sensors, two_outputs),
        *(dense_alone, normalized_windows, rescaled, normalized_behind_a_relu, squeeze_and_excite, concatenated),
        last_step,
    )
}


@functools.cache
def file_of(name: str, ends: str = "int8", way: str = "keras", batch: int | None = 1) -> bytes:
    return converted(model(MODELS[name], SHAPES.get(name, (48, 3)), batch), ends, way)


QUICK = {"causal", "dilated", "separable", "residual", "streaming_wake_word", "two_outputs", "squeeze_and_excite"}


@pytest.mark.parametrize(
    "name", [pytest.param(name, marks=() if name in QUICK else pytest.mark.exact) for name in MODELS]
)
def test_keras_models_are_exact(engine, name):
    assert_exact(engine, file_of(name))


WAYS = [("keras", None), ("saved model", None), ("saved model", 1)]


@pytest.mark.parametrize(("way", "batch"), WAYS)
@pytest.mark.parametrize(
    "name", ["flatten", *(pytest.param(name, marks=pytest.mark.exact) for name in ("pooled", "residual"))]
)
def test_in_each_way_of_the_converter(engine, name, way, batch):
    assert_exact(engine, file_of(name, way=way, batch=batch))


@pytest.mark.parametrize(("way", "batch"), WAYS)
@pytest.mark.parametrize("name", ["dilated", pytest.param("causal", marks=pytest.mark.exact)])
def test_dilation_that_the_converter_takes_apart_without_a_batch(engine, name, way, batch):
    assert_whole(engine, file_of(name, way=way, batch=batch))


@pytest.mark.parametrize(("way", "batch"), WAYS)
def test_what_the_converter_takes_apart_without_a_batch_is_refused(way, batch):
    """The advice is what `test_keras_models_are_exact` has: a batch of 1, and from_keras_model."""
    with pytest.raises(InputError, match=r"is REDUCE_PROD; .*Input\(..., batch_size=1\), and by .*from_keras_model"):
        from_file.read(file_of("dense_over_time", way=way, batch=batch), "model.tflite")


def _without_quantization(converter):
    converter.optimizations = []


def _weights_alone(converter):
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]


def _int16(converter):
    import tensorflow as tf

    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([np.ones((1, 48, 3), np.float32)] for _ in range(5))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.EXPERIMENTAL_TFLITE_BUILTINS_ACTIVATIONS_INT16_WEIGHTS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.int16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_without_quantization, "is of float32; convert the model with full integer quantization: .*representative"),
        (_weights_alone, "is of float32; convert the model with full integer quantization: .*representative_dataset"),
        (_int16, "is of int16; convert it with int8 activations, .*TFLITE_BUILTINS_INT8"),
    ],
)
def test_other_quantizations_are_refused_with_the_one_there_is(change, message):
    import tensorflow as tf

    converter = tf.lite.TFLiteConverter.from_keras_model(model(MODELS["pooled"]))
    change(converter)
    with pytest.raises(InputError, match=rf"model.tflite: tensor \d+ .* {message}"):
        from_file.read(converter.convert(), "model.tflite")


def test_mlperf_tiny_s_shapes():
    """Layers and sizes of the two 1-D models."""
    wake_word = from_file.read(file_of("streaming_wake_word"), "model.tflite").network.network
    assert [type(layer).__name__ for layer in wake_word.layers] == ["Depthwise", "Conv"] * 4 + ["Conv"]
    assert (wake_word.input.length, wake_word.input.channels) == (30, 40)
    detector = from_file.read(file_of("anomaly_detector"), "model.tflite").network.network
    assert [layer.channels for layer in detector.layers] == [128] * 4 + [8] + [128] * 4 + [640]


@pytest.mark.parametrize("name", ["pooled", "dense_alone", "sensors_beside_time", "kernel_over_all_sensors"])
def test_the_input_is_a_window_of_samples_and_channels(name):
    """However the first layer takes it."""
    source = from_file.read(file_of(name), "model.tflite").network.network.input
    assert (source.length, source.channels) == (48, 3)


def test_outputs_keep_their_order():
    """The second one of the file is the last: the class is read from it."""
    data = file_of("two_outputs")
    network, file = from_file.read(data, "model.tflite").network.network, read_file(data)
    assert [network.tensors[name].size for name in network.outputs] == [
        file.tensors[index].size for index in file.outputs
    ]


@pytest.mark.parametrize(
    ("build", "shape", "message"),
    [
        (
            lambda layers, x: layers.Dense(3)(layers.Flatten()(layers.Conv2D(4, 3)(x))),
            (24, 24, 1),
            r"CONV_2D of a kernel \(3, 3\) over \[1, 24, 24, 1\]; .* a kernel along one axis, time: sensors",
        ),
        (
            lambda layers, x: layers.UpSampling1D(2)(layers.Conv1D(8, 3)(x)),
            (48, 3),
            "TILE; the nearest supported form is layers that keep or shorten time",
        ),
        (
            lambda layers, x: layers.GlobalAveragePooling1D()(layers.MultiHeadAttention(1, 8)(x, x)),
            (24, 8),
            "BATCH_MATMUL; the nearest supported form is FULLY_CONNECTED with constant weights: no attention",
        ),
    ],
)
def test_what_is_not_one_dimensional_or_has_no_kernel_is_refused(build, shape, message):
    data = converted(model(build, shape))
    with pytest.raises(InputError, match=rf"model.tflite: operator \d+ is {message}"):
        from_file.read(data, "model.tflite")


def test_a_recurrent_layer_is_refused_with_what_takes_its_place():
    """By hand: TensorFlow 2.21's int8 conversion of a Keras LSTM ends in a segmentation fault."""
    net = Model()
    at = net.input([1, 24, 3], 0.1, 0)
    options = net.s.UnidirectionalSequenceLSTMOptionsT()
    net.operator("UNIDIRECTIONAL_SEQUENCE_LSTM", [at], net.activation([1, 24, 8], 0.1, 0), options)
    with pytest.raises(InputError, match="SEQUENCE_LSTM; .* dilated CONV_2D over time in the recurrent layer's place"):
        from_file.read(net.bytes(), "model.tflite")


def test_the_shape_of_a_flatten_is_computed_in_the_file(engine):
    """Three of four ways write SHAPE, STRIDED_SLICE and PACK before its RESHAPE."""
    computed = [
        {"SHAPE", "STRIDED_SLICE", "PACK"}
        <= {op.kind for op in read_file(file_of("flatten", "int8", way, batch)).operators}
        for way in ("keras", "saved model")
        for batch in (None, 1)
    ]
    assert computed == [True, False, True, True]


@pytest.mark.parametrize("ends", ["float32", "uint8"])
@pytest.mark.parametrize(("name", "batch"), [("flatten", None), ("pooled", 1), ("causal", 1)])
def test_ends_of_other_types(engine, name, batch, ends):
    read = assert_exact(engine, data := file_of(name, ends, batch=batch))
    file = read_file(data)
    assert {file.tensors[at].kind for at in (*file.inputs, *file.outputs)} == {ends.upper()}
    assert kinds(read) == kinds(from_file.read(file_of(name, batch=batch), "model.tflite"))


def test_a_float_file_answers_as_the_network_between_its_ends(engine):
    """TFLite Micro on the file as it is, with floats, against the C behind quantization and before dequantization."""
    from export.proof.cut import between_int8
    from export.proof.runtimes import interpreter, tflite_micro_runner

    data = file_of("pooled", "float32")
    read = from_file.read(data, "model.tflite")
    inner, micro = tflite_micro_runner(between_int8(data, read)), interpreter(data)
    source, (last,) = read.network.activations["input"], read.network.network.outputs
    for seed in range(20):
        x = np.random.default_rng(seed).normal(0, 2, (1, 48, 3)).astype(np.float32)
        micro.set_input(x, 0)
        micro.invoke()
        q = np.clip(np.round(x / source.scale) + source.zero_point, -128, 127).astype(np.int8)
        values = inner(q)(read.tensors[last])
        np.testing.assert_array_equal(micro.get_output(0).ravel(), read.network.activations[last].dequantize(values))
