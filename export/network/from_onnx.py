"""Reads an ONNX file into the network that the engine runs: a float one for our quantizer, a QDQ one with its integers.

Values of the graph are views of the network's tensors (`export.network.onnx_view`), so what only moves values costs
nothing. Accepted are 1-D networks with one input (1, channels, samples) of which every operator is known; anything else
is refused by the node's number and module, with the nearest form that there is.
"""

from dataclasses import dataclass

import numpy as np

from export.network.factors import UnsupportedError
from export.network.fusion import fused, renamed
from export.network.integers import Affine, Kept
from export.network.layers import FEATURES, LOGITS, Network, Tensor
from export.network.onnx_constants import FOLDED, shape_of
from export.network.onnx_file import OnnxFile, OnnxNode, read_onnx
from export.network.onnx_layers import LAYERS, cropped
from export.network.onnx_operator import OnnxGraph, OnnxOperator
from export.network.onnx_pairs import PAIRS
from export.network.onnx_parts import with_whole_inputs
from export.network.onnx_pointwise import POINTWISE
from export.network.onnx_pools import POOLS
from export.network.onnx_qdq import QDQ
from export.network.onnx_softplus import without_thresholds
from export.network.onnx_view import View, plain
from export.network.onnx_views import MOVED_CONSTANTS, VIEWS, split
from export.network.tflite_operator import MOST
from scl.artifacts import InputError

MOST_LAYERS = 256  # the planner looks at them pair by pair
NO_BRANCH = "a function without branches on values: Softplus(beta=1), LeakyRelu, PRelu, Clip"
NEAREST = {
    "ConvTranspose": "Conv",
    "LSTM": "dilated Conv over time",
    "GRU": "dilated Conv over time",
    "RNN": "dilated Conv over time",
    "InstanceNormalization": "BatchNormalization, which is folded",
    "GroupNormalization": "BatchNormalization, which is folded",
    "LayerNormalization": "BatchNormalization, which is folded",
    "LpNormalization": "the values themselves: normalize in the loss, not in what is deployed",
    "ReduceL2": "the values themselves: normalize in the loss, not in what is deployed",
    "LogSoftmax": "Softmax, or the logits themselves: their order is the same",
    "ArgMax": "the logits themselves: the board takes the largest",
    "Resize": "a stride of 1 before it",
    "Where": NO_BRANCH,
    "Greater": NO_BRANCH,
    "GreaterOrEqual": NO_BRANCH,
    "Less": NO_BRANCH,
    "LessOrEqual": NO_BRANCH,
    "Einsum": "MatMul by constant weights, or Mul",
    "If": "one path: a model whose shapes are fixed",
    "Loop": "one path: a model whose shapes are fixed",
}


@dataclass(frozen=True, eq=False)
class Imported:
    """A network from an ONNX file.

    Args:
        network: in float; its outputs are "features" and "logits", or "logits" alone.
        affines: scales and zero points of tensors that the file has, by name; none of a float file.
        kept: of layers whose weights the file has in integers.
        input, outputs: for each of the file's values its place in the network's tensor, flat; the input's has the
            file's shape, with a batch of 1.
    """

    network: Network
    affines: dict[str, Affine]
    kept: dict[str, Kept]
    input: np.ndarray
    outputs: tuple[np.ndarray, ...]

    def as_given(self, windows: np.ndarray) -> np.ndarray:
        """Windows (n, channels, samples) as the file takes them: (n, ...)."""
        flat = np.ascontiguousarray(windows.transpose(0, 2, 1)).reshape(len(windows), -1)
        return flat[:, self.input.ravel()].reshape(len(windows), *self.input.shape[1:])


