"""Where a model holds: every bin is counted again, slowly, by formulas of its own."""

from dataclasses import replace

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from firmware_host.breakdown import breakdown, cell_of, cells, reference_directions, rotation_angles
from firmware_host.figures import Answers
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.golden import read_golden
from scl.decision import LOST
from scl.transforms import random_rotations


@pytest.fixture
def bundle(fake_bundle):
    return read_run_bundle(fake_bundle)


# Of each cell of half a sphere: the heights that bound it, the cells of its ring, and its number in it.
CELLS = [
    ((1, 12 / 13), 1, 0),
    *(((12 / 13, 8 / 13), 4, number) for number in range(4)),
    *(((8 / 13, 0), 8, number) for number in range(8)),
]


def answers_of(golden, seed=0):
    """The golden answers, but for some classes and two lost windows."""
    rng = np.random.default_rng(seed)
    predictions = np.where(
        rng.random(golden.labels.shape) < 0.6, golden.labels, rng.integers(0, 3, golden.labels.shape)
    )
    predictions[1, 3] = predictions[0, 7] = LOST
    zeros = np.zeros(predictions.shape)
    return Answers(
        predictions != LOST, predictions, golden.features, golden.logits, golden.input_crc32, golden.flags,
        zeros + 0.01, zeros.astype(int) + 1, predictions, zeros.astype(int),
    )  # fmt: skip


def test_angles_of_rotations():
    turns = random_rotations(500, np.random.default_rng(1))
    expected = np.degrees(Rotation.from_matrix(turns).magnitude())
    np.testing.assert_allclose(rotation_angles(turns), expected, atol=1e-5)
    assert rotation_angles(np.eye(3)) == 0
    assert rotation_angles(np.diag([1.0, -1, -1])) == 180


def test_the_cells_of_the_sphere_have_the_same_area_and_their_middles():
    x = np.random.default_rng(0).standard_normal((260_000, 3))
    found = np.bincount(cell_of(x / np.linalg.norm(x, axis=1, keepdims=True)), minlength=26)
    assert len(found) == 26 and (np.abs(found - 10_000) < 500).all()  # 5 standard deviations
    assert cell_of(cells()).tolist() == list(range(26))
    np.testing.assert_allclose(np.linalg.norm(cells(), axis=1), 1)
    assert cells()[0].tolist() == [0, 0, 1] and cells()[13].tolist() == [0, 0, -1]


def slow_pairs(golden, answers, holds):
    """(pairs, consistency, mean cosine) of the copies that `holds(transform, window)`, one by one."""
    same, cosines = [], []
    for transform in range(1, len(golden.labels)):
        for window in range(golden.labels.shape[1]):
            if not holds(transform, window):
                continue
            first, second = answers.predictions[0, window], answers.predictions[transform, window]
            if golden.labels[transform, window] == golden.labels[0, window]:
                same.append(first == second and first != LOST)
            a, b = (0.1 * (answers.features[t, window, :3].astype(float) - 4) for t in (0, transform))
            lost = LOST in (first, second)
            cosines.append(0.0 if lost else float(a @ b / np.sqrt((a @ a) * (b @ b))))
    return len(same), np.mean(same) if same else None, np.mean(cosines) if cosines else None


def check(row, expected):
    pairs, consistency, similarity = expected
    assert row.pairs == pairs
    assert row.consistency == (None if consistency is None else pytest.approx(consistency))
    assert row.similarity_invariant == (None if similarity is None else pytest.approx(similarity))
    if row.consistency_ci95 is not None:
        assert row.consistency_ci95[0] <= row.consistency <= row.consistency_ci95[1]


def test_by_angle_and_by_direction(bundle):
    golden = read_golden(bundle)
    answers = answers_of(golden)
    found = breakdown(bundle.manifest, golden, answers)
    magnitude = np.degrees(Rotation.from_matrix(golden.rotation.reshape(-1, 3, 3)).magnitude()).reshape(3, 12)
    assert [(row.low_deg, row.high_deg) for row in found.by_angle] == [(d, d + 30) for d in range(0, 180, 30)]
    for row in found.by_angle:
        check(row, slow_pairs(golden, answers, lambda t, w, row=row: row.low_deg <= magnitude[t, w] < row.high_deg))
    assert sum(row.pairs for row in found.by_angle) == 24 == sum(row.pairs for row in found.by_direction)
    mean = golden.counts[..., :3].astype(float).mean(axis=2) * 0.001
    unit = mean / np.linalg.norm(mean, axis=-1, keepdims=True)
    for index, row in enumerate(found.by_direction):
        band, around, number = CELLS[index % 13]

        def holds(t, w, index=index, band=band, around=around, number=number):
            x, y, z = unit[t, w]
            azimuth = np.degrees(np.arctan2(y, x)) - 360 / around * number
            near = abs((azimuth + 180) % 360 - 180) <= 180 / around
            return (z < 0) == (index >= 13) and band[1] <= abs(z) <= band[0] and near

        check(row, slow_pairs(golden, answers, holds))
    assert found.direction_of.startswith("the mean acceleration") and found.by_shift == ()


