"""The battery of heartbeats: which stretches are taken, and that a nuisance acts on what the sensor counted."""

from dataclasses import replace

import numpy as np
import pytest

from export.golden import beat_battery
from export.golden.battery import rungs
from export.golden.beat_battery import made
from export.golden.beats import Played
from scl.artifacts import InputError
from scl.frontend.beats import Beats
from scl.frontend.chain import FrontEnd
from tests.firmware.beat_model import LABELS, SENSOR, BeatModel, recording

RATE_HZ = round(SENSOR.rate_hz)
V = 2  # among the classes


@pytest.fixture(scope="module")
def model() -> BeatModel:
    return BeatModel.of(recording(0.4), "causal")


def played(model: BeatModel, minutes: float, group: int, rare_at_s: tuple[int, ...] = ()) -> Played:
    """A recording whose only annotated beats are of V, at these seconds, but for one of N at its begin."""
    counts, front_end = recording(minutes, group), FrontEnd.from_spec(model.spec)
    found: Beats = front_end.beats(counts)
    annotated = np.array([[1, 0], *([RATE_HZ * second, V] for second in rare_at_s)], np.int64)
    flutter = np.array([[0, 10], [RATE_HZ * 5, RATE_HZ * 200]], np.int64)
    return Played(group, counts, found, front_end.quantized_beats(found), annotated, flutter)


def test_of_each_recording_the_stretch_with_most_beats_of_s_and_v(model: BeatModel) -> None:
    few, many = played(model, 1.2, 8, (3, 55, 57)), played(model, 1.2, 7, (40, 41, 42))
    battery = made("small", (few, many), model.spec, seed=0)
    steps = 1 + len(rungs("small", SENSOR))
    assert [part.group for part in battery.parts] == [7, 8] * steps
    seconds = 30 * RATE_HZ
    for part, whole in zip(battery.parts, (many, few) * steps, strict=True):
        at = whole.annotated[1:, 0]
        last = len(whole.counts) - seconds
        starts = [*range(0, last + 1, seconds // 2), last]
        inside = [int(((at >= start) & (at < start + seconds)).sum()) for start in starts]
        start = starts[inside.index(max(inside))]
        assert len(part.counts) == seconds and start > 0
        assert part.annotated[:, 0].tolist() == [a - start for a in at if start <= a < start + seconds]
        assert part.flutter.tolist() == [[0, seconds - 1]]  # the second span, cut
    np.testing.assert_array_equal(battery.parts[1].counts, few.counts[start : start + seconds])


def test_a_nuisance_acts_on_the_counts_and_beats_are_found_in_them(model: BeatModel) -> None:
    whole = played(model, 0.6, 7, (20,))
    battery = made("ecg-inverted+ecg-gain", (whole,), model.spec, seed=0)
    plain, inverted, *gains = battery.parts
    (part,) = SENSOR.parts
    zero = 1024  # count of 0 mV
    turned = np.rint(2 * zero - plain.counts).clip(*part.count_range)
    assert np.abs(inverted.counts - turned).max() <= 1  # a half is rounded to even
    assert [rung.strength for rung in battery.rungs[1:]] == [10, 30, 50] and len(gains) == 3
    sizes = [np.abs(gain.counts - zero).mean() / np.abs(plain.counts - zero).mean() - 1 for gain in gains]
    assert np.allclose(np.abs(sizes), [0.1, 0.3, 0.5], atol=0.02)
    front_end = FrontEnd.from_spec(model.spec)
    for heard in battery.parts:
        np.testing.assert_array_equal(heard.found.at, front_end.beats(heard.counts).at)
        assert len(heard.inputs) == len(heard.found.at)


def test_the_golden_set_has_a_row_of_all_recordings_for_each_rung(model: BeatModel) -> None:
    recordings = (played(model, 0.6, 7, (20,)), played(model, 0.6, 8))
    battery = made("small", recordings, model.spec, seed=0)

    def answers(inputs: np.ndarray) -> dict[str, np.ndarray]:
        assert inputs.dtype == np.int8
        return {"logits": np.zeros((len(inputs), len(LABELS)), np.int8), "features": inputs[:, 0, :5]}

    golden = battery.golden(model.spec, answers)
    assert golden.groups.tolist() == [7, 8] * (1 + len(battery.rungs)) and len(golden.stretch) == len(golden.inputs)
    for stretch in range(2, len(golden.groups)):
        assert golden.truth(stretch)[0].tolist() == golden.truth(stretch % 2)[0].tolist()


def test_a_short_recording_does_not_shorten_the_others(model: BeatModel) -> None:
    battery = made("small", (played(model, 0.3, 7), played(model, 0.6, 8)), model.spec, seed=0)
    assert {part.group for part in battery.parts} == {8}
    assert {len(part.counts) for part in battery.parts} == {30 * RATE_HZ}


def test_recordings_that_are_too_short_and_too_many(model: BeatModel, monkeypatch: pytest.MonkeyPatch) -> None:
    short = played(model, 0.4, 7)
    with pytest.raises(
        InputError,
        match=r"leaves 9.0 s of each of 1 recordings, .*10 s at least; give longer recordings, or choose fewer",
    ):
        made("small", (replace(short, counts=short.counts[: 9 * RATE_HZ]),), model.spec, seed=0)
    monkeypatch.setattr(beat_battery, "MOST_BYTES", 5 * 20 * RATE_HZ * 2)
    with pytest.raises(InputError, match=r"--battery whole: leaves \d.\d s of each of 1 recordings"):
        made("whole", (short,), model.spec, seed=0)
