"""Reads an int8 .tflite file that was made elsewhere into the network that the C engine runs.

Accepted are 1-D networks: one axis of time, of whichever of TFLite's two spatial ones, and the operators that
`export.network.operators` has readers for, which derive their integers.
"""

import math
from dataclasses import dataclass

import numpy as np

from export.network import lookups
from export.network.ends import ENDS, OUTSIDE
from export.network.factors import UnsupportedError
from export.network.integers import Int8Network
from export.network.layers import Layer, Network, Tensor
from export.network.names import layer_name
from export.network.operators import FileForm, tflite_operators
from export.network.order import Order
from export.network.shapes import SHAPES
from export.network.tflite_graph import Origin, TFLiteGraph
from export.network.tflite_operator import MOST, TFLiteOperator
from export.network.tflite_parts import FileOperator, TFLiteFile
from export.network.tflite_reader import read_file
from export.network.views import VIEWS
from scl.artifacts import InputError

KNOWN_BATCH = (
    "for a model that knows its batch, tf.keras.Input(..., batch_size=1), and by TFLiteConverter.from_keras_model"
)
NEAREST = {
    "SPACE_TO_BATCH_ND": f"CONV_2D with a dilation factor of its own, which the converter writes {KNOWN_BATCH}",
    "BATCH_TO_SPACE_ND": f"CONV_2D with a dilation factor of its own, which the converter writes {KNOWN_BATCH}",
    "REDUCE_PROD": f"shapes without one, which the converter writes {KNOWN_BATCH}",
    "CONV_3D": "CONV_2D along one axis, time, with all else as channels",
    "TRANSPOSE_CONV": "CONV_2D: layers that keep or shorten time",
    "TILE": "layers that keep or shorten time",
    "RESIZE_NEAREST_NEIGHBOR": "layers that keep or shorten time",
    "BATCH_MATMUL": "FULLY_CONNECTED with constant weights: no attention",
    "UNIDIRECTIONAL_SEQUENCE_LSTM": "dilated CONV_2D over time in the recurrent layer's place",
    "UNIDIRECTIONAL_SEQUENCE_RNN": "dilated CONV_2D over time in the recurrent layer's place",
    "SQUARED_DIFFERENCE": "batch normalization behind a convolution, which the converter folds into it",
    "RSQRT": "batch normalization behind a convolution, which the converter folds into it",
}
LOOKUPS = {
    "CAST": FileForm(lookups.cast, "CastOptions", 1, bare=True),
    "ADD": FileForm(lookups.add, "AddOptions", 2, (2, 2)),
}
MOST_LAYERS = 256  # the planner looks at them pair by pair


@dataclass(frozen=True)
class Foreign:
    """A network from a file, and the file's tensor for each of its own.

    Args:
        network: with the tensors that the file's outputs hold as its outputs.
        tensors: index in the file, by name: "input" and every layer.
        origins: where each layer stands in the file, by name.
        orders: in which a file's tensor holds the network's values, by index, where it is not as they stand.
        values: of the file's tensors that were computed of shapes, by index.
        ends: indices of the int8 tensors that the file's outputs hold, or are made of.
    """

    network: Int8Network
    tensors: dict[str, int]
    origins: dict[str, Origin]
    orders: dict[int, Order]
    values: dict[int, np.ndarray]
    ends: tuple[int, ...]

    def to_file(self, index: int, values: np.ndarray) -> np.ndarray:
        """A network's tensor as a tensor of the file holds it, flat."""
        return self.orders[index].to_file(values) if index in self.orders else values.ravel()

    def to_network(self, name: str, values: np.ndarray) -> np.ndarray:
        """The network's tensor of that name, flat, of the values that its tensor in the file holds."""
        order = self.orders.get(self.tensors[name])
        return values.ravel() if order is None else order.to_network(values)


