"""Headers in PhysioNet's WFDB format (wfdb.io/spec/header.html): what of it is read here, and by what name the rest is
refused.

Read are records whose signals are stored sample by sample, in one file or several, with any offset, skew and number of
samples in a frame; records of several segments by `wfdb_segments`. Not read are compressed formats, and what has no
gain.
"""

import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from scl.artifacts import InputError, shortened
from scl.units import MICRO

MOST_BYTES = 1 << 16
MOST_SIGNALS = 256  # wfdb takes milliseconds for each
MOST_LINE = 1000  # characters; the format's own limit is 255
# Bytes of the samples that are left over from whole blocks, none to a block's number: two 12-bit samples take three
# bytes, and a single one takes two of them.
STORED = {
    "8": (0, 1), "80": (0, 1), "16": (0, 2), "61": (0, 2), "160": (0, 2), "24": (0, 3), "32": (0, 4),
    "212": (0, 2, 3), "310": (0, 2, 4, 4), "311": (0, 2, 3, 4),
}  # fmt: skip
COMPRESSED = ("508", "516", "524")
CONVERT = "convert it to format 16, with xform of the WFDB tools or wfdb.wrsamp"
SIGNAL_LINE = re.compile(r"(?P<file>~?[-\w]*\.?\w*)[ \t]+(?P<format>\d+)[^ \t]*([ \t]+(?P<gain>[^ \t(/]*))?")
BIG_ENDIAN = re.compile(r"^(~?[-\w]*\.?\w*[ \t]+)61(?=\D|$)")  # a signal's line: 16 in the other order of bytes
# Standard, Frank's, modified and bipolar chest leads as PhysioNet's databases name them.
ECG_LEAD = re.compile(
    r".*(ecg|ekg).*|(lead )?(mod\.? ?)?"
    r"(i{1,3}|av[rlf]|v[1-9]?r?|v\d-v\d|v[xyz]|ml ?(i{1,3}|v?\d)|mcl? ?\d|c[cms]\d+|d[1-4])",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class SignalFile:
    """A file of a record's signals.

    Attributes:
        format: WFDB's number of how samples are stored.
        offset: bytes before the first sample.
        frame: samples of all its signals in a frame.
    """

    name: str
    format: str
    offset: int
    frame: int

    def sizes(self, frames: int) -> tuple[int, int]:
        """Bytes of a file of so many frames, ending with the last sample or with the block that holds it."""
        *rests, block = STORED[self.format]
        whole, rest = divmod(frames * self.frame, len(rests))
        return self.offset + whole * block + rests[rest], self.offset + (whole + (rest > 0)) * block


def header_text(data: bytes) -> str:
    """A header's text in ASCII. A micro sign becomes a u: left out, as other bytes are, it would make volts of it."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.translate(MICRO).encode("ascii", "ignore").decode("ascii")


def content_lines(text: str) -> list[str]:
    """A header's lines without comments: the record's, then one for each signal, or each segment."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def signal_file_names(text: str) -> list[str]:
    """Names of a header's signal files, each once; none where it is no header of signals."""
    record, *signals = content_lines(text) or [""]
    if _of_segments(record):
        return []
    matches = (SIGNAL_LINE.match(line) for line in signals if len(line) <= MOST_LINE)
    return list(dict.fromkeys(match["file"] for match in matches if match))


def _of_segments(line: str) -> bool:
    """Whether a header's first line is that of a record of segments: their number stands behind the name."""
    return re.match(r"[-\w]+/\d", line) is not None


def parsed(path: Path, where: str) -> Any:
    """The wfdb.Record or wfdb.MultiRecord of a header file; `where` names the file in messages.

    Raises InputError for what is no header.
    """
    import wfdb

    text = path.read_bytes().decode("ascii", "ignore")
    longest = max(map(len, text.splitlines()), default=0)
    if len(text) > MOST_BYTES or longest > MOST_LINE:
        raise InputError(f"{where} has {len(text)} characters, {longest} in a line: no WFDB header; download it again")
    lines = content_lines(text)
    if len(lines) > 1 + MOST_SIGNALS and not _of_segments(lines[0]):
        raise InputError(
            f"{where} describes {len(lines) - 1} signals, expected at most {MOST_SIGNALS}; download it again"
        )
    try:
        return wfdb.rdheader(str(path.with_suffix("")))
    except Exception as error:  # wfdb raises whatever its parsing meets
        raise InputError(
            f"{where} cannot be read as a WFDB header ({type(error).__name__}: {error}); download it again"
        ) from error


def read_header(path: Path, where: str) -> Any:
    """The wfdb.Record of a header file, without its signals; `where` names the file in messages.

    Raises InputError for what is no header, or is one of a kind that is not read.
    """
    return checked(parsed(path, where), where)


def checked(header: Any, where: str) -> Any:
    """A parsed header, if it is one of signals and of a kind that is read; else raises InputError."""
    import wfdb

    if not isinstance(header, wfdb.Record):
        raise InputError(f"{where} is of a record of {header.n_seg} segments, expected one segment; {CONVERT}")
    if not header.n_sig:
        raise InputError(f"{where} describes no signal, expected an ECG lead; leave out the record")
    if len(header.file_name or ()) != header.n_sig:
        raise InputError(
            f"{where} describes {len(header.file_name or ())} signals, but its first line says {header.n_sig}; "
            "download it again"
        )
    if not header.sig_len:
        raise InputError(
            f"{where} does not say how many samples a signal has, expected it at the end of the first line; write it "
            "there"
        )
    _check_stored(header, where)
    return header


def _check_stored(header: Any, where: str) -> None:
    for name, fmt in zip(header.file_name, header.fmt, strict=True):
        if fmt in COMPRESSED:
            raise InputError(f"{where}: {name} is in the compressed format {fmt} (FLAC), which is not read; {CONVERT}")
        if fmt not in STORED:
            raise InputError(
                f"{where}: {name} is in format {fmt}, which is not read, expected one of {', '.join(STORED)}; {CONVERT}"
            )
    for name in set(header.file_name):
        members = [index for index, other in enumerate(header.file_name) if other == name]
        kinds = {(header.fmt[index], header.byte_offset[index] or 0) for index in members}
        if len(kinds) > 1 or members[-1] - members[0] >= len(members):
            raise InputError(
                f"{where}: the signals in {name} are in several formats, offsets or places, expected one; {CONVERT}"
            )


def signal_files(header: Any) -> list[SignalFile]:
    """A record's signal files, in order."""
    files: dict[str, SignalFile] = {}
    for name, fmt, offset, samples in zip(
        header.file_name, header.fmt, header.byte_offset, header.samps_per_frame, strict=True
    ):
        before = files[name].frame if name in files else 0
        files[name] = SignalFile(name, fmt, offset or 0, before + samples)
    return list(files.values())


def check_gain(text: str, index: int, lead: str, where: str) -> None:
    """Raises InputError if the header says no gain of a signal. wfdb takes 200 per mV then: what WFDB calls
    uncalibrated.
    """
    line = SIGNAL_LINE.match(content_lines(text)[1 + index])
    written = line["gain"] or "" if line else ""
    try:
        gain = float(written or 0)
    except ValueError:
        gain = math.nan
    if gain == 0:
        found = f"the gain {written}" if written else "no gain"
        raise InputError(
            f"{where}: lead {lead} has {found}, so it is uncalibrated, and its samples are no mV; write its gain in "
            "counts per mV there, if you know it"
        )
    if not 1e-6 < abs(gain) < 1e12:
        raise InputError(
            f"{where}: lead {lead} has the gain {shortened(written)}, expected counts per mV; download it again"
        )
