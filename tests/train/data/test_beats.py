"""Beats that the board finds, with annotated classes: matched one by one, copies aligned with them."""

import numpy as np
import pytest

from scl.frontend.beats import BeatSpec, features_at
from train.data import beat_copies, beats, ecg, synthetic
from train.data.recordings import Recordings
from train.transformations.disturbance import KINDS

SPEC = BeatSpec.of("features")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        whole = synthetic.DATA_SET.load(None, {})
        yield Recordings(**vars(whole) | {"blocks": whole.blocks[:3]})


def test_classes_are_those_of_the_nearest_annotated_beat(recordings: Recordings) -> None:
    found = beats.measured(recordings, SPEC)
    behind = ecg.prepared(recordings, 180.0)
    known = 0
    for block, annotated in zip(found.blocks, behind.blocks, strict=True):
        for at, label in block.beats.tolist():
            distance = np.abs(annotated.beats[:, 0] - at)
            if label >= 0:
                assert distance.min() <= 27 and annotated.beats[distance.argmin(), 1] == label
                known += 1
        matched = np.count_nonzero(block.beats[:, 1] >= 0)
        assert matched >= 0.9 * len(annotated.beats)
    assert known > 100


def test_windows_hold_beats_of_the_classes_with_a_copy_of_each_kind(recordings: Recordings) -> None:
    group = recordings.blocks[0].group
    windows = beats.windows(beats.versions(recordings, SPEC), (group,), ("N", "S", "V"))
    assert windows.x.shape[1:] == (len(SPEC.names), 1 + len(KINDS))
    assert set(windows.groups.tolist()) == {group} and set(windows.labels.tolist()) <= {0, 1, 2}
    found = beats.measured(recordings, SPEC).blocks[0]
    assert np.array_equal(windows.x[:, :, 0].T, found.x[:, np.isin(found.beats[:, 1], (0, 1, 2))])


def test_beats_at_annotated_peaks_are_those_and_keep_their_place_in_copies(recordings: Recordings) -> None:
    """Of any class; the values are those of the samples there, and a copy's those of the disturbed samples there."""
    spec = BeatSpec.of("waveform")
    found = beats.versions(recordings, spec, annotated=True)
    behind = ecg.prepared(recordings, 180.0)
    gained = ecg.prepared(beat_copies.disturbed(recordings, "gain"), 180.0)
    copy = 1 + KINDS.index("gain")
    for k, block in enumerate(found[0].blocks):
        annotated = behind.blocks[k].beats[np.argsort(behind.blocks[k].beats[:, 0])]
        kept = annotated[: len(block.beats)]  # the last may end behind the record
        assert len(annotated) - len(kept) <= 1 and np.array_equal(block.beats, kept)
        for of, signal in ((block, behind.blocks[k].x[0]), (found[copy].blocks[k], gained.blocks[k].x[0])):
            assert np.array_equal(of.x, features_at(signal, kept[:, 0], spec).values.T)
        assert not np.array_equal(block.x, found[copy].blocks[k].x)


def test_gain_leaves_the_features_but_height(recordings: Recordings) -> None:
    windows = beats.windows(beats.versions(recordings, SPEC), recordings.groups, ("N", "S", "V"))
    gain = 1 + KINDS.index("gain")
    interval = SPEC.names.index("interval")
    same = np.isclose(windows.x[:, interval, 0], windows.x[:, interval, gain], atol=0.02)
    assert same.mean() > 0.95
    height = SPEC.names.index("height")
    assert np.abs(windows.x[:, height, 0] - windows.x[:, height, gain]).mean() > 0.02