def read(data: bytes, where: str) -> Foreign:
    """The network of a .tflite file's bytes; `where` names the file in errors.

    Where its input has channels before time and a TRANSPOSE behind it, the network's input is what that writes.

    Raises InputError if the file is none, is damaged, or uses what the engine lacks; the operator's index is named.
    """
    contents = read_file(data, where)
    best: tuple[int, InputError] | None = None
    for order in _input_orders(contents):
        file = TFLiteGraph(contents, where)
        try:
            return _read(file, order)
        except InputError as error:
            if best is None or file.count > best[0]:
                best = file.count, error
    assert best is not None
    raise best[1]


def supported() -> list[str]:
    """Names of the operators that a file may hold."""
    return list(dict.fromkeys([*tflite_operators(), *VIEWS, *ENDS, *SHAPES, *LOOKUPS]))


def _input_orders(contents: TFLiteFile) -> list[Order | None]:
    """In which the input may hold the network's: as it stands, or with its first axis behind the others."""
    shape = contents.tensors[contents.inputs[0]].shape if contents.inputs and contents.inputs[0] >= 0 else ()
    axes = [axis for axis, size in enumerate(shape) if size > 1]
    if len(axes) < 2 or all(op.kind != "TRANSPOSE" for op in contents.operators):
        return [None]
    back = [axis for axis in range(len(shape)) if axis != axes[0]] + [axes[0]]
    moved = Order.of([shape[axis] for axis in back])
    return [None, moved.transposed(back.index(axis) for axis in range(len(shape)))]


def _read(file: TFLiteGraph, order: Order | None) -> Foreign:
    where, contents = file.where, file.contents
    if len(contents.inputs) != 1 or not contents.outputs or -1 in (*contents.inputs, *contents.outputs):
        raise InputError(
            f"{where}: has {len(contents.inputs)} inputs and {len(contents.outputs)} outputs, expected one input and "
            "an output; convert a model that has them: put several sensors side by side as channels of one input"
        )
    (source,) = contents.inputs
    _begin(file, source, order)
    for index, op in enumerate(contents.operators):
        try:
            _read_operator(file, index, op)
        except UnsupportedError as error:
            raise InputError(
                f"{where}: operator {index} is {op.kind}{error}; the nearest supported form is {error.nearest}"
            ) from error
        file.count += 1
    names = [layer.name for layer in file.layers]
    if len(names) > MOST_LAYERS:
        raise InputError(f"{where}: has {len(names)} layers, expected at most {MOST_LAYERS}; leave some out")
    outputs = tuple(file.names.get(result, "") for result in contents.outputs)
    for result, output in zip(contents.outputs, outputs, strict=True):
        if output not in names or outputs.count(output) > 1:
            found = "is written by no operator" if output not in names else "holds the same values as another one"
            raise InputError(f"{where}: its output {result} {found}; convert the model without it")
    network = Network(tuple(file.layers), outputs, _window(file.order(file.tensors["input"])))
    int8 = Int8Network(network, file.activations, file.convs, file.rescales, file.clamps)
    ends = tuple(file.ends.get(result, result) for result in contents.outputs)
    for kind, views in (("PAD", file.pads), ("CAST", file.places)):
        if any(end in views for end in ends):
            raise InputError(f"{where}: a {kind} writes its output; leave the {kind} out")
    return Foreign(int8, file.tensors, file.origins, file.orders, file.values, ends)


def _window(order: Order) -> Tensor | None:
    """The input as samples of channels: the first axis of several is time's. None if there is one axis."""
    sizes = [size for size, _ in sorted((part for axis in order.axes for part in axis), key=lambda part: -part[1])]
    return Tensor("input", sizes[0], math.prod(sizes[1:])) if len(sizes) > 1 else None


def _begin(file: TFLiteGraph, source: int, order: Order | None) -> None:
    """Names the input; one of floats or uint8 is named again where it becomes int8."""
    tensor = file.contents.tensors[source]
    if tensor.kind in OUTSIDE and tensor.contents is None:
        file.names[source] = "input"
    else:
        file.name(source, "input")
    if order is not None:
        file.orders[source] = order


