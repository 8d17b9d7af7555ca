"""The front end in numpy: what firmware/src/frontend/frontend.c does to raw counts, bit for bit.

Every step is one single-precision operation, in the order that firmware/src/frontend/frontend.h writes down; numpy
rounds each as C does without contraction.
This module is the reference that the board's input checksum is compared with; it shares no code with the firmware.
"""

import math
import zlib
from dataclasses import dataclass
from typing import Any

import numpy as np

from scl.artifacts import InputError
from scl.frontend import bandpass
from scl.frontend.bandpass import Bandpass
from scl.frontend.flags import LEAD_OFF, SATURATED
from scl.frontend.invariants import FAST_S, SLOW_S, invariants, names, smoothing
from scl.frontend.resampler import Resampler, design
from scl.frontend.sensor import Sensor

SENSORS = {"imu": "replay-imu", "strip": "mitdb", "beat": "mitdb"}  # by task, where --sensor names none
MAX_LEAD_OFF_SAMPLES = 65535  # the firmware counts them in 16 bits


def frontend_dict(
    sensor: Sensor,
    window_samples: int,
    rate_hz: float,
    normalisation: dict[str, list[float]],
    input_scale: float,
    input_zero_point: int,
    band_hz: list[float] | None = None,
    warmup_s: float = 0.0,
    invariant: bool = False,
) -> dict[str, Any]:
    """The manifest's "frontend".

    Of the `raw_samples` sensor samples that make one window, the window's first one has index `warmup_samples`: what
    comes before it lets the filters settle, and the band-pass has run for `warmup_s` seconds at least when the window
    begins. As many follow its last one as the resampler lags behind. Both are 0 where the rates are equal and there
    is nothing to settle.

    Raises InputError for a rate that the firmware cannot resample, and for a lead-off time that it cannot count.
    """
    resampler = design(sensor.rate_hz, rate_hz)
    up, down = resampler.up, resampler.down
    before = resampler.before(math.ceil(warmup_s * rate_hz))
    band = bandpass_for(rate_hz, band_hz)
    lead_off_s = max((part.lead_off_s for part in sensor.parts), default=0.0)
    lead_off_samples = round(lead_off_s * sensor.rate_hz)
    raw_samples = resampler.raw_samples(before + window_samples)
    most = min(MAX_LEAD_OFF_SAMPLES, raw_samples)  # a longer one would never be seen in a window
    if lead_off_s and not 2 <= lead_off_samples <= most:
        raise InputError(
            f"sensor {sensor.name}: lead_off_s {lead_off_s:g} is {lead_off_samples} samples at {sensor.rate_hz:g} Hz, "
            f"expected 2 to {most}; change it in the sensor file"
        )
    return {
        "sensor": sensor.as_dict(),
        "model_rate_hz": rate_hz,
        "window_samples": window_samples,
        "raw_samples": raw_samples,
        "warmup_samples": before * down // up - resampler.delay,
        "up": up,
        "down": down,
        "phase_taps": resampler.phase_taps,
        "coefficients_crc32": _crc32(resampler),
        "band_hz": band_hz,
        "warmup_s": warmup_s,
        "sections": band.sections.tolist(),
        "steady": band.steady.tolist(),
        "lead_off_samples": lead_off_samples,
        "invariant": invariants_for(sensor, rate_hz) if invariant else None,
        "mean": list(normalisation["mean"]),
        "std": list(normalisation["std"]),
        "inv_input_scale": float(np.float32(1) / np.float32(input_scale)),
        "input_zero_point": input_zero_point,
    }


def invariants_for(sensor: Sensor, rate_hz: float) -> dict[str, Any]:
    """What the network takes instead of the sensor's channels: names, and the low-passes' alphas as float32."""
    fast, slow = (float(np.float32(smoothing(seconds, rate_hz))) for seconds in (FAST_S, SLOW_S))
    return {"names": list(names(sum(part.axes for part in sensor.parts))), "fast": fast, "slow": slow}


def bandpass_for(rate_hz: float, band_hz: list[float] | None) -> Bandpass:
    """The band-pass between two frequencies; no section at all without them."""
    if band_hz is None:
        return Bandpass(np.zeros((0, 5), np.float32), np.zeros((0, 2), np.float32))
    return bandpass.design(rate_hz, *band_hz)


