"""Records of several segments, which the test writes byte by byte, in both layouts."""

from pathlib import Path

import numpy as np
import pytest
import wfdb

from scl.artifacts import InputError
from train.data.wfdb_files import Lead, Source
from train.data.wfdb_segments import describe, files_of, read_record

GAIN = 100


def write(folder: Path, name: str, counts: dict[str, np.ndarray], units: str = "mV", rate_hz: int = 250) -> None:
    """One segment in format 16."""
    columns = np.stack(list(counts.values()), axis=1)
    (folder / f"{name}.dat").write_bytes(columns.astype("<i2").tobytes())
    lines = [f"{name} {columns.shape[1]} {rate_hz} {len(columns)}"]
    for lead, column in counts.items():
        lines.append(f"{name}.dat 16 {GAIN}/{units} 16 0 {column[0]} {int(column.sum()) % 65536} 0 {lead}")
    (folder / f"{name}.hea").write_text("\n".join(lines) + "\n")


def counts(samples: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(-30000, 30000, samples)


def read(folder: Path, name: str = "r", index: int = 0) -> Lead:
    source = Source(folder, None, "look elsewhere")
    return read_record(source, name, describe(source, name), index)


@pytest.fixture
def fixed(tmp_path: Path) -> Path:
    """Two segments of the same leads."""
    for number, samples in enumerate((60, 40)):
        write(tmp_path, f"r_{number}", {"I": counts(samples, number), "II": counts(samples, 10 + number)})
    (tmp_path / "r.hea").write_text("r/2 2 250 100\nr_0 60\nr_1 40\n# patient 7\n")
    return tmp_path


@pytest.fixture
def variable(tmp_path: Path) -> Path:
    """A segment with II, a gap, one with V only, one with V and then II, in uV."""
    write(tmp_path, "r_1", {"II": counts(50, 1)})
    write(tmp_path, "r_2", {"V": counts(30, 2)})
    write(tmp_path, "r_3", {"V": counts(20, 3), "II": counts(20, 4)}, units="uV")
    (tmp_path / "r_layout.hea").write_text("r_layout 2 250 0\n~ 0 100/mV 0 0 0 0 0 II\n~ 0 100/mV 0 0 0 0 0 V\n")
    (tmp_path / "r.hea").write_text("r/5 2 250 110\nr_layout 0\nr_1 50\n~ 10\nr_2 30\nr_3 20\n")
    return tmp_path


def test_the_fixed_layout(fixed: Path) -> None:
    expected = np.concatenate([counts(60, 10), counts(40, 11)]) / GAIN
    found = read(fixed, index=1)
    assert (found.name, found.rate_hz, found.frame_hz) == ("II", 250, 250) and found.verified
    np.testing.assert_array_equal(found.x, expected.astype(np.float32))
    np.testing.assert_allclose(found.x, wfdb.rdrecord(str(fixed / "r")).p_signal[:, 1], rtol=1e-6)  # another reader
    described = describe(Source(fixed, None, ""), "r")
    assert described.leads == ("I", "II") and described.comments == ("patient 7",)
    assert files_of(Source(fixed, None, ""), "r", described) == ["r.hea", "r_0.hea", "r_1.hea", "r_0.dat", "r_1.dat"]


def test_the_variable_layout(variable: Path) -> None:
    """A gap, and a segment without the lead, are NaN; each segment has its own unit and order of leads."""
    gap = np.full(10, np.nan)
    expected = np.concatenate([counts(50, 1) / GAIN, gap, np.full(30, np.nan), counts(20, 4) / GAIN / 1000])
    np.testing.assert_allclose(read(variable).x, expected, rtol=1e-6)
    other = np.concatenate([np.full(50, np.nan), gap, counts(30, 2) / GAIN, counts(20, 3) / GAIN / 1000])
    np.testing.assert_allclose(read(variable, index=1).x, other, rtol=1e-6)
    assert "r_layout.hea" in files_of(Source(variable, None, ""), "r", describe(Source(variable, None, ""), "r"))


def test_several_samples_in_a_frame(tmp_path: Path) -> None:
    for number, frames in enumerate((30, 20)):
        values = counts(2 * frames, number)
        (tmp_path / f"r_{number}.dat").write_bytes(values.astype("<i2").tobytes())
        line = f"r_{number}.dat 16x2 {GAIN}/mV 16 0 {values[0]} {int(values.sum()) % 65536} 0 I"
        (tmp_path / f"r_{number}.hea").write_text(f"r_{number} 1 125 {frames}\n{line}\n")
    (tmp_path / "r.hea").write_text("r/3 1 125 60\nr_0 30\n~ 10\nr_1 20\n")
    found = read(tmp_path)
    assert (found.rate_hz, found.frame_hz) == (250, 125)
    expected = np.concatenate([counts(60, 0) / GAIN, np.full(20, np.nan), counts(40, 1) / GAIN])
    np.testing.assert_array_equal(found.x, expected.astype(np.float32))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("r/2 2", "r/3 2", "r.hea names 2 segments, but its first line says 3; download it again"),
        ("250 100", "250 90", "r.hea says 90 samples and its segments have 100, expected the same"),
        (
            "r_1 40",
            "r_1 99999999999",
            "r.hea says 100 samples and its segments have 100,000,000,059, expected the same",
        ),
        (
            "250 100\nr_0 60\nr_1 40",
            "250 100\nr_0 40\nr_1 60",
            "r.hea says that r_0 has 40 samples, but r_0.hea says 60",
        ),
        ("r_0 60\nr_1 40", "~ 60\n~ 40", "r.hea names no segment with samples; leave out the record"),
        ("r_0 60", "r_7 60", "has no r_7.hea; download the data set again"),
        ("r_0 60", "r 60", "r.hea: its segment r names no signal, or has segments itself"),
        ("r/2 2 250 100\nr_0 60", "r/2 2 250 99999999999\n~ 99999999959", "99,999,999,999 samples .* from 1 to 67,108"),
    ],
)
def test_masters_that_are_wrong(fixed: Path, old: str, new: str, expected: str) -> None:
    text = (fixed / "r.hea").read_text()
    assert old in text
    (fixed / "r.hea").write_text(text.replace(old, new))
    with pytest.raises(InputError, match=f"^{fixed}: .*{expected}|^{fixed}: {expected}"):
        read(fixed)


