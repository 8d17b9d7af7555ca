"""Along which axis an ONNX kernel slides, and what stands beside it: a 2-D convolution or pool that is 1-D in truth."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from export.network.factors import UnsupportedError
from export.network.onnx_operator import OnnxOperator
from export.network.tflite_operator import MOST_STEP

TRUE_2D = "a kernel of 1 along one of the two axes, or one that spans it: reshape the window to one axis of time"


@dataclass(frozen=True, eq=False)
class Sliding:
    """A kernel of one axis over a value of one or two.

    Args:
        positions: (channels, others, samples); others are the other axis, 1 long if there is none.
        axes: of the value, 1 or 2; the kernel slides along number `axis` of them.
    """

    positions: np.ndarray
    kernel: int
    stride: int
    dilation: int
    pads: tuple[int, int]
    axis: int
    axes: int

    @property
    def span(self) -> int:
        return (self.kernel - 1) * self.dilation + 1

    def shaped(self, positions: np.ndarray) -> np.ndarray:
        """Positions (channels, others, samples) of the result in the value's axes, batch first."""
        if self.axes == 1:
            return positions[:, 0][None]
        return positions[None] if self.axis == 1 else positions.transpose(0, 2, 1)[None]


def sliding(op: OnnxOperator, kernel: Sequence[int]) -> tuple[Sliding, int]:
    """How a kernel slides over the operator's input, and which of the kernel's taps along the other axis counts.

    Raises UnsupportedError for a kernel of two dimensions, or attributes that do not fit it.
    """
    positions = op.view().positions
    axes = len(kernel)
    if positions.ndim != axes + 2 or axes not in (1, 2) or positions.shape[0] != 1:
        raise UnsupportedError(f" of {axes} axes over {list(positions.shape)}", "a 1-D one over (1, channels, samples)")
    strides = op.attribute("strides", [1] * axes)
    dilations = op.attribute("dilations", [1] * axes)
    steps = [*strides, *dilations, *kernel]
    if not len(strides) == len(dilations) == axes or not 1 <= min(steps) <= max(steps) <= MOST_STEP:
        raise UnsupportedError(
            f" with strides {strides}, dilations {dilations} and a kernel of {list(kernel)}",
            f"1 to {MOST_STEP} of each",
        )
    sizes = positions.shape[2:]
    around = [_pads(op, i, sizes[i], (kernel[i] - 1) * dilations[i] + 1, strides[i], axes) for i in range(axes)]
    positions = positions[0]
    if axes == 1:
        return Sliding(positions[:, None], kernel[0], strides[0], dilations[0], around[0], 0, 1), 0
    axis = _time(positions)
    other = 1 - axis
    tap = around[other][0] // dilations[other]  # the one that meets an axis of length 1
    one = sizes[other] == 1 and tap * dilations[other] == around[other][0] and tap < kernel[other]
    beside = (
        kernel[other] in (1, sizes[other]) and around[other] == (0, 0) and (strides[other] == 1 or kernel[other] > 1)
    )
    if not one and not beside:
        raise UnsupportedError(f" with a kernel of {list(kernel)} over {list(sizes)}", TRUE_2D)
    positions = positions if axis == 1 else positions.transpose(0, 2, 1)
    return Sliding(positions, kernel[axis], strides[axis], dilations[axis], around[axis], axis, 2), tap


def _time(positions: np.ndarray) -> int:
    """Which axis of positions (channels, height, width) is time: tensors are time-major, so its steps are largest."""
    steps = [int(np.abs(np.diff(positions, axis=axis)).max(initial=0)) for axis in (1, 2)]
    return int(steps[1] >= steps[0])


def _pads(op: OnnxOperator, axis: int, length: int, span: int, stride: int, axes: int) -> tuple[int, int]:
    """Zeros before and after along an axis, as `auto_pad`, `pads` and `ceil_mode` say."""
    mode, pads = op.attribute("auto_pad", "NOTSET"), op.attribute("pads", [0] * 2 * axes)
    if mode in ("SAME_UPPER", "SAME_LOWER"):
        total = max((-(-length // stride) - 1) * stride + span - length, 0)
        less, more = total // 2, total - total // 2
        return (less, more) if mode == "SAME_UPPER" else (more, less)
    if mode == "VALID":
        return 0, 0
    if mode != "NOTSET" or len(pads) != 2 * axes or not 0 <= min(pads) <= max(pads) <= MOST_STEP:
        raise UnsupportedError(f" with padding {mode} {pads}", "two numbers for each axis, SAME or VALID")
    before, after = pads[axis], pads[axis + axes]
    over = (length + before + after - span) % stride
    if op.attribute("ceil_mode", 0) and over and length + before + after >= span:
        more = stride - over
        # A last window that would begin in the padding is left out.
        begins = length + before + after - over - span + stride
        after += more if begins < length + before else 0
    return before, after
