"""The firmware's engine with the exported model, compiled for this machine and called through ctypes."""

import ctypes
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from export.network.layers import FEATURES, LOGITS
from scl import toolchain


class COp(ctypes.Structure):
    """scl_op of firmware/src/engine/network.h."""

    _fields_ = [
        ("run", ctypes.c_void_p),
        *((name, ctypes.c_uint16) for name in ("in_length", "in_channels", "out_length", "out_channels")),
        *((name, ctypes.c_uint16) for name in ("kernel", "stride", "dilation", "pad_left")),
        *((name, ctypes.c_int16) for name in ("in_zero_point", "second_zero_point")),
        *((name, ctypes.c_int16) for name in ("out_zero_point", "act_min", "act_max")),
        *((name, ctypes.c_uint32) for name in ("in_offset", "second_offset", "out_offset")),
        *((name, ctypes.POINTER(kind)) for name, kind in (("weights", ctypes.c_int8), ("bias", ctypes.c_int32))),
        *((name, ctypes.POINTER(kind)) for name, kind in (("multiplier", ctypes.c_int32), ("shift", ctypes.c_int8))),
        ("scratch_offset", ctypes.c_uint32),
    ]


class CNetwork(ctypes.Structure):
    """scl_network of firmware/src/engine/network.h."""

    _fields_ = [
        ("ops", ctypes.POINTER(COp)),
        *((name, ctypes.c_uint16) for name in ("op_count", "window", "channels", "features", "classes")),
        *((name, ctypes.c_uint32) for name in ("arena_bytes", "input_offset", "features_offset", "logits_offset")),
        ("hash", ctypes.POINTER(ctypes.c_uint8 * 32)),
        ("labels", ctypes.POINTER(ctypes.c_char_p)),
        ("thresholds", ctypes.POINTER(ctypes.c_int8)),
    ]


def build_library(c_folder: Path, out: Path) -> Path:
    """Compiles engine and model for this machine. Raises InputError if a tool is missing or the build fails."""
    return toolchain.build(c_folder, out, target="lib")


class CEngine:
    """The compiled model, run on int8 inputs."""

    def __init__(self, library: Path) -> None:
        self.library = ctypes.CDLL(str(library))
        self.model = CNetwork.in_dll(self.library, "scl_network_data")
        self.arena = np.zeros(self.model.arena_bytes, np.int8)

    def run(self, inputs: np.ndarray) -> dict[str, np.ndarray]:
        """Inputs int8 (n, samples, channels) -> {"features": int8 (n, F), "logits": int8 (n, classes)}."""
        model, n = self.model, len(inputs)
        outputs = {FEATURES: np.empty((n, model.features), np.int8), LOGITS: np.empty((n, model.classes), np.int8)}
        for row, x in enumerate(inputs):
            self._invoke(model, x)
            outputs[FEATURES][row] = self._at(model.features_offset, model.features)
            outputs[LOGITS][row] = self._at(model.logits_offset, model.classes)
        return outputs

    def stream(self, samples: np.ndarray) -> dict[str, np.ndarray]:
        """Samples int8 (hops * hop, channels), of which columns are kept from hop to hop -> outputs after each hop, as
        `run` gives them. They are those of a window once that many samples have been taken.
        """
        step = CNetwork.in_dll(self.library, "scl_stream_data")
        arena = np.full(step.arena_bytes, 99, np.int8)  # what was there before must not matter
        outputs: dict[str, list[np.ndarray]] = {FEATURES: [], LOGITS: []}
        for hop in samples.reshape(-1, step.window * step.channels):
            arena[step.input_offset :][: hop.size] = hop
            self.library.scl_network_run(ctypes.byref(step), arena.ctypes.data_as(ctypes.c_void_p))
            outputs[FEATURES].append(arena[step.features_offset :][: step.features].copy())
            outputs[LOGITS].append(arena[step.logits_offset :][: step.classes].copy())
        return {name: np.array(values) for name, values in outputs.items()}

    def tensors(self, x: np.ndarray) -> list[np.ndarray]:
        """What each operator wrote for one input (samples, channels), flat, before a later one reuses its place."""
        values = []
        for count in range(1, self.model.op_count + 1):
            first = CNetwork.from_buffer_copy(self.model)
            first.op_count = count
            self._invoke(first, x)
            op = self.model.ops[count - 1]
            values.append(self._at(op.out_offset, op.out_length * op.out_channels).copy())
        return values

    def outputs(self, x: np.ndarray, operators: Sequence[int]) -> list[np.ndarray]:
        """What the results of some operators hold, flat, after the whole network has run on one input."""
        self._invoke(self.model, x)
        ops = [self.model.ops[index] for index in operators]
        return [self._at(op.out_offset, op.out_length * op.out_channels).copy() for op in ops]

    def layer(self, index: int, inputs: Sequence[np.ndarray]) -> np.ndarray:
        """What operator `index` alone makes of its inputs, int8 and flat."""
        op, one = self.model.ops[index], CNetwork.from_buffer_copy(self.model)
        one.ops, one.op_count = ctypes.pointer(op), 1
        # A concatenation alone has a bias and nothing else: where each of its parts begins.
        parts = op.bias[: 2 * len(inputs) : 2] if op.bias and not op.multiplier else (op.in_offset, op.second_offset)
        for offset, x in zip(parts, inputs, strict=False):
            self._at(offset, x.size)[:] = x
        self.library.scl_network_run(ctypes.byref(one), self.arena.ctypes.data_as(ctypes.c_void_p))
        return self._at(op.out_offset, op.out_length * op.out_channels)

    def _invoke(self, model: CNetwork, x: np.ndarray) -> None:
        self._at(model.input_offset, x.size)[:] = x.ravel()
        self.library.scl_network_run(ctypes.byref(model), self.arena.ctypes.data_as(ctypes.c_void_p))

    def _at(self, offset: int, size: int) -> np.ndarray:
        return self.arena[offset : offset + size]
