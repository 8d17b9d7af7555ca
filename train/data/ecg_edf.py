"""EDF and EDF+ recordings (edfplus.info/specs) anywhere below a folder, by edfio.

edfio mends what it meets: a file that is cut off loses its last data record, and a signal without a scale comes as
counts, with warnings that a command does not show. So the sizes and scales that the header says are checked here first.
"""

import math
from typing import Any

import numpy as np

from scl.artifacts import InputError, shortened
from scl.units import millivolts_per
from train.data.ecg_record import Listed, natural
from train.data.wfdb_files import Lead, Source
from train.data.wfdb_segments import MOST_SAMPLES

SUFFIX = ".edf"
BLOCK = 256  # bytes of the header's part that is of the file, and of that of each signal
MOST_SIGNALS = 512
AGAIN = "copy or record it again"


class EdfRecords:
    """The `Format` of EDF. Raises InputError for a file that is none, or is cut off."""

    subjects_from = "patient codes of EDF+ headers"

    def __init__(self, source: Source) -> None:
        self.source = source
        self.paths = {n[: -len(SUFFIX)]: n for n in source.names if n.lower().endswith(SUFFIX)}
        self.listed = tuple(self._listed(name) for name in sorted(self.paths, key=natural))

    def files(self, name: str) -> list[str]:
        return [self.paths[name]]

    def read(self, name: str, index: int) -> Lead:
        where, edf = self._opened(name)
        signal = edf.signals[index]
        try:
            unit, rate_hz = signal.physical_dimension, float(signal.sampling_frequency)
            low, high, least, most = signal.digital_min, signal.digital_max, signal.physical_min, signal.physical_max
        except Exception as error:  # whatever its parsing of numbers meets
            raise InputError(f"{where}: signal {shortened(signal.label)} has no scale ({error}); {AGAIN}") from error
        factor = millivolts_per(unit)
        if factor is None:
            raise InputError(f"{where}: {signal.label} is in {shortened(unit)}, expected V, mV or uV; convert it")
        if not (-32768 <= low < high <= 32767 and math.isfinite(least) and math.isfinite(most) and least != most):
            raise InputError(
                f"{where}: {signal.label} goes from {low} to {high} in counts and from {least:g} to {most:g} {unit}, "
                f"expected two ranges; {AGAIN}"
            )
        x = (signal.data * factor).astype(np.float32)
        if len(x) > MOST_SAMPLES:
            raise InputError(
                f"{where}: {signal.label} has {len(x):,} samples, expected at most {MOST_SAMPLES:,}; cut it"
            )
        return Lead(signal.label, x, rate_hz, rate_hz)

    def _listed(self, name: str) -> Listed:
        _, edf = self._opened(name)
        code = edf.local_patient_identification.split(" ")[0] if edf.reserved.startswith("EDF+") else "X"
        leads = tuple(signal.label.strip() for signal in edf.signals)
        return Listed(name, leads, None if code in ("", "X") or not code.isprintable() else code)

    def _opened(self, name: str) -> tuple[str, Any]:
        """The file for messages, and edfio's Edf of it."""
        import edfio

        where = f"{self.source.path}: {self.paths[name]}"
        data = self.source.read(self.paths[name])
        _check_header(data, where)
        try:
            edf = edfio.read_edf(data)
            signals, kind = edf.signals, edf.reserved
        except Exception as error:  # whatever its parsing meets
            raise InputError(f"{where} cannot be read as EDF ({type(error).__name__}: {error}); {AGAIN}") from error
        if kind.startswith("EDF+D"):
            raise InputError(f"{where} has gaps (EDF+D), expected a continuous recording; convert it to EDF+C")
        if not signals:
            raise InputError(f"{where} has no signal, expected an ECG lead; leave it out")
        return where, edf


def _check_header(data: bytes, where: str) -> None:
    """Raises InputError unless the header's numbers agree with each other and with the file's size."""

    def number(start: int, length: int, what: str, most: float) -> float:
        text = data[start : start + length].decode("ascii", "replace").strip()
        try:
            value = float(text)
        except ValueError:
            value = math.nan
        if not 0 < value <= most:
            raise InputError(f"{where}: says {shortened(text)} as {what}, expected a number above 0; {AGAIN}")
        return value

    if len(data) < BLOCK or data[:8].strip() != b"0":
        raise InputError(f"{where}: is no EDF file, which begins with 0 and has {BLOCK} bytes or more; {AGAIN}")
    signals = int(number(252, 4, "the number of signals", MOST_SIGNALS))
    records = int(number(236, 8, "the number of data records", 1e8))
    number(244, 8, "the duration of a data record", 1e6)
    header = int(number(184, 8, "the header's bytes", BLOCK * (MOST_SIGNALS + 1)))
    if header != BLOCK * (signals + 1) or len(data) < header:
        raise InputError(
            f"{where}: has {len(data)} bytes and a header of {header}, expected a header of {BLOCK * (signals + 1)} "
            f"for {signals} signals; {AGAIN}"
        )
    at = BLOCK + 216 * signals  # where the samples of each signal in a data record stand
    samples = sum(int(number(at + 8 * i, 8, "samples in a data record", 1e7)) for i in range(signals))
    if len(data) != header + 2 * samples * records:
        raise InputError(
            f"{where}: has {len(data)} bytes, but {records} data records of {samples} samples, as its header says, "
            f"take {header + 2 * samples * records}; {AGAIN}"
        )
