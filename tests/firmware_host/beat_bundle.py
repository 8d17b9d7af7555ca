"""A small bundle of heartbeats on the disk: two recordings with their golden beats, and annotations of them."""

from dataclasses import astuple
from pathlib import Path

import numpy as np

from firmware_host.messages import ABSTAIN
from scl.artifacts.bundle import write_manifest
from scl.artifacts.golden_beats import GoldenBeats, write_golden_beats
from tests.firmware.beat_model import BeatModel, recording

RECORDS = (100, 232)


def write_bundle(folder: Path, minutes: float = 0.4) -> tuple[BeatModel, GoldenBeats]:
    """Into `folder`; the annotations are the golden answers, but for the first one of each recording."""
    counts = [recording(minutes, seed) for seed in (7, 8)]
    model = BeatModel.of(counts[0], "causal")
    golden = golden_beats(model, counts)
    (folder / "c").mkdir(parents=True)
    model.write(folder / "c")
    write_golden_beats(folder, golden)
    write_manifest(folder, model.manifest(folder))
    return model, golden


def golden_beats(model: BeatModel, counts: list[np.ndarray]) -> GoldenBeats:
    answers = [model.expected(each) for each in counts]
    beats = [beat for records in answers for beat in records]
    stretch = np.repeat([0, 1], [len(records) for records in answers])
    truth = np.array([beat.predicted if beat.predicted != ABSTAIN else 4 for beat in beats], np.uint8)
    truth[np.searchsorted(stretch, [0, 1])] = 3  # a fusion beat
    return GoldenBeats(
        counts=np.concatenate(counts),
        lengths=np.array([len(each) for each in counts]),
        groups=np.array(RECORDS),
        stretch=stretch,
        sample=np.array([beat.sample for beat in beats]),
        end=np.array([beat.end for beat in beats]),
        interval=np.array([beat.interval for beat in beats]),
        flags=np.array([beat.flags for beat in beats], np.uint8),
        inputs=np.stack([beat.inputs for beat in beats]),
        features=np.stack([beat.features for beat in beats]),
        logits=np.stack([beat.logits for beat in beats]),
        rhythm=np.array([astuple(beat.rhythm) for beat in beats]),
        truth_stretch=stretch,
        truth_sample=np.array([beat.sample for beat in beats]),
        truth_class=truth,
        flutter_stretch=np.zeros(0, np.int64),
        flutter_first=np.zeros(0, np.int64),
        flutter_last=np.zeros(0, np.int64),
    )
