"""A bundle of heartbeats that can be built, with two recordings, and what a board has to say of any counts."""

from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from firmware_host.beats import BeatRecord
from scl.artifacts.bundle import Bundle, read_run_bundle, write_manifest
from scl.artifacts.golden_beats import GoldenBeats, write_golden_beats
from scl.artifacts.manifest import Manifest
from tests.firmware.beat_model import BeatModel, recording

V = 2
MINUTES = 0.7, 0.4


@dataclass(frozen=True)
class HeartBundle:
    """A bundle, its model, and of each recording counts and beats as recorded."""

    bundle: Bundle[Manifest]
    model: BeatModel
    counts: list[np.ndarray]
    beats: list[list[BeatRecord]]


def write_heart_bundle(folder: Path) -> HeartBundle:
    """Annotated are all beats 3 samples late; of the first recording beat 4 is not, beat 6 is a fusion beat, beat 8 is
    called V where the board does not, and there is one more, far from all others.
    """
    (folder / "c").mkdir(parents=True)
    counts = [recording(minutes, seed) for seed, minutes in enumerate(MINUTES, 7)]
    model = BeatModel.of(counts[0], "causal")
    beats = [model.expected(part) for part in counts]
    model.write(folder / "c")
    truth = [
        (stretch, beat.sample + 3, min(beat.predicted, 2))
        for stretch, part in enumerate(beats)
        for beat in part
        if (stretch, beat.number) != (0, 4)
    ]
    truth[5] = *truth[5][:2], 3
    truth[7] = *truth[7][:2], V if beats[0][8].predicted != V else 0
    quiet = (beats[0][9].sample + beats[0][10].sample) // 2
    truth = sorted([*truth, (0, quiet, 0)])
    rows = [(stretch, beat) for stretch, part in enumerate(beats) for beat in part]
    write_golden_beats(
        folder,
        GoldenBeats(
            counts=np.concatenate(counts),
            lengths=np.array([len(part) for part in counts]),
            groups=np.array([100, 232]),
            stretch=np.array([stretch for stretch, _ in rows]),
            **{
                name: np.array([getattr(beat, name) for _, beat in rows], np.int64)
                for name in ("sample", "end", "interval")
            },
            flags=np.array([beat.flags for _, beat in rows], np.uint8),
            **{name: np.array([getattr(beat, name) for _, beat in rows]) for name in ("inputs", "features", "logits")},
            rhythm=np.array([astuple(beat.rhythm) for _, beat in rows], np.int64),
            truth_stretch=np.array([one[0] for one in truth]),
            truth_sample=np.array([one[1] for one in truth]),
            truth_class=np.array([one[2] for one in truth], np.uint8),
            **{name: np.zeros(0, np.int64) for name in ("flutter_stretch", "flutter_first", "flutter_last")},
        ),
    )
    manifest = model.manifest(folder)
    write_manifest(folder, manifest)
    return HeartBundle(read_run_bundle(folder), model, counts, beats)
