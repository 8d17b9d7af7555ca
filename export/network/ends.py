"""QUANTIZE and DEQUANTIZE at the ends of a .tflite file: the network begins and ends at the int8 tensors behind and
before them.
"""

from export.network.factors import UnsupportedError
from export.network.operators import FileForm
from export.network.tflite_operator import TFLiteOperator

OUTSIDE = ("FLOAT32", "UINT8")  # types of the ends


def outside(op: TFLiteOperator) -> bool:
    """Whether an operator goes from or to a type that only ends have."""
    tensors = op.file.contents.tensors
    return {tensors[op.inputs[0]].kind, tensors[op.output].kind} != {"INT8"}


def quantize(op: TFLiteOperator) -> None:
    """QUANTIZE: of the file's input to int8, or of a result to uint8."""
    source, result = (op.file.contents.tensors[index].kind for index in (op.inputs[0], op.output))
    if source in OUTSIDE and result == "INT8":
        _begin(op)
    elif source == "INT8" and result in OUTSIDE:
        _end(op)
    else:
        raise UnsupportedError(f" from {_name(source)} to {_name(result)}", "one between int8 and float or uint8 ends")


def dequantize(op: TFLiteOperator) -> None:
    """DEQUANTIZE: of a result to float."""
    source, result = (op.file.contents.tensors[index].kind for index in (op.inputs[0], op.output))
    if op.inputs[0] not in op.file.names:
        raise UnsupportedError(
            f" of constants of {_name(source)}",
            "full integer quantization with a representative data set, where activations are int8 as well",
        )
    if source != "INT8" or result != "FLOAT32":
        raise UnsupportedError(f" from {_name(source)} to {_name(result)}", "one from int8 to float")
    _end(op)


def _begin(op: TFLiteOperator) -> None:
    if op.file.names.get(op.inputs[0]) != "input" or op.inputs[0] in op.file.pads:
        raise UnsupportedError(" of something else than the input", "int8 from the input's QUANTIZE on")
    op.require_shape(*op.shape())
    if "input" in op.file.activations and op.result != op.file.activations["input"]:
        raise UnsupportedError(" of the input in a second scale", "one QUANTIZE of the input")
    order = op.order()
    if "input" not in op.file.activations:
        op.file.name(op.output, "input")
    op.keep_view(order)


def _end(op: TFLiteOperator) -> None:
    op.flat()
    op.require_shape(*op.shape())
    op.file.ends[op.output] = op.file.ends.get(op.inputs[0], op.inputs[0])
    op.keep_view(op.order())


def _name(kind: str) -> str:
    return kind.lower() or "an unknown type"


ENDS = {
    "QUANTIZE": FileForm(quantize, "QuantizeOptions", 3, bare=True),
    "DEQUANTIZE": FileForm(dequantize, "DequantizeOptions", 6, bare=True),
}
