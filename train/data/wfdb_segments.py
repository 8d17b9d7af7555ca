"""Records of a WFDB set as its headers describe them, of one segment or of several.

A record of several segments has a header that names them, each a record of its own. In the fixed layout all have the
same signals. In the variable layout the first, of no samples, names the signals that any of the others has; "~" is a
gap. What a segment lacks, and gaps, are NaN here.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from scl.artifacts import InputError, shortened
from train.data.wfdb_files import Lead, Source, beside, extracted, opened
from train.data.wfdb_header import MOST_BYTES, checked, header_text, parsed

GAP = "~"
MOST_SAMPLES = 1 << 26  # of a lead: 18 hours at 1000 Hz


@dataclass(frozen=True)
class Segment:
    """A record that is a part of another one, or a gap.

    Attributes:
        record: its path without suffix; None for a gap.
        frames: its length.
    """

    record: str | None
    frames: int


@dataclass(frozen=True)
class Described:
    """A record before its samples are read.

    Attributes:
        leads: names of its signals, in order; "" for one without a name.
        comments: lines of its header, without #.
        segments: in order of time; none if it has its signals itself.
        layout: of a variable layout, the record that names its signals.
    """

    leads: tuple[str, ...]
    comments: tuple[str, ...]
    segments: tuple[Segment, ...] = ()
    layout: str | None = None


def describe(source: Source, record: str) -> Described:
    """What a record's header says. Raises InputError for what is no header, or is one of a kind that is not read."""
    import wfdb

    header = _parsed(source, record, whole=True)
    comments = tuple(header.comments or ())
    if isinstance(header, wfdb.Record):
        return Described(_names(header), comments)
    where = f"{source.path}: {record}.hea"
    names, lengths = list(header.seg_name or ()), list(header.seg_len or ())
    if len(names) != header.n_seg or len(lengths) != header.n_seg or not names:
        raise InputError(
            f"{where} names {len(names)} segments, but its first line says {header.n_seg}; download it again"
        )
    total = header.sig_len or sum(lengths)
    if sum(lengths) != total or not 0 < total <= MOST_SAMPLES:
        raise InputError(
            f"{where} says {total:,} samples and its segments have {sum(lengths):,}, expected the same, from 1 to "
            f"{MOST_SAMPLES:,}; download it again"
        )
    layout = beside(record, names[0]) if lengths[0] == 0 else None
    parts = list(zip(names, lengths, strict=True))[layout is not None :]
    segments = tuple(Segment(None if name == GAP else beside(record, name), frames) for name, frames in parts)
    whole = [segment.record for segment in segments if segment.record is not None]
    if not whole:
        raise InputError(f"{where} names no segment with samples; leave out the record")
    first = _parsed(source, layout, whole=False) if layout else _parsed(source, whole[0], whole=True)
    if not isinstance(first, wfdb.Record) or not first.sig_name:
        raise InputError(f"{where}: its segment {names[0]} names no signal, or has segments itself; download it again")
    return Described(_names(first), comments + tuple(first.comments or ()), segments, layout)


def files_of(source: Source, record: str, described: Described) -> list[str]:
    """The files of a record: headers and signals."""
    headers = [record, *([described.layout] if described.layout else [])]
    whole = [s.record for s in described.segments if s.record is not None] if described.segments else [record]
    headers += [name for name in whole if name != record]
    signals = [file for name in whole for file in source.signal_files(name)]
    return [f"{name}.hea" for name in dict.fromkeys(headers)] + list(dict.fromkeys(signals))


def read_record(source: Source, record: str, described: Described, index: int) -> Lead:
    """The lead of number `index` of a record, whole.

    Raises InputError as `Stored.lead` does, for checksums only where they are written; or if segments do not agree.
    """
    if not described.segments:
        with opened(source, record) as stored:
            return stored.lead(index, strict=False)
    where = f"{source.path}: {record}.hea"
    name, parts = described.leads[index], []
    for segment in described.segments:
        parts.append(None if segment.record is None else _part(source, segment, name, where))
    leads = [part for part in parts if part is not None]
    if not leads:
        raise InputError(f"{where}: none of its segments has lead {name}; choose another lead")
    rates = sorted({(lead.rate_hz, lead.frame_hz) for lead in leads})
    if len(rates) > 1:
        found = " and ".join(f"{rate:g}" for rate, _ in rates)
        raise InputError(f"{where}: its segments have {found} samples per second, expected one rate; convert it")
    per_frame = round(rates[0][0] / rates[0][1])
    x = np.full(sum(segment.frames for segment in described.segments) * per_frame, np.nan, np.float32)
    at = 0
    for segment, part in zip(described.segments, parts, strict=True):
        if part is not None:
            x[at : at + len(part.x)] = part.x
        at += segment.frames * per_frame
    return Lead(name, x, rates[0][1], rates[0][0], all(lead.verified for lead in leads))


def _part(source: Source, segment: Segment, name: str, where: str) -> Lead | None:
    """A segment's lead of this name, where it has one."""
    assert segment.record is not None
    with opened(source, segment.record) as stored:
        if stored.header.sig_len != segment.frames:
            raise InputError(
                f"{where} says that {segment.record} has {segment.frames} samples, but {segment.record}.hea says "
                f"{stored.header.sig_len}; download it again"
            )
        names = _names(stored.header)
        return stored.lead(names.index(name), strict=False) if name in names else None


def _parsed(source: Source, record: str, whole: bool) -> Any:
    """A header as wfdb parses it; `whole`, also checked as far as it is one of signals."""
    import wfdb

    where = f"{source.path}: {record}.hea"
    text = header_text(source.read(f"{record}.hea", MOST_BYTES))
    with extracted({"record.hea": text.encode()}) as folder:
        header = parsed(folder / "record.hea", where)
        if whole and isinstance(header, wfdb.Record):
            header = checked(header, where)
            if header.sig_len * max(header.samps_per_frame) > MOST_SAMPLES:
                raise InputError(
                    f"{where} says {shortened(header.sig_len)} samples, expected at most {MOST_SAMPLES:,}; download it "
                    "again"
                )
        return header


def _names(header: Any) -> tuple[str, ...]:
    return tuple(str(name or "").strip() for name in header.sig_name)
