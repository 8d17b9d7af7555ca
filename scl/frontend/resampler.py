"""The rational polyphase resampler of firmware/src/frontend/frontend.h: its design, and its arithmetic in numpy.

A windowed-sinc low-pass at the up-sampled rate, linear in phase: flat within 0.2 % to 35 % of the model's rate and
59 dB down from half of it on, so what folds back is about a thousandth. For a model of 20 Hz that is 7 and 10 Hz, and
the delay is 0.6 s.
"""

import math
import zlib
from dataclasses import dataclass
from fractions import Fraction
from typing import Annotated

import numpy as np
from annotated_types import Ge, Le

from scl.artifacts import InputError
from scl.artifacts.fields import Count
from scl.frontend.integer_math import Integers

MAX_UP = 64  # phases that the coefficients take flash for
MAX_PHASE_TAPS = 256  # samples of the board's delay line: 6 kB for six channels
TOLERANCE = 1e-6  # of a ratio: rates are written as decimal numbers
PASSBAND = 0.35  # of the model's rate: its end
STOPBAND = 0.5  # of the model's rate: its start, the Nyquist frequency
ATTENUATION_DB = 60.5  # of the stopband; the formulas are a little optimistic
KAISER_BETA = 0.1102 * (ATTENUATION_DB - 8.7)  # Kaiser 1974, for more than 50 dB


