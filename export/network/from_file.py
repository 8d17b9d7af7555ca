"""Reads an int8 .tflite file that was made elsewhere into the network that the C engine runs.

Accepted are 1-D networks: one axis of time, of whichever of TFLite's two spatial ones, and the operators that
`export.network.operators` has readers for, which derive their integers.
"""

import math
from dataclasses import dataclass
from typing import Any

from export.network.integers import Int8Network
from export.network.layers import Layer, Network
from export.network.operators import tflite_operators
from export.network.tflite_file import operator_code, schema
from export.network.tflite_operator import INT8_INPUT, TFLiteGraph, TFLiteOperator, UnsupportedError
from scl.artifacts import InputError

VIEWS = ("RESHAPE", "EXPAND_DIMS", "SQUEEZE")  # the same values in another shape
NEAREST = {
    "QUANTIZE": INT8_INPUT,
    "DEQUANTIZE": INT8_INPUT,
    "RELU": "a ReLU fused into the operator before it",
    "RELU6": "a ReLU6 fused into the operator before it",
    "SPACE_TO_BATCH_ND": "CONV_2D with a dilation factor of its own, not one that the converter took apart",
    "PAD": "SAME or VALID padding of the convolution itself",
    "SUB": "ADD, with the sign in the weights before it",
    "CONCATENATION": "ADD of two tensors, or a wider convolution",
    "REDUCE_MAX": "MAX_POOL_2D as long as its input",
    "LOGISTIC": "SOFTMAX, or the logits themselves",
    "CONV_3D": "CONV_2D of height 1",
    "TRANSPOSE_CONV": "CONV_2D",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "dilated CONV_2D over time",
}
MOST = 2**16 - 1  # samples or channels: the engine counts them in 16 bits


@dataclass(frozen=True)
class Foreign:
    """A network from a file, and the file's tensor for each of its own.

    Args:
        network: with the last operator's tensor as its only output.
        tensors: index in the file, by name: "input" and every layer.
        operators: index in the file of the operator that is a layer, by name.
    """

    network: Int8Network
    tensors: dict[str, int]
    operators: dict[str, int]


def read(data: bytes, where: str) -> Foreign:
    """The network of a .tflite file's bytes; `where` names the file in errors.

    Raises InputError if the file is none, or uses what the engine lacks; the operator's index is named.
    """
    if data[4:8] != b"TFL3":
        raise InputError(f"{where}: starts with {data[:8]!r}, expected a .tflite file (TFL3 from byte 4 on)")
    try:
        model = schema().ModelT.InitFromObj(schema().Model.GetRootAsModel(data, 0))
    except Exception as error:  # a flatbuffer is read by offsets: a damaged one fails anywhere
        raise InputError(f"{where}: is damaged: {error}; write it again") from error
    return _read(TFLiteGraph(model, where))


def supported() -> list[str]:
    """Names of the operators that a file may hold."""
    return [*tflite_operators(), *VIEWS]


def _read(file: TFLiteGraph) -> Foreign:
    where = file.where
    if len(file.model.subgraphs) != 1:
        raise InputError(f"{where}: holds {len(file.model.subgraphs)} subgraphs, expected 1")
    ends = len(file.graph.inputs), len(file.graph.outputs)
    if ends != (1, 1):
        raise InputError(f"{where}: has {ends[0]} inputs and {ends[1]} outputs, expected one of each")
    (source,), (result,) = file.graph.inputs, file.graph.outputs
    codes = {code: name for name, code in vars(schema().BuiltinOperator).items() if not name.startswith("_")}
    file.name(source, "input")
    for index, op in enumerate(file.graph.operators):
        kind = "of no known kind"
        try:
            kind = codes[operator_code(file.model.operatorCodes[op.opcodeIndex])]
            _read_operator(file, index, kind, op)
        except UnsupportedError as error:
            raise InputError(
                f"{where}: operator {index} is {kind}{error}; the nearest supported form is {error.nearest}"
            ) from error
        except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
            raise InputError(
                f"{where}: operator {index}, {kind}, does not fit the tensors it names ({error!r}); the file is "
                "damaged: write it again"
            ) from error
    if not file.layers or result not in file.names:
        raise InputError(f"{where}: no operator writes its output")
    try:
        network = Network(tuple(file.layers), outputs=(file.names[result],))
    except ValueError as error:
        raise InputError(f"{where}: its operators do not fit together: {error}; write it again") from error
    int8 = Int8Network(network, file.activations, file.convs, file.rescales, file.clamps)
    return Foreign(int8, file.tensors, file.operators)


def _read_operator(file: TFLiteGraph, index: int, kind: str, op: Any) -> None:
    if kind not in supported():
        raise UnsupportedError("", NEAREST.get(kind, f"one of {', '.join(supported())}"))
    (result,) = op.outputs
    if kind in VIEWS:
        file.names[result] = file.names[op.inputs[0]]
        if file.affine(result) != file.activations[file.names[result]]:
            raise UnsupportedError(" that changes the scale", f"a {kind} with its input's scale and zero point")
        return
    name, operator = f"op{index}_{kind.lower()}", tflite_operators()[kind]
    described = TFLiteOperator(file, name, op.inputs, result, op.builtinOptions)
    layer = operator.readers[kind](described)
    _require_size(layer, math.prod(file.shape(result)))
    file.layers.append(layer)
    file.operators[name] = index
    if operator.activation:
        file.clamps[name] = described.clamp()
    file.name(result, name)


def _require_size(layer: Layer, values: int) -> None:
    """Raises UnsupportedError unless the layer writes as many values as the file's tensor holds, within what the
    engine counts.
    """
    expected = layer.result.size
    if expected != values:
        raise UnsupportedError(
            f" that writes {values} values where {expected} were expected", "one axis of time, batches of one"
        )
    if max(layer.result.length, layer.result.channels, layer.source.length, layer.source.channels) > MOST:
        raise UnsupportedError(f" over {layer.source}", f"at most {MOST} samples and channels")
