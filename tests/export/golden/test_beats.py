"""Recordings as they travel with a bundle: annotated beats and flutter, in samples of the sensor."""

from dataclasses import replace

import numpy as np

from export.golden.beats import EvaluatedBeats, played
from tests.firmware.beat_model import LABELS, SENSOR, BeatModel, recording
from train.data.recordings import Block, Recordings, WindowSet

COUNTS = recording(0.4)


def recordings(rate_hz: float) -> Recordings:
    x = (COUNTS[:, 0] / 200 - 5.12).astype(np.float32)[None]
    beats = np.array([[300, 0], [700, 2], [1000, 1], [1999, 0], [2000, 0]])
    block = Block(7, -1, x, beats, np.array([[650, 1000], [2000, 2400]]))
    labels = ("N", "S", "V", "F", "Q")
    return Recordings("made-up", rate_hz, 10.0, ("ecg",), ("mV",), (("ecg", (0,)),), labels, (block,), "0" * 64)


def test_flutter_travels_and_beats_within_do_not() -> None:
    model = BeatModel.of(COUNTS, "causal")
    (part,) = played(recordings(SENSOR.rate_hz), (7,), model.spec)
    assert part.flutter.tolist() == [[650, 1000], [2000, 2400]]
    assert part.annotated.tolist() == [[300, 0], [1999, 0]]
    (scaled,) = played(recordings(SENSOR.rate_hz / 2), (7,), model.spec)
    assert scaled.flutter.tolist() == [[1300, 2000], [4000, 4800]]


def test_the_golden_set_has_it_by_stretch() -> None:
    model = BeatModel.of(COUNTS, "causal")
    (part,) = played(recordings(SENSOR.rate_hz), (7,), model.spec)
    parts = (replace(part, flutter=part.flutter[:0]), part)
    beats = sum(len(one.found.at) for one in parts)
    empty = WindowSet(np.zeros((0, 1, 1), np.float32), np.zeros(0, np.int64), np.zeros(0, np.int64))
    outputs = {"logits": np.zeros((beats, len(LABELS)), np.int8), "features": np.zeros((beats, 5), np.int8)}
    golden = EvaluatedBeats(empty, model.spec, parts).golden(outputs)
    assert golden.flutter(0).tolist() == [] and golden.flutter(1).tolist() == [[650, 1000], [2000, 2400]]
