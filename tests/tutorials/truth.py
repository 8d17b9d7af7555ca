"""Whether a bundle's evaluation windows hold what the simulated recordings are made from: values in SI units, at their
rate, of the right person and class.
"""

import json
from pathlib import Path

import numpy as np
import wfdb
from scipy.signal import butter, correlate, sosfilt, sosfilt_zi

from tests.imu_sets import motion

SYMBOLS = "NAV"  # of the classes N, S and V; a strip has the class of its worst beat


def check_imu_windows(project: Path, name: str, rate_hz: float, model_hz: float, seconds: float, near: float) -> None:
    """Every window of bundles/name is a stretch of its person's and class's motion, to within `near` in m/s^2 and
    rad/s; times are whole samples of a recording at `rate_hz`.
    """
    run = json.loads((project / "runs" / name / "run.json").read_text())
    people, labels = run["data"]["report"]["group_names"], run["labels"]
    assert run["window"]["rate_hz"] == model_hz and run["data"]["report"]["warnings"] == []
    evaluation = np.load(project / "bundles" / name / "evaluation.npz")
    step, times = round(rate_hz / model_hz), np.arange(round(seconds * rate_hz)) / rate_hz
    assert set(evaluation["labels"][0]) == {0, 1, 2} and len(set(evaluation["groups"])) >= 2
    tracks = {
        (group, label): motion(labels[label], int(people[group].lstrip("p")) - people[0].startswith("p"), times)
        for group in set(evaluation["groups"])
        for label in range(3)
    }
    for window, label, group in zip(evaluation["windows"], evaluation["labels"][0], evaluation["groups"], strict=True):
        track, span = tracks[group, label], (window.shape[1] - 1) * step + 1
        starts = np.flatnonzero(np.abs(track[: len(track) - span + 1] - window[:, 0]).max(axis=1) < near)
        worst = [np.abs(track[start : start + span : step] - window.T).max() for start in starts]
        assert min(worst, default=np.inf) < near, (people[group], labels[label], min(worst, default=None))


def check_ecg_windows(project: Path, name: str) -> None:
    """Every window of bundles/name is a stretch of lead II of its record in project/name, in mV as wfdb-python
    reads it and behind the band-pass, and its class that of the worst beat in it.
    """
    run = json.loads((project / "runs" / name / "run.json").read_text())
    names, labels, model_hz = run["data"]["report"]["group_names"], run["labels"], run["window"]["rate_hz"]
    assert labels == ["N", "S", "V"] and run["data"]["report"]["warnings"] == []
    evaluation = np.load(project / "bundles" / name / "evaluation.npz")
    assert set(evaluation["labels"][0]) == {0, 1, 2} and len(set(evaluation["groups"])) >= 2
    for window, label, group in zip(evaluation["windows"], evaluation["labels"][0], evaluation["groups"], strict=True):
        record = wfdb.rdrecord(str(project / name / names[group]), channel_names=["II"])
        beats = wfdb.rdann(str(project / name / names[group]), "atr")
        original = band_passed(record.p_signal[:, 0], record.fs)
        times = np.arange(window.shape[1]) / model_hz
        start_s = _start(original, record.fs, window[0], model_hz)
        expected = np.interp(start_s + times, np.arange(len(original)) / record.fs, original)
        slope = np.dot(expected, window[0]) / np.square(expected).sum()
        close = 1 - np.square(expected - window[0]).mean() / np.square(expected).mean()
        assert abs(slope - 1) < 0.02 and close > 0.99, (names[group], start_s, slope, close)
        at_s, length_s = beats.sample / record.fs - start_s, run["window"]["samples"] / model_hz
        severity = np.array([SYMBOLS.index(symbol) for symbol in beats.symbol])
        worst = [
            severity[(at_s > edge) & (at_s < length_s - edge)].max(initial=0)
            for edge in (0.05, -0.05)  # of beats at an edge either may be true
        ]
        assert label in worst, (names[group], start_s)


def band_passed(x: np.ndarray, rate_hz: float) -> np.ndarray:
    """The published filter of the ECG front end, by scipy: Butterworth of order 2, high-pass 0.5 Hz, low-pass 40 Hz,
    from the steady state of the first sample.
    """
    for ends, kind in ((0.5, "high"), (40.0, "low")):
        sections = butter(2, ends, kind, fs=rate_hz, output="sos")
        x = sosfilt(sections, x, zi=sosfilt_zi(sections) * x[0])[0]
    return x


def _start(original: np.ndarray, rate_hz: float, window: np.ndarray, model_hz: float) -> float:
    """Where a window begins in its recording, in seconds: the least sum of squared differences, over whole samples."""
    seconds = np.arange(len(original)) / rate_hz
    track = np.interp(np.arange(0, seconds[-1], 1 / model_hz), seconds, original)
    squares = np.convolve(np.square(track), np.ones(len(window)), "valid")
    return float(np.argmin(squares - 2 * correlate(track, window.astype(np.float64), "valid", "fft")) / model_hz)
