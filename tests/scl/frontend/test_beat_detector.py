"""The detector against a slow one that follows its specification sample by sample, and what a heartbeat may undergo."""

import numpy as np
import pytest

from scl.frontend.beat_detector import detect
from tests.scl.frontend.hearts import NORMAL, RATE_HZ, WIDE, ecg, record, regular


def slowly(uv: np.ndarray) -> tuple[list[int], list[int]]:
    """R peaks and when they are known, from the specification: all of it again with each sample."""
    x = uv.tolist()

    def sample(n: int) -> int:
        return x[max(n, 0)]

    def a(n: int) -> int:
        return abs(sample(n) + sample(n - 1) - sample(n - 3) - sample(n - 4))

    def slope(p: int) -> int:
        return max(a(n) for n in range(p - 19, p + 1))

    s: list[int] = []
    candidate, remembered, waiting = None, None, []
    before, before_slope, beats, known = 360, None, [], []
    heights, noise, intervals = [], [0] * 8, [180] * 8
    for n in range(len(x)):
        s.append(sum(a(n - i) for i in range(20)))
        if n >= 2 and s[n - 2] < s[n - 1] >= s[n] and (candidate is None or s[n - 1] > s[candidate]):
            candidate = n - 1
        if candidate is not None and n - candidate == 40:
            waiting.append(candidate)
            candidate = None
        if n < 360:
            continue
        if n == 360:
            heights = [max(s[:360]) * 3 // 4] * 8
        if n > before and (n - before) % 270 == 0:
            heights = [h * 3 // 4 for h in heights]
        q, z = sum(heights) // 8, sum(noise) // 8
        threshold = max((144 * q + 112 * z) // 256, 2400)
        beat = None
        if waiting:
            p = waiting.pop(0)
            t_wave = before_slope is not None and p - before < 65 and slope(p) * 256 < before_slope * 150
            if not t_wave and s[p] > threshold:
                beat = p
            else:
                noise = noise[1:] + [s[p]]
                if not t_wave and (remembered is None or s[p] > s[remembered]):
                    remembered = p
        elif remembered is not None:
            usual = sum(sorted(intervals)[3:5]) // 2
            high = s[remembered] >= 2400 and s[remembered] > threshold * 144 // 256
            if high and n - before >= usual * 3 // 2 and n - remembered <= 350:
                beat = remembered
        if beat is not None:
            heights = heights[1:] + [min(s[beat], 4 * threshold)]
            if before_slope is not None:
                intervals = intervals[1:] + [min(beat - before, 540)]
            before, before_slope, remembered = beat, slope(beat), None
            beats.append(beat)
            known.append(n)
    at, polarity = [], 0
    for p in beats:
        centre = p - 11
        baseline = sorted(sample(n) for n in range(centre - 36, centre + 37))[36]
        places = range(max(centre - 20, 0), centre + 21)
        top, bottom = max(places, key=sample), min(places, key=sample)
        up, down = sample(top) - baseline, baseline - sample(bottom)
        if min(up, down) <= max(up, down) * 3 // 4:
            polarity = min(polarity + 1, 8) if up >= down else max(polarity - 1, -8)
            at.append(top if up >= down else bottom)
        else:
            at.append(top if polarity > 0 or (polarity == 0 and up >= down) else bottom)
    return at, known


def arrhythmia(seed: int, noise: float) -> np.ndarray:
    """A minute of beats of all kinds, with gaps and changes of size and sign."""
    rng = np.random.default_rng(seed)
    beats, at = [], rng.uniform(0, 0.5)
    while at < 59:
        beats.append((at, rng.choice([1, 1, 1, 0.3, -0.7, 2.5]), NORMAL if rng.random() < 0.8 else WIDE))
        at += rng.choice([0.8, 0.8, 0.8, 0.35, 0.5, 1.4, 3.5])
    return ecg(60, beats, noise, seed)


@pytest.mark.parametrize("noise", [0, 20, 100])
@pytest.mark.parametrize("seed", [0, 1])
def test_as_specified_on_synthetic_arrhythmia(seed, noise):
    uv = arrhythmia(seed, noise)
    found = detect(uv)
    assert (found.at.tolist(), found.known.tolist()) == slowly(uv)
    assert len(found.at) > 40 and np.ptp(found.known - found.at) > 40  # some by search-back


@pytest.mark.parametrize("kind", ["rails", "white", "walk", "spikes"])
def test_as_specified_on_what_is_no_ecg(kind):
    """Full swings of int16 among it, as int16."""
    rng = np.random.default_rng(1)
    uv = {
        "rails": rng.choice([-32767, 32767], 6000),
        "white": rng.integers(-32767, 32768, 6000),
        "walk": np.cumsum(rng.normal(0, 300, 6000)).clip(-32767, 32767).astype(int),
        "spikes": np.where(rng.random(6000) < 0.005, rng.choice([-32767, 32767], 6000), rng.integers(-40, 41, 6000)),
    }[kind].astype(np.int16)
    found = detect(uv)
    assert (found.at.tolist(), found.known.tolist()) == slowly(uv)
    assert len(found.at) > 10


@pytest.mark.parametrize("number", [108, 203, 232])
def test_as_specified_on_recordings(data_dir, number):
    uv = record(data_dir, number, 60)
    found = detect(uv)
    assert (found.at.tolist(), found.known.tolist()) == slowly(uv)
    assert len(found.at) > 30


def missed_and_extra(at: np.ndarray, times: np.ndarray, samples: int = 3) -> tuple[int, int]:
    """Beats at `times` in seconds without a detection within `samples`, and detections without a beat."""
    near = np.abs(at[:, None] - np.asarray(times) * RATE_HZ) <= samples
    return int((~near.any(axis=0)).sum()), int((~near.any(axis=1)).sum())


def test_each_beat_once_at_its_r_peak():
    times = regular(60)
    found = detect(ecg(60, [(t, 1.0, NORMAL) for t in times], 10))
    np.testing.assert_allclose(found.at, times * RATE_HZ, atol=1)
    latency = (found.known - found.at)[3:]
    assert (latency > 0).all() and latency.max() < 0.36 * RATE_HZ


@pytest.mark.parametrize("bpm", [35, 60, 100, 160, 210])
@pytest.mark.parametrize("gain", [0.5, 1.0, 2.0])
def test_rates_gains_and_noise(bpm, gain):
    times = regular(40, bpm)
    waves = NORMAL if bpm < 150 else NORMAL[1:4]  # no time for P and T
    uv = ecg(40, [(t, gain, waves) for t in times], 25)
    assert missed_and_extra(detect(uv).at, times) == (0, 0)


def test_gain_does_not_move_beats_of_a_record(data_dir):
    uv = record(data_dir, 100, 120)
    at = detect(uv).at
    for gain in (0.5, 2.0):
        scaled = detect(np.rint(uv * gain).astype(np.int64)).at
        assert len(scaled) == len(at) > 100
        assert np.abs(scaled - at).max() <= 1


def test_an_inverted_lead_has_the_same_beats(data_dir):
    for uv in (arrhythmia(3, 5), record(data_dir, 119, 120)):
        upright, inverted = detect(uv), detect(-uv)
        assert len(upright.at) > 40
        np.testing.assert_array_equal(inverted.known, upright.known)
        np.testing.assert_allclose(inverted.at, upright.at, atol=1)


def test_a_constant_does_nothing():
    uv = arrhythmia(4, 5)
    np.testing.assert_array_equal(detect(uv + 900).at, detect(uv).at)


@pytest.mark.parametrize("phase", [0.25, 0.5, 0.75])
def test_between_two_samples(phase):
    times = regular(30, phase=phase / RATE_HZ)
    np.testing.assert_allclose(detect(ecg(30, [(t, 1.0, NORMAL) for t in times])).at, times * RATE_HZ, atol=1)


def test_a_pause_of_three_seconds():
    times = np.concatenate([regular(20), 19 + 3 + regular(20)])
    uv = ecg(42, [(t, 1.0, NORMAL) for t in times], 10)
    assert missed_and_extra(detect(uv).at, times) == (0, 0)


def test_bigeminy_with_small_premature_beats():
    """Every other beat early, wide, and of half the height."""
    times = np.arange(0.5, 38, 1.6)
    beats = [(t, 1.0, NORMAL) for t in times] + [(t + 0.5, 0.5, WIDE) for t in times]
    at = detect(ecg(40, beats, 10)).at
    assert missed_and_extra(at, np.sort([t for t, *_ in beats]), 9) == (0, 0)


@pytest.mark.parametrize("gain", [0.5, 2.0])
def test_a_lead_that_was_flat_for_a_minute(gain):
    """The level of noise and beats fades, so that the first beats are seen, whatever their size; T waves of the first
    few may be too.
    """
    times = np.concatenate([regular(20), 80 + regular(40)])
    uv = ecg(120, [(t, 1.0 if t < 50 else gain, NORMAL) for t in times], 5)
    missed, extra = missed_and_extra(detect(uv).at, times, 9)
    assert missed == 0 and extra <= 4


def test_spikes_of_a_pacemaker_are_no_beats_of_their_own():
    """Two samples of 1 mV, 100 ms ahead of a wide beat."""
    times = regular(40, 65)
    uv = ecg(40, [(t, 1.0, WIDE) for t in times], 10)
    for t in times:
        uv[round((t - 0.1) * RATE_HZ) + np.arange(2)] += (1000, -500)
    at = detect(uv).at
    missed, extra = missed_and_extra(at, times, 20)
    assert (missed, extra) == (0, 0) and len(at) == len(times)


def test_noise_without_beats_is_silent():
    assert len(detect(np.random.default_rng(0).normal(0, 4, 20000).astype(int)).at) == 0


@pytest.mark.parametrize("samples", [0, 1, 2, 360, 361])
def test_short_streams(samples):
    assert len(detect(ecg(10, [(t, 1.0, NORMAL) for t in regular(10)])[:samples]).at) == (samples > 360)


@pytest.mark.parametrize("uv", [np.zeros(900), np.zeros((2, 900), int)])
def test_other_arrays_are_refused(uv):
    with pytest.raises(ValueError, match="expected integers of shape"):
        detect(uv)
