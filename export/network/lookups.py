"""CAST, ADD and GATHER of .tflite files that are together a table: TFLite's own way to look up any function of one
int8 value. The value becomes an int32, counts from 128 below, and takes one of 256 entries.
"""

from export.network import factors
from export.network.factors import UnsupportedError
from export.network.pointwise import LOOKUP, Table
from export.network.tflite_graph import Places
from export.network.tflite_operator import TFLiteOperator
from export.network.tflite_schema import schema

ENTRIES = 256
TOGETHER = "CAST of an int8 tensor to int32, ADD of 128 and GATHER from 256 int8 entries, one behind the other"


def cast(op: TFLiteOperator) -> None:
    """CAST: of an int8 tensor to int32."""
    source, result = (op.file.contents.tensors[index].kind for index in (op.inputs[0], op.output))
    if (source, result) != ("INT8", "INT32"):
        raise UnsupportedError(f" from {source.lower()} to {result.lower()}", TOGETHER)
    # TFLite Micro goes by the tensors' types, but ends on a type that it does not know.
    types = {value for value in vars(schema().TensorType).values() if isinstance(value, int)}
    for name in ("inDataType", "outDataType"):
        if op.options.get(name, 0) not in types:
            raise UnsupportedError(f" with {name} {op.options[name]}", TOGETHER)
    op.flat()
    op.require_shape(*op.shape())
    op.keep_view(op.order())
    op.file.places[op.output] = Places(0, op.inputs[0], (op.index,))


def add(op: TFLiteOperator) -> None:
    """ADD: of a number to what a CAST wrote."""
    known = [place for place in op.inputs if place in op.file.places]
    if len(known) != 1 or op.file.contents.tensors[op.output].kind != "INT32":
        raise UnsupportedError(" of int32", TOGETHER)
    added = op.constant(1 if op.inputs[0] == known[0] else 0)
    places = op.file.places[known[0]]
    if added.size != 1 or places.added or op.options["fusedActivationFunction"]:
        raise UnsupportedError(" of int32", TOGETHER)
    op.require_shape(*op.file.shape(known[0]))
    op = op.reading(known[0])
    op.keep_view(op.order())
    op.file.places[op.output] = Places(int(added.item()), places.reads, (*places.operators, op.index))


def gather(op: TFLiteOperator) -> Table:
    """GATHER: of an entry for each place."""
    places, tensor = op.file.places.get(op.inputs[1]), op.file.contents.tensors[op.inputs[0]]
    along = op.options["axis"], op.options["batchDims"]
    if places is None or places.added != ENTRIES // 2 or tensor.shape != (ENTRIES,) or along != (0, 0):
        raise UnsupportedError(f" of {list(tensor.shape)}", TOGETHER)
    entries = op.constant(0, "INT8")
    if op.file.affine(op.inputs[0], constant=True) != op.result:
        raise UnsupportedError(" that changes the scale", "entries with the output's scale and zero point")
    op.require_shape(*op.shape(1))
    op.file.rescales[op.name] = factors.of_table(entries)
    return Table(op.name, op.source(1), LOOKUP)
