"""Strips and beats against slow loops over annotations; the front end of whole records against cuts."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from scl.artifacts.run import Split
from scl.frontend.chain import FrontEnd
from tests.scl.frontend.designs import front_end_spec
from tests.train.data.beats import LABELS, SHIFT, recordings
from train.data import ecg, synthetic
from train.data.recordings import Block, Recordings
from train.transformations import Shift


def severity(block: Block, start: int, samples: int) -> int:
    """The worst of N, S, V and F in a window, beat by beat; Q says nothing."""
    worst = -1
    for time, number in block.beats:
        if start <= time < start + samples:
            worst = max(worst, {"N": 0, "S": 1, "V": 2, "F": 2, "Q": -1}[LABELS[number]])
    return worst


def test_a_strips_label_is_its_worst_beat_under_every_shift() -> None:
    data = recordings()
    found = ecg.strips(data, [1, 3], SHIFT, hop_s=3.0)
    expected = []
    for index, block in enumerate(data.blocks):
        for start in range(0, 1000 - 120 + 1, 30) if block.group in (1, 3) else ():
            labels = [severity(block, start + shift, 100) for shift in range(21)]
            if min(labels) >= 0:
                expected.append((index, start, block.group, labels))
    assert found.blocks.tolist() == [row[0] for row in expected] and found.starts.tolist() == [
        row[1] for row in expected
    ]
    assert found.groups.tolist() == [row[2] for row in expected]
    assert found.labels_at.tolist() == [row[3] for row in expected]
    assert (found.labels == found.labels_at[:, 0]).all() and len(np.unique(found.labels)) == 3
    assert (found.labels_at != found.labels[:, None]).any()  # shifts bring beats in and drop them
    for cut, (index, start, *_) in zip(found.x, expected, strict=True):
        np.testing.assert_array_equal(cut, data.blocks[index].x[:, start : start + 120])


def test_a_strip_without_a_beat_is_left_out() -> None:
    silent = Block(1, -1, np.zeros((1, 300), np.float32), np.array([[10, 0], [130, 0]]))
    data = recordings(groups=(9,))
    with_silence = Recordings(**{**vars(data), "blocks": (silent,)})
    # Cuts start at 0, 100: the first has its beat at 10 only up to shift 10, then none until 130 comes in at 31.
    assert len(ecg.strips(with_silence, [1], Shift(0, 5, 100), 10.0)) == 2
    assert ecg.strips(with_silence, [1], SHIFT, 10.0).starts.tolist() == [100]
    with pytest.raises(
        InputError, match=r"no window fits into records \[2\], the longest has 0.0 s; give longer recordings"
    ):
        ecg.strips(with_silence, [2], SHIFT, 10.0)


def test_a_block_with_a_label_of_its_own_keeps_it() -> None:
    data = recordings(groups=(1,))
    block = Block(1, 0b101, data.blocks[0].x)
    found = ecg.strips(Recordings(**{**vars(data), "blocks": (block,), "multilabel": True}), [1], SHIFT, 10.0)
    assert found.multilabel and set(found.labels.tolist()) == {0b101} and (found.labels_at == 0b101).all()


def test_beats_lie_in_the_middle_and_move_with_the_jitter() -> None:
    data, jitter = recordings(), Shift(-3, 3, 40)
    found = ecg.beats(data, [1, 2], jitter, ("N", "S", "V"))
    expected = [
        (index, int(time) - 20, LABELS[number])
        for index, block in enumerate(data.blocks)
        if block.group in (1, 2)
        for time, number in block.beats
        if LABELS[number] in "NSV" and time - 20 - 3 >= 0 and time - 23 + 46 <= 1000
    ]
    assert list(zip(found.blocks, found.starts, [LABELS[i] for i in found.labels], strict=True)) == expected
    x, y = torch.from_numpy(found.x), torch.from_numpy(found.targets)
    for shift in (-3, 0, 2):
        windows, labels = jitter.at(x, y, shift)
        assert (labels.numpy() == found.labels).all()
        for window, (index, start, _) in zip(windows.numpy(), expected, strict=True):
            np.testing.assert_array_equal(window, data.blocks[index].x[:, start + shift : start + shift + 40])
    assert ecg.holds(data, [1], ("F", "Q")) and not ecg.holds(data, [4], ("F", "Q"))


def test_what_tasks_are_moved_by() -> None:
    data = Recordings(**{**vars(recordings(samples=80_000)), "rate_hz": 360.0})
    assert ecg.shift_for("strip", data, 180.0) == Shift(0, 150, 1800, 2.0)
    beat = ecg.shift_for("beat", data, 180.0)
    assert beat.least == -14 and beat.most == 14 and beat.samples == ecg.BEAT_S * 180  # 75 ms are 13.5 samples
    short = Recordings(**{**vars(recordings(samples=5000)), "rate_hz": 500.0})
    assert ecg.shift_for("strip", short, 100.0) == Shift(0, 83, 1000 - 83, 5.0)  # ten seconds in all


def test_windows_of_another_length_keep_their_shifts_in_seconds() -> None:
    data = Recordings(**{**vars(recordings(samples=5000)), "rate_hz": 500.0})
    for rate_hz in (125.0, 130.0, 250.0):
        strip, beat = (ecg.shift_for(task, data, rate_hz, 2.0) for task in ("strip", "beat"))
        assert strip.samples == beat.samples == 2 * rate_hz
        assert strip.most == int(rate_hz * 5 / 6) and beat.most == -beat.least == int(np.ceil(0.075 * rate_hz))
    assert ecg.shift_for("strip", data, 100.0, 9.17).samples == 917
    with pytest.raises(InputError, match=r"windows of 9.5 s, .* 0.83 s later, take 10.33 s; .* has 10 s: give a short"):
        ecg.shift_for("strip", data, 100.0, 9.5)


def test_strips_of_another_length_follow_each_other_and_overlap_in_training() -> None:
    data = recordings(groups=(1, 2))
    labelled = tuple(replace(block, label=1) for block in data.blocks)  # none is left out for want of a beat
    data = replace(data, blocks=labelled)
    split = Split("record", True, 0, (1,), (1,), (2,))
    starts = {p: ecg.split_windows(data, split, p, "strip", Shift(0, 5, 40)).starts for p in ("train", "test")}
    assert set(np.diff(starts["train"])) == {20} and set(np.diff(starts["test"])) == {40}


def test_a_whole_record_and_a_cut_with_its_five_seconds_agree(tmp_path, monkeypatch) -> None:
    """What training sees and what the board makes of raw counts: the filter has forgotten the cut's start."""
    from scl.frontend.sensor import load_sensor
    from train.transformations.shift import ShiftedCopies

    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path))
    raw = synthetic.load(records=1, minutes=1.0)
    behind = ecg.prepared(raw, 180.0)
    shift = ecg.shift_for("strip", raw, 180.0)
    windows = ecg.strips(behind, [0], shift, 10.0)
    steps = {"band_hz": tuple(ecg.BAND_HZ), "warmup_s": ecg.WARM_UP_S}
    frontend = front_end_spec(load_sensor("mitdb"), shift.samples, 180.0, 1e-3, **steps)
    end = FrontEnd.from_spec(frontend)
    copies = ShiftedCopies(windows, shift, 3, raw, frontend)
    assert copies.shifts.tolist() == [0, 50, 100, 150] and copies.parameters["shift"].tolist() == [0, 100, 200, 300]
    rows = np.arange(len(windows))
    for transform in range(copies.transforms):
        made = end.signals(copies.counts(transform, rows))[:, -shift.samples :]
        error = np.abs(made - copies.windows(transform).transpose(0, 2, 1))
        # Within the record it is the filter's tail: a Butterworth high-pass of second order settles a step as
        # sqrt(2) exp(-w t / sqrt(2)), and no step is larger than the signal. Around the record the padding toggles by
        # one count, 5e-3 mV, of which the resampler passes less than half.
        tail = np.sqrt(2) * np.exp(-2 * np.pi * 0.5 / np.sqrt(2) * 5) * np.ptp(raw.blocks[0].x)
        assert error[1:-1].max() < tail < 2e-4 and error.max() < 2.5e-3
        assert (copies.labels[transform] == windows.labels_at[:, copies.shifts[transform]]).all()


def test_a_rate_that_the_band_does_not_fit_into() -> None:
    with pytest.raises(
        InputError, match="noise: a model of 80 Hz cannot see ECG up to 40 Hz, expected more than 80 Hz"
    ):
        ecg.prepared(recordings(), 80.0)


def test_strips_of_the_classes_that_are_annotated() -> None:
    """Without S, V has the second place; F makes a strip V where no beat is V."""
    beats = np.array([[5, 0], [15, 1]])
    starts = np.array([0, 10])
    assert ecg.severest(beats, ("N", "V"), starts, starts + 10).tolist() == [0, 1]
    assert ecg.severest(beats, ("N", "F"), starts, starts + 10).tolist() == [0, 1]
    assert ecg.severest(beats, ("N", "S", "V"), starts, starts + 10).tolist() == [0, 1]
    assert ecg.rhythm(("N", "F", "Q")) == ("N", "V") and ecg.rhythm(("S", "N")) == ("N", "S")
