"""The compiled front end, window by window."""

import ctypes
from pathlib import Path

import numpy as np

from scl.frontend.resampler import MAX_PHASE_TAPS


def c_inputs(library: Path, counts: np.ndarray, samples: int, channels: int) -> np.ndarray:
    """What it makes of counts (n, raw samples, axes), and the model's ring keeps: int8 (n, samples, channels)."""
    lib = ctypes.CDLL(str(library))
    config = ctypes.c_char.in_dll(lib, "scl_frontend_data")
    state, delay = (ctypes.c_uint64 * 256)(), (ctypes.c_float * (MAX_PHASE_TAPS * 6))()  # larger than what they hold
    lib.scl_frontend_init(state, ctypes.byref(config), delay)
    lib.scl_frontend_push.restype = ctypes.c_bool
    windows = []
    for window in counts:
        lib.scl_frontend_reset(state)
        rows = []
        for sample in np.ascontiguousarray(window):
            row = np.zeros(channels, np.int8)
            pointers = (array.ctypes.data_as(ctypes.c_void_p) for array in (sample, row))
            if lib.scl_frontend_push(state, *pointers):
                rows.append(row)
        windows.append(rows[-samples:])
    return np.array(windows)
