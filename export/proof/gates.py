"""What an export must prove before it is written; anything less fails it with exit status 1.

The compiled C and LiteRT's reference kernels must equal TFLite Micro in every bit. ONNX Runtime and XNNPACK requantize
in floating point, which leaves one or two steps in some values. Two facts keep a plain "at most 2 steps, same class"
from saying anything about the file: where a window is constant the rounding differences of all its samples add up
(3 to 5 steps in some 0.01 % of values of wrist recordings), and where the two best logits are a step or two apart the
class is a tie that any rounding decides. So the limits are on shares, and the plain figures are reported beside them.

int8 may lose half a point against float, as a point estimate over all test windows.
"""

AGREEMENT_INPUTS = 500  # real windows, originals and transformed copies
MAX_STEPS = 2  # of int8, in ONNX Runtime and XNNPACK against TFLite Micro
MIN_WITHIN = 0.999  # share of output values that keep to MAX_STEPS
MIN_SAME_CLASS = 0.995  # share of equal classes among inputs whose two best logits are more than MAX_STEPS apart
MAX_LOSS = 0.5  # points of accuracy and of consistency, int8 against float


class ExportError(Exception):
    """The exported model does not do what it must; the message says where and by how much."""
