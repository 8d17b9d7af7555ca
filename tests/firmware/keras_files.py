"""Models as people write them in Keras, and what TensorFlow's converter makes of them in each of its ways."""

import tempfile
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Build = Callable[[Any, Any], Any]  # of tf.keras.layers and the input


def model(build: Build, shape: Sequence[int] = (48, 3), batch: int | None = 1) -> Any:
    """A Keras model over windows of a shape; `batch` None is what Keras has without batch_size."""
    import tensorflow as tf

    source = tf.keras.Input(tuple(shape), batch_size=batch)
    return tf.keras.Model(source, build(tf.keras.layers, source))


def converted(keras: Any, ends: str = "int8", way: str = "keras") -> bytes:
    """The int8 file of a model: `ends` is the type of input and output, `way` the converter's."""
    import tensorflow as tf

    if way == "keras":
        return quantized(tf.lite.TFLiteConverter.from_keras_model(keras), keras.input_shape[1:], ends)
    with tempfile.TemporaryDirectory() as folder:
        keras.export(folder, verbose=False)
        return quantized(tf.lite.TFLiteConverter.from_saved_model(folder), keras.input_shape[1:], ends)


def quantized(converter: Any, shape: Sequence[int], ends: str = "int8") -> bytes:
    """Full integer quantization with noise as the representative data set."""
    import tensorflow as tf

    rng = np.random.default_rng(0)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.representative_dataset = lambda: ([rng.normal(size=(1, *shape)).astype(np.float32)] for _ in range(20))
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    if ends != "float32":
        converter.inference_input_type = converter.inference_output_type = getattr(tf, ends)
    data: bytes = converter.convert()
    return data