def test_segments_that_do_not_agree(variable: Path) -> None:
    write(variable, "r_3", {"V": counts(20, 3), "II": counts(20, 4)}, rate_hz=500)
    with pytest.raises(InputError, match="r.hea: its segments have 250 and 500 samples per second, expected one rate"):
        read(variable)


def test_a_damaged_segment(fixed: Path) -> None:
    data = bytearray((fixed / "r_1.dat").read_bytes())
    data[3] ^= 1
    (fixed / "r_1.dat").write_bytes(bytes(data))
    with pytest.raises(InputError, match=r"r_1.dat has checksums \[.*\], but r_1.hea names"):
        read(fixed)
    (fixed / "r_1.dat").write_bytes(bytes(data[:-2]))
    with pytest.raises(
        InputError, match=r"r_1.dat has 158 bytes, but 40 samples of 2 leads, as r_1.hea says, take 160"
    ):
        read(fixed)


def test_a_lead_that_no_segment_has(variable: Path) -> None:
    layout = variable / "r_layout.hea"
    layout.write_text(layout.read_text().replace("0 V\n", "0 avL\n"))
    with pytest.raises(InputError, match="r.hea: none of its segments has lead avL; choose another lead"):
        read(variable, index=1)


@pytest.mark.parametrize("written", ["", " 16 0", " 16 0 5 0 0"])
def test_checksums_that_are_not_written(tmp_path: Path, written: str) -> None:
    """Absent, or zero for every signal: some writers leave them so. The record is read, and said not to be verified."""
    values = counts(40, 0)
    (tmp_path / "r.mat").write_bytes(bytes(24) + values.astype("<i2").tobytes())
    (tmp_path / "r.hea").write_text(f"r 1 300 40\nr.mat 16+24 {GAIN}/mV{written}{' ECG' * bool(written[6:])}\n")
    found = read(tmp_path)
    assert not found.verified
    np.testing.assert_array_equal(found.x, (values / GAIN).astype(np.float32))
