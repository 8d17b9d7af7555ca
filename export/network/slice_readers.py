"""How a part of a tensor in a .tflite file, with bounds that the file holds, becomes a layer that copies it."""

from collections.abc import Collection, Sequence
from dataclasses import replace

from export.network.factors import UnsupportedError
from export.network.layers import Tensor
from export.network.order import Order
from export.network.slices import Slice
from export.network.tflite_operator import CHANNELS_LAST, TFLiteOperator

TIME_OR_CHANNELS = "one axis at a time, or time and channels together"


def strided_slice(op: TFLiteOperator) -> Slice | None:
    """STRIDED_SLICE: a begin, an end and a step for each axis; or one index of an axis, which is left out then."""
    shape, bounds = op.shape(), [op.constant(place).ravel().tolist() for place in (1, 2, 3)]
    if any(op.options[name] for name in ("ellipsisMask", "newAxisMask", "offset")):
        raise UnsupportedError(" with an ellipsis, a new axis or an offset", "plain bounds, and a RESHAPE behind it")
    if any(len(values) != len(shape) for values in bounds):
        raise UnsupportedError(
            f" of {min(map(len, bounds))} axes of {shape}", "bounds for all axes, as of x[:, -1, :] where x[:, -1] is"
        )
    masks = [op.options[name] for name in ("beginMask", "endMask", "shrinkAxisMask")]
    taken, dropped = [], set()
    for axis, (size, begin, end, step) in enumerate(zip(shape, *bounds, strict=True)):
        first, last, shrunk = (bool(mask >> axis & 1) for mask in masks)
        if step < 1:
            raise UnsupportedError(f" in steps of {step}", "steps from 1 on")
        if shrunk:
            dropped.add(axis)
            begin = 0 if first else begin
            if not -size <= begin < size:
                raise UnsupportedError(f" of place {begin} of {size}", "a place that there is")
            taken.append(range(size)[begin % size : begin % size + 1])
        else:
            taken.append(range(size)[None if first else begin : None if last else end : step])
    return _part(op, taken, dropped)


def slice_of(op: TFLiteOperator) -> Slice | None:
    """SLICE: of each axis a begin, and how many from there on; -1: all."""
    shape, begins, sizes = op.shape(), op.constant(1).ravel().tolist(), op.constant(2).ravel().tolist()
    counts = [size if count == -1 else begin + count for size, begin, count in zip(shape, begins, sizes, strict=False)]
    if not len(begins) == len(sizes) == len(shape) or not all(
        0 <= begin < end <= size for size, begin, end in zip(shape, begins, counts, strict=False)
    ):
        raise UnsupportedError(f" of {sizes} from {begins} on of {shape}", "bounds within the tensor")
    return _part(op, [range(begin, end) for begin, end in zip(begins, counts, strict=True)])


def split(op: TFLiteOperator) -> Slice | None:
    """SPLIT into equal parts, or SPLIT_V into those of given sizes: the part that is this output."""
    outputs = op.file.contents.operators[op.index].outputs
    data, axis_at = (1, 0) if op.kind == "SPLIT" else (0, 2)
    axes, shape = op.constant(axis_at).ravel().tolist(), op.shape(data)
    if len(axes) != 1 or not -len(shape) <= axes[0] < len(shape):
        raise UnsupportedError(f" along the axes {axes} of {shape}", "one axis")
    axis, whole = axes[0] % len(shape), [range(size) for size in shape]
    equal = [shape[axis] // len(outputs)] * len(outputs)
    sizes = op.constant(1).ravel().tolist() if op.kind == "SPLIT_V" else equal
    if len(sizes) != len(outputs) or min(sizes) < 1 or sum(sizes) != shape[axis]:
        raise UnsupportedError(f" of {shape[axis]} into {len(outputs)} parts of {sizes}", "parts that make up the axis")
    place = outputs.index(op.output)
    whole[axis] = range(sum(sizes[:place]), sum(sizes[: place + 1]))
    return _part(replace(op, inputs=(op.inputs[data],)), whole)


def _part(op: TFLiteOperator, taken: Sequence[range], dropped: Collection[int] = ()) -> Slice | None:
    """The layer that takes those indices of each axis of its first input; None if these are all."""
    op.affine()
    shape, order, source = op.shape(), op.order(), op.flat()
    op.require_shape(*(len(indices) for axis, indices in enumerate(taken) if axis not in dropped))
    op.require_scale()
    cut = [axis for axis, indices in enumerate(taken) if len(indices) < shape[axis]]
    left = order
    for axis in cut:
        if len(order.axes[axis]) != 1:
            raise UnsupportedError(f" over {shape} behind a TRANSPOSE that moves values", CHANNELS_LAST)
        left = left.part(axis, len(taken[axis]))
    left = Order(tuple(factors for axis, factors in enumerate(left.axes) if axis not in dropped))
    if not cut:
        op.keep_view(left)
        return None
    if not left.plain:
        op.file.orders[op.output] = left
    parts = sorted(((order.axes[axis][0], taken[axis]) for axis in cut), key=lambda part: -part[0][1])
    elsewhere = UnsupportedError(f" of the axes {cut} of {shape}", TIME_OR_CHANNELS)
    (size, step), samples = parts[0]
    if size * step == source.channels:
        rows, channels, parts = Tensor(source.name, size, step), range(step), parts[1:]
    else:
        rows = Tensor(source.name, source.channels // (size * step), size * step)
        samples = range(rows.length)
    if parts:
        (size, step), indices = parts[0]
        if len(parts) > 1 or size * step != rows.channels:
            raise elsewhere
        if len(indices) > 1 and indices.step > 1:
            raise UnsupportedError(f" in steps of {indices.step} along the axes {cut} of {shape}", "a step of 1 there")
        channels = range(indices[0] * step, (indices[-1] + 1) * step)
    stride = samples.step if len(samples) > 1 else 1
    return Slice(op.name, rows, samples[0], len(samples), channels[0], len(channels), stride)
