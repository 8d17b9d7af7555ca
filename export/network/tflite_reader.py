"""Reads a .tflite file's parts and checks them: every index, shape and size fits, whatever bytes the file has.

Only what the engine and TFLite Micro look at is kept. What else a file may hold is looked through, since the readers
that are generated from the format's schema follow it unchecked. What the operators mean is `from_file`'s.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from export.network.flatbuffer import DamagedError, Table
from export.network.tflite_parts import FileOperator, FileTensor, TFLiteFile
from export.network.tflite_schema import ITEM_BYTES, LISTS, OPTIONS, SCHEMA_VERSION, names
from scl.artifacts import InputError
from scl.artifacts.errors import shortened

MOST_TENSORS, MOST_OPERATORS, MOST_BUFFERS, MOST_OTHERS = 4096, 1024, 8192, 256
MOST_AXES = 5
MOST_VALUES = 2**28  # of a tensor
MEMORY_PLAN = "OfflineMemoryAllocation"  # of another tool, which TFLite Micro would follow


@lru_cache(maxsize=2)
def read_file(data: bytes, where: str = "model.tflite") -> TFLiteFile:
    """The contents of a file's bytes; `where` names it in errors.

    Raises InputError if it is no .tflite file of version 3, is damaged, or holds more than one graph.
    """
    if data[4:8] != b"TFL3":
        raise InputError(
            f"{where}: starts with {data[:8]!r}, expected a .tflite file (TFL3 from byte 4 on); "
            "convert the model to one"
        )
    try:
        return _read(Table.root(data, "the model"))
    except DamagedError as error:
        raise InputError(f"{where}: is damaged: {error}; write or copy it again") from error
    except _OtherError as error:
        raise InputError(f"{where}: {error}") from error


class _OtherError(Exception):
    """What an intact file has that is not read here."""


def _read(model: Table) -> TFLiteFile:
    version = model.integer(0, "I")
    if version != SCHEMA_VERSION:
        raise _OtherError(f"is of schema version {version}, expected {SCHEMA_VERSION}; convert the model again")
    model.require_none({8: "external buffers", 9: "external buffers"})
    graphs = _present(model.tables(2, "subgraph", MOST_OTHERS), "subgraphs")
    if len(graphs) != 1:
        raise _OtherError(
            f"holds {len(graphs)} subgraphs, expected 1; convert a model without control flow: "
            "convolutions in a recurrent layer's place"
        )
    buffers = [_contents(buffer) for buffer in _present(model.tables(4, "buffer", MOST_BUFFERS), "buffers")]
    known = names("BuiltinOperator")
    codes = [_code(entry, known) for entry in model.tables(1, "operator code", MOST_OTHERS) or []]
    _look_through(model, len(buffers))
    (graph,) = graphs
    graph.text(4, "name of the graph")
    graph.look_through({5: "i"})
    kinds = names("TensorType")
    tensors = tuple(
        _tensor(table, kinds, buffers) for table in _present(graph.tables(0, "tensor", MOST_TENSORS), "tensors")
    )
    unions = names("BuiltinOptions")
    return TFLiteFile(
        tensors,
        tuple(
            _operator(table, codes, unions, len(tensors))
            for table in _present(graph.tables(3, "operator", MOST_OPERATORS), "operators")
        ),
        _indices(graph, 1, "inputs", len(tensors)),
        _indices(graph, 2, "outputs", len(tensors)),
    )


def _present(tables: list[Table] | None, what: str) -> list[Table]:
    if not tables:
        raise DamagedError(f"it has no {what}")
    return tables


def _look_through(model: Table, buffers: int) -> None:
    """Reads what is not kept: description, metadata and signatures."""
    model.text(3, "description")
    model.numbers(5, "<i4", "metadata buffer", MOST_OTHERS)
    for entry in model.tables(6, "metadata", MOST_OTHERS) or []:
        if entry.text(0, "name of metadata").startswith(MEMORY_PLAN):
            raise _OtherError(f"holds a memory plan of another tool ({MEMORY_PLAN}), expected none; convert it without")
        if entry.integer(1, "I") >= buffers:
            raise DamagedError(f"{entry.what} lies in buffer {entry.integer(1, 'I')} of {buffers}")
    for signature in model.tables(7, "signature", MOST_OTHERS) or []:
        for number in (0, 1):
            for entry in signature.tables(number, "tensor of a signature", MOST_OTHERS) or []:
                entry.text(0, "name in a signature")
                entry.look_through({1: "I"})
        signature.text(2, "name of a signature")
        signature.look_through({4: "I"})


def _contents(buffer: Table) -> np.ndarray | None:
    """What a buffer holds; None if nothing."""
    if buffer.integer(1, "Q") > 1 or buffer.integer(2, "Q") > 1:
        raise _OtherError(f"keeps {buffer.what} behind its tables, expected all in them; convert it to less than 2 GB")
    contents = buffer.numbers(0, "u1", buffer.what)
    return contents if contents is not None and contents.size else None


def _code(entry: Table, known: Mapping[int, str]) -> tuple[str, int]:
    """An operator's name, and its version."""
    entry.text(1, "name of an operator")
    code = max(entry.integer(3), entry.integer(0, "b"))  # older files have it in the field of 8 bits
    return known.get(code, f"of the unknown kind {code}"), entry.integer(2, "i", 1)