def read(data: bytes, where: str, channels_first: bool = False, channels: int | None = None) -> Imported:
    """The network of an ONNX file's bytes; `where` names the file, or the module, in errors.

    Its input is (1, channels, samples), or (1, samples, channels) where `channels` are those of the last axis, or a
    Transpose comes first, or nothing else can be read. With `channels_first` it is the former.

    Raises InputError if the file is none, is damaged, or uses what the engine lacks; the node is named.
    """
    file = without_thresholds(read_onnx(data, where))
    time_first = not channels_first and _time_first(file, channels)
    try:
        return _read(file, where, time_first)
    except InputError as error:
        try:
            other = _read(file, where, not time_first)
        except InputError:
            raise error from None
        if not channels_first:
            return other
        source = other.network.input
        raise InputError(
            f"{where}: takes windows of {source.length} x {source.channels}, samples before channels, expected "
            "channels before samples; give windows (n, channels, samples), and a module around this one whose forward "
            "returns net(x.transpose(1, 2))"
        ) from error


def _read(file: OnnxFile, where: str, time_first: bool) -> Imported:
    graph = OnnxGraph(file.opset, dict(file.constants))
    name, view = _input(file, where, time_first)
    graph.views[name] = view
    for index, node in enumerate(file.nodes):
        try:
            _read_node(graph, node)
        except UnsupportedError as error:
            inside = f" in {node.module}" if node.module else ""
            raise InputError(
                f"{where}: node {index}{inside} is {node.kind}{error}; the nearest supported form is {error.nearest}"
            ) from error
        except (ValueError, IndexError, TypeError, OverflowError, np.exceptions.AxisError) as error:
            raise InputError(
                f"{where}: node {index} is {node.kind} whose inputs do not fit together ({error}); export it again"
            ) from error
    outputs = [_output(graph, name, where) for name in file.outputs]
    if len(outputs) not in (1, 2) or len(set(outputs)) != len(outputs):
        raise InputError(
            f"{where}: has {len(outputs)} outputs, expected logits alone, or a latent and logits that are not the "
            "same; leave the others out"
        )
    finished = _finished(graph, outputs, where)
    orders = tuple(graph.views[name].positions.ravel() for name in file.outputs)
    return Imported(*finished, view.positions, orders)


def _time_first(file: OnnxFile, channels: int | None) -> bool:
    """Whether an input is (1, samples, channels), as far as the windows' channels and the first nodes tell."""
    name, shape = next(iter(file.inputs.items()), ("", ()))
    axes = [n for n in shape[1:] if n != 1]
    if len(axes) == 2 and axes.count(channels) == 1:
        return axes[1] == channels
    return len(shape) > 2 and all(node.kind == "Transpose" for node in file.nodes if name in node.inputs)


def _input(file: OnnxFile, where: str, time_first: bool) -> tuple[str, View]:
    """The input as the network's: (1, channels, samples), or (1, samples, channels)."""
    if len(file.inputs) != 1:
        raise InputError(f"{where}: has {len(file.inputs)} inputs, expected one, the window; leave the others out")
    ((name, shape),) = file.inputs.items()
    inner = shape[1:]
    known = [n for n in inner if n is not None]
    if len(shape) not in (2, 3, 4) or shape[0] not in (1, None) or len(known) != len(inner) or min(known) < 1:
        raise InputError(
            f"{where}: takes {list(shape)}, expected (1, channels, samples) of fixed lengths; export it with them"
        )
    axes = [n for n in known if n > 1]
    axes = [1] * (2 - len(axes)) + axes if len(known) > 1 and known[-1] > 1 else axes + [1] * (2 - len(axes))
    if len(axes) > 2 or max(known) > MOST:
        raise InputError(
            f"{where}: takes {list(shape)}, expected one axis of channels and one of samples; "
            "give it windows of two axes"
        )
    channels, samples = axes[::-1] if time_first else axes
    tensor = Tensor("input", samples, channels)
    positions = plain(tensor)[0].T if time_first else plain(tensor)[0]
    return name, View(tensor, positions.reshape(1, *known))


