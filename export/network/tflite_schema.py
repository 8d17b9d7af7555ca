"""What of the .tflite format's schema is read here: its names, and the fields of the operators' options."""

from typing import Any

SCHEMA_VERSION = 3
ITEM_BYTES = {"INT8": 1, "INT32": 4, "FLOAT32": 4, "UINT8": 1, "INT64": 8, "INT16": 2, "BOOL": 1, "FLOAT16": 2}

# Fields of the options of each operator that is known here, by the schema: number, struct's code and default.
WINDOW = {"padding": (0, "b", 0), "strideW": (1, "i", 0), "strideH": (2, "i", 0)}
FUSED = "fusedActivationFunction"
OPTIONS: dict[str, dict[str, tuple[int, str, int]]] = {
    "Conv2DOptions": WINDOW
    | {FUSED: (3, "b", 0), "dilationWFactor": (4, "i", 1), "dilationHFactor": (5, "i", 1)}
    | {"quantizedBiasType": (6, "b", 0)},
    "DepthwiseConv2DOptions": WINDOW
    | {
        "depthMultiplier": (3, "i", 0),
        FUSED: (4, "b", 0),
        "dilationWFactor": (5, "i", 1),
        "dilationHFactor": (6, "i", 1),
    },
    "Pool2DOptions": WINDOW | {"filterWidth": (3, "i", 0), "filterHeight": (4, "i", 0), FUSED: (5, "b", 0)},
    "FullyConnectedOptions": {FUSED: (0, "b", 0), "weightsFormat": (1, "b", 0), "keepNumDims": (2, "b", 0)}
    | {"asymmetricQuantizeInputs": (3, "b", 0), "quantizedBiasType": (4, "b", 0)},
    "SoftmaxOptions": {"beta": (0, "f", 0)},
    "AddOptions": {FUSED: (0, "b", 0), "potScaleInt16": (1, "b", 1)},
    "SubOptions": {FUSED: (0, "b", 0), "potScaleInt16": (1, "b", 1)},
    "MulOptions": {FUSED: (0, "b", 0)},
    "MaximumMinimumOptions": {},
    "ReducerOptions": {"keepDims": (0, "b", 0)},
    "LeakyReluOptions": {"alpha": (0, "f", 0)},
    "HardSwishOptions": {},
    "QuantizeOptions": {},
    "CastOptions": {"inDataType": (0, "b", 0), "outDataType": (1, "b", 0)},
    "ReshapeOptions": {},
    "SqueezeOptions": {},
    "ExpandDimsOptions": {},
    "TransposeOptions": {},
    "PadOptions": {},
    "PadV2Options": {},
    "DequantizeOptions": {},
    "ShapeOptions": {"outType": (0, "b", 0)},
    "StridedSliceOptions": {
        name: (number, "i", 0)
        for number, name in enumerate(("beginMask", "endMask", "ellipsisMask", "newAxisMask", "shrinkAxisMask"))
    }
    | {"offset": (5, "b", 0)},
    "SliceOptions": {},
    "SplitOptions": {"numSplits": (0, "i", 0)},
    "SplitVOptions": {"numSplits": (0, "i", 0)},
    "PackOptions": {"valuesCount": (0, "i", 0), "axis": (1, "i", 0)},
    "GatherOptions": {"axis": (0, "i", 0), "batchDims": (1, "i", 0)},
    "ConcatenationOptions": {"axis": (0, "i", 0), FUSED: (1, "b", 0)},
}
LISTS = {"ReshapeOptions": "newShape", "SqueezeOptions": "squeezeDims"}  # field 0, int32


def schema() -> Any:
    """The generated schema module; the wheel of the reference interpreter ships it, so file and reader share one."""
    from tflite_micro.tensorflow.lite.micro.python import schema_py_generated

    return schema_py_generated


def packed(model: Any) -> bytes:
    """The file of the generated schema's objects."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    builder.Finish(model.Pack(builder), b"TFL3")
    return bytes(builder.Output())


def names(enumeration: str) -> dict[int, str]:
    """An enumeration's names, by value."""
    values = vars(getattr(schema(), enumeration))
    return {value: name for name, value in values.items() if not name.startswith("_")}
