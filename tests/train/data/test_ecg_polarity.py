"""Which way round an ECG is, against triangles whose figure is known, and against simulated records turned round."""

from dataclasses import replace

import numpy as np
import pytest

from train.data import synthetic
from train.data.ecg_polarity import (
    beat_figures,
    detected,
    direction,
    figure,
    inverted,
    polarity,
    sentences,
    unseen_leads,
)
from train.data.recordings import Recordings

RATE_HZ = 250.0


def triangles(up: float, down: float, seconds: int = 20) -> tuple[np.ndarray, np.ndarray]:
    """x (samples,) mV, flat but for a peak and a trough of these heights each second, and the peaks' samples."""
    x = np.zeros(round(seconds * RATE_HZ))
    peaks = np.arange(125, len(x) - 125, 250)
    for at in peaks:
        x[at - 5 : at + 6] += up * (1 - np.abs(np.arange(-5, 6)) / 5)
        x[at + 5 : at + 16] -= down * (1 - np.abs(np.arange(-5, 6)) / 5)
    return x, peaks


@pytest.mark.parametrize(("up", "down", "expected"), [(1, 0, 1), (0, 1, -1), (1, 0.5, 1 / 3), (0.3, 0.9, -0.5)])
def test_the_figure_of_triangles(up: float, down: float, expected: float) -> None:
    """(up - down) / (up + down), whatever the line they stand on and the unit."""
    x, peaks = triangles(up, down)
    for line, scale in ((0, 1), (3, 1), (0, 1000)):
        signs, heights = beat_figures(scale * x + line, RATE_HZ, peaks)
        np.testing.assert_allclose(signs, expected, atol=1e-12)
        np.testing.assert_allclose(heights, scale * max(up, down), atol=1e-9)
        assert figure(scale * x + line, RATE_HZ, peaks) == pytest.approx(expected)
        assert figure(scale * x + line, RATE_HZ) == pytest.approx(expected)  # by the plain detector


def test_beats_at_the_border_or_in_a_gap_do_not_count() -> None:
    x, peaks = triangles(1, 0)
    x[peaks[3] + 4] = np.nan
    signs, _ = beat_figures(x, RATE_HZ, np.concatenate([[3], peaks, [len(x) - 2]]))
    assert len(signs) == len(peaks) - 1
    assert figure(np.zeros(1000), RATE_HZ) is None and figure(np.zeros(10), RATE_HZ) is None


@pytest.fixture(scope="module")
def recordings() -> Recordings:
    return synthetic.load(6, 1.0, seed=3)


def test_the_detector_finds_the_beats(recordings: Recordings) -> None:
    for block in recordings.blocks:
        found = detected(block.x[0], recordings.rate_hz)
        near = np.abs(found[:, None] - block.beats[None, :, 0]).min(axis=0) < 0.1 * recordings.rate_hz
        assert near.mean() > 0.95 and len(found) < 1.05 * len(block.beats)
        turned = detected(-block.x[0] + 2, recordings.rate_hz)
        np.testing.assert_allclose(turned, found, rtol=0, atol=3)


@pytest.mark.parametrize("annotated", [True, False])
def test_records_that_are_turned_round_are_named(recordings: Recordings, annotated: bool) -> None:
    blocks = [replace(b, beats=b.beats if annotated else b.beats[:0]) for b in recordings.blocks]
    blocks[2] = replace(blocks[2], x=-blocks[2].x)
    whole = replace(recordings, blocks=tuple(blocks), group_names=tuple("abcdef"))
    figures = polarity(whole)
    assert list(inverted(figures)) == ["c"] and direction(figures) > 0.3
    (text,) = sentences(figures)
    assert text.startswith("1 of 6 records look inverted against the others (+0.") and "c (-0." in text
    # Against a training set that points the other way, the other five are.
    assert list(inverted(figures, -0.8)) == ["a", "b", "d", "e", "f"]
    assert "look inverted against the training set (-0.80;" in sentences(figures, -0.8)[0]


def test_a_set_without_a_direction_names_nobody() -> None:
    assert inverted({"a": 0.1, "b": -0.9, "c": 0.15}) == {} and sentences({}) == []
    assert sentences({"a": 0.9, "b": -0.1}) == []


def test_leads_that_were_not_trained_on() -> None:
    assert unseen_leads(["ii", "MLII"], ["II", "MLII"]) == []
    (text,) = unseen_leads(["V1", "II"], ["II"])
    assert text.startswith("lead V1: the model was trained on II, and a lead that it has not seen")
