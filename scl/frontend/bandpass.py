"""The causal band-pass of an ECG front end: its design, and firmware/src/frontend/frontend.c's arithmetic in numpy.

Two second-order sections, a Butterworth high-pass at 0.5 Hz against baseline wander and a Butterworth low-pass at 40 Hz
against muscle and mains noise, in transposed direct form II. Per sample x and section, every operation one
single-precision rounding, in this order:

    y  = b0*x + z1
    z1 = (b1*x - a1*y) + z2
    z2 = b2*x - a2*y

A stream starts in the steady state of its first sample, as if the signal had always been there.
"""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from annotated_types import Len

from scl.artifacts.fields import NotNegative, Positive

ORDER = 2  # of each of the two Butterworth filters: one section
SECTIONS = 2
Section = tuple[float, float, float, float, float]


@dataclass(frozen=True)
class Band:
    """What a bundle says of its band-pass.

    Attributes:
        low_hz, high_hz: its ends, 3 dB down.
        warmup_s: seconds that it has run at least when a window begins.
        sections, steady: as `Bandpass` has them.
    """

    low_hz: Positive
    high_hz: Positive
    warmup_s: NotNegative
    sections: Annotated[tuple[Section, ...], Len(SECTIONS, SECTIONS)]
    steady: Annotated[tuple[tuple[float, float], ...], Len(SECTIONS, SECTIONS)]

    def __post_init__(self) -> None:
        if self.low_hz >= self.high_hz:
            raise ValueError(f"low_hz is {self.low_hz:g}, expected less than high_hz, {self.high_hz:g}")


@dataclass(frozen=True, eq=False)
class Bandpass:
    """Second-order sections in cascade.

    Attributes:
        sections: float32 (sections, 5), each b0, b1, b2, a1, a2 (a0 is 1).
        steady: float32 (sections, 2), each section's z1, z2 after a constant input of 1 to the cascade.
    """

    sections: np.ndarray
    steady: np.ndarray

    @property
    def rows(self) -> tuple[tuple[Section, ...], tuple[tuple[float, float], ...]]:
        """Sections and steady states, as a bundle has them."""
        sections = tuple((b0, b1, b2, a1, a2) for b0, b1, b2, a1, a2 in self.sections.tolist())
        return sections, tuple((z1, z2) for z1, z2 in self.steady.tolist())

    def apply(self, x: np.ndarray) -> np.ndarray:
        """Samples x (n, samples, channels) float32 to the filtered ones, of the same shape, each row from its own
        steady state.
        """
        x = np.asarray(x, np.float32)
        signal = np.ascontiguousarray(x.transpose(1, 0, 2))  # time first: one step of all rows is one operation
        for (b0, b1, b2, a1, a2), steady in zip(self.sections, self.steady, strict=True):
            # The steady state is that of the cascade's input, so every section starts from x, not from its own input.
            z1, z2 = x[:, 0] * steady[0], x[:, 0] * steady[1]
            p, q = np.empty_like(z1), np.empty_like(z1)
            out = np.empty_like(signal)
            for u, y in zip(signal, out, strict=True):
                np.multiply(b0, u, out=p)
                np.add(p, z1, out=y)
                np.multiply(b1, u, out=p)
                np.multiply(a1, y, out=q)
                np.subtract(p, q, out=p)
                np.add(p, z2, out=z1)
                np.multiply(b2, u, out=p)
                np.multiply(a2, y, out=q)
                np.subtract(p, q, out=z2)
            signal = out
        return np.ascontiguousarray(signal.transpose(1, 0, 2))


def design(rate_hz: float, low_hz: float, high_hz: float) -> Bandpass:
    """The band-pass from `low_hz` to `high_hz` (3 dB down) for signals of `rate_hz`.

    Raises ValueError unless 0 < low < high < rate / 2.

    Examples:
        >>> design(180.0, 0.5, 40.0).sections.shape  # sections of a high-pass and of a low-pass
        (2, 5)
    """
    from scipy.signal import butter, sosfilt_zi

    if not 0 < low_hz < high_hz < rate_hz / 2:
        raise ValueError(f"band {low_hz:g} to {high_hz:g} Hz does not fit below half of {rate_hz:g} Hz")
    sos = np.concatenate(
        [
            butter(ORDER, low_hz, "highpass", fs=rate_hz, output="sos"),
            butter(ORDER, high_hz, "lowpass", fs=rate_hz, output="sos"),
        ]
    ).astype(np.float32)
    steady = sosfilt_zi(sos.astype(np.float64)).astype(np.float32)
    return Bandpass(np.ascontiguousarray(sos[:, [0, 1, 2, 4, 5]]), steady)
