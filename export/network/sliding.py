"""How the 2-D operators of .tflite files slide over one axis of time.

Their input is (1, time, columns, channels), or (1, 1, time, channels). A kernel that is as wide as the columns ends
them; one that is a column wide goes over each of them alone. Since the columns of a sample stand side by side, both
are 1-D: over samples of all columns, or over every column of every sample in one row, in which a column's next sample
is as many values away as there are columns.
"""

from dataclasses import dataclass

from export.network.factors import UnsupportedError
from export.network.layers import Tensor
from export.network.tflite_operator import MOST_STEP, TFLiteOperator

ONE_AXIS = (
    "a kernel along one axis, time: sensors as channels, (1, 1, time, channels), or an input (1, time, sensors, "
    "channels) and a kernel one sensor wide, or with VALID padding as wide as all of them"
)


@dataclass(frozen=True)
class Slide:
    """The way of an operator's window.

    Args:
        name: of the tensor that it reads.
        length: samples of it, without padding.
        columns: of each sample.
        channels: of each column.
        wide: whether the window takes in all columns; else there is one, or it goes over each.
        kernel: samples; stride, dilation: likewise.
        same: whether SAME adds to the padding.
        padding: values before and after.
        axis: of time in the file's shape.
    """

    name: str
    length: int
    columns: int
    channels: int
    wide: bool
    kernel: int
    stride: int
    dilation: int
    same: bool
    padding: tuple[int, int]
    axis: int

    @property
    def each(self) -> bool:
        """Whether the window goes over each of several columns alone."""
        return self.columns > 1 and not self.wide

    def padded(self, unit: int) -> tuple[int, int]:
        """Padding in units of so many values."""
        return self.padding[0] // unit, self.padding[1] // unit

    @property
    def row(self) -> Tensor:
        """Samples of all columns."""
        return Tensor(self.name, self.length, self.columns * self.channels)

    @property
    def every(self) -> Tensor:
        """Every column of every sample."""
        return Tensor(self.name, self.length * self.columns, self.channels)

    def shape(self, length: int, channels: int) -> tuple[int, int, int, int]:
        """The file's shape of a result of so many samples."""
        columns = 1 if self.wide else self.columns
        return (1, length, columns, channels) if self.axis == 1 else (1, columns, length, channels)


def slide(op: TFLiteOperator, kernel: tuple[int, int], dilated: bool = True) -> Slide:
    """The way of a window of (height, width). Raises UnsupportedError if it is 2-D in truth."""
    shape, index = op.shape(), op.inputs[0]
    if len(shape) != 4:
        raise UnsupportedError(f" over {shape}", "a 4-D input (1, 1, time, channels)")
    if shape[0] != 1:
        raise UnsupportedError(f" over {shape}, a batch of {shape[0]}", "a batch of 1, as with Input(batch_size=1)")
    axis = 2 if shape[1] == kernel[0] == 1 else 1
    columns, across = (shape[2], kernel[1]) if axis == 1 else (1, 1)
    strides = op.pair("strideH", "strideW")
    dilation = op.pair("dilationHFactor", "dilationWFactor")[axis - 1] if dilated else 1
    pads = op.file.pads.get(index)
    wide = columns > 1 and across == columns and not op.same
    if not wide and (across > 1 or columns > 1 and strides[1] > 1):
        raise UnsupportedError(f" of a kernel {kernel} over {shape}", ONE_AXIS)
    if index not in op.file.names or not op.file.order(index).plain:
        op.source()  # says why not
    padding = (pads.before, pads.after) if pads else (0, 0)
    sample = columns * shape[3]
    if any(part % sample for part in padding):
        raise UnsupportedError(f" of {padding} padded values over {shape}", "a PAD of the axis of time")
    if max(padding) // sample > MOST_STEP:
        raise UnsupportedError(f" behind a PAD of {max(padding) // sample:,} samples", f"one of {MOST_STEP:,} at most")
    length = shape[axis] - sum(padding) // sample
    place = axis - 1
    return Slide(
        op.file.names[index], length, columns, shape[3], wide, kernel[place], strides[place], dilation, op.same,
        padding, axis,
    )  # fmt: skip
