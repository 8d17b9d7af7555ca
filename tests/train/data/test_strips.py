"""Strips by the beats in them: labels as the windows of strips have them, answers and deciding beats one by one."""

from dataclasses import replace

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.frontend.beats import BeatSpec
from train.data import beats, ecg, strips, synthetic
from train.data.recordings import Recordings

SPEC = BeatSpec.of("features")


@pytest.fixture(scope="module")
def recordings(tmp_path_factory: pytest.TempPathFactory) -> Recordings:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SCL_CACHE_DIR", str(tmp_path_factory.mktemp("cache")))
        yield synthetic.load(records=3, minutes=1.5)


def test_labels_are_those_of_windows_cut_from_the_same_places(recordings: Recordings) -> None:
    groups = [block.group for block in recordings.blocks[1:]]
    found = strips.strips(recordings, SPEC, groups)
    shift = ecg.shift_for("strip", recordings, 180.0)
    windows = ecg.strips(ecg.prepared(recordings, 180.0), groups, shift, 10.0)
    assert np.array_equal(found.groups, windows.groups) and found.later == tuple(range(0, 301, 30))
    assert np.array_equal(found.labels, windows.labels_at[:, [0, *shift.grid(10)]].T)


def test_answers_are_those_of_the_beats_inside(recordings: Recordings) -> None:
    groups = [block.group for block in recordings.blocks]
    found = strips.strips(recordings, SPEC, groups)
    at = np.concatenate([block.beats[:, 0] for block in beats.measured(recordings, SPEC).blocks])
    owner = np.concatenate([np.full(len(b.beats), b.group) for b in beats.measured(recordings, SPEC).blocks])
    logits = np.random.default_rng(0).normal(size=(len(at), 3))
    classes, answers, deciding = logits.argmax(axis=1), found.answers(logits.argmax(axis=1)), found.deciding(logits)
    first = {group: found.groups.tolist().index(group) for group in groups}
    for shift in (0, 3, 10):
        for strip, group in enumerate(found.groups.tolist()):
            start = (strip - first[group]) * 1800 + 15 * shift
            inside = np.flatnonzero((owner == group) & (at >= start) & (at < start + 1800))
            due = max(inside, key=lambda beat: (classes[beat], logits[beat].max()))
            assert answers[shift, strip] == classes[inside].max() == classes[due]
            assert deciding[shift, strip] == due


def test_a_strip_without_a_beat_has_no_answer() -> None:
    empty = strips.Strips(
        np.zeros((2, 29, 1)), np.array([[[0, 2], [2, 2]]]), np.zeros((1, 2), int), np.zeros(2, int), (0,)
    )
    logits = np.array([[0.0, 1.0], [3.0, 1.0]])
    assert empty.answers(np.array([1, 0])).tolist() == [[1, -1]] and empty.deciding(logits).tolist() == [[0, -1]]
    assert empty.take(np.array([1])).answers(np.array([1, 0])).tolist() == [[-1]]


def test_what_cannot_be_measured(recordings: Recordings) -> None:
    assert strips.not_measurable(recordings) is None
    assert "128 Hz cannot be brought to the 180 Hz" in str(strips.not_measurable(replace(recordings, rate_hz=128.0)))
    labelled = replace(recordings, blocks=tuple(replace(block, label=0) for block in recordings.blocks))
    assert "no beats of N, S or V are annotated" in str(strips.not_measurable(labelled))
    with pytest.raises(InputError, match="no annotated beats of N, S, V or F; give recordings that have"):
        strips.strips(labelled, SPEC, [0])
    short = replace(
        recordings,
        sha256="0" * 64,
        blocks=tuple(replace(b, x=b.x[:, :3600], beats=b.beats[b.beats[:, 0] < 3600]) for b in recordings.blocks),
    )
    with pytest.raises(InputError, match="no strip of 10 s .* give longer recordings, or --input raw"):
        strips.strips(short, SPEC, [0, 1, 2])
