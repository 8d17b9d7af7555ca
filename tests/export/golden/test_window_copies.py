"""Copies of windows that came without recordings: each against its definition, window by window."""

import numpy as np
import pytest

from export.golden.window_copies import window_copies
from scl.artifacts import InputError

RNG = np.random.default_rng(3)
SAMPLES = 20


def windows(channels: int, samples: int = SAMPLES) -> np.ndarray:
    return RNG.normal(0, 3, (7, channels, samples)).astype(np.float32)


def test_without_a_transformation_windows_are_alone():
    x = windows(5)
    copies = window_copies("w.npz", x, SAMPLES, None, 4, 0)
    assert copies.names == ("as recorded",) and copies.info is None
    np.testing.assert_array_equal(copies.windows, x[None], strict=True)


def test_a_rotation_turns_every_sensor_of_a_window_alike():
    x = windows(6)
    copies = window_copies("w.npz", x, SAMPLES, "rotation", 3, 1)
    assert copies.names == ("as recorded", "rotation 1", "rotation 2", "rotation 3")
    assert copies.info is not None and copies.info.name == "rotation"
    np.testing.assert_array_equal(copies.windows[0], x)
    turns = copies.parameters["rotation"]
    assert turns.shape == (4, 7, 3, 3)
    for at in np.ndindex(4, 7):
        turn = turns[at]
        np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
        assert np.linalg.det(turn) == pytest.approx(1)
        for first in (0, 3):
            expected = np.stack([turn @ sample for sample in x[at[1], first : first + 3].T.astype(float)], axis=1)
            np.testing.assert_allclose(copies.windows[at][first : first + 3], expected, rtol=1e-5, atol=1e-5)
    assert len({turns[at].tobytes() for at in np.ndindex(4, 7)}) == 1 + 3 * 7  # one for each, and the identity


def test_rotations_are_uniform():
    """The mean of R over SO(3) is 0, and of its squared entries 1/3; the same seed draws the same."""
    x = np.ones((2000, 3, 1), np.float32)
    turns = window_copies("w.npz", x, 1, "rotation", 1, 0).parameters["rotation"][1]
    assert np.abs(turns.mean(axis=0)).max() < 5 / np.sqrt(3 * 2000)
    assert np.abs((turns**2).mean(axis=0) - 1 / 3).max() < 5 * np.sqrt(4 / 45 / 2000)
    np.testing.assert_array_equal(turns, window_copies("w.npz", x, 1, "rotation", 1, 0).parameters["rotation"][1])


def test_a_mirror_keeps_the_motion_s_physics():
    """A point on a turning body: its velocity is w x r, in the mirror as well as before it."""
    rate, place = RNG.normal(size=(2, 3))
    x = np.concatenate([np.cross(rate, place), rate]).astype(np.float32).reshape(1, 6, 1)
    copies = window_copies("w.npz", x, 1, "mirror", 4, 0)
    assert copies.names == ("as recorded", "mirrored") and copies.windows.shape == (2, 1, 6, 1)
    velocity, mirrored_rate = np.split(copies.windows[1].ravel(), 2)
    mirrored_place = place * [-1, 1, 1]
    np.testing.assert_allclose(velocity, np.cross(mirrored_rate, mirrored_place), rtol=1e-5)
    np.testing.assert_allclose(velocity, x[0, :3, 0] * [-1, 1, 1])


def test_a_shift_is_cut_again_and_never_rolled_round():
    x = windows(4, SAMPLES + 9)
    copies = window_copies("w.npz", x, SAMPLES, "shift", 3, 0)
    assert copies.names == ("as recorded", "shift +3 samples", "shift +6 samples", "shift +9 samples")
    assert copies.parameters["shift"].tolist() == [0, 3, 6, 9]
    for transform, first in enumerate((0, 3, 6, 9)):
        for window in range(7):
            expected = [x[window, :, first + t] for t in range(SAMPLES)]
            np.testing.assert_array_equal(copies.windows[transform, window], np.stack(expected, axis=1))


@pytest.mark.parametrize(
    ("channels", "samples", "name", "says"),
    [
        (4, SAMPLES, "rotation", "windows have 4 channels, expected a multiple of 3, whole 3-axis sensors"),
        (4, SAMPLES, "mirror", "windows have 4 channels, expected a multiple of 3"),
        (9, SAMPLES, "mirror", "windows have 9 channels, expected 3 .an accelerometer. or 6"),
        (
            3,
            SAMPLES + 5,
            "rotation",
            "windows have 25 samples, expected 20, which the model takes .longer",
        ),
        (3, SAMPLES - 5, None, "windows have 15 samples, expected 20"),
        (3, SAMPLES, "shift", "windows have 20 samples, the model takes 20; .* give windows of 24 samples or more"),
        (3, SAMPLES + 3, "shift", "windows have 23 samples, .* give windows of 24 samples or more, or lower --draws"),
    ],
)
def test_windows_that_do_not_fit(channels, samples, name, says):
    with pytest.raises(InputError, match=f"^w.npz: {says}"):
        window_copies("w.npz", windows(channels, samples), SAMPLES, name, 4, 0)
