"""A second opinion on our quantizer: TensorFlow's converter, given the same float network and the same ranges.

The network is written as a tf.function of 4-D convolutions, our ranges are put in with fake_quant (the converter keeps
them unchanged), and what it makes of the weights and biases is compared with ours, rounded to the nearest as it does.
Imports TensorFlow.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from export.network.integers import Int8Network
from export.network.layers import FEATURES, LOGITS, AveragePool, Conv, Layer, Network
from export.network.operators import of_class
from export.network.tflite_file import read_convs
from export.proof.quiet import native_stderr_hidden
from export.proof.runtimes import Outputs
from scl.artifacts.export_report import SecondOpinion


def convert(network: Network, ranges: Mapping[str, Sequence[float]]) -> bytes:
    """The float network, quantized to int8 by tf.lite.TFLiteConverter with our activation ranges.

    Raises TypeError if it holds a layer that encoders do not.
    """
    emitters = [of_class(EMITTERS, layer, "TensorFlow's converter is given") for layer in network.layers]
    with native_stderr_hidden():
        import tensorflow as tf

        return _convert(tf, network, ranges, emitters)


def _conv(tf: Any, layer: Conv, value: Any, ranges: Mapping[str, Sequence[float]]) -> Any:
    filters = tf.constant(layer.weights.transpose(1, 2, 0)[None])
    value = tf.nn.bias_add(tf.nn.conv2d(value, filters, [1, layer.stride], _padding(layer)), layer.bias)
    value = tf.nn.relu(value) if layer.relu else value
    return _ranged(tf, value, ranges[layer.name])


def _average_pool(tf: Any, layer: AveragePool, value: Any, ranges: Mapping[str, Sequence[float]]) -> Any:
    return tf.nn.avg_pool2d(value, [1, layer.kernel], [1, layer.stride], _padding(layer))


def _padding(layer: Layer) -> str:
    return "SAME" if layer.same else "VALID"


Emitter = Callable[[Any, Any, Any, Mapping[str, Sequence[float]]], Any]
EMITTERS: dict[type[Layer], Emitter] = {Conv: _conv, AveragePool: _average_pool}


def _convert(tf: Any, network: Network, ranges: Mapping[str, Sequence[float]], emitters: Sequence[Emitter]) -> bytes:
    class Module(tf.Module):  # type: ignore[misc]
        @tf.function(input_signature=[tf.TensorSpec((1, 1, network.input.length, network.input.channels), tf.float32)])  # type: ignore[untyped-decorator]
        def run(self, window: Any) -> dict[str, Any]:
            value = _ranged(tf, window, ranges["input"])
            outputs = {}
            for layer, emit in zip(network.layers, emitters, strict=True):
                value = emit(tf, layer, value, ranges)
                if layer.name in (FEATURES, LOGITS):
                    outputs[layer.name] = value
            return outputs

    module = Module()
    converter = tf.lite.TFLiteConverter.from_concrete_functions([module.run.get_concrete_function()], module)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.inference_input_type = converter.inference_output_type = tf.int8
    return bytes(converter.convert())


def compare(theirs: bytes, ours: Int8Network, inputs: np.ndarray, outputs: Outputs) -> SecondOpinion:
    """Compares integers, and the converter's outputs for int8 inputs (n, samples, channels) with our `outputs`."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    pairs = list(zip(ours.convs.values(), read_convs(theirs), strict=True))
    weights = [(conv.weights[:, None], found) for conv, (found, _) in pairs]
    biases = [(conv.bias.astype(np.int64), found) for conv, (_, found) in pairs]
    kind = OpResolverType.BUILTIN_REF
    with native_stderr_hidden():
        runner = Interpreter(model_content=theirs, experimental_op_resolver_type=kind).get_signature_runner()
    steps = 0
    for row, x in enumerate(inputs):
        found = runner(window=x[None, None])
        steps = max(steps, *(np.abs(found[name].ravel().astype(int) - outputs[name][row]).max() for name in outputs))
    return SecondOpinion(
        weights=sum(a.size for a, _ in weights),
        weights_equal=sum(int((a == b).sum()) for a, b in weights),
        biases=sum(a.size for a, _ in biases),
        biases_equal=sum(int((a == b).sum()) for a, b in biases),
        max_bias_difference=max(int(np.abs(a - b).max()) for a, b in biases),
        max_steps=int(steps),
    )


def _ranged(tf: Any, value: Any, limits: Sequence[float]) -> Any:
    return tf.quantization.fake_quant_with_min_max_args(value, *map(float, limits), num_bits=8)
