"""Reads an int8 .tflite file that was made elsewhere into the network that the C engine runs.

Accepted are 1-D networks: one axis of time, of whichever of TFLite's two spatial ones, and the operators that
`export.network.operators` has readers for, which derive their integers.
"""

from dataclasses import dataclass

from export.network.factors import UnsupportedError
from export.network.integers import Int8Network
from export.network.layers import Network
from export.network.operators import FileForm, tflite_operators
from export.network.tflite_operator import INT8_INPUT, MOST, TFLiteGraph, TFLiteOperator
from export.network.tflite_parts import FileOperator
from export.network.tflite_reader import read_file
from export.network.views import VIEWS
from scl.artifacts import InputError

NEAREST = {
    "DEQUANTIZE": INT8_INPUT,
    "SPACE_TO_BATCH_ND": "CONV_2D with a dilation factor of its own, not one that the converter took apart",
    "PAD": "SAME or VALID padding of the convolution itself",
    "SUB": "ADD, with the sign in the weights before it",
    "CONCATENATION": "ADD of two tensors, or a wider convolution",
    "REDUCE_MAX": "MAX_POOL_2D as long as its input",
    "CONV_3D": "CONV_2D of height 1",
    "TRANSPOSE_CONV": "CONV_2D",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "dilated CONV_2D over time",
}
MOST_LAYERS = 256  # the planner looks at them pair by pair


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

    Raises InputError if the file is none, is damaged, or uses what the engine lacks; the operator's index is named.
    """
    return _read(TFLiteGraph(read_file(data, where), where))


def supported() -> list[str]:
    """Names of the operators that a file may hold."""
    return [*tflite_operators(), *VIEWS]


def _read(file: TFLiteGraph) -> Foreign:
    where, contents = file.where, file.contents
    ends = len(contents.inputs), len(contents.outputs)
    if ends != (1, 1):
        raise InputError(
            f"{where}: has {ends[0]} inputs and {ends[1]} outputs, expected one of each; convert a model that has them"
        )
    (source,), (result,) = contents.inputs, contents.outputs
    file.name(source, "input")
    for index, op in enumerate(contents.operators):
        try:
            _read_operator(file, index, op)
        except UnsupportedError as error:
            raise InputError(
                f"{where}: operator {index} is {op.kind}{error}; the nearest supported form is {error.nearest}"
            ) from error
    names = [layer.name for layer in file.layers]
    if len(names) > MOST_LAYERS:
        raise InputError(f"{where}: has {len(names)} layers, expected at most {MOST_LAYERS}; leave some out")
    if file.names.get(result) not in names:
        raise InputError(f"{where}: no operator writes its output; convert the model again")
    network = Network(tuple(file.layers), outputs=(file.names[result],))
    int8 = Int8Network(network, file.activations, file.convs, file.rescales, file.clamps)
    return Foreign(int8, file.tensors, file.operators)


def _read_operator(file: TFLiteGraph, index: int, op: FileOperator) -> None:
    if op.kind not in supported():
        raise UnsupportedError("", NEAREST.get(op.kind, f"one of {', '.join(supported())}"))
    forms = VIEWS | {name: operator.forms[name] for name, operator in tflite_operators().items()}
    _require_form(file, op, forms[op.kind])
    (result,) = op.outputs
    name = f"op{index}_{op.kind.lower()}"
    described = TFLiteOperator(file, name, op.kind, op.inputs, result, op.options)
    layer = forms[op.kind].read(described)
    if layer is None:
        file.names[result] = file.names[op.inputs[0]]
        return
    if max(layer.result.length, layer.result.channels, layer.source.length, layer.source.channels) > MOST:
        raise UnsupportedError(f" over {layer.source}", f"at most {MOST} samples and channels")
    if tflite_operators()[op.kind].activation:
        file.clamps[name] = described.clamp()
    file.layers.append(layer)
    file.operators[name] = index
    file.name(result, name)


def _require_form(file: TFLiteGraph, op: FileOperator, form: FileForm) -> None:
    """Raises UnsupportedError unless the operator's version, options and tensors are those of its form."""
    least, most = form.inputs
    if not 1 <= op.version <= form.newest:
        raise UnsupportedError(f" of version {op.version}", f"version 1 to {form.newest}, which int8 models have")
    if op.options_kind != form.options and not (form.bare and not op.options_kind):
        found = f" with the options {op.options_kind or 'none'}"
        raise UnsupportedError(found, f"one with {form.options or 'none'}: convert it again")
    if not least <= len(op.inputs) <= most or len(op.outputs) != 1:
        found = f"{len(op.inputs)} inputs and {len(op.outputs)} outputs"
        raise UnsupportedError(f" with {found}", f"one with {least} to {most} inputs and 1 output: convert it again")
    if op.inputs[0] not in file.names:
        raise UnsupportedError(
            f" that reads tensor {op.inputs[0]}, which neither the input nor an earlier operator writes",
            "operators in the order in which they run: convert it again",
        )
    if op.outputs[0] < 0 or op.outputs[0] in file.names:
        raise UnsupportedError(f" that writes tensor {op.outputs[0]} again", "one tensor for each operator")
