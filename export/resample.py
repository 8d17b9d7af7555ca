"""Design of the rational polyphase resampler that firmware/src/frontend.h describes.

A windowed-sinc low-pass at the up-sampled rate: flat to 35 % of the model's rate, 6 dB down at 45 %, close to 60 dB
down from 55 % on. What folds back therefore lands above 45 % of the model's rate, and a sample's history is about a
second at 20 Hz.
"""

from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from scl.artifacts import InputError

MAX_UP = 32  # phases that the coefficients take flash for
MAX_PHASE_TAPS = 256  # SCL_MAX_PHASE_TAPS of firmware/src/frontend.h
CUTOFF = 0.45  # of the model's rate: the middle of the transition, 6 dB down
STOPBAND = 0.55  # of the model's rate: its end
ATTENUATION_DB = 60.0  # of the stopband
KAISER_BETA = 0.1102 * (ATTENUATION_DB - 8.7)  # Kaiser 1974, for more than 50 dB


@dataclass(frozen=True, eq=False)
class Resampler:
    """From a sensor's rate to the model's: `up` / `down`, and coefficients (up, phase_taps) float32, (1, 0) if the
    rates are equal.
    """

    up: int
    down: int
    coefficients: np.ndarray

    @property
    def phase_taps(self) -> int:
        return self.coefficients.shape[1]

    def raw_samples(self, outputs: int) -> int:
        """Sensor samples after which exactly `outputs` samples of the model's rate have been made."""
        return (outputs - 1) * self.down // self.up + 1

    @property
    def warmup_outputs(self) -> int:
        """Outputs that still see the delay line's initial fill."""
        return -(-self.phase_taps * self.up // self.down)


def design(sensor_hz: float, model_hz: float) -> Resampler:
    """The resampler between two rates.

    Raises:
        InputError: the sensor is slower than the model, or the ratio needs more phases or taps than the firmware has.
    """
    if not (sensor_hz > 0 and model_hz > 0):
        raise InputError(f"sample rates are {sensor_hz:g} and {model_hz:g} Hz, expected more than 0")
    ratio = Fraction(model_hz).limit_denominator(10**6) / Fraction(sensor_hz).limit_denominator(10**6)
    up, down = ratio.numerator, ratio.denominator
    if up == down:
        return Resampler(1, 1, np.zeros((1, 0), np.float32))
    phase_taps = _taps(sensor_hz, model_hz)
    if up > down or up > MAX_UP or phase_taps > MAX_PHASE_TAPS:
        raise InputError(
            f"a sensor of {sensor_hz:g} Hz cannot be resampled to the model's {model_hz:g} Hz: "
            f"the ratio is {up}/{down} with {phase_taps} taps, expected at most {MAX_UP} phases, {MAX_PHASE_TAPS} taps "
            f"and a sensor that is not slower; set it to {_nearest_supported(sensor_hz, model_hz):g} Hz, for example"
        )
    n = up * phase_taps
    t = (np.arange(n) - (n - 1) / 2) / up  # in sensor samples
    cutoff = 2 * CUTOFF * model_hz / sensor_hz
    h = cutoff * np.sinc(cutoff * t) * np.kaiser(n, KAISER_BETA)
    phases = h.reshape(phase_taps, up).T
    # Every phase passes a constant unchanged.
    return Resampler(up, down, np.ascontiguousarray(phases / phases.sum(axis=1, keepdims=True), dtype=np.float32))


def _taps(sensor_hz: float, model_hz: float) -> int:
    """Odd length in sensor samples for the attenuation A and the transition width: (A - 7.95) / (14.36 width) (Kaiser
    1974).
    """
    width = 2 * (STOPBAND - CUTOFF) * model_hz / sensor_hz
    return int(np.ceil((ATTENUATION_DB - 7.95) / (14.36 * width))) | 1


def _nearest_supported(sensor_hz: float, model_hz: float) -> float:
    multiples = [k * model_hz for k in range(1, 1000) if _taps(k * model_hz, model_hz) <= MAX_PHASE_TAPS]
    return min(multiples, key=lambda hz: abs(hz - sensor_hz))
