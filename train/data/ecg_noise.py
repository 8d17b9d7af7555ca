"""Noise of an ECG that is generated, not recorded: what the stress test (train/data/noise_stress.py) and the disturbed
copies of heartbeats (train/data/beat_copies.py) add to a lead.

em, ma and bw take their spectra from the models of Friesen et al. 1990 (IEEE Trans. Biomed. Eng. 37(1), "A comparison
of the noise sensitivity of nine QRS detection algorithms"). The stress test adds them. Copies in training have the
other two, which are milder, so that the test is not of what training has seen.

    em     electrode motion: single cycles of a sine of 0.1 to 0.5 s (2 to 10 Hz), two a second on the average, of
           normally distributed height; it looks like beats
    ma     muscle: Gaussian noise, flat from 20 Hz to half the rate
    bw     baseline wander: Gaussian noise from 0.05 to 0.5 Hz whose power falls with 1/f^2, and as much power again of
           breathing, flat from 0.15 to 0.3 Hz
    step   electrode motion: a level that moves in random steps, two a second on the average, and forgets them with a
           time constant of 1.5 s
    swing  baseline wander: a sine of height 1 whose rate drifts between 0.05 and 0.4 Hz, there and back in 30 s
"""

from collections.abc import Callable

import numpy as np

Gain = Callable[[np.ndarray], np.ndarray]
EVENTS_PER_S = 2.0
CYCLE_S = (0.1, 0.5)
MUSCLE_FROM_HZ = 20.0
WANDER_HZ, BREATHING_HZ = (0.05, 0.5), (0.15, 0.3)
STEP_S = 1.5  # time constant
SWING_HZ, DRIFT_S = (0.05, 0.4), 30


def generated(kind: str, samples: int, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    """Noise (samples,) float64 of a kind; only that of swing has a certain height.

    Raises ValueError for a kind that there is not.
    """
    if kind not in KINDS:
        raise ValueError(f"noise {kind!r}, expected one of {', '.join(KINDS)}")
    return KINDS[kind](samples, rate_hz, rng)


def _cycles(samples: int, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    noise = np.zeros(samples)
    for begin in np.sort(rng.integers(0, samples, size=rng.poisson(EVENTS_PER_S * samples / rate_hz))):
        length = int(rng.uniform(*CYCLE_S) * rate_hz)
        cycle = rng.normal() * np.sin(2 * np.pi * np.arange(length) / length)
        noise[begin : begin + length] += cycle[: samples - begin]
    return noise


def _muscle(samples: int, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    return _shaped(samples, rate_hz, rng, lambda hz: (hz >= MUSCLE_FROM_HZ).astype(np.float64))


def _wander(samples: int, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    wander = _shaped(samples, rate_hz, rng, lambda hz: _within(hz, WANDER_HZ) / np.maximum(hz, WANDER_HZ[0]))
    breathing = _shaped(samples, rate_hz, rng, lambda hz: _within(hz, BREATHING_HZ))
    return np.asarray(wander / wander.std() + breathing / breathing.std())


def _steps(samples: int, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    from scipy.signal import lfilter

    steps = rng.standard_normal(samples) * (rng.random(samples) < EVENTS_PER_S / rate_hz)
    return np.asarray(lfilter([1.0], [1.0, -np.exp(-1 / (STEP_S * rate_hz))], steps))


def _swing(samples: int, rate_hz: float, rng: np.random.Generator) -> np.ndarray:
    low, high = SWING_HZ
    seconds = np.arange(samples) / rate_hz
    hz = low + (high - low) * (0.5 + 0.5 * np.sin(2 * np.pi * (seconds / DRIFT_S + rng.random())))
    return np.asarray(np.sin(2 * np.pi * (np.cumsum(hz) / rate_hz + rng.random())))


def _shaped(samples: int, rate_hz: float, rng: np.random.Generator, gain: Gain) -> np.ndarray:
    """Gaussian noise whose spectrum has an amplitude of `gain`, of frequencies in Hz."""
    spectrum = np.fft.rfft(rng.normal(size=samples)) * gain(np.fft.rfftfreq(samples, 1 / rate_hz))
    return np.asarray(np.fft.irfft(spectrum, samples))


def _within(hz: np.ndarray, band: tuple[float, float]) -> np.ndarray:
    return ((hz >= band[0]) & (hz <= band[1])).astype(np.float64)


KINDS = {"em": _cycles, "ma": _muscle, "bw": _wander, "step": _steps, "swing": _swing}