def test_without_an_accelerometer_the_z_axis_is_followed(bundle):
    golden, manifest = read_golden(bundle), bundle.manifest
    gyroscope = replace(manifest.frontend.sensor, parts=manifest.frontend.sensor.parts[1:])
    words, directions = reference_directions(
        replace_sensor(manifest, gyroscope), replace(golden, counts=golden.counts[..., 3:])
    )
    assert "z axis" in words
    np.testing.assert_allclose(directions, golden.rotation @ [0.0, 0.0, 1.0])


def replace_sensor(manifest, sensor):
    """The manifest with another sensor, unchecked."""
    changed = object.__new__(type(manifest))
    spec = object.__new__(type(manifest.frontend))
    spec.__dict__.update(vars(manifest.frontend) | {"sensor": sensor})
    changed.__dict__.update(vars(manifest) | {"frontend": spec})
    return changed


def test_by_shift_in_samples_and_seconds(bundle):
    """Copies with their own labels: pairs whose label the shift changed are in no consistency."""
    golden = read_golden(bundle)
    labels = golden.labels.copy()
    labels[2, :5] = (labels[2, :5] + 1) % 3
    golden = replace(golden, labels=labels, rotation=None, shift=np.array([0, 40, -20], np.int32))
    answers = answers_of(golden)
    parameters = replace(bundle.manifest.transformation, parameters={"source_samples": 2.0})
    found = breakdown(replace(bundle.manifest, transformation=parameters), golden, answers)
    assert [(row.samples, row.seconds) for row in found.by_shift] == [(-20, -0.5), (40, 1.0)]  # 20 Hz, and two of them
    for row, transform in zip(found.by_shift, (2, 1), strict=True):
        check(row, slow_pairs(golden, answers, lambda t, w, transform=transform: t == transform))
    assert found.by_shift[0].pairs == 7 and found.by_angle == found.by_direction == ()


def test_by_class(bundle):
    golden = read_golden(bundle)
    answers = answers_of(golden)
    found = breakdown(bundle.manifest, golden, answers)
    assert found.confusions.labels == bundle.manifest.labels
    for code, row in enumerate(found.classes):
        told = {True: answers.predictions[0], False: answers.predictions[1:]}
        for original, recall, precision in (
            (True, row.recall, row.precision),
            (False, row.recall_transformed, row.precision_transformed),
        ):
            truth = golden.labels[0] if original else golden.labels[1:]
            own = [p == code for t, p in zip(truth.ravel(), told[original].ravel(), strict=True) if t == code]
            said = [t == code for t, p in zip(truth.ravel(), told[original].ravel(), strict=True) if p == code]
            assert recall == pytest.approx(np.mean(own)) and precision == pytest.approx(np.mean(said))
            counts = found.confusions.untouched if original else found.confusions.transformed
            assert sum(counts[code]) == len(own) and counts[code][code] == sum(own)
            assert counts[code][3] == sum(
                p == LOST for t, p in zip(truth.ravel(), told[original].ravel(), strict=True) if t == code
            )
        check_pairs = slow_pairs(golden, answers, lambda t, w, code=code: golden.labels[0, w] == code)
        assert row.consistency == pytest.approx(check_pairs[1]) and (row.windows, row.copies) == (4, 8)
        assert row.recall_ci95[0] <= row.recall <= row.recall_ci95[1]


def test_one_subject_has_no_intervals_and_unknown_labels_no_classes(bundle):
    golden = read_golden(bundle)
    golden.groups[:] = 7
    found = breakdown(bundle.manifest, golden, answers_of(golden))
    assert {row.consistency_ci95 for row in (*found.by_angle, *found.classes)} == {None}
    figures = replace(bundle.manifest.int8, accuracy=None)
    found = breakdown(replace(bundle.manifest, int8=figures), golden, answers_of(golden))
    assert found.classes == () and found.confusions is None


def test_latency_in_bins_counts_every_answer(bundle):
    golden = read_golden(bundle)
    answers = answers_of(golden)
    times = np.linspace(0.001, 0.02, 36).reshape(3, 12)
    times[1, 3] = np.nan
    found = breakdown(bundle.manifest, golden, replace(answers, latency_s=times)).latency
    assert sum(row.windows for row in found) == 35 and found[-1].high_ms == pytest.approx(20)
    for row in found[:-1]:
        assert row.windows == sum(row.low_ms <= 1e3 * t < row.high_ms for t in times.ravel())
