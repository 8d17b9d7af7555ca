"""An ONNX file's bytes as nodes and constants, looked at before anything is believed.

Nothing is opened that a file names: weights in other files are refused. Constants are copied, so a small file makes no
large memory.
"""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.errors import shortened

MOST_NODES = 4096
MOST_VALUES = 1 << 24  # of a constant or an activation
TYPES = {  # ONNX data type: its numpy type in the file, and the field of TensorProto that may hold it instead
    "FLOAT": ("<f4", "float_data"),
    "DOUBLE": ("<f8", "double_data"),
    "FLOAT16": ("<f2", ""),
    "INT64": ("<i8", "int64_data"),
    "INT32": ("<i4", "int32_data"),
    "INT8": ("i1", "int32_data"),
    "UINT8": ("u1", "int32_data"),
    "BOOL": ("?", "int32_data"),
}
OTHER_INTEGERS = ("INT16", "UINT16", "INT4", "UINT4")  # of quantizers
SCOPES = "pkg.torch.onnx.name_scopes"  # where torch.onnx.export says which module a node is of


@dataclass(frozen=True, eq=False)
class OnnxNode:
    """A node as the file has it.

    Args:
        attributes: plain Python values and arrays, by name.
        module: path of the module that it is of, as "encoder.blocks.0"; empty if the file does not say.
        called: a name for it: the module's, or its own.
    """

    kind: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    attributes: dict[str, Any]
    module: str
    called: str


@dataclass(frozen=True, eq=False)
class OnnxFile:
    """A file's graph.

    Args:
        opset: version of the default operator set.
        inputs: shapes by name; None stands for a length that is not known.
        constants: initializers by name.
    """

    opset: int
    inputs: dict[str, tuple[int | None, ...]]
    outputs: tuple[str, ...]
    constants: dict[str, np.ndarray]
    nodes: tuple[OnnxNode, ...]


def read_onnx(data: bytes, where: str) -> OnnxFile:
    """The graph of an ONNX file's bytes; `where` names the file in errors.

    Raises InputError if it is none, is damaged, holds other files' names, functions, or more than MOST_NODES nodes.
    """
    from google.protobuf.message import DecodeError
    from onnx import ModelProto

    try:
        model = ModelProto.FromString(data)
        _require_no_other_files(model, where)
        graph = model.graph
        versions = {entry.domain: entry.version for entry in model.opset_import}
        if not graph.node:
            raise InputError(f"{where}: holds no nodes, expected an ONNX model; export it again")
        others = sorted({node.domain for node in graph.node} - {"", "ai.onnx"})
        if model.functions or others:
            named = others or sorted(function.name for function in model.functions)
            raise InputError(
                f"{where}: uses {shortened(', '.join(named), 120)}, expected operators of ONNX alone; export it with "
                "functions inlined, or in QDQ format"
            )
        if len(graph.node) > MOST_NODES:
            raise InputError(f"{where}: has {len(graph.node)} nodes, expected at most {MOST_NODES}; leave some out")
        if graph.sparse_initializer:
            raise InputError(f"{where}: has sparse weights, expected dense ones; export it again")
        constants = {tensor.name: _constant(tensor, where) for tensor in graph.initializer}
        return OnnxFile(
            opset=versions.get("", versions.get("ai.onnx", 0)),
            inputs={value.name: _shape(value) for value in graph.input if value.name not in constants},
            outputs=tuple(value.name for value in graph.output),
            constants=constants,
            nodes=tuple(_node(node, where) for node in graph.node),
        )
    except (DecodeError, UnicodeDecodeError, TypeError) as error:  # text that is none stays bytes
        raise InputError(
            f"{where}: is no ONNX file, or a damaged one ({shortened(str(error), 80)}); export it again"
        ) from error


def _require_no_other_files(message: Any, where: str) -> None:
    """Raises InputError if a tensor anywhere in the file, be it of an attribute's own graph, names another file."""
    from onnx import TensorProto

    if isinstance(message, TensorProto) and (
        message.data_location == TensorProto.EXTERNAL or len(message.external_data)
    ):
        name = shortened(message.name or "of a node", 60)
        raise InputError(
            f"{where}: constant {name} lies in another file, expected all weights in this one; save it with "
            "external_data=False"
        )
    for field, value in message.ListFields():
        if field.message_type is not None:
            for inner in (value,) if hasattr(value, "ListFields") else value:
                _require_no_other_files(inner, where)


def _shape(value: Any) -> tuple[int | None, ...]:
    dims = value.type.tensor_type.shape.dim
    return tuple(dim.dim_value if dim.HasField("dim_value") else None for dim in dims)


def _node(node: Any, where: str) -> OnnxNode:
    stored = {entry.key: entry.value for entry in node.metadata_props}
    module, function = _scopes(stored)
    called = module or function or node.name or next(iter(node.output), "") or node.op_type
    attributes = {attribute.name: _attribute(attribute, where) for attribute in node.attribute}
    return OnnxNode(node.op_type, tuple(node.input), tuple(node.output), attributes, module, called)


def _scopes(stored: dict[str, str]) -> tuple[str, str]:
    """The innermost module of torch's list of scopes and the function in it, written as a Python list:
    "['', 'blocks.0', 'conv1d']".
    """
    scopes = [scope.strip().strip("'\"") for scope in stored.get(SCOPES, "").strip("[]").split(",")]
    return (scopes[-2] if len(scopes) > 2 else ""), scopes[-1]


def _attribute(attribute: Any, where: str) -> Any:
    from onnx import AttributeProto

    kind = AttributeProto.AttributeType.Name(attribute.type)
    if kind == "TENSOR":
        return _constant(attribute.t, where)
    if kind == "STRING":
        return attribute.s.decode(errors="replace")
    values: dict[str, Any] = {
        "INT": attribute.i,
        "FLOAT": attribute.f,
        "INTS": list(attribute.ints),
        "FLOATS": list(attribute.floats),
    }
    return values.get(kind)


def _constant(tensor: Any, where: str) -> np.ndarray:
    """A TensorProto's values. Raises InputError if they are elsewhere, of another number than its shape says, or no
    numbers.
    """
    from onnx import TensorProto

    name = shortened(tensor.name or "of a node", 60)
    kind = TensorProto.DataType.Name(tensor.data_type) if tensor.data_type in TensorProto.DataType.values() else "?"
    if kind in OTHER_INTEGERS:
        raise InputError(
            f"{where}: constant {name} is of {kind}, expected 8 bits; give the quantizer int8 or uint8 activations and "
            "int8 weights"
        )
    if kind not in TYPES:
        raise InputError(f"{where}: constant {name} is of {kind}, expected one of {', '.join(TYPES)}; export it again")
    stored, field = TYPES[kind]
    dims = tuple(tensor.dims)
    if any(n < 0 for n in dims) or math.prod(dims) > MOST_VALUES:
        raise InputError(
            f"{where}: constant {name} has the shape {list(dims)}, expected at most {MOST_VALUES:,} values; export it "
            "again"
        )
    if tensor.HasField("raw_data"):
        itemsize = np.dtype(stored).itemsize
        values = np.frombuffer(tensor.raw_data[: len(tensor.raw_data) // itemsize * itemsize], stored)
    else:
        values = np.array(getattr(tensor, field) if field else [], stored)
    if values.size != math.prod(dims):
        raise InputError(
            f"{where}: constant {name} holds {values.size} values, its shape {list(dims)} says {math.prod(dims)}; "
            "the file is damaged: export it again"
        )
    return values.reshape(dims).astype(np.dtype(stored).newbyteorder("="))
