"""The C that answers heartbeats, called through ctypes."""

import ctypes

import numpy as np

from scl.frontend.beats import names

FEATURES, CAUSAL = len(names(True)), len(names(False))


class CBeat(ctypes.Structure):
    """scl_beat of beat_features.h."""

    _fields_ = [("at", ctypes.c_uint32), ("interval", ctypes.c_uint16), ("values", ctypes.c_float * FEATURES)]


def answered_beats(engine, uv, at, known, next_interval):
    """What scl_beat_features_push answers of microvolts (samples,) and given R peaks: at, answered, interval, values,
    as `scl.frontend.beats.Beats` has them.
    """
    state, beat = (ctypes.c_uint64 * 512)(), CBeat()  # 4 kB, the most that a board has for it
    engine.scl_beat_features_push.restype = ctypes.c_bool
    engine.scl_beat_features_reset(state, ctypes.c_bool(next_interval))
    news = dict(zip(np.asarray(known).tolist(), np.asarray(at).tolist(), strict=True))
    rows = []
    for n, sample in enumerate(np.asarray(uv).tolist()):
        ago = n - news[n] if n in news else 0
        arguments = (ctypes.c_int16(sample), ctypes.c_bool(n in news), ctypes.c_uint16(ago), ctypes.byref(beat))
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
