"""Batteries of the embedded set's test windows: their counts against the nuisances written out, and TFLite Micro's
answers against the compiled C.
"""

from dataclasses import replace

import numpy as np
import pytest

from export.golden.battery import check_battery, counted, made, rungs
from export.proof.runtimes import run_tflite_micro
from scl.artifacts import InputError
from scl.frontend.chain import FrontEnd
from scl.frontend.flags import LEAD_OFF
from scl.frontend.sensor import load_sensor
from train.data.stored import recordings_for_run

IMU = load_sensor("replay-imu")


@pytest.fixture(scope="module")
def recordings(exported, request):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SCL_DATA_DIR", raising=False)
        yield recordings_for_run(exported.run.info)


@pytest.fixture(scope="module")
def battery(exported, recordings):
    names = "mirror+gyroscope-dead+start+accelerometer-bias"
    return made(names, exported.test, recordings, exported.frontend, seed=0, windows=30)


def rows_of(battery, exported):
    """Places in the test set of the battery's windows, by their counts as recorded."""
    places = {row.tobytes(): place for place, row in enumerate(exported.counts[0])}
    return [places[row.tobytes()] for row in battery.counts[0]]


def test_the_first_row_holds_test_windows_as_the_golden_set_counts_them(battery, exported):
    rows = rows_of(battery, exported)
    assert len(set(rows)) == 30 == len(battery.labels)
    np.testing.assert_array_equal(battery.labels, exported.test.labels[rows])
    np.testing.assert_array_equal(battery.groups, exported.test.groups[rows])


def test_counts_are_those_of_a_sensor_under_the_nuisance(battery, exported, recordings):
    recorded = battery.counts[0].astype(int)
    by_rung = {
        (rung.nuisance.name, rung.strength): counts.astype(int)
        for rung, counts in zip(battery.rungs, battery.counts[1:], strict=True)
    }
    mirrored = np.clip(recorded * [-1, 1, 1, 1, -1, -1], -32768, 32767)
    np.testing.assert_array_equal(by_rung["mirror", 1.0], mirrored)
    dead = recorded.copy()
    dead[:, round(recorded.shape[1] * 0.75) :, 3:] = 0
    np.testing.assert_array_equal(by_rung["gyroscope-dead", 25.0], dead)
    later = by_rung["start", 0.5]
    np.testing.assert_array_equal(later[:, :-10], recorded[:, 10:])
    test = exported.test
    for row, counts in zip(rows_of(battery, exported), later, strict=True):
        block, start = recordings.blocks[test.blocks[row]].x, test.starts[row] + 10
        assert start + 80 <= block.shape[1]  # one behind which the recording goes on was chosen
        np.testing.assert_array_equal(counts, counted(block[None, :, start : start + 80].astype(float), IMU)[0])
    little, much = ((by_rung["accelerometer-bias", bias] - recorded)[..., :3] for bias in (0.5, 1.0))
    np.testing.assert_allclose(much, 2 * little, atol=2)  # the same direction, twice as far
    lengths = np.linalg.norm(much / 8192 * 9.80665, axis=-1)
    np.testing.assert_allclose(np.median(lengths), 1.0, atol=1e-3)


def test_answers_are_those_of_the_compiled_c(battery, exported):
    golden = battery.golden(FrontEnd.from_spec(exported.frontend), lambda x: run_tflite_micro(exported.tflite, x), None)
    inputs = FrontEnd.from_spec(exported.frontend).quantized_windows(
        golden.counts.reshape(-1, *golden.counts.shape[2:])
    )
    answers = exported.engine.run(inputs)
    np.testing.assert_array_equal(answers["logits"], golden.logits.reshape(len(inputs), -1))
    np.testing.assert_array_equal(answers["features"], golden.features.reshape(len(inputs), -1))
    assert golden.labels.shape == golden.input_crc32.shape == golden.flags.shape == (len(battery.rungs) + 1, 30)


def test_a_small_one_has_a_strength_of_each_and_a_whole_one_every_ladder():
    assert [(r.nuisance.name, r.strength) for r in rungs("small", IMU)] == [
        ("mirror", 1.0), ("accelerometer-noise", 0.2), ("gyroscope-dead", 100.0),
    ]  # fmt: skip
    whole = rungs("whole", IMU)
    assert [r.strength for r in whole if r.nuisance.name == "clock"] == [1.0, 5.0, 10.0, 20.0]
    assert rungs("whole", IMU.select(["accelerometer"])) == [
        r for r in whole if not r.nuisance.name.startswith("gyroscope")
    ]
    with pytest.raises(InputError, match="nuisance 'mirrors' is not known"):
        rungs("mirrors", IMU)


def test_a_wave_beyond_the_rails_is_cut_there():
    lead = load_sensor("mitdb")
    counts = counted(np.array([[[0.0, 4.0, -9.0, 9.0]]]), lead)
    assert counts[0, :, 0].tolist() == [1024, 1824, 0, 2047]


def test_an_unknown_nuisance_is_refused_before_minutes_of_work():
    check_battery(None, IMU)
    check_battery("small", IMU)
    with pytest.raises(InputError, match="nuisance 'ecg-hum' is not known for"):
        check_battery("ecg-hum", IMU)


def test_a_board_that_waits_for_a_second_sees_every_dead_sensor_and_no_other(exported, recordings):
    parts = tuple(replace(part, lead_off_s=1.0) for part in exported.frontend.sensor.parts)
    sensor = replace(exported.frontend.sensor, parts=parts)
    waiting = replace(exported.frontend, sensor=sensor, lead_off_samples=20)
    seen = made("gyroscope-dead", exported.test, recordings, waiting, seed=0, windows=30)
    flags = FrontEnd.from_spec(waiting).flags(seen.counts.reshape(-1, *seen.counts.shape[2:])).reshape(5, 30)
    dead = [0, *(rung.strength for rung in seen.rungs)]
    for share, row in zip(dead, flags, strict=True):  # of windows of 4 s, so that a quarter is a second
        assert ((row & LEAD_OFF) > 0).tolist() == [share >= 25] * 30