def _read_node(graph: OnnxGraph, node: OnnxNode) -> None:
    op = OnnxOperator(graph, node)
    given = [name for name in node.inputs if name]
    unknown = [name for name in given if name not in graph.constants and name not in graph.views]
    if unknown:
        raise UnsupportedError(
            f" that reads {unknown[0]!r}, which neither the input nor an earlier node writes",
            "nodes in the order in which they run, and every constant in the file: export it again",
        )
    written = [name for name in node.outputs if name]
    if not written or any(name in graph.constants or name in graph.views for name in written):
        raise UnsupportedError(f" that writes {written}, which is written already", "one value for each name")
    computed = any(name in graph.views for name in given)
    if node.kind == "Shape":
        graph.constants[node.outputs[0]] = shape_of(op)
    elif node.kind in QDQ:
        QDQ[node.kind](op)
    elif not computed and node.kind in MOVED_CONSTANTS:
        graph.constants[node.outputs[0]] = VIEWS[node.kind](op, op.fixed(0, "value"))
    elif not computed and node.kind in FOLDED:
        graph.constants[node.outputs[0]] = FOLDED[node.kind](op)
    elif node.kind in VIEWS:
        view = op.view()
        op.alias(cropped(op, view.moved(VIEWS[node.kind](op, view.positions))))
    elif node.kind == "Split":
        for name, part in zip(node.outputs, split(op, op.view().positions), strict=True):
            graph.views[name] = op.view().moved(part)
    elif node.kind in READERS:
        if node.kind != "Concat":  # parts that are put together again need no copies
            with_whole_inputs(graph, given, of_channels=node.kind not in LAYERS)
        READERS[node.kind](op)
    else:
        raise UnsupportedError("", NEAREST.get(node.kind, f"one of {', '.join(SUPPORTED)}"))


READERS = LAYERS | POOLS | POINTWISE | PAIRS
SUPPORTED = sorted({*READERS, *VIEWS, "Split"})


def _output(graph: OnnxGraph, name: str, where: str) -> str:
    """The tensor that an output of the file is."""
    with_whole_inputs(graph, [name], of_channels=True)
    view = graph.views.get(name)
    layer = None if view is None else graph.layer(view.tensor.name)
    if view is None or layer is None:
        raise InputError(f"{where}: no node computes its output {name!r}; export it again")
    orders = [np.arange(view.tensor.size), plain(layer.result).ravel()]
    if not any(np.array_equal(view.positions.ravel(), order) for order in orders):
        raise InputError(
            f"{where}: its output {name!r} is a part of a tensor, or another order of it; the nearest supported form "
            "is an output that a layer writes, such as Linear"
        )
    return layer.name


def _finished(graph: OnnxGraph, outputs: list[str], where: str) -> tuple[Network, dict[str, Affine], dict[str, Kept]]:
    layers, moved = fused(graph.layers, outputs, graph.affines)
    names = {moved.get(name, name): new for name, new in zip(outputs, (FEATURES, LOGITS)[-len(outputs) :], strict=True)}
    # A layer that happens to be called so has to give its name up first.
    taken = {layer.name for layer in layers}
    spare = {new: f"{new}_inside" for new in names.values() if new in taken and new not in names}
    for old, new in (*spare.items(), *names.items()):
        layers = [renamed(layer, old, new) for layer in layers]
    if len(layers) > MOST_LAYERS:
        raise InputError(f"{where}: has {len(layers)} layers, expected at most {MOST_LAYERS}; leave some out")

    def now(name: str) -> str:
        name = moved.get(name, name)
        return names.get(name, spare.get(name, name))

    left = {"input", *(layer.name for layer in layers)}
    affines = {now(name): affine for name, affine in graph.affines.items() if now(name) in left}
    kept = {now(name): held for name, held in graph.kept.items() if now(name) in left}
    return Network(tuple(layers), tuple(names[moved.get(name, name)] for name in outputs)), affines, kept
