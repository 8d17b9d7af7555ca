"""Beats that the board finds, with annotated classes: matched one by one, copies aligned with them."""

from dataclasses import replace

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.ec57.matching import match, match_window
from scl.frontend.beats import BeatSpec, features_at, find
from train.data import beat_copies, beats, ecg, synthetic
from train.data.recordings import Recordings
from train.transformations.disturbance import INVERTED, KINDS, OTHER_LEAD

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


def test_measuring_is_announced_once(recordings: Recordings, monkeypatch, tmp_path, capsys) -> None:
    """With what is measured and the time left; what the cache holds is measured no more, and not announced."""
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path))
    beats.measured(recordings, SPEC, "gain")
    first = [line.split(" ...")[0] for line in capsys.readouterr().err.splitlines()]
    assert first == [f"step 1 of 1: measure the {what}" for what in ("copies: gain", "beats as recorded")]
    beats.versions(recordings, SPEC, ("gain", INVERTED))
    (line,) = capsys.readouterr().err.splitlines()
    assert line == f"step 3 of 3: measure the copies: {INVERTED} ..."
    beats.versions(recordings, SPEC, ("gain", INVERTED))
    assert capsys.readouterr().err == ""


def test_gain_leaves_the_features_but_height(recordings: Recordings) -> None:
    windows = beats.windows(beats.versions(recordings, SPEC), recordings.groups, ("N", "S", "V"))
    gain = 1 + KINDS.index("gain")
    interval = SPEC.names.index("interval")
    same = np.isclose(windows.x[:, interval, 0], windows.x[:, interval, gain], atol=0.02)
    assert same.mean() > 0.95
    height = SPEC.names.index("height")
    assert np.abs(windows.x[:, height, 0] - windows.x[:, height, gain]).mean() > 0.02


def expected_copies(recordings: Recordings, others: Recordings) -> list[np.ndarray]:
    """Of each block the features of its beats as they are in other recordings of the same length, beat by beat; those
    that are not there as recorded.
    """
    expected = []
    for block, other in zip(beats.measured(recordings, SPEC).blocks, ecg.unkept(others, 180.0).blocks, strict=True):
        again = find(other.x[0], np.zeros(other.x.shape[1], bool), SPEC)
        pairs = match(block.beats[:, 0], again.at, match_window(180.0)).tolist()
        rows = [block.x[:, i] if k < 0 else again.values[k] for i, k in enumerate(pairs)]
        expected.append(np.stack(rows, axis=1))
    return expected


def test_inverted_copies_are_beats_of_the_recording_turned_round(recordings: Recordings) -> None:
    turned = replace(recordings, blocks=tuple(replace(b, x=-b.x) for b in recordings.blocks))
    copies = beats.measured(recordings, SPEC, INVERTED)
    for block, expected in zip(copies.blocks, expected_copies(recordings, turned), strict=True):
        np.testing.assert_array_equal(block.x, expected)
    place = SPEC.names.index("upright_t")
    plain = beats.measured(recordings, SPEC)
    signs = [np.sign(r.blocks[0].x[place]).mean() for r in (plain, copies)]
    assert signs[0] > 0.9 and signs[1] < -0.9


def test_copies_in_the_other_lead(recordings: Recordings) -> None:
    """The other lead here: half as large, and turned round in the middle of each record."""
    halves = (np.where(np.arange(b.x.shape[1]) < b.x.shape[1] // 2, 0.5, -0.5) for b in recordings.blocks)
    blocks = tuple(replace(b, x=(b.x * h).astype(np.float32)) for b, h in zip(recordings.blocks, halves, strict=True))
    other = replace(recordings, blocks=blocks, sha256="11" * 32)
    both = replace(recordings, other_lead=other)
    copies = beats.versions(both, SPEC, (*KINDS, OTHER_LEAD))
    assert len(copies) == 2 + len(KINDS)
    for block, expected in zip(copies[-1].blocks, expected_copies(recordings, other), strict=True):
        np.testing.assert_array_equal(block.x, expected)
    assert beats.windows(copies, recordings.groups, ("N", "S", "V")).x.shape[2] == 2 + len(KINDS)


def test_copies_in_a_lead_that_is_not_there(recordings: Recordings) -> None:
    with pytest.raises(InputError, match="one lead of each record is read, .*; leave lead out, as with --against inv"):
        beats.versions(recordings, SPEC, (*KINDS, OTHER_LEAD))
    shorter = replace(recordings, blocks=recordings.blocks[:2])
    with pytest.raises(InputError, match="different stretches of valid samples, expected the same; leave lead out"):
        beats.versions(replace(recordings, other_lead=shorter), SPEC, (*KINDS, OTHER_LEAD))
