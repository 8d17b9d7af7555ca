"""Single leads out of WFDB files that the test writes byte by byte, and the zip or folder around them."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError, sha256_bytes
from train.data.wfdb_files import Lead, Source, longest_constant, read_lead, stretches

LEADS = ("I", "II", "AVR")
INVALID = -32768  # format 16's mark of a sample that is none


def write(folder: Path, record: str, counts: np.ndarray, units: str = "mV", rate_hz: float = 500) -> None:
    """Format 16: int16 of all leads, sample by sample; gain 1000 and baseline 10; checksums are sums modulo 65536."""
    name = Path(record).name
    (folder / record).parent.mkdir(parents=True, exist_ok=True)
    (folder / f"{record}.dat").write_bytes(counts.astype("<i2").tobytes())
    lines = [f"{name} {counts.shape[1]} {rate_hz} {len(counts)}"]
    for lead, column in zip(LEADS, counts.T, strict=True):
        checksum = int(column.astype(np.int64).sum()) % 65536
        lines.append(f"{name}.dat 16 1000.0(10)/{units} 16 0 {column[0]} {checksum} 0 {lead}")
    (folder / f"{record}.hea").write_text("\r\n".join(lines) + "\r\n")


@pytest.fixture
def counts() -> np.ndarray:
    return np.random.default_rng(0).integers(-30000, 30000, (1500, 3))


@pytest.fixture
def folder(tmp_path: Path, counts: np.ndarray) -> Path:
    path = tmp_path / "set"
    write(path, "sub/00001_hr", counts)
    (path / "INDEX").write_text("sub/00001_hr\n")
    return path


def lead(path: Path, name: str = "II", or_first: bool = False) -> Lead:
    return read_lead(Source(path, "INDEX", "look elsewhere"), "sub/00001_hr", 500, name, or_first)


def zipped(folder: Path, method: int = zipfile.ZIP_DEFLATED) -> Path:
    path = folder.parent / "set.zip"
    with zipfile.ZipFile(path, "w", method) as archive:
        for file in sorted(folder.rglob("*")):
            archive.write(file, Path("official-1.0") / file.relative_to(folder))
    return path


@pytest.mark.parametrize("name", LEADS)
def test_a_lead_by_name(folder: Path, counts: np.ndarray, name: str) -> None:
    expected = ((counts[:, LEADS.index(name)] - 10) / 1000).astype(np.float32)
    for path in (folder, zipped(folder), zipped(folder, zipfile.ZIP_LZMA), zipped(folder, zipfile.ZIP_BZIP2)):
        found = lead(path, name)
        assert found.name == name and found.x.dtype == np.float32
        np.testing.assert_array_equal(found.x, expected)


def test_a_lead_that_is_not_there(folder: Path, counts: np.ndarray) -> None:
    with pytest.raises(InputError, match=r"set: sub/00001_hr has no lead MLII; it has 'I, II, AVR'$"):
        lead(folder, "MLII")
    first = lead(folder, "MLII", or_first=True)
    assert first.name == "I" and lead(folder, "AVR", or_first=True).name == "AVR"
    np.testing.assert_array_equal(first.x, ((counts[:, 0] - 10) / 1000).astype(np.float32))


def test_invalid_samples_are_nan(folder: Path, counts: np.ndarray) -> None:
    counts[100:110, 1] = INVALID
    write(folder, "sub/00001_hr", counts)
    assert np.flatnonzero(np.isnan(lead(folder).x)).tolist() == list(range(100, 110))
    assert np.isfinite(lead(folder, "I").x).all()


def test_damage_in_any_lead_is_seen(folder: Path) -> None:
    data = bytearray((folder / "sub/00001_hr.dat").read_bytes())
    data[4] ^= 0x10  # of AVR
    (folder / "sub/00001_hr.dat").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"sub/00001_hr.dat has checksums .* but sub/00001_hr.hea names .* download"):
        lead(folder, "I")


def test_another_rate_or_unit(folder: Path, counts: np.ndarray) -> None:
    write(folder, "sub/00001_hr", counts, rate_hz=100)
    with pytest.raises(InputError, match="sub/00001_hr has 100 samples per second, expected 500"):
        lead(folder)
    write(folder, "sub/00001_hr", counts, units="mmHg")
    with pytest.raises(InputError, match="sub/00001_hr is in mmHg, expected V, mV or uV; convert it"):
        lead(folder)


@pytest.mark.parametrize(
    ("unit", "millivolts"),
    [("uV", 1e-3), ("V", 1e3), ("MV", 1), ("microvolts", 1e-3), ("\u00b5V", 1e-3), ("\u03bcV", 1e-3)],
)
def test_other_units_of_voltage(folder: Path, counts: np.ndarray, unit: str, millivolts: float) -> None:
    """A micro sign that is left out would make volts of it, a million times as much."""
    write(folder, "sub/00001_hr", counts, units=unit)
    np.testing.assert_allclose(lead(folder).x, (counts[:, 1] - 10) / 1000 * millivolts, rtol=1e-6)
    header = folder / "sub/00001_hr.hea"
    header.write_bytes(header.read_text().encode("utf-8" if unit == "\u03bcV" else "latin-1"))
    np.testing.assert_allclose(lead(folder).x, (counts[:, 1] - 10) / 1000 * millivolts, rtol=1e-6)


def test_sources_that_are_none(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="nowhere: no such file or folder; look elsewhere"):
        lead(tmp_path / "nowhere")
    (tmp_path / "text.zip").write_text("no zip")
    with pytest.raises(InputError, match="text.zip: is not a whole zip file .*; look elsewhere"):
        lead(tmp_path / "text.zip")
    (folder / "INDEX").unlink()
    with pytest.raises(InputError, match="set: has no INDEX; look elsewhere"):
        lead(folder)


def test_a_missing_member(folder: Path) -> None:
    (folder / "sub/00001_hr.dat").unlink()
    for path in (folder, zipped(folder)):
        with pytest.raises(InputError, match=f"{path.name}: has no sub/00001_hr.dat; download the data set again"):
            lead(path)


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_zip(folder: Path, method: int) -> None:
    """Whatever byte of the signal's member is damaged, and wherever the file is cut: named, never read."""
    path = zipped(folder, method)
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("official-1.0/sub/00001_hr.dat")
    start = member.header_offset + 30 + len(member.filename) + 4  # LZMA's begins with the packer's version
    for place in range(start, start + member.compress_size - 4, member.compress_size // 20):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0xFF]) + data[place + 1 :])
        with pytest.raises(
            InputError, match=r"set.zip: official-1.0/sub/00001_hr.dat is damaged \(.*\); download it again"
        ):
            lead(path)
    for cut in (10, len(data) // 2, len(data) - 10):
        path.write_bytes(data[:cut])
        with pytest.raises(InputError, match="set.zip: is not a whole zip file"):
            lead(path)


def test_the_checksum_of_a_source(folder: Path) -> None:
    names = ["sub/00001_hr.dat", "sub/00001_hr.hea"]
    sums = "".join(sha256_bytes((folder / name).read_bytes()) for name in names)
    assert Source(folder, "INDEX", "").checksum(names[::-1]) == sha256_bytes(sums.encode())
    path = zipped(folder)
    assert Source(path, "INDEX", "").checksum(names) == sha256_bytes(path.read_bytes())


@pytest.mark.parametrize("seed", range(20))
def test_stretches_and_constant_runs_against_loops(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = rng.integers(0, 2, rng.integers(1, 40)).astype(np.float32)
    longest = run = 1
    for a, b in zip(x[:-1], x[1:], strict=True):
        run = run + 1 if a == b else 1
        longest = max(longest, run)
    assert longest_constant(x) == longest
    x[rng.random(len(x)) < 0.3] = np.nan
    parts: list[list[int]] = [[]]
    for i, value in enumerate(x):
        if np.isnan(value):
            parts.append([])
        else:
            parts[-1].append(i)
    assert [list(range(s.start, s.stop)) for s in stretches(x)] == [p for p in parts if p]
