"""What a layer's scl_op holds (firmware/src/engine/network.h): numbers, arrays, and the kernel that reads them."""

import numpy as np

from export.network.arena import scratch_name
from export.network.integers import Int8Conv, Int8Network, Rescale
from export.network.layers import Concat, Layer
from export.network.operators import operator_of
from export.network.placing import Arena
from export.network.pointwise import Elementwise
from export.network.slices import Slice
from export.network.streaming import Keep

READ_BEYOND = 3  # bytes behind the weights that a kernel may load with the last of them


def op_fields(network: Int8Network, arena: Arena, layer: Layer) -> tuple[dict[str, int], dict[str, np.ndarray]]:
    """The numbers and the arrays of a layer's scl_op, by the struct's own names."""
    act_min, act_max = network.limits(layer.name)
    source, result = layer.source, layer.result
    numbers = {
        "in_length": source.length,
        "in_channels": source.channels,
        "out_length": result.length,
        "out_channels": result.channels,
        "kernel": layer.kernel,
        "stride": layer.stride,
        "dilation": layer.dilation,
        "pad_left": layer.pads[0],
        "in_zero_point": network.activations[source.name].zero_point,
        "out_zero_point": network.activations[result.name].zero_point,
        "act_min": act_min,
        "act_max": act_max,
        "in_offset": arena.offsets[source.name],
        "out_offset": arena.offsets[result.name],
    }
    if isinstance(layer, Elementwise):
        numbers["kernel"] = layer.second.length
        numbers["second_zero_point"] = network.activations[layer.second.name].zero_point
        numbers["second_offset"] = arena.offsets.get(layer.second.name, 0)
    if isinstance(layer, Slice):
        numbers["second_offset"] = layer.skipped
    arrays: dict[str, np.ndarray] = {}
    integers = network.convs.get(layer.name) or network.rescales.get(layer.name)
    if scratch_name(layer) in arena.offsets:
        numbers["scratch_offset"] = arena.offsets[scratch_name(layer)]
    if isinstance(integers, Int8Conv):
        arrays["weights"] = np.append(integers.weights.ravel(), np.zeros(READ_BEYOND, np.int8))
    if isinstance(integers, Rescale):
        arrays["weights"] = integers.constants
    if integers is not None:
        arrays |= {name: getattr(integers, name) for name in ("bias", "multiplier", "shift")}
    if isinstance(layer, Concat):
        each = [part.size if layer.along_time else part.channels for part in layer.parts]
        starts = [arena.offsets[part.name] for part in layer.parts]
        numbers |= {"kernel": len(each), "in_length": 1 if layer.along_time else source.length}
        arrays["bias"] = np.stack([starts, each], axis=1).astype(np.int32)
    arrays = {name: values for name, values in arrays.items() if values.size}
    return numbers, arrays


def kernel(network: Int8Network, arena: Arena, layer: Layer) -> str:
    """Name of the C function that runs a layer: the narrow one where it has scratch and short shifts."""
    conv = network.convs.get(layer.name)
    narrow = conv is not None and scratch_name(layer) in arena.offsets and _narrow(conv)
    return operator_of(layer).kernel + ("_narrow" if narrow else "")


def _narrow(conv: Int8Conv) -> bool:
    """Whether the narrow kernels' short requantization holds for every channel (firmware/src/engine/kernels.h)."""
    return bool(np.all((conv.shift >= -22) & (conv.shift <= -1) & (np.abs(conv.bias.astype(np.int64)) < 2**29)))


def keep_fields(keep: Keep) -> dict[str, int]:
    """The numbers of the scl_op that moves kept columns."""
    lengths = {"in_length": keep.length, "out_length": keep.length}
    channels = {"in_channels": keep.channels, "out_channels": keep.channels}
    return lengths | channels | {"in_offset": keep.source, "out_offset": keep.target}