@dataclass(frozen=True, eq=False)
class FrontEnd:
    """The front end of a bundle."""

    info: dict[str, Any]
    resampler: Resampler
    band: Bandpass

    @classmethod
    def from_manifest(cls, frontend: dict[str, Any]) -> "FrontEnd":
        """Raises InputError if this version designs another resampler or band-pass than the bundle's."""
        resampler = design(frontend["sensor"]["rate_hz"], frontend["model_rate_hz"])
        if _crc32(resampler) != frontend["coefficients_crc32"]:
            raise InputError("the bundle's resampling filter is not the one that this version designs; export it again")
        band = bandpass_for(frontend["model_rate_hz"], frontend["band_hz"])
        if band.sections.tolist() != frontend["sections"] or band.steady.tolist() != frontend["steady"]:
            raise InputError("the bundle's band-pass is not the one that this version designs; export it again")
        return cls(frontend, resampler, band)

    def quantized_windows(self, counts: np.ndarray) -> np.ndarray:
        """Raw counts (n, raw_samples, channels) int16 to the network's input (n, window_samples, channels) int8.

        Each window starts from a reset front end; the last `window_samples` outputs are the input, as the board's
        ring keeps them.

        Raises ValueError for another type or shape.
        """
        channels = sum(part["axes"] for part in self.info["sensor"]["sensors"])
        samples = self.info["raw_samples"]
        if counts.dtype != np.int16 or counts.shape[1:] != (samples, channels):
            raise ValueError(f"counts are {counts.dtype} {counts.shape}, expected int16 (n, {samples}, {channels})")
        x = self.resampler.apply(self.calibrated(counts))
        x = self.band.apply(x)
        if self.info["invariant"] is not None:
            x = invariants(x, self.info["invariant"]["fast"], self.info["invariant"]["slow"])
        x = x[:, -self.info["window_samples"] :]
        mean, std = (np.asarray(self.info[key], dtype=np.float32) for key in ("mean", "std"))
        x = (x - mean) * (np.float32(1) / std)
        x = np.clip(x * np.float32(self.info["inv_input_scale"]), np.float32(-512), np.float32(512))
        return np.clip(np.rint(x).astype(np.int32) + self.info["input_zero_point"], -128, 127).astype(np.int8)

    def flags(self, counts: np.ndarray) -> np.ndarray:
        """What the board says of windows of counts (n, raw_samples, channels): SATURATED and LEAD_OFF, uint8 (n,)."""
        parts = self.info["sensor"]["sensors"]
        low, high = np.array([part["count_range"] for part in parts for _ in range(part["axes"])]).T
        found = SATURATED * ((counts <= low) | (counts >= high)).any(axis=(1, 2))
        needed = self.info["lead_off_samples"]
        if needed:
            run = longest = np.ones(counts[:, 0].shape, int)  # of equal counts up to here
            for before, now in zip(counts[:, :-1].swapaxes(0, 1), counts[:, 1:].swapaxes(0, 1), strict=True):
                run = np.where(now == before, run + 1, 1)
                longest = np.maximum(longest, run)
            found = found | LEAD_OFF * (longest >= needed).any(axis=1)
        return found.astype(np.uint8)

    def calibrated(self, counts: np.ndarray) -> np.ndarray:
        """Steps 1 and 2: counts (n, samples, channels) int16 to SI units, float32 of the same shape."""
        out = np.empty(counts.shape, dtype=np.float32)
        first = 0
        for part in self.info["sensor"]["sensors"]:
            channels = range(first, first + part["axes"])
            bias, a = (np.asarray(part[key], dtype=np.float32) for key in ("bias", "alignment"))
            unit = np.float32(part["unit_per_count"])
            d = [counts[..., c].astype(np.float32) * unit - b for c, b in zip(channels, bias, strict=True)]
            for i, c in enumerate(channels):
                out[..., c] = a[i, 0] * d[0]
                for j in range(1, part["axes"]):
                    out[..., c] += a[i, j] * d[j]
            first += part["axes"]
        return out


def _crc32(resampler: Resampler) -> int:
    return zlib.crc32(resampler.coefficients.astype("<f4").tobytes())
