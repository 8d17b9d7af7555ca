"""A WFDB record as the sensor of a bundle would have counted it, for `firmware_host.stream --record`.

Records are read at any rate (wfdb_lead.py). The lead is the one of the model's name, else MLII, else the first one in
volts. A sample that the record marks as none repeats the one before it, so that a gap looks to the board as a lead that
is off.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np

from firmware_host.wfdb_lead import HEADER, read_lead
from scl.artifacts import InputError, complain
from scl.artifacts.annotations import Annotations, parse_annotations
from scl.artifacts.capture import Capture
from scl.artifacts.files import read_bytes
from scl.artifacts.manifest import BundleManifest
from scl.ec57.beats import Series, of_symbols
from scl.extras import require
from scl.frontend.counts import to_counts
from scl.frontend.resampler import to_rate
from scl.text import say

REFERENCE, SIGNALS = ".atr", ".dat"
USUAL = "MLII"
MOST_REFERENCE_BYTES = 1 << 22  # a half hour has 6 kB, a day 300 kB
MOST_RATIO = 1000  # of the two rates, in lowest terms, as `to_rate` takes it
TOLERANCE = 1e-6  # of a ratio of rates
UNANNOTATED_S = 10.0  # at the end of a record: longer than a pause that a heart makes


@dataclass(frozen=True, eq=False)
class WfdbRecord:
    """A record that was read.

    Attributes:
        path: without suffix.
        rate_hz, samples: its own.
        capture: as the sensor counts it.
        lead: which one that is, of which, in words.
    """

    path: Path
    rate_hz: float
    samples: int
    capture: Capture
    lead: str

    def own(self, at: np.ndarray) -> np.ndarray:
        """Sample numbers (any) of the sensor as those of the record, int64."""
        scaled = np.rint(at * (self.rate_hz / self.capture.rate_hz)).astype(np.int64)
        return np.asarray(np.minimum(scaled, self.samples - 1))

    def say_lead(self) -> None:
        """On stderr, when it begins to be played."""
        say(f"{self.path}: {self.lead} is played", error=True)

    def file(self, suffix: str) -> Path:
        """One of its files."""
        return self.path.with_name(self.path.name + suffix)

    def reference(self) -> Series | None:
        """What its .atr says, in its own samples; None without one.

        Raises InputError for one that is damaged, or goes on behind the record's end. Says on stderr where it counts
        at another rate than the header, or ends long before the record.
        """
        path = self.file(REFERENCE)
        if not path.is_file():
            return None
        found = parse_annotations(
            read_bytes(path, MOST_REFERENCE_BYTES, "annotations"), str(path), self.rate_hz, self.rate_hz
        )
        self._check_time(found, path)
        return of_symbols(found.samples, found.symbols)

    def _check_time(self, found: Annotations, path: Path) -> None:
        """Whether annotations lie where a record of this rate and length has beats."""
        header, own = self.file(HEADER), found.stated_hz
        last = int(found.samples[-1]) if len(found.samples) else 0
        if last >= self.samples:
            raise InputError(
                f"{path}: its last annotation is at {last / self.rate_hz:.1f} s, {header} says that the record ends at "
                f"{self.samples / self.rate_hz:.1f} s ({self.samples} samples at {self.rate_hz:g} Hz); give the "
                "annotations and the header of one record"
            )
        if own is not None and own != self.rate_hz:
            complain(
                "warning",
                f"{path}: counts at {own:g} Hz, {header} says {self.rate_hz:g} Hz; its times are kept, so see that "
                "both are of this record",
            )
        if len(found.samples) and self.samples - last > UNANNOTATED_S * self.rate_hz:
            complain(
                "warning",
                f"{path}: its last annotation is at {last / self.rate_hz:.1f} s, {header} says that the record ends at "
                f"{self.samples / self.rate_hz:.1f} s; beats behind it count as extra ones, so see that both are of "
                "one rate",
            )


def wfdb_path(path: Path) -> Path | None:
    """The record that `--record` names, without suffix: RECORD, RECORD.hea or RECORD.dat; None for any other file.

    Raises InputError where there is neither a file nor a header of that name.
    """
    if path.suffix in (HEADER, SIGNALS) and path.with_suffix(HEADER).is_file():
        return path.with_suffix("")
    if path.is_file():
        return None
    if path.with_name(path.name + HEADER).is_file():
        return path
    raise InputError(
        f"{path}: neither it nor a WFDB header {path.name}{HEADER} is a file there; give a capture file, or a record "
        "with its header and signals"
    )


def read_wfdb(path: Path, manifest: BundleManifest) -> WfdbRecord:
    """Reads the record at `path`, which has no suffix, for the sensor of a bundle.

    Raises:
        InputError: the bundle's sensor is none of one ECG lead; the record is damaged, without a lead in volts or a
            valid sample, or at a rate that has no simple ratio to the sensor's.
        MissingExtraError: wfdb is not installed.
    """
    sensor = manifest.sensor
    if sensor.channels != 1 or sensor.parts[0].si_unit != "mV":
        raise InputError(
            f"{path}: is a WFDB record, the bundle takes {', '.join(manifest.channels)} of {sensor.name}: give a "
            "bundle of one ECG lead, or a capture file"
        )
    require("wfdb")
    lead = read_lead(path, (manifest.channels[0], USUAL))
    x, rate_hz = _filled(lead.x, path), lead.rate_hz
    ratio = sensor.rate_hz / rate_hz
    simple = Fraction(ratio).limit_denominator(MOST_RATIO)
    if not simple or abs(simple - ratio) > TOLERANCE * ratio or simple.numerator > MOST_RATIO:
        raise InputError(
            f"{path}{HEADER}: has {rate_hz:g} samples per second, which has no ratio to the sensor's "
            f"{sensor.rate_hz:g} of numbers up to {MOST_RATIO}: give the record at another rate"
        )
    counts = to_counts(to_rate(x[None, None], rate_hz, sensor.rate_hz), sensor)[0][0]
    capture = Capture(sensor.name, sensor.rate_hz, tuple(manifest.channels), counts)
    return WfdbRecord(path, rate_hz, len(x), capture, lead.which)


def _filled(x: np.ndarray, path: Path) -> np.ndarray:
    """x (samples,) with each NaN replaced by the sample before it, or the first that there is."""
    valid = np.isfinite(x)
    if not valid.any():
        raise InputError(f"{path}: none of its {len(x)} samples is valid; give another record")
    place = np.where(valid, np.arange(len(x)), -1)
    return np.asarray(x[np.maximum(np.maximum.accumulate(place), int(valid.argmax()))])
