"""The reader of files against the one that is generated from the format's schema, and files that it must not follow."""

import struct
import time

import numpy as np
import pytest

from export.network.flatbuffer import DamagedError, Table
from export.network.tflite_reader import read_file
from export.network.tflite_schema import OPTIONS, schema
from scl.artifacts import InputError
from tests.export.network.test_from_file import convert, keras_encoder
from tests.firmware.damaged_models import EveryOperator, SmallNet
from tests.firmware.random_models import RandomModel


def generated(data: bytes):
    return schema().ModelT.InitFromObj(schema().Model.GetRootAsModel(data, 0))


def listed(values) -> list:
    return [] if values is None else list(values)


def assert_the_same(data: bytes) -> None:
    """Every field that is kept is what the generated reader says."""
    file, model = read_file(data), generated(data)
    (graph,) = model.subgraphs
    assert list(file.inputs) == listed(graph.inputs) and list(file.outputs) == listed(graph.outputs)
    codes = {value: name for name, value in vars(schema().BuiltinOperator).items()}
    kinds = {value: name for name, value in vars(schema().TensorType).items()}
    unions = {value: name for name, value in vars(schema().BuiltinOptions).items()}
    for op, theirs in zip(file.operators, graph.operators, strict=True):
        code = model.operatorCodes[theirs.opcodeIndex]
        assert (op.kind, op.version) == (codes[code.builtinCode], code.version)
        assert list(op.inputs) == listed(theirs.inputs) and list(op.outputs) == listed(theirs.outputs)
        assert op.options_kind == ("" if theirs.builtinOptions is None else unions[theirs.builtinOptionsType])
        for name, value in op.options.items():
            expected = getattr(theirs.builtinOptions, name)
            assert value == (listed(expected) if isinstance(value, list) else expected), (op.kind, name)
    for tensor, theirs in zip(file.tensors, graph.tensors, strict=True):
        assert tensor.name == theirs.name.decode() and tensor.kind == kinds[theirs.type]
        assert list(tensor.shape) == listed(theirs.shape)
        contents = listed(model.buffers[theirs.buffer].data)
        assert (tensor.contents is None) == (not contents) and listed(tensor.contents) == contents
        if theirs.quantization is not None:
            assert tensor.scales.tolist() == listed(theirs.quantization.scale)
            assert tensor.zero_points.tolist() == listed(theirs.quantization.zeroPoint)
            assert tensor.axis == theirs.quantization.quantizedDimension


def test_what_it_reads_is_what_the_generated_reader_reads():
    for data in (EveryOperator().bytes(), *(RandomModel(seed).bytes() for seed in range(40))):
        assert_the_same(data)


def test_a_converter_s_file_too():
    assert_the_same(convert(keras_encoder))


def test_the_fields_of_the_options_are_the_schema_s():
    """Each is written by the generated code with a value of its own, and found in its place."""
    for kind, options in OPTIONS.items():
        if not options:
            continue
        model = EveryOperator()
        op = model.graph.operators[0]
        op.builtinOptions = getattr(schema(), f"{kind}T")()
        op.builtinOptionsType = getattr(schema().BuiltinOptions, kind)
        values = {name: 1 - default if name in BOOLEANS else 2 + place for place, (name, (_, _, default)) in
                  enumerate(options.items())}  # fmt: skip
        for name, value in values.items():
            setattr(op.builtinOptions, name, value)
        assert read_file(model.bytes()).operators[0].options == values


BOOLEANS = ("keepNumDims", "asymmetricQuantizeInputs", "potScaleInt16", "keepDims", "offset")


def changed(change) -> bytes:
    model = SmallNet()
    change(model, model.model)
    return model.bytes()


def _memory_plan(net, model):
    model.metadata = [net.s.MetadataT()]
    model.metadata[0].name, model.metadata[0].buffer = "OfflineMemoryAllocation", 0


def _two_graphs(net, model):
    model.subgraphs = [net.graph, net.graph]


def _behind_the_tables(net, model):
    model.buffers[1].offset, model.buffers[1].size = 4096, 60


def _variable(net, model):
    net.graph.tensors[0].isVariable = True


def _sparse(net, model):
    net.graph.tensors[1].sparsity = net.s.SparsityParametersT()


def _escape(net, model):
    net.graph.tensors[0].name, net.graph.tensors[0].shape = "\x1b[31mred\n", [0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (_memory_plan, r"holds a memory plan of another tool \(OfflineMemoryAllocation\), expected none"),
        (_two_graphs, "holds 2 subgraphs, expected 1; convert a model without control flow"),
        (_behind_the_tables, "keeps buffer 1 behind its tables, expected all in them; convert it to less than 2 GB"),
        (_variable, "tensor 0 .* is a variable; convert a model without a state"),
        (_sparse, "is damaged: tensor 1 has sparse contents, of which nothing is known here"),
        (_escape, r"is damaged: tensor 0 \('\\x1b\[31mred\\n'\) has the shape \[0\]; write or copy it again"),
    ],
)
def test_what_is_not_read_is_said(change, message):
    with pytest.raises(InputError, match=f"^net.tflite: {message}"):
        read_file(changed(change), "net.tflite")


def unfolding(width: int) -> bytes:
    """A table whose vector of `width` tables names one whose vector names one again and again, and so on."""
    levels, data = 6, bytearray(struct.pack("<I4sHHH", 16, b"TFL3", 6, 8, 4) + b"\0\0")
    for _ in range(levels):
        at = len(data)
        data += struct.pack("<iI", at - 8, 4) + struct.pack("<I", width)
        following = at + 12 + 4 * width
        data += b"".join(struct.pack("<I", following - (at + 12 + 4 * index)) for index in range(width))
    return bytes(data + struct.pack("<iI", len(data) - 8, 4) + struct.pack("<I", 0))


def test_a_small_file_does_not_unfold_to_any_size():
    """200 references to a table with 200 references, six times over: 6.4e13 tables in 5 kB."""

    def count(table: Table) -> int:
        return 1 + sum(map(count, table.tables(0, "table", 1000) or []))

    assert count(Table.root(unfolding(1), "root")) == 7  # what does not unfold is read whole
    started = time.perf_counter()
    with pytest.raises(DamagedError, match="share so much that they unfold to over 4 times the file"):
        count(Table.root(unfolding(200), "root"))
    assert time.perf_counter() - started < 1


def test_too_many_of_anything_are_refused_before_they_are_read():
    model = SmallNet()
    model.graph.operators = model.graph.operators * 300
    with pytest.raises(InputError, match="is damaged: subgraph 0 has 1,200 of operator, expected at most 1,024"):
        read_file(model.bytes())


def test_a_file_of_the_largest_size_takes_no_copy_and_no_time():
    model = SmallNet()
    tensor = model.graph.tensors[1]
    tensor.shape, tensor.type = [1 << 25], schema().TensorType.INT8
    model.model.buffers[tensor.buffer].data = np.zeros(1 << 25, np.uint8)
    data = model.bytes()
    started = time.perf_counter()
    assert read_file(data).tensors[1].contents.base is not None
    assert time.perf_counter() - started < 2
