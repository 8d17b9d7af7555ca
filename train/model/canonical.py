"""Circular canonicalization: a window is rolled so that its largest excursion comes first, whatever the shift.

The rival of a learned invariance: a window and its circular shift become the same input, by construction. A window that
is cut later from the recording is not rolled but has lost and gained samples, which may hold a larger excursion.
"""

import torch
from torch import Tensor


def canonical(x: Tensor) -> Tensor:
    """Windows x (B, channels, samples), each rolled so that the sample farthest from zero, over all channels, is first;
    the earliest of several.
    """
    first = x.abs().amax(dim=1).argmax(dim=1, keepdim=True)
    index = (first + torch.arange(x.shape[2], device=x.device)) % x.shape[2]
    return x.gather(2, index[:, None].expand(x.shape))