def _tensor(table: Table, kinds: Mapping[int, str], buffers: list[np.ndarray | None]) -> FileTensor:
    table.require_none({6: "sparse contents", 9: "variants"})
    shape = table.numbers(0, "<i4", f"axis of {table.what}", MOST_AXES)
    table.numbers(7, "<i4", f"axis of {table.what}", MOST_AXES)
    table.look_through({8: "b"})
    name, index = table.text(3, table.what), table.integer(2, "I")
    kind = kinds.get(table.integer(1, "b"), "")
    scales, zero_points, axis = _quantization(table.table(4, f"quantization of {table.what}"))
    if index >= len(buffers) or table.integer(10, "I"):
        raise DamagedError(f"{table.what} lies in buffer {index} of {len(buffers)}")
    sizes = () if shape is None else tuple(shape.tolist())
    tensor = FileTensor(name, sizes, kind, buffers[index], scales, zero_points, axis)
    if any(size < 1 for size in sizes) or tensor.size > MOST_VALUES:
        raise DamagedError(f"{table.what} ({shortened(name)}) has the shape {list(sizes)}")
    if tensor.contents is not None and tensor.contents.size != tensor.size * ITEM_BYTES.get(kind, -1):
        raise DamagedError(
            f"{table.what} ({shortened(name)}) holds {tensor.contents.size:,} bytes for the shape {list(sizes)} of "
            f"{kind or 'no known kind'}"
        )
    if table.integer(5, "b"):
        raise _OtherError(f"{table.what} ({shortened(name)}) is a variable; convert a model without a state")
    return tensor


def _quantization(table: Table | None) -> tuple[np.ndarray, np.ndarray, int]:
    """Scales, as many zero points if there are scales, and their axis."""
    if table is None:
        return np.empty(0, np.float32), np.empty(0, np.int64), 0
    table.require_none({5: "a quantization of its own"})
    table.look_through({4: "B"})
    for number in (0, 1):
        table.numbers(number, "<f4", table.what)
    scales, zero_points = table.numbers(2, "<f4", table.what), table.numbers(3, "<i8", table.what)
    scales = np.empty(0, np.float32) if scales is None else scales.astype(np.float32)
    zero_points = np.empty(0, np.int64) if zero_points is None else zero_points.astype(np.int64)
    if scales.size and len(scales) != len(zero_points):
        raise DamagedError(f"{table.what} has {len(scales)} scales and {len(zero_points)} zero points")
    return scales, zero_points, table.integer(6)


def _operator(table: Table, codes: list[tuple[str, int]], unions: Mapping[int, str], tensors: int) -> FileOperator:
    index = table.integer(0, "I")
    if index >= len(codes):
        raise DamagedError(f"{table.what} has the operator code {index} of {len(codes)}")
    table.require_none({9: "large options", 10: "large options", 12: "options of a second kind"})
    table.numbers(5, "u1", table.what)
    table.numbers(7, "u1", table.what)
    table.numbers(8, "<i4", table.what)
    table.look_through({3: "B", 6: "b", 11: "B", 13: "i"})
    kind, version = codes[index]
    found = table.table(4, f"options of {table.what}")
    options_kind = unions.get(table.integer(3, "B"), "") if found else ""
    options = _options(found, options_kind) if found and options_kind in OPTIONS else {}
    inputs, outputs = (_indices(table, number, "tensors", tensors) for number in (1, 2))
    return FileOperator(kind, version, inputs, outputs, options_kind, options)


def _options(table: Table, kind: str) -> dict[str, Any]:
    known = len(OPTIONS[kind]) + (kind in LISTS)
    table.require_none({number: f"the unknown option {number}" for number in range(known, table.fields)})
    options: dict[str, Any] = {
        name: table.real(number) if code == "f" else table.integer(number, code, default)
        for name, (number, code, default) in OPTIONS[kind].items()
    }
    if kind in LISTS:
        values = table.numbers(0, "<i4", LISTS[kind], MOST_AXES)
        options[LISTS[kind]] = [] if values is None else values.tolist()
    return options


def _indices(table: Table, number: int, what: str, tensors: int) -> tuple[int, ...]:
    """A field that names tensors. Raises DamagedError if one is none of the graph's."""
    values = table.numbers(number, "<i4", f"{what} of {table.what}", MOST_OTHERS)
    if values is None:
        raise DamagedError(f"{table.what} has no {what}")
    wrong = values[(values < -1) | (values >= tensors)]
    if wrong.size:
        raise DamagedError(f"{table.what} names tensor {wrong[0]} among its {what}, of {tensors}")
    return tuple(values.tolist())
