"""The C that answers heartbeats, called through ctypes."""

import ctypes

import numpy as np

from scl.frontend.beats import names

FEATURES, CAUSAL = len(names(True)), len(names(False))


class CBeat(ctypes.Structure):
    """scl_beat of beat_features.h."""

    _fields_ = [("at", ctypes.c_uint32), ("interval", ctypes.c_uint16), ("values", ctypes.c_float * FEATURES)]


class CRing(ctypes.Structure):
    """scl_signal_ring of signal_ring.h, whose functions are inline."""

    _fields_ = [("count", ctypes.c_uint32), ("uv", ctypes.c_int16 * 512)]

    def push(self, uv: int) -> None:
        if self.count == 0:
            self.uv[:] = [uv] * 512
        self.uv[self.count % 512] = uv
        self.count += 1


def found_beats(engine, signal, off, next_interval, corrected=False):
    """What scl_beats_push answers of mV (samples,) float32 and bool (samples,): as `answered_beats`."""
    state, beat = (ctypes.c_uint64 * 512)(), CBeat()  # 4 kB, the most that a board has for it
    engine.scl_beats_push.restype = ctypes.c_bool
    engine.scl_beats_reset(state, ctypes.c_bool(next_interval), ctypes.c_bool(corrected))
    rows = []
    for n, (sample, lead_off) in enumerate(zip(signal.tolist(), off.tolist(), strict=True)):
        if engine.scl_beats_push(state, ctypes.c_float(sample), ctypes.c_bool(lead_off), ctypes.byref(beat)):
            rows.append((beat.at, n, beat.interval, list(beat.values)[: FEATURES if next_interval else CAUSAL]))
    return [np.array([row[k] for row in rows]) for k in range(4)]


def answered_beats(engine, uv, at, known, next_interval, corrected=False):
    """What scl_beat_features_push answers of microvolts (samples,) and given R peaks: at, answered, interval, values,
    as `scl.frontend.beats.Beats` has them.
    """
    state, beat, ring = (ctypes.c_uint64 * 400)(), CBeat(), CRing(0)
    engine.scl_beat_features_push.restype = ctypes.c_bool
    engine.scl_beat_features_reset(state, ctypes.c_bool(next_interval), ctypes.c_bool(corrected))
    news = dict(zip(np.asarray(known).tolist(), np.asarray(at).tolist(), strict=True))
    rows = []
    for n, sample in enumerate(np.asarray(uv).tolist()):
        ring.push(sample)
        ago = n - news[n] if n in news else 0
        arguments = (ctypes.byref(ring), ctypes.c_bool(n in news), ctypes.c_uint16(ago), ctypes.byref(beat))
        if engine.scl_beat_features_push(state, *arguments):
            rows.append((beat.at, n, beat.interval, list(beat.values)[: FEATURES if next_interval else CAUSAL]))
    return [np.array([row[k] for row in rows]) for k in range(4)]


def assert_same(answered, beats):
    """Every beat, sample, interval and value of C is numpy's."""
    at, pushes, interval, values = answered
    assert at.tolist() == beats.at.tolist()
    assert pushes.tolist() == beats.answered.tolist()
    assert interval.tolist() == beats.interval.tolist()
    np.testing.assert_array_equal(values.astype(np.float32).reshape(beats.values.shape), beats.values)