@dataclass(frozen=True)
class Resampling:
    """What a bundle says of its resampler: from the sensor's rate to the model's, `up` / `down`.

    Attributes:
        phase_taps: sensor samples that one output is made of; 0 without resampling.
        coefficients_crc32: zlib's CRC-32 of the coefficients (up, phase_taps), float32, little endian.
    """

    up: Annotated[int, Ge(1), Le(MAX_UP)]
    down: Count
    phase_taps: Annotated[int, Ge(0), Le(MAX_PHASE_TAPS)]
    coefficients_crc32: Annotated[int, Ge(0), Le(0xFFFFFFFF)]

    def __post_init__(self) -> None:
        if not (self.up < self.down or self.up == self.down == 1):
            raise ValueError(f"up is {self.up}, down {self.down}, expected 1 and 1, or down to be larger")
        if (self.phase_taps == 0) != (self.up == self.down):
            expected = "0" if self.up == self.down else "1 or more"
            raise ValueError(
                f"phase_taps is {self.phase_taps}, expected {expected} for a ratio of {self.up} / {self.down}"
            )

    @property
    def delay(self) -> int:
        """Sensor samples by which the output lags behind the input."""
        return self.phase_taps // 2

    def sensor_sample(self, output: np.ndarray) -> np.ndarray:
        """The sensor's samples at whose time outputs lie, rounded down; 0 for one before the first."""
        return np.asarray(np.maximum(output * self.down // self.up - self.delay, 0))

    def consumed(self, output: Integers) -> Integers:
        """Sensor samples with which outputs are made."""
        return output * self.down // self.up + 1


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
        return int(self.coefficients.shape[1])

    @property
    def spec(self) -> Resampling:
        """What a bundle says of it."""
        crc32 = zlib.crc32(self.coefficients.astype("<f4").tobytes())
        return Resampling(self.up, self.down, self.phase_taps, crc32)

    @property
    def delay(self) -> int:
        """Sensor samples by which the output lags behind the input."""
        return self.phase_taps // 2

    def raw_samples(self, outputs: int) -> int:
        """Sensor samples after which exactly `outputs` samples of the model's rate have been made."""
        return (outputs - 1) * self.down // self.up + 1

    def before(self, outputs: int) -> int:
        """Outputs to make and throw away so that the next one coincides with a sensor sample that follows at least
        `outputs` model samples of the past: a multiple of `up`, and no fewer than the filter's delay.
        """
        return -(-max(outputs * self.down, self.delay * self.up) // (self.down * self.up)) * self.up

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Samples x (n, samples, channels) float32 of the sensor to the model's rate, from a delay line that is full
        of the first one.
        """
        taps = self.phase_taps
        if taps == 0:
            return x
        history = np.repeat(x[:, :1], taps - 1, axis=1)
        x = np.concatenate([history, x], axis=1)
        outputs = ((x.shape[1] - taps + 1) * self.up - 1) // self.down + 1
        step = np.arange(outputs) * self.down
        newest = step // self.up + taps - 1
        coefficients = self.coefficients[step % self.up]
        y = np.zeros((x.shape[0], outputs, x.shape[2]), dtype=np.float32)
        for k in range(taps):
            y += coefficients[:, k, None] * x[:, newest - k]
        return y

    def aligned(self, x: np.ndarray) -> np.ndarray:
        """As `apply`, for a whole record (n, samples, channels): output m is the signal at the time of sensor sample
        m * down / up. The sensor is taken to have been at rest before the first sample and after the last.
        """
        if self.phase_taps == 0:
            return x
        before = self.before(0)
        outputs = (x.shape[1] - 1) * self.up // self.down + 1
        head = np.repeat(x[:, :1], before * self.down // self.up - self.delay, axis=1)
        tail = np.repeat(x[:, -1:], self.delay, axis=1)
        return self.apply(np.concatenate([head, x, tail], axis=1))[:, before : before + outputs]


def served(sensor_hz: float, model_hz: float) -> bool:
    """Whether the firmware can bring a sensor's rate down to a model's.

    Examples:
        >>> served(100.0, 20.0), served(20.0, 100.0)
        (True, False)
    """
    exact = sensor_hz / model_hz
    ratio = Fraction(exact).limit_denominator(MAX_UP)
    return abs(ratio - exact) <= TOLERANCE * exact and ratio >= 1 and _taps(exact) <= MAX_PHASE_TAPS


def nearest_served(sensor_hz: float, model_hz: float) -> list[float]:
    """The closest model rate on either side of `model_hz` that a sensor can be brought down to, of those that are
    written with two decimals at most.

    Examples:
        >>> nearest_served(257.0, 180.0)
        [179.9, 185.04]
    """
    exact = Fraction(sensor_hz).limit_denominator(1000)
    rates = {sensor_hz}
    for up in range(1, MAX_UP + 1):  # rates within a fifth of the wanted one
        middle = up * sensor_hz / model_hz
        near = (100 * exact * up / down for down in range(max(int(0.8 * middle), up), int(1.2 * middle) + 2))
        rates |= {int(hundredths) / 100 for hundredths in near if hundredths.denominator == 1}
    rates = {hz for hz in rates if served(sensor_hz, hz)}
    below, above = [hz for hz in rates if hz < model_hz], [hz for hz in rates if hz > model_hz]
    return ([max(below)] if below else []) + ([min(above)] if above else [])


def design(sensor_hz: float, model_hz: float) -> Resampler:
    """The resampler between two rates.

    Raises:
        InputError: the sensor is slower than the model, or the ratio needs more phases or taps than the firmware has.

    Examples:
        >>> filtered = design(104.0, 20.0)
        >>> filtered.up, filtered.down
        (5, 26)
    """
    if not all(math.isfinite(hz) and hz > 0 for hz in (sensor_hz, model_hz)):
        raise InputError(f"sample rates are {sensor_hz:g} and {model_hz:g} Hz, expected numbers above 0; change them")
    if not served(sensor_hz, model_hz):
        exact = sensor_hz / model_hz
        nearest = " and ".join(f"{hz:.9g}" for hz in _nearest_supported(sensor_hz, model_hz))
        raise InputError(
            f"a sensor of {sensor_hz:g} Hz cannot be resampled to the model's {model_hz:g} Hz: expected one not "
            f"slower, at most {MAX_UP} phases and {MAX_PHASE_TAPS} taps (this one takes {_taps(exact)}); nearest "
            f"supported: {nearest} Hz, run the sensor at such a rate and say so in its file"
        )
    ratio = Fraction(sensor_hz / model_hz).limit_denominator(MAX_UP)
    down, up = ratio.numerator, ratio.denominator
    if up == down:
        return Resampler(1, 1, np.zeros((1, 0), np.float32))
    taps = _taps(down / up)
    # Odd in sensor samples, less what would make the delay a fraction of one: the last up - 1 coefficients are zero.
    length = up * (taps - 1) + 1
    cutoff = (PASSBAND + STOPBAND) * up / down  # per half sensor rate
    t = (np.arange(length) - (length - 1) / 2) / up  # in sensor samples
    h = np.zeros(up * taps)
    h[:length] = np.sinc(cutoff * t) * np.kaiser(length, KAISER_BETA)
    phases = h.reshape(taps, up).T
    # Every phase passes a constant unchanged, or gravity would be modulated.
    return Resampler(up, down, np.ascontiguousarray(phases / phases.sum(axis=1, keepdims=True), dtype=np.float32))


def to_rate(x: np.ndarray, rate_hz: float, wanted_hz: float) -> np.ndarray:
    """Records x (n, channels, samples), float64, as a sensor of another rate would have sampled them: interpolated in
    double precision (`scipy.signal.resample_poly`).
    """
    from scipy.signal import resample_poly

    ratio = Fraction(wanted_hz / rate_hz).limit_denominator(1000)
    if ratio == 1:
        return x
    return np.asarray(resample_poly(x, ratio.numerator, ratio.denominator, axis=2, padtype="line"))


def _taps(ratio: float) -> int:
    """Odd length in sensor samples for a sensor `ratio` times as fast as the model: (A - 7.95) / (14.36 width) + 1, the
    width of the transition in cycles per sensor sample (Kaiser 1974).
    """
    return math.ceil((ATTENUATION_DB - 7.95) / (14.36 * (STOPBAND - PASSBAND) / ratio) + 1) | 1


def _nearest_supported(sensor_hz: float, model_hz: float) -> list[float]:
    """The closest supported rate on either side of `sensor_hz`, where there is one."""
    supported = [
        Fraction(down, up) * Fraction(model_hz)
        for up in range(1, MAX_UP + 1)
        for down in range(up, MAX_PHASE_TAPS * up)
        if _taps(down / up) <= MAX_PHASE_TAPS
    ]
    below, above = [hz for hz in supported if hz < sensor_hz], [hz for hz in supported if hz > sensor_hz]
    return [float(hz) for hz in ([max(below)] if below else []) + ([min(above)] if above else [])]
