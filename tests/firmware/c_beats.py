"""The C that answers heartbeats, called through ctypes."""

import ctypes

import numpy as np

from scl.frontend.beats import BeatSpec


class CBeat(ctypes.Structure):
    """scl_beat of beat_features.h."""

    _fields_ = [("at", ctypes.c_uint32), ("interval", ctypes.c_uint16), ("values", ctypes.POINTER(ctypes.c_float))]


class CBeatCut(ctypes.Structure):
    """scl_beat_cut of beat_features.h."""

    _fields_ = [("uv", ctypes.c_int16 * 83), ("usual_size", ctypes.c_int32), ("sign", ctypes.c_int8)]


class Answered:
    """What a function of C answers of a spec, beat by beat, in memory of the least size that it may have."""

    def __init__(self, spec: BeatSpec) -> None:
        self.values = (ctypes.c_float * len(spec.names))()
        self.beat = CBeat(values=self.values)
        self.cut = CBeatCut() if spec.samples else None
        self.features = ctypes.c_uint8(len(spec.names) - spec.samples)
        self.corrected = ctypes.c_bool(spec.polarity_corrected)
        self.rows: list[tuple] = []

    def reset(self, function, state) -> None:
        function(state, self.features, ctypes.byref(self.cut) if self.cut else None, self.corrected)

    def take(self, push: int) -> None:
        self.rows.append((self.beat.at, push, self.beat.interval, list(self.values)))

    def arrays(self) -> list[np.ndarray]:
        return [np.array([row[k] for row in self.rows]) for k in range(4)]


class CRing(ctypes.Structure):
    """scl_signal_ring of signal_ring.h, whose functions are inline."""

    _fields_ = [("count", ctypes.c_uint32), ("uv", ctypes.c_int16 * 512)]

    def push(self, uv: int) -> None:
        if self.count == 0:
            self.uv[:] = [uv] * 512
        self.uv[self.count % 512] = uv
        self.count += 1


def found_beats(engine, signal, off, spec):
    """What scl_beats_push answers of mV (samples,) float32 and bool (samples,): as `answered_beats`."""
    state, answered = (ctypes.c_uint64 * 512)(), Answered(spec)  # 4 kB, the most that a board has for it
    engine.scl_beats_push.restype = ctypes.c_bool
    answered.reset(engine.scl_beats_reset, state)
    for n, (sample, lead_off) in enumerate(zip(signal.tolist(), off.tolist(), strict=True)):
        if engine.scl_beats_push(state, ctypes.c_float(sample), ctypes.c_bool(lead_off), ctypes.byref(answered.beat)):
            answered.take(n)
    return answered.arrays()


def answered_beats(engine, uv, at, known, spec):
    """What scl_beat_features_push answers of microvolts (samples,) and given R peaks: at, answered, interval, values,
    as `scl.frontend.beats.Beats` has them.
    """
    state, answered, ring = (ctypes.c_uint64 * 400)(), Answered(spec), CRing(0)
    engine.scl_beat_features_push.restype = ctypes.c_bool
    answered.reset(engine.scl_beat_features_reset, state)
    news = dict(zip(np.asarray(known).tolist(), np.asarray(at).tolist(), strict=True))
    for n, sample in enumerate(np.asarray(uv).tolist()):
        ring.push(sample)
        ago = n - news[n] if n in news else 0
        arguments = (ctypes.byref(ring), ctypes.c_bool(n in news), ctypes.c_uint16(ago), ctypes.byref(answered.beat))
        if engine.scl_beat_features_push(state, *arguments):
            answered.take(n)
    return answered.arrays()


def assert_same(answered, beats):
    """Every beat, sample, interval and value of C is numpy's."""
    at, pushes, interval, values = answered
    assert at.tolist() == beats.at.tolist()
    assert pushes.tolist() == beats.answered.tolist()
    assert interval.tolist() == beats.interval.tolist()
    np.testing.assert_array_equal(values.astype(np.float32).reshape(beats.values.shape), beats.values)
