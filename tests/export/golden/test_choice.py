"""The golden set: which windows, how they are turned and counted, and what is stored."""

import zlib

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from export.golden.choice import balanced, spread
from export.golden.windows import EvaluatedWindows
from export.proof.runtimes import run_litert, run_tflite_micro
from scl.artifacts import read_npz
from scl.artifacts.golden import write_golden
from scl.frontend.chain import FrontEnd
from train.transformations.rotation import RotatedCopies


def test_balanced_over_classes_then_subjects():
    rng = np.random.default_rng(0)
    labels = rng.choice(4, 4000, p=[0.7, 0.1, 0.1, 0.1])
    groups = rng.choice(5, 4000, p=[0.6, 0.1, 0.1, 0.1, 0.1])
    rows = balanced(labels, groups, 200)
    assert len(rows) == len(np.unique(rows)) == 200 and (np.diff(rows) > 0).all()
    assert np.bincount(labels[rows]).tolist() == [50] * 4
    for label in range(4):
        assert np.bincount(groups[rows][labels[rows] == label]).tolist() == [10] * 5


def test_a_class_of_one_subject_counts_as_much_as_one_of_many():
    labels = np.repeat([0, 1], 500)
    groups = np.concatenate([np.zeros(500, int), np.arange(500) % 5])
    rows = balanced(labels, groups, 60)
    assert np.bincount(labels[rows]).tolist() == [30, 30]
    assert np.bincount(groups[rows][labels[rows] == 1]).tolist() == [6] * 5


def test_a_rare_class_gives_all_it_has():
    labels = np.array([0] * 100 + [1] * 3 + [2] * 100)
    rows = balanced(labels, np.zeros(203, int), 43)
    assert np.bincount(labels[rows]).tolist() == [20, 3, 20]


def test_a_limit_above_the_set_takes_everything():
    np.testing.assert_array_equal(balanced(np.array([1, 0, 1]), np.array([7, 7, 8]), 600), [0, 1, 2])


def test_choice_depends_on_the_seed_only():
    labels, groups = np.arange(500) % 3, np.arange(500) % 7
    np.testing.assert_array_equal(balanced(labels, groups, 50, 1), balanced(labels, groups, 50, 1))
    assert not np.array_equal(balanced(labels, groups, 50, 1), balanced(labels, groups, 50, 2))


def test_a_limit_of_none_is_refused():
    with pytest.raises(ValueError, match="limit is 0"):
        balanced(np.zeros(3), np.zeros(3), 0)


def test_spread_keeps_classes_as_frequent_as_they_are():
    labels = np.repeat([0, 1, 2], [900, 30, 70])
    rows = spread(1000, 200)
    assert len(rows) == 200 and rows[0] == 0 and rows[-1] == 999 and (np.diff(rows) >= 5).all()
    assert np.abs(np.bincount(labels[rows]) - [180, 6, 14]).max() <= 1
    np.testing.assert_array_equal(spread(7, 100), np.arange(7))


def test_rotations_start_with_the_identity_and_are_proper(exported):
    n = 5
    rotation = RotatedCopies(exported.test.take(np.arange(n)), 3, 1, exported.frontend).rotation
    assert rotation.shape == (4, n, 3, 3)
    np.testing.assert_array_equal(rotation[0], np.broadcast_to(np.eye(3), (n, 3, 3)))
    flat = rotation.reshape(-1, 3, 3)
    np.testing.assert_allclose(flat @ flat.transpose(0, 2, 1), np.broadcast_to(np.eye(3), flat.shape), atol=1e-12)
    np.testing.assert_allclose(np.linalg.det(flat), 1)
    again = RotatedCopies(exported.test.take(np.arange(n)), 3, 1, exported.frontend).rotation
    np.testing.assert_array_equal(rotation, again)


def test_counts_are_the_turned_windows_in_the_sensors_units(exported):
    """scipy turns, the datasheet's scale counts: 8192 per g, 16.384 per degree per second."""
    per_unit = np.array([8192 / 9.80665] * 3 + [16.384 * 180 / np.pi] * 3)
    copies, windows = exported.copies, exported.test.x.astype(float)
    for transform in range(copies.transforms):
        for row in range(0, len(windows), 50):
            turn = Rotation.from_matrix(copies.rotation[transform, row])
            sensors = [turn.apply(windows[row, first : first + 3].T) for first in (0, 3)]
            exact = np.concatenate(sensors, axis=1) * per_unit
            found = exported.counts[transform, row]
            unsaturated = np.abs(exact) < 32767
            assert np.abs(found - exact)[unsaturated].max() <= 0.5 + 1e-6
            beyond = (np.rint(exact) >= 32767) | (np.rint(exact) <= -32768)
            assert exported.flags[transform, row] == int(beyond.any())


def test_inputs_are_the_classifiers_normalised_windows(exported):
    """Within a step: counting rounds to 1.2 mm/s^2, far below a step of the input."""
    import torch

    affine = exported.network.activations["input"]
    for transform in range(exported.copies.transforms):
        x = torch.from_numpy(exported.copies.windows(transform))
        expected = affine.quantize(exported.run.model.normalize(x).numpy()).transpose(0, 2, 1)
        steps = np.abs(exported.inputs8[transform].astype(int) - expected)
        clear = exported.flags[transform] == 0
        assert steps[clear].max() <= 1 and (steps[clear] > 0).mean() < 0.02


def test_stored_files_tell_the_same_story(exported, tmp_path):
    rows = np.array([3, 8, 100])
    inputs = exported.inputs8[:, rows]
    crc32 = np.array([[zlib.crc32(x.tobytes()) for x in row] for row in inputs], np.uint32)
    outputs = run_tflite_micro(exported.tflite, inputs.reshape(-1, *inputs.shape[2:]))
    windows = EvaluatedWindows(
        exported.test, exported.copies, np.arange(len(exported.test)), rows, exported.inputs8, exported.flags
    )
    written = windows.golden(outputs, None)
    np.testing.assert_array_equal(written.input_crc32, crc32)
    write_golden(tmp_path, written, windows.golden_windows)
    golden, evaluation = read_npz(tmp_path / "golden.npz"), read_npz(tmp_path / "evaluation.npz")
    expected = {
        "counts": np.int16, "features": np.int8, "logits": np.int8, "input_crc32": np.uint32, "flags": np.uint8,
        "rotation": np.float64,
    }  # fmt: skip
    assert {name: array.dtype for name, array in golden.items()} == expected
    assert all(array.shape[:2] == (exported.copies.transforms, 3) for array in golden.values())
    front_end = FrontEnd.from_spec(exported.frontend)
    np.testing.assert_array_equal(golden["counts"], exported.counts[:, rows])
    for transform, row in np.ndindex(golden["input_crc32"].shape):
        x = front_end.quantized_windows(golden["counts"][transform, row][None])
        assert zlib.crc32(x[0].tobytes()) == golden["input_crc32"][transform, row]
        outputs = run_litert(exported.tflite, x, reference=True)
        np.testing.assert_array_equal(outputs["features"][0], golden["features"][transform, row])
        np.testing.assert_array_equal(outputs["logits"][0], golden["logits"][transform, row])
    np.testing.assert_array_equal(golden["rotation"], exported.copies.rotation[:, rows])
    np.testing.assert_array_equal(evaluation["windows"], exported.test.x[rows])
    np.testing.assert_array_equal(evaluation["labels"], np.tile(exported.test.labels[rows], (3, 1)))
    np.testing.assert_array_equal(evaluation["groups"], exported.test.groups[rows])
