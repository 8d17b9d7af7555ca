"""Strips and beats against slow loops over annotations; the split; the front end of whole records against cuts."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from scl.frontend.chain import FrontEnd
from tests.scl.frontend.designs import front_end_spec
from train.data import ecg, mitdb, synthetic
from train.data.recordings import Block, Recordings
from train.transformations import CircularShift, Shift, from_info

SHIFT = Shift(0, 20, 100, 2.0)
LABELS = ("N", "S", "V", "F", "Q")


def recordings(seed: int = 0, groups: tuple[int, ...] = (1, 2, 3), samples: int = 1000) -> Recordings:
    """Noise at 10 Hz with beats of every class at random places, some of them close together."""
    rng = np.random.default_rng(seed)
    blocks = []
    for group in groups:
        times = np.sort(rng.choice(samples, 40, replace=False))
        beats = np.stack([times, rng.choice(5, 40, p=[0.8, 0.06, 0.06, 0.04, 0.04])], axis=1)
        blocks.append(Block(group, -1, rng.normal(size=(1, samples)).astype(np.float32), beats))
    return Recordings("noise", 10.0, 10.0, ("ecg",), ("mV",), (("ecg", (0,)),), LABELS, tuple(blocks), "00" * 32)


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
    with pytest.raises(InputError, match=r"no window fits into records \[2\]"):
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


def test_drawn_shifts_cover_the_range_and_bring_their_labels() -> None:
    found = ecg.strips(recordings(), [1, 2, 3], SHIFT, hop_s=1.0)
    x, y = torch.from_numpy(found.x), torch.from_numpy(found.targets)
    windows, labels = SHIFT(x, y, torch.Generator().manual_seed(0))
    seen = set()
    for cut, window, label, row in zip(found.x, windows.numpy(), labels.tolist(), found.labels_at, strict=True):
        (shift,) = (s for s in range(21) if np.array_equal(cut[:, s : s + 100], window))
        assert label == row[shift]
        seen.add(shift)
    assert seen == set(range(21))
    again, _ = SHIFT(x, y, torch.Generator().manual_seed(0))
    assert torch.equal(windows, again)


def test_the_grid_of_shifts() -> None:
    assert Shift(0, 150, 1800, 2.0).grid(10) == [15 * k for k in range(1, 11)]
    assert Shift(-14, 14, 720).grid(4) == [-14, -7, 7, 14]
    assert 0 not in Shift(-14, 14, 720).grid(3) and len(Shift(-14, 14, 720).grid(3)) == 3


def test_circular_is_numpys_roll_and_keeps_the_label() -> None:
    from scl.transforms import roll

    found = ecg.strips(recordings(), [1], SHIFT, hop_s=3.0)
    x, y = torch.from_numpy(found.x), torch.from_numpy(found.targets)
    windows, labels = CircularShift(0, 20, 100).at(x, y, 7)
    np.testing.assert_array_equal(windows, roll(found.x[:, :, :100], np.full(len(x), -7)))
    assert (labels.numpy() == found.labels).all()


def test_a_run_brings_its_shift_back() -> None:
    assert from_info(SHIFT.describe()) == SHIFT
    with pytest.raises(InputError, match="'shear' is not known"):
        from_info(replace(SHIFT.describe(), name="shear"))
    with pytest.raises(InputError, match="parameters .* do not fit"):
        from_info(replace(SHIFT.describe(), parameters={"least": 0.0}))


def test_what_tasks_are_moved_by() -> None:
    data = Recordings(**{**vars(recordings(samples=80_000)), "rate_hz": 360.0})
    assert ecg.shift_for("strip", data, 180.0) == Shift(0, 150, 1800, 2.0)
    beat = ecg.shift_for("beat", data, 180.0)
    assert beat.least == -14 and beat.most == 14 and beat.samples == ecg.BEAT_S * 180  # 75 ms are 13.5 samples
    short = Recordings(**{**vars(recordings(samples=5000)), "rate_hz": 500.0})
    assert ecg.shift_for("strip", short, 100.0) == Shift(0, 83, 1000 - 83, 5.0)  # ten seconds in all


def complete(records: tuple[int, ...]) -> Recordings:
    """A beat of every class in every record."""
    beats = np.array([[10 * k, k] for k in range(5)])
    blocks = tuple(Block(record, -1, np.zeros((1, 100), np.float32), beats) for record in records)
    return Recordings(**{**vars(recordings()), "blocks": blocks})


def test_the_split_is_de_chazals() -> None:
    paced = (102, 104, 107, 217)
    everybody = (*mitdb.DS1, *mitdb.DS2, *paced)
    assert len(set(everybody)) == 48 and not set(mitdb.DS1) & set(mitdb.DS2)
    split = mitdb.split(complete(everybody), 3)
    assert list(split.test) == sorted(mitdb.DS2) and len(list(split.validation)) == 4 and not split.leaky
    assert sorted(list(split.train) + list(split.validation)) == sorted(mitdb.DS1)
    assert split == mitdb.split(complete(everybody), 3) != mitdb.split(complete(everybody), 4)


def test_a_split_that_cannot_have_every_class_is_refused() -> None:
    with pytest.raises(InputError, match="give the whole database"):
        mitdb.split(complete(mitdb.DS1), 0)  # nobody to test on
    few = complete((*mitdb.DS1, *mitdb.DS2))
    normal = tuple(Block(b.group, -1, b.x, b.beats[:1] if b.group in mitdb.DS1[1:] else b.beats) for b in few.blocks)
    with pytest.raises(InputError, match="N, S, V in training and validation"):
        mitdb.split(Recordings(**{**vars(few), "blocks": normal}), 0)


def test_a_whole_record_and_a_cut_with_its_five_seconds_agree(tmp_path, monkeypatch) -> None:
    """What training sees and what the board makes of raw counts: the filter has forgotten the cut's start."""
    from export.golden.copies import Shifts
    from scl.frontend.sensor import load_sensor

    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path))
    raw = synthetic.load(records=1, minutes=1.0)
    behind = ecg.prepared(raw, 180.0)
    shift = ecg.shift_for("strip", raw, 180.0)
    windows = ecg.strips(behind, [0], shift, 10.0)
    steps = {"band_hz": tuple(ecg.BAND_HZ), "warmup_s": ecg.WARM_UP_S}
    frontend = front_end_spec(load_sensor("mitdb"), shift.samples, 180.0, 1e-3, **steps)
    end = FrontEnd.from_spec(frontend)
    copies = Shifts(windows, shift, 3, raw, frontend)
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
