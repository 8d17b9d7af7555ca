"""The front end in numpy: what firmware/src/frontend/frontend.c does to raw counts, bit for bit.

Every step is one single-precision operation, in the order that firmware/src/frontend/frontend.h writes down; numpy
rounds each as C does without contraction.
This module is the reference that the board's input checksum is compared with; it shares no code with the firmware.
"""

import math
from dataclasses import dataclass

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.fields import MOST
from scl.artifacts.run import InputSteps, Normalisation
from scl.frontend import bandpass, invariants, resampler
from scl.frontend.bandpass import Band, Bandpass
from scl.frontend.beats import Beats, find
from scl.frontend.flags import flags_of, lead_off_at
from scl.frontend.quantization import quantized
from scl.frontend.resampler import Resampler
from scl.frontend.sensor import Sensor
from scl.frontend.si_units import to_si
from scl.frontend.spec import FrontEndSpec


def design_front_end(
    sensor: Sensor,
    window_samples: int,
    rate_hz: float,
    normalisation: Normalisation,
    input_scale: float,
    input_zero_point: int,
    steps: InputSteps | None = None,
) -> FrontEndSpec:
    """The front end from a sensor's counts to a network's input: windows of so many samples at a rate.

    Args:
        input_scale, input_zero_point: of the network's int8 input.
        steps: between resampling and normalization; None: none.

    Raises InputError for a rate that the firmware cannot resample, and for a window or a lead-off time that it cannot
    count.
    """
    steps = steps or InputSteps()
    filtered = resampler.design(sensor.rate_hz, rate_hz)
    before = filtered.before(math.ceil(steps.warmup_s * rate_hz))
    raw_samples = filtered.raw_samples(before + window_samples)
    if raw_samples > MOST:
        raise InputError(
            f"a window of {window_samples:,} samples at {rate_hz:g} Hz takes {raw_samples:,} of {sensor.name} at "
            f"{sensor.rate_hz:g} Hz, a board counts {MOST:,} at most: train with a shorter --window"
        )
    return FrontEndSpec(
        sensor=sensor,
        model_rate_hz=rate_hz,
        window_samples=window_samples,
        raw_samples=raw_samples,
        warmup_samples=before * filtered.down // filtered.up - filtered.delay,
        resampling=filtered.spec,
        band=_band(rate_hz, steps),
        invariant=invariants.describe(sensor.channels, rate_hz) if steps.invariant else None,
        lead_off_samples=_lead_off_samples(sensor),
        mean=tuple(normalisation.mean),
        std=tuple(normalisation.std),
        inv_input_scale=float(np.float32(1) / np.float32(input_scale)),
        input_zero_point=input_zero_point,
        beats=steps.beats,
    )


def _band(rate_hz: float, steps: InputSteps) -> Band | None:
    if steps.band_hz is None:
        return None
    low_hz, high_hz = steps.band_hz
    band = bandpass.design(rate_hz, low_hz, high_hz)
    return Band(low_hz, high_hz, steps.warmup_s, *band.rows)


def _lead_off_samples(sensor: Sensor) -> int:
    """Of the sensor that waits longest; raises InputError where a board cannot count so many, or one is enough.

    More than a window has are seen in a stream.
    """
    lead_off_s = max((part.lead_off_s for part in sensor.parts), default=0.0)
    samples = round(lead_off_s * sensor.rate_hz)
    if lead_off_s and not 2 <= samples <= MOST:
        raise InputError(
            f"sensor {sensor.name}: lead_off_s {lead_off_s:g} is {samples} samples at {sensor.rate_hz:g} Hz, "
            f"expected 2 to {MOST}; change it in the sensor file"
        )
    return samples


@dataclass(frozen=True, eq=False)
class FrontEnd:
    """The front end of a bundle."""

    spec: FrontEndSpec
    resampler: Resampler
    band: Bandpass | None

    @classmethod
    def from_spec(cls, spec: FrontEndSpec) -> "FrontEnd":
        """Raises InputError if this version designs another resampler or band-pass than the bundle's."""
        filtered = resampler.design(spec.sensor.rate_hz, spec.model_rate_hz)
        if filtered.spec != spec.resampling:
            raise InputError("the bundle's resampling filter is not the one that this version designs; export it again")
        if spec.band is None:
            return cls(spec, filtered, None)
        band = bandpass.design(spec.model_rate_hz, spec.band.low_hz, spec.band.high_hz)
        if band.rows != (spec.band.sections, spec.band.steady):
            raise InputError("the bundle's band-pass is not the one that this version designs; export it again")
        return cls(spec, filtered, band)

    def signals(self, counts: np.ndarray) -> np.ndarray:
        """Counts (n, samples, channels) int16 behind SI units, resampling and band-pass: float32 (n, outputs, channels)
        at the model's rate, the warm-up's among them.
        """
        x = self.resampler.apply(to_si(counts, self.spec.sensor))
        return x if self.band is None else self.band.apply(x)

    def quantized_windows(self, counts: np.ndarray) -> np.ndarray:
        """Raw counts (n, raw_samples, channels) int16 to the network's input (n, window_samples, channels) int8.

        Each window starts from a reset front end; the last `window_samples` outputs are the input, as the board's
        ring keeps them.

        Raises ValueError for another type or shape.
        """
        spec = self.spec
        shape = spec.raw_samples, spec.sensor.channels
        if counts.dtype != np.int16 or counts.shape[1:] != shape:
            raise ValueError(f"counts are {counts.dtype} {counts.shape}, expected int16 (n, {shape[0]}, {shape[1]})")
        x = self.signals(counts)
        if spec.invariant is not None:
            x = invariants.invariants(x, spec.invariant.fast, spec.invariant.slow)
        x = x[:, -spec.window_samples :]
        return quantized(x, spec.mean, spec.std, spec.inv_input_scale, spec.input_zero_point)

    def beats(self, counts: np.ndarray) -> Beats:
        """The heartbeats of a stream of counts (samples, 1) int16, which begins with a reset front end.

        Raises ValueError of a front end that measures none.
        """
        return self.beats_in(self.signals(counts[None])[0, :, 0], counts)

    def beats_in(self, outputs: np.ndarray, counts: np.ndarray) -> Beats:
        """As `beats`, where the stream's `signals` are known: outputs float32 (outputs,)."""
        if self.spec.beats is None:
            raise ValueError("this front end measures no beats")
        lead_off = lead_off_at(counts, self.spec.lead_off_samples)
        latest = self.spec.resampling.consumed(np.arange(len(outputs))) - 1
        return find(outputs, lead_off[latest], self.spec.beats)

    def quantized_beats(self, beats: Beats) -> np.ndarray:
        """The network's input int8 (n, 1, features) of beats."""
        spec = self.spec
        return quantized(beats.values[:, None], spec.mean, spec.std, spec.inv_input_scale, spec.input_zero_point)

    def flags(self, counts: np.ndarray) -> np.ndarray:
        """What the board says of windows of counts (n, raw_samples, channels), uint8 (n,): `scl.frontend.flags`."""
        return flags_of(counts, self.spec.sensor, self.spec.lead_off_samples)
