"""The front end as a bundle says it: from one sensor's counts to the network's int8 input, all numbers of it."""

from dataclasses import dataclass
from typing import Annotated

from annotated_types import MinLen

from scl.artifacts.fields import Count, Int8, Positive, Size
from scl.frontend.bandpass import Band
from scl.frontend.beats import BeatSpec
from scl.frontend.invariants import InvariantSpec
from scl.frontend.invariants import names as invariant_names
from scl.frontend.resampler import TOLERANCE, Resampling
from scl.frontend.sensor import Sensor


@dataclass(frozen=True)
class FrontEndSpec:
    """What a board does to counts, in this order: SI units, resampling, band-pass, invariants or beats, normalization,
    int8.

    Of the `raw_samples` sensor samples that make one window, the window's first one has index `warmup_samples`: what
    comes before it lets the filters settle, and the band-pass has run for `band.warmup_s` seconds at least when the
    window begins. As many follow its last one as the resampler lags behind. Both are 0 where the rates are equal and
    there is nothing to settle.

    Attributes:
        window_samples: of the network's input, at `model_rate_hz`.
        band, invariant, beats: None without such a step. With beats a window of the network is one beat's features,
            and `raw_samples` are those whose flags an answer has.
        lead_off_samples: so many equal counts of a channel mean that there is no signal; 0: none do.
        mean, std: of each input of the network.
        inv_input_scale: steps of the int8 input in one standard deviation.
    """

    sensor: Sensor
    model_rate_hz: Positive
    window_samples: Count
    raw_samples: Count
    warmup_samples: Size
    resampling: Resampling
    band: Band | None
    invariant: InvariantSpec | None
    lead_off_samples: Size
    mean: Annotated[tuple[float, ...], MinLen(1)]
    std: Annotated[tuple[Positive, ...], MinLen(1)]
    inv_input_scale: Positive
    input_zero_point: Int8
    beats: BeatSpec | None = None

    def __post_init__(self) -> None:
        if self.invariant is not None and self.invariant.names != invariant_names(self.sensor.channels):
            raise ValueError(
                f"invariant.names are {', '.join(self.invariant.names)}, expected "
                f"{', '.join(invariant_names(self.sensor.channels))}"
            )
        if not len(self.mean) == len(self.std) == self.inputs:
            raise ValueError(
                f"mean has {len(self.mean)} entries and std {len(self.std)}, expected {self.inputs}, one for each input"
            )
        ratio, exact = self.resampling.down / self.resampling.up, self.sensor.rate_hz / self.model_rate_hz
        if not abs(ratio - exact) <= TOLERANCE * exact:
            raise ValueError(
                f"resampling is {self.resampling.up} / {self.resampling.down}, expected the ratio of "
                f"{self.model_rate_hz:g} to {self.sensor.rate_hz:g} Hz"
            )
        if self.band is not None and self.band.high_hz >= self.model_rate_hz / 2:
            raise ValueError(
                f"band.high_hz is {self.band.high_hz:g}, expected less than half of {self.model_rate_hz:g} Hz"
            )
        self._check_samples()

    def _check_samples(self) -> None:
        up, down = self.resampling.up, self.resampling.down
        settled, rest = divmod(self.warmup_samples + self.resampling.delay, down)
        if rest:
            raise ValueError(
                f"warmup_samples is {self.warmup_samples}, expected, with a delay of {self.resampling.delay}, a "
                f"multiple of {down}"
            )
        raw_samples = (settled * up + self.window_samples - 1) * down // up + 1
        if self.raw_samples != raw_samples:
            raise ValueError(
                f"raw_samples is {self.raw_samples}, expected {raw_samples}: {self.warmup_samples} of warm-up and what "
                f"{self.window_samples} model samples take"
            )
        if self.lead_off_samples == 1:
            raise ValueError("lead_off_samples is 1, expected 0, or 2 at least")

    @property
    def inputs(self) -> int:
        """How many channels the network sees."""
        if self.beats is not None:
            return len(self.beats.names)
        return self.sensor.channels if self.invariant is None else len(self.invariant.names)
