"""Every way that WFDB stores signals sample by sample, encoded here as wfdb.io/spec/signal.html says, and what is not
read.
"""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import wfdb

from scl.artifacts import InputError
from train.data.wfdb_files import Source, read_lead

RATE_HZ, GAIN, BASELINE = 360.0, 50.0, 3


def pairs(counts: np.ndarray) -> bytes:
    """Format 212: twelve bits each, the upper four of both in the middle byte."""
    out = bytearray()
    for a, b in np.append(counts, np.zeros(len(counts) % 2, int)).reshape(-1, 2).tolist():
        out += bytes([a & 0xFF, (a >> 8 & 0x0F) | (b >> 4 & 0xF0), b & 0xFF])
    return bytes(out[: -(-len(counts) * 3 // 2)])


def triples(counts: np.ndarray, packed: Callable[[int, int, int], int]) -> bytes:
    """Formats 310 and 311: ten bits each, four bytes for three."""
    whole = np.append(counts, np.zeros(-len(counts) % 3, int)).reshape(-1, 3) & 0x3FF
    return b"".join(packed(a, b, c).to_bytes(4, "little") for a, b, c in whole.tolist())


ENCODED: dict[str, tuple[int, Callable[[np.ndarray], bytes]]] = {  # bits of a sample, and all counts as bytes
    "80": (8, lambda x: (x + 128).astype("u1").tobytes()),
    "16": (16, lambda x: x.astype("<i2").tobytes()),
    "61": (16, lambda x: x.astype(">i2").tobytes()),
    "160": (16, lambda x: (x + 32768).astype("<u2").tobytes()),
    "24": (24, lambda x: b"".join(int(v).to_bytes(3, "little", signed=True) for v in x)),
    "32": (32, lambda x: x.astype("<i4").tobytes()),
    "212": (12, pairs),
    "310": (10, lambda x: triples(x, lambda a, b, c: a << 1 | (c & 31) << 11 | (b << 1 | c >> 5 << 11) << 16)),
    "311": (10, lambda x: triples(x, lambda a, b, c: a | b << 10 | c << 20)),
}


def signal(bits: int, samples: int, seed: int = 0) -> np.ndarray:
    """Counts without the format's mark of an invalid one, its least; no larger than 2^23."""
    limit = 1 << min(bits - 1, 22)
    return np.random.default_rng(seed).integers(1 - limit, limit, samples)


def line(name: str, fmt: str, counts: np.ndarray, lead: str, gain: str = f"{GAIN}({BASELINE})/mV") -> str:
    return f"{name} {fmt} {gain} 0 0 {counts[0]} {int(counts.sum()) % 65536} 0 {lead}"


def write(folder: Path, frames: int, lines: list[str], **files: bytes) -> None:
    folder.mkdir(exist_ok=True)
    (folder / "INDEX").touch()
    (folder / "r.hea").write_text(f"r {len(lines)} {RATE_HZ:g} {frames}\n" + "\n".join(lines) + "\n# a comment\n")
    for name, data in files.items():
        (folder / f"{name}.dat").write_bytes(data)


def lead(folder: Path, name: str = "II", rate_hz: float = RATE_HZ) -> np.ndarray:
    return read_lead(Source(folder, "INDEX", "look elsewhere"), "r", rate_hz, name).x


def millivolts(counts: np.ndarray) -> np.ndarray:
    return ((counts - BASELINE) / GAIN).astype(np.float32)


@pytest.mark.parametrize("offset", [0, 17])
@pytest.mark.parametrize("leads", [1, 2, 3])
@pytest.mark.parametrize("frames", [100, 101, 102])
@pytest.mark.parametrize("fmt", ENCODED)
def test_every_format(tmp_path: Path, fmt: str, frames: int, leads: int, offset: int) -> None:
    """In blocks that are whole or not, behind what is no sample."""
    bits, encode = ENCODED[fmt]
    counts = signal(bits, frames * leads).reshape(frames, leads)
    written = f"{fmt}+{offset}" if offset else fmt
    names = ["I", "II", "III"][:leads]
    lines = [line("r.dat", written, column, name) for name, column in zip(names, counts.T, strict=True)]
    write(tmp_path, frames, lines, r=bytes(offset) + encode(counts.ravel()))
    for name, column in zip(names, counts.T, strict=True):
        np.testing.assert_array_equal(lead(tmp_path, name), millivolts(column))


@pytest.mark.parametrize("fmt", ENCODED)
def test_every_format_marks_invalid_samples(tmp_path: Path, fmt: str) -> None:
    bits, encode = ENCODED[fmt]
    counts = signal(bits, 60)
    counts[[5, 20]] = -(1 << bits - 1)
    write(tmp_path, 60, [line("r.dat", fmt, counts, "II")], r=encode(counts))
    assert np.flatnonzero(np.isnan(lead(tmp_path))).tolist() == [5, 20]


def test_differences(tmp_path: Path) -> None:
    """Format 8: from the header's first value on."""
    counts = 300 + np.cumsum(np.random.default_rng(0).integers(-128, 128, 90))
    counts[0] = 300
    write(tmp_path, 90, [line("r.dat", "8", counts, "II")], r=np.diff(counts, prepend=300).astype("i1").tobytes())
    np.testing.assert_array_equal(lead(tmp_path), millivolts(counts))


@pytest.mark.parametrize(("fmt", "left", "size"), [("212", 1, 2), ("310", 1, 2), ("311", 1, 2), ("311", 2, 3)])
def test_a_last_block_that_ends_with_its_last_sample(tmp_path: Path, fmt: str, left: int, size: int) -> None:
    """As some writers leave it; a byte less is a truncated file, a block more another one."""
    bits, encode = ENCODED[fmt]
    samples, block = (2, 3) if fmt == "212" else (3, 4)
    counts = signal(bits, 10 * samples + left)
    data = encode(counts)[: 10 * block + size]
    write(tmp_path, len(counts), [line("r.dat", fmt, counts, "II")], r=data)
    np.testing.assert_array_equal(lead(tmp_path), millivolts(counts))
    for damaged in (data[:-1], data + bytes(block)):
        (tmp_path / "r.dat").write_bytes(damaged)
        with pytest.raises(InputError, match=rf"r.dat has {len(damaged)} bytes, but {len(counts)} samples of 1 leads"):
            lead(tmp_path)


@pytest.mark.parametrize("name", [".", "~", "-", "record.hea", "r.hea"])
def test_names_of_signal_files_that_are_none(tmp_path: Path, name: str) -> None:
    write(tmp_path, 60, [line(name, "16", signal(16, 60), "II")])
    with pytest.raises(InputError, match=rf"has no {name}; download|{name} has \d+ bytes, but 60 samples"):
        lead(tmp_path)


def test_the_counter_of_a_record_is_no_number_of_segments(tmp_path: Path) -> None:
    counts = signal(16, 60)
    write(tmp_path, 60, [line("r.dat", "16", counts, "II")], r=ENCODED["16"][1](counts))
    text = (tmp_path / "r.hea").read_text()
    for first in ("r\t1\t360/360(0)\t60", "r/ 1 360/1 60 12:00:00 1/1/2001"):
        (tmp_path / "r.hea").write_text(first + text[text.index("\n") :])
        np.testing.assert_array_equal(lead(tmp_path), millivolts(counts))


def test_several_signal_files(tmp_path: Path) -> None:
    """Each in a format of its own."""
    a, b, c = signal(16, 50, 1), signal(12, 50, 2), signal(12, 50, 3)
    lines = [line("one.dat", "16", a, "I"), line("two.dat", "212", b, "II"), line("two.dat", "212", c, "III")]
    write(tmp_path, 50, lines, one=ENCODED["16"][1](a), two=pairs(np.stack([b, c], axis=1).ravel()))
    for name, counts in (("I", a), ("II", b), ("III", c)):
        np.testing.assert_array_equal(lead(tmp_path, name), millivolts(counts))
    assert Source(tmp_path, "INDEX", "").signal_files("r") == ["one.dat", "two.dat"]
    (tmp_path / "one.dat").unlink()
    with pytest.raises(InputError, match=r"has no one.dat; download the data set again"):
        lead(tmp_path, "II")


def test_several_samples_in_a_frame(tmp_path: Path) -> None:
    """A lead has its own rate: that of the frames, times its samples in each."""
    fast, slow = signal(16, 120, 1).reshape(60, 2), signal(16, 60, 2)
    data = ENCODED["16"][1](np.concatenate([slow[:, None], fast], axis=1).ravel())
    write(tmp_path, 60, [line("r.dat", "16", slow, "I"), line("r.dat", "16x2", fast.ravel(), "II")], r=data)
    np.testing.assert_array_equal(lead(tmp_path, "I"), millivolts(slow))
    np.testing.assert_array_equal(lead(tmp_path, "II", 720), millivolts(fast.ravel()))
    with pytest.raises(InputError, match="r has 720 samples per second, expected 360"):
        lead(tmp_path, "II")
    other = ENCODED["61"][1](np.concatenate([slow[:, None], fast], axis=1).ravel())
    write(
        tmp_path, 60, [line("r.dat", "61+4", slow, "I"), line("r.dat", "61x2+4", fast.ravel(), "II")], r=b"head" + other
    )
    np.testing.assert_array_equal(lead(tmp_path, "I"), millivolts(slow))
    np.testing.assert_array_equal(lead(tmp_path, "II", 720), millivolts(fast.ravel()))


@pytest.mark.parametrize("skew", [1, 7, 59, 60, 10**9])
def test_skew(tmp_path: Path, skew: int) -> None:
    """A signal that was stored so many frames late is moved back; what its end then lacks is invalid."""
    counts, other = signal(16, 60, 1), signal(16, 60, 2)
    lines = [line("r.dat", f"16:{skew}", counts, "II"), line("r.dat", "16", other, "I")]
    write(tmp_path, 60, lines, r=ENCODED["16"][1](np.stack([counts, other], axis=1).ravel()))
    found = lead(tmp_path)
    np.testing.assert_array_equal(found[: 60 - skew if skew < 60 else 0], millivolts(counts[skew:]))
    assert len(found) == 60 and np.isnan(found[max(60 - skew, 0) :]).all()
    np.testing.assert_array_equal(lead(tmp_path, "I"), millivolts(other))
    if skew < 60:
        np.testing.assert_array_equal(found, wfdb.rdrecord(str(tmp_path / "r")).p_signal[:, 0].astype(np.float32))


@pytest.mark.parametrize("fmt", ["508", "516", "524"])
def test_compressed_signals_are_named(tmp_path: Path, fmt: str) -> None:
    write(tmp_path, 60, [line("r.dat", fmt, signal(8, 60), "II")], r=b"fLaC")
    with pytest.raises(InputError, match=rf"r.hea: r.dat is in the compressed format {fmt} \(FLAC\), .*; convert it"):
        lead(tmp_path)


@pytest.mark.parametrize(
    ("gain", "expected"),
    [
        ("0", "r.hea: lead II has the gain 0, so it is uncalibrated, and its samples are no mV; write its gain in"),
        ("0.0(5)/mV", "r.hea: lead II has the gain 0.0, so it is uncalibrated"),
        ("/mV", "r.hea: lead II has no gain, so it is uncalibrated"),
        ("NaN/mV", "r.hea: lead II has the gain 'NaN', expected counts per mV"),
        ("NaN", "r.hea: lead II has the gain 'NaN', expected counts per mV"),
        ("1e999/mV", "r.hea: lead II has the gain '1e999', expected counts per mV"),
        ("1e-30/mV", "r.hea: lead II has the gain '1e-30', expected"),
        ("200x/mV", "r.hea: lead II has the gain '200x', expected"),
        (f"{GAIN}(1{'0' * 60})/mV", "r.dat cannot be read as r.hea says"),
        ("50/mmHg", "r is in mmHg, expected V, mV or uV"),
        ("50/NaN", "r is in NaN, expected V, mV or uV"),
    ],
)
def test_a_gain_that_is_none(tmp_path: Path, gain: str, expected: str) -> None:
    """WFDB takes 200 for it; here it is never taken in silence."""
    counts = signal(16, 60)
    write(tmp_path, 60, [line("r.dat", "16", counts, "II", gain)], r=ENCODED["16"][1](counts))
    with pytest.raises(InputError, match=f"^{tmp_path}: {expected}"):
        lead(tmp_path)


@pytest.mark.parametrize("formats", [("16", "61", "16"), ("16", "16+4", "16"), ("16", "16 two.dat", "16")])
def test_signals_of_one_file_that_contradict_each_other(tmp_path: Path, formats: tuple[str, ...]) -> None:
    counts = signal(8, 60)
    lines = []
    for fmt, name in zip(formats, ("I", "II", "III"), strict=True):
        fmt, _, file = fmt.partition(" ")
        lines.append(line(file or "r.dat", fmt, counts, name))
    write(tmp_path, 60, lines, r=bytes(360), two=bytes(120))
    with pytest.raises(InputError, match=r"r.hea: the signals in r.dat are in several formats, offsets or places"):
        lead(tmp_path)


def test_a_header_of_thousands_of_signals(tmp_path: Path) -> None:
    """wfdb would take seconds for it."""
    counts = signal(16, 60)
    write(tmp_path, 60, [line("r.dat", "16", counts, f"L{i}") for i in range(257)], r=bytes(120))
    with pytest.raises(InputError, match=r"r.hea describes 257 signals, expected at most 256; download it again"):
        lead(tmp_path)
