"""Activation ranges of a network from outside, from windows that its user hands over."""

import numpy as np

from calibration.ranges import activation_range
from export.golden.choice import spread
from export.network.float_run import run_float
from export.network.layers import LOGITS, Network
from export.network.pointwise import Softmax
from scl.artifacts import InputError

MOST_VALUES = 1 << 26  # of all tensors over all windows, 256 MiB
METHOD = "percentile"


def tensor_ranges(network: Network, windows: np.ndarray, classes: bool, where: str) -> dict[str, tuple[float, float]]:
    """The range of every tensor over windows float32 (n, channels, samples), 0 inside.

    Args:
        classes: whether the outputs are classes, of which the two best decide: lower logits may saturate.

    Raises InputError if a tensor is zero for all windows, or not finite.
    """
    values = sum(tensor.size for tensor in network.tensors.values())
    chosen = windows[spread(len(windows), max(MOST_VALUES // values, 1))]
    if not chosen.any():
        raise InputError(f"{where}: the windows are all zero, expected recorded ones; check what was saved")
    tensors = run_float(network, chosen.transpose(0, 2, 1))
    logits = tensors[LOGITS].reshape(len(chosen), -1)
    if classes and logits.shape[1] > 2 and not isinstance(network.layers[-1], Softmax):
        tensors[LOGITS] = np.sort(logits, axis=1)[:, -2:]
    found = {}
    for name, held in tensors.items():
        try:
            found[name] = activation_range(held, METHOD)
        except InputError as error:
            raise InputError(f"{where}: tensor {name}: {error}") from error
    return found
