"""The compiled front end, window by window."""

import ctypes
from pathlib import Path

import numpy as np


def c_inputs(library: Path, counts: np.ndarray, samples: int, channels: int) -> np.ndarray:
    """What it makes of counts (n, raw samples, axes), and the model's ring keeps: int8 (n, samples, channels)."""
    lib = ctypes.CDLL(str(library))
    config = ctypes.c_char.in_dll(lib, "scl_frontend_data")
    state = (ctypes.c_uint64 * 8192)()  # larger than scl_frontend
    lib.scl_frontend_init(state, ctypes.byref(config))
    lib.scl_frontend_push.restype = ctypes.c_uint8
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
