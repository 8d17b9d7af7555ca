"""Circular canonicalization: a window is rolled so that its largest excursion comes first, whatever the shift.

The rival of a learned invariance: a window and its circular shift become the same input, by construction. A window that
is cut later from the recording is not rolled but has lost and gained samples, which may hold a larger excursion.
"""

from torch import Tensor

from scl.transforms import roll


def canonical(x: Tensor) -> Tensor:
    """Windows x (B, channels, samples), each rolled so that the sample farthest from zero, over all channels, is first;
    the earliest of several.
    """
    rolled: Tensor = roll(x, -x.abs().amax(dim=1).argmax(dim=1))
    return rolled
