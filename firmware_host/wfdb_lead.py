"""One ECG lead of a WFDB record, of one segment or of several, in any format that wfdb-python reads.

The header of a record of several segments names them, each a record of its own beside it. A segment without samples
says what signals there are (the variable layout) and is left out; "~" is a gap. Gaps, and segments that lack the lead,
are NaN. wfdb-python joins segments itself, but not those with gaps.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from scl.artifacts import InputError, shortened
from scl.artifacts.files import read_bytes
from scl.units import millivolts_per

HEADER = ".hea"
GAP = "~"
MOST_HEADER_BYTES = 1 << 16
MOST_SAMPLES = 1 << 26  # of segments together: 18 hours at 1000 Hz
AGAIN = "download the record again"
_NAME = re.compile(r"[\w-]+", re.ASCII)  # of a segment, which is beside its record


@dataclass(frozen=True, eq=False)
class Lead:
    """A lead of a record.

    Attributes:
        which: of which leads it is which one, in words.
        x: float64 (samples,) in mV, NaN where there is no sample.
        rate_hz: samples per second.
    """

    which: str
    x: np.ndarray
    rate_hz: float


def read_lead(path: Path, wanted: Sequence[str]) -> Lead:
    """The first of the leads `wanted` that the record at `path`, which has no suffix, has; else its first one in volts.

    Raises InputError for a record that is damaged or has no lead in volts.
    """
    import wfdb

    header = _parsed(path)
    if isinstance(header, wfdb.MultiRecord):
        return _joined(header, path, wanted)
    _check_signals(header, path)
    name = _chosen([header], wanted, path)
    x = _millivolts(header, name, path)
    assert x is not None  # as it was chosen
    return Lead(f"lead {name} of {', '.join(map(str, header.sig_name))}", x, float(header.fs))


def _joined(header: Any, path: Path, wanted: Sequence[str]) -> Lead:
    """The lead of all segments, one behind the other."""
    segments = list(zip(header.seg_name or (), header.seg_len or (), strict=False))
    total = sum(length for _, length in segments)
    if len(segments) != header.n_seg or total != (header.sig_len or total) or not 0 < total <= MOST_SAMPLES:
        raise InputError(
            f"{path}{HEADER}: names {len(segments)} segments of {total:,} samples together, its first line says "
            f"{header.n_seg} of {header.sig_len or 0:,}; expected as many, and 1 to {MOST_SAMPLES:,} samples: {AGAIN}"
        )
    for name, _ in segments:
        if name != GAP and not _NAME.fullmatch(name):
            raise InputError(f"{path}{HEADER}: names a segment {shortened(name)}, expected one beside it; {AGAIN}")
    files = [None if name == GAP else path.with_name(name) for name, length in segments if length]
    headers = {file: _parsed(file) for file in files if file is not None}
    for segment, one in headers.items():
        _check_signals(one, segment)
    if not headers:
        raise InputError(f"{path}{HEADER}: names no segment with samples; give another record")
    name = _chosen(list(headers.values()), wanted, path)
    parts = []
    for file, length in zip(files, (length for _, length in segments if length), strict=True):
        one = None if file is None else headers[file]
        if one is not None and (one.fs, one.sig_len) != (header.fs, length):
            raise InputError(
                f"{file}{HEADER}: has {one.sig_len} samples at {one.fs:g} Hz, {path}{HEADER} says {length} at "
                f"{header.fs:g} Hz; {AGAIN}"
            )
        part = None if one is None or file is None else _millivolts(one, name, file)
        parts.append(np.full(length, np.nan) if part is None else part)
    leads = dict.fromkeys(str(lead) for one in headers.values() for lead in one.sig_name)
    return Lead(f"lead {name} of {', '.join(leads)}", np.concatenate(parts), float(header.fs))


def _parsed(path: Path) -> Any:
    """wfdb's header, of a record of one segment or of several."""
    import wfdb

    name = f"{path}{HEADER}"
    read_bytes(path.with_name(path.name + HEADER), MOST_HEADER_BYTES, "a WFDB header")  # refuses what is larger
    try:
        return wfdb.rdheader(str(path))
    except Exception as error:  # wfdb raises whatever its parsing meets
        raise InputError(
            f"{name}: cannot be read as a WFDB header ({type(error).__name__}: {shortened(str(error))}); {AGAIN}"
        ) from error


def _check_signals(header: Any, path: Path) -> None:
    """Raises InputError unless a header is that of a record of one segment with signals."""
    import wfdb

    name = f"{path}{HEADER}"
    if not isinstance(header, wfdb.Record):
        raise InputError(
            f"{name}: is of a record of {header.n_seg} segments within another one, expected one; convert it with "
            "xform of the WFDB tools"
        )
    if not header.n_sig or len(header.sig_name or ()) != header.n_sig:
        raise InputError(
            f"{name}: describes {len(header.sig_name or ())} signals, {header.n_sig} by its first line; expected one "
            f"at least, and as many: {AGAIN}"
        )
    if not header.fs or not header.fs > 0:
        raise InputError(f"{name}: has {header.fs} samples per second, expected more than 0; {AGAIN}")


def _chosen(headers: Sequence[Any], wanted: Sequence[str], path: Path) -> str:
    """The name of the lead: the first one of `wanted` that is there, else the first in volts."""
    signals = [(str(n), str(u)) for header in headers for n, u in zip(header.sig_name, header.units, strict=False)]
    usable = [name for name, unit in signals if millivolts_per(unit) is not None]
    if not usable:
        listed = ", ".join(f"{name} in {unit}" for name, unit in signals)
        raise InputError(f"{path}{HEADER}: has {shortened(listed)}, expected a lead in V, mV or uV; convert it")
    return next((name for name in wanted if name in usable), usable[0])


def _place(header: Any, name: str) -> tuple[int, float] | None:
    """The number of a lead and its unit in mV; None where there is none of that name in volts."""
    for index, (own, unit) in enumerate(zip(header.sig_name, header.units, strict=False)):
        factor = millivolts_per(str(unit))
        if str(own) == name and factor is not None:
            return index, factor
    return None


def _millivolts(header: Any, name: str, path: Path) -> np.ndarray | None:
    """A lead (samples,) in mV; None where a record lacks it."""
    place = _place(header, name)
    return None if place is None else _samples(header, place[0], path) * place[1]


def _samples(header: Any, index: int, path: Path) -> np.ndarray:
    """A lead (samples,) float64 in its unit, NaN where there is none. Checksums are compared where there are any."""
    import wfdb

    try:
        record = wfdb.rdrecord(str(path), physical=False, ignore_skew=True)
        sums = record.calc_checksum() if max(record.samps_per_frame) == 1 else None
        x = np.asarray(record.dac()[:, index], np.float64)
    except Exception as error:  # wfdb raises whatever its parsing meets
        raise InputError(
            f"{path}: its signals cannot be read as its header says ({type(error).__name__}: "
            f"{shortened(str(error))}); {AGAIN}"
        ) from error
    named = record.checksum or []
    known = sums if sums is not None and any(named) and None not in named else []
    if any(due % 65536 != value % 65536 for due, value in zip(named, known, strict=False)):
        raise InputError(f"{path}: its signals have checksums {sums}, its header names {named}; {AGAIN}")
    if header.sig_len and len(x) != header.sig_len:
        raise InputError(f"{path}: has {len(x)} samples, {header.sig_len} by its header; {AGAIN}")
    lag = (header.skew[index] or 0) if header.skew else 0
    return np.concatenate([x[lag:], np.full(min(lag, len(x)), np.nan)])