def _read_operator(file: TFLiteGraph, index: int, op: FileOperator) -> None:
    form, is_layer = _form(file, op)
    _require_form(file, op, form)
    if is_layer and op.inputs[0] in file.names:
        file.affine(op.inputs[0])
    for place, result in enumerate(op.outputs):
        called = file.contents.tensors[result].name if result >= 0 else ""
        otherwise = f"op{index}_{op.kind.lower()}" + (f"_{place}" if len(op.outputs) > 1 else "")
        name = layer_name(called, {"input", *file.names.values()}, otherwise)
        described = TFLiteOperator(file, index, name, op.kind, op.inputs, result, op.options)
        layer = form.read(described)
        if layer is not None:
            _keep_layer(file, described, layer)


def _keep_layer(file: TFLiteGraph, op: TFLiteOperator, layer: Layer) -> None:
    """Adds what has become of an operator."""
    if max(layer.result.length, layer.result.channels, layer.source.length, layer.source.channels) > MOST:
        raise UnsupportedError(f" over {layer.source}", f"at most {MOST} samples and channels")
    if tflite_operators()[op.kind].activation:
        file.clamps[op.name] = op.clamp()
    file.layers.append(layer)
    views = [view for place in op.inputs if (view := file.pads.get(place) or file.places.get(place))]
    places = {file.names[place]: place for place in reversed(op.inputs) if place in file.names}
    reads = [places[source.name] for source in layer.sources]
    file.origins[op.name] = Origin(
        tuple(view.reads for view in views) or tuple(reads),
        (*(at for view in views for at in view.operators), op.index),
    )
    file.name(op.output, op.name)


def _form(file: TFLiteGraph, op: FileOperator) -> tuple[FileForm, bool]:
    """What an operator has to be like, and whether it becomes a layer."""
    operators = tflite_operators()
    kinds = {file.contents.tensors[at].kind for at in (*op.inputs[:1], *op.outputs[:1]) if at >= 0}
    if op.kind in VIEWS:
        return VIEWS[op.kind], False
    if op.kind in ENDS and (kinds != {"INT8"} or op.kind not in operators):
        return ENDS[op.kind], False
    if op.kind in LOOKUPS and (op.kind not in operators or "INT32" in kinds):
        return LOOKUPS[op.kind], False
    if op.kind in SHAPES and "INT32" in kinds:
        return SHAPES[op.kind], False
    if op.kind in operators:
        return operators[op.kind].forms[op.kind], True
    raise UnsupportedError("", NEAREST.get(op.kind, f"one of {', '.join([*operators, *VIEWS])}"))


def _require_form(file: TFLiteGraph, op: FileOperator, form: FileForm) -> None:
    """Raises UnsupportedError unless the operator's version, options and tensors are those of its form."""
    (least, most), (fewest, most_outputs) = form.inputs, form.outputs
    if not 1 <= op.version <= form.newest:
        raise UnsupportedError(f" of version {op.version}", f"version 1 to {form.newest}, which int8 models have")
    if op.options_kind != form.options and not (form.bare and not op.options_kind):
        found = f" with the options {op.options_kind or 'none'}"
        raise UnsupportedError(found, f"one with {form.options or 'none'}: convert it again")
    if not least <= len(op.inputs) <= most or not fewest <= len(op.outputs) <= most_outputs:
        found = f"{len(op.inputs)} inputs and {len(op.outputs)} outputs"
        outputs = "1 output" if most_outputs == 1 else f"{fewest} to {most_outputs} outputs"
        raise UnsupportedError(f" with {found}", f"one with {least} to {most} inputs and {outputs}: convert it again")
    if not file.known(op.inputs[0]):
        raise UnsupportedError(
            f" that reads tensor {op.inputs[0]}, which neither the input nor an earlier operator writes",
            "operators in the order in which they run: convert it again",
        )
    for place, result in enumerate(op.outputs):
        if result < 0 or file.known(result) or result in op.outputs[:place]:
            raise UnsupportedError(f" that writes tensor {result} again", "one tensor for each operator")
