"""The last step of the front end: normalization, and the network's int8 input."""

from collections.abc import Sequence

import numpy as np

BEYOND = 512  # steps, on either side: more than any zero point takes back


def quantized(
    x: np.ndarray, mean: Sequence[float], std: Sequence[float], inv_input_scale: float, input_zero_point: int
) -> np.ndarray:
    """Samples x (n, samples, inputs) float32 to int8, each operation one single-precision rounding; half to even.

    Args:
        mean, std: (inputs,) that are taken off and divided by; the division is a product with the rounded inverse.
        inv_input_scale: steps of the input in one standard deviation.

    Examples:
        >>> quantized(np.array([[[1.0], [3.0], [99.0]]], np.float32), [1.0], [2.0], 30.0, -5).tolist()
        [[[-5], [25], [127]]]
    """
    normalized = (x - np.asarray(mean, np.float32)) * (np.float32(1) / np.asarray(std, np.float32))
    steps = np.clip(normalized * np.float32(inv_input_scale), np.float32(-BEYOND), np.float32(BEYOND))
    return np.asarray(np.clip(np.rint(steps).astype(np.int32) + input_zero_point, -128, 127), np.int8)
