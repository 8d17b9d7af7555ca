"""CSV and EDF recordings that are not what they should be, tables that contradict them, and times that are uneven."""

from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from train.data import ecg_folder
from train.data.ecg_csv import CsvRecords
from train.data.ecg_dataset_file import CsvSettings, EcgSettings
from train.data.ecg_edf import EdfRecords
from train.data.wfdb_files import Lead, Source

RATE_HZ = 100.0


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "set"
    path.mkdir()
    return path


def csv_lead(folder: Path, text: str, index: int = 0, **settings: object) -> Lead:
    """The lead of a CSV file in mV at 100 Hz, unless the settings say otherwise."""
    (folder / "a.csv").write_text(text)
    csv = CsvSettings(**({"unit": "mV", "rate_hz": RATE_HZ} | settings))  # type: ignore[arg-type]
    return CsvRecords(Source(folder, None, ""), EcgSettings("ecg", csv=csv)).read("a", index)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_what_a_csv_may_be(folder: Path, separator: str, end: str) -> None:
    """Any of three separators, blank lines, empty cells, a byte-order mark, columns without names."""
    rows = [["\ufeffx", "ecg"], ["1", "0.5"], ["2", ""], [], ["3", "nan"], ["4", "-1e-1"], ["5", "inf"]]
    found = csv_lead(folder, end.join(separator.join(row) for row in rows) + end, 1)
    assert found.name == "ecg" and found.rate_hz == RATE_HZ
    np.testing.assert_array_equal(found.x, np.array([0.5, np.nan, np.nan, -0.1, np.nan], np.float32))
    unnamed = csv_lead(folder, f"1{separator}0.5{end}2{separator}0.25{end}", 1, unit="V")
    assert unnamed.name == "1" and unnamed.x.tolist() == [500, 250]


def test_decimal_commas_and_dates(folder: Path) -> None:
    """As spreadsheets of half of Europe write them."""
    assert csv_lead(folder, "t;ecg\n0,0;0,5\n0,01;-0,25\n", 1).x.tolist() == [0.5, -0.25]
    text = "at,ecg\n" + "".join(f"2026-03-01T12:00:00.{10 * i:03d},{i}\n" for i in range(20))
    found = csv_lead(folder, text, time="at", time_unit="iso", rate_hz=None)
    assert found.rate_hz == 100 and found.x.tolist() == list(range(20))


@pytest.mark.parametrize(
    ("text", "settings", "expected"),
    [
        ("ecg\n0.1\nx\n", {}, "a.csv: 1 of 2 rows are malformed, more than 1%; line 3 is 'x', expected 1 fields with"),
        ("ecg\n" + "1\n" * 500 + "x\n", {}, "a.csv: 1 rows are malformed, and at a fixed rate none can be left out"),
        ("ecg\n1\n", {}, "a.csv has 1 rows, expected 2 or more; leave it out"),
        ("", {}, "a.csv: holds no row; remove the file, or record it again"),
        ("ecg,ecg\n1,2\n", {}, "a.csv has two columns 'ecg', expected different names"),
        ("ecg\n1\n2\n", {"time": "t"}, "a.csv: has no column 't', which dataset.toml names; it has"),
        ("1\n2\n", {"time": "t"}, "a.csv: has no header row, but dataset.toml names column 't'"),
        ("ecg,t\n1,0\n2,1\n3,1\n", {"time": "t"}, "a.csv, row 3: time does not rise, expected later rows to be later"),
        ("ecg,t\n1,0\n2,\n3,1\n", {"time": "t"}, "a.csv, row 2: time does not rise"),
        (
            "ecg,t\n1,0\n2,1\n3,2\n",
            {"time": "t"},
            r"a.csv: its times have 1 samples per second, but dataset.toml says rate_hz = 100; mend that, or time_unit",
        ),
        (
            "ecg,t\n1,0\n2,4\n3,8\n",
            {"time": "t", "rate_hz": None},
            "a.csv: its times have 0.25 samples per second, expected a whole number of them; say rate_hz under",
        ),
        (
            "ecg,t\n1,0\n2,0.01\n3,0.02\n4,9999\n",
            {"time": "t"},
            "a.csv: has 4 rows over 9999 s, most of it gaps at 100 Hz; divide the file",
        ),
    ],
)
def test_a_csv_that_is_wrong(folder: Path, text: str, settings: dict[str, object], expected: str) -> None:
    with pytest.raises(InputError, match=f"^{folder}: {expected}"):
        csv_lead(folder, text, **settings)


def test_a_number_that_no_float_holds(folder: Path) -> None:
    text = "ecg\n" + "0.5\n" * 300 + "9" * 400 + "\n"
    assert np.isnan(csv_lead(folder, text).x[-1])
    with pytest.raises(InputError, match="a.csv, row 301: time does not rise"):
        csv_lead(folder, "t,ecg\n" + "".join(f"{i},1\n" for i in range(300)) + "9" * 400 + ",1\n", time="t")


def test_times_that_jump_or_jitter(folder: Path) -> None:
    """A step is a gap of NaN; jitter below half a sample keeps the samples, more is interpolated."""
    rng = np.random.default_rng(0)
    times = np.arange(400) / 130
    times[200:] += 1.0
    x = np.sin(2 * np.pi * times).round(4)

    def written(at: np.ndarray) -> str:
        return "t,ecg\n" + "".join(f"{1000 * a:.4f},{b}\n" for a, b in zip(at, x, strict=True))

    wanted = {"time": "t", "time_unit": "ms", "rate_hz": None}
    for jitter in (0.0, 0.2 / 130):
        found = csv_lead(folder, written(times + np.append(0, rng.uniform(-jitter, jitter, 399))), **wanted)
        assert found.rate_hz == 130 and len(found.x) == 530
        np.testing.assert_array_equal(found.x[:200], x[:200].astype(np.float32))
        np.testing.assert_array_equal(found.x[330:], x[200:].astype(np.float32))
        assert np.isnan(found.x[200:330]).all()
    drifting = np.arange(400) / 130.3
    x = np.sin(2 * np.pi * drifting).round(6)
    found = csv_lead(folder, written(drifting), **wanted)
    assert found.rate_hz == 130
    np.testing.assert_allclose(found.x, np.sin(2 * np.pi * np.arange(len(found.x)) / 130), atol=2e-3)


def edf_file(folder: Path, **change: bytes) -> None:
    """Two seconds of two leads at 100 Hz, written byte by byte as the specification says."""
    fields = {
        "version": b"0", "patient": b"X X X X", "recording": b"Startdate X X X X", "date": b"01.01.26",
        "time": b"00.00.00", "header": b"768", "reserved": b"", "records": b"2", "duration": b"1", "signals": b"2",
    } | {key: value for key, value in change.items() if key in ("version", "patient", "header", "reserved", "records",
                                                                "duration", "signals")}  # fmt: skip
    sizes = (8, 80, 80, 8, 8, 8, 44, 8, 8, 4)
    data = b"".join(value.ljust(size) for value, size in zip(fields.values(), sizes, strict=True))
    own = {
        "label": (16, b"ECG II"), "kind": (80, b""), "unit": (8, b"uV"), "least": (8, b"-3276.8"),
        "most": (8, b"3276.7"), "low": (8, b"-32768"), "high": (8, b"32767"), "filter": (80, b""),
        "samples": (8, b"100"), "rest": (32, b""),
    }  # fmt: skip
    for key, (size, value) in own.items():
        other = b"RESP" if key == "label" else value
        data += change.get(key, value).ljust(size) + other.ljust(size)
    counts = np.random.default_rng(0).integers(-30000, 30000, (2, 2, 100)).astype("<i2")  # records, signals, samples
    (folder / "a.edf").write_bytes(data + counts.tobytes())


def edf_lead(folder: Path) -> Lead:
    return EdfRecords(Source(folder, None, "")).read("a", 0)


def test_an_edf_decoded_by_hand(folder: Path) -> None:
    edf_file(folder)
    counts = np.random.default_rng(0).integers(-30000, 30000, (2, 2, 100))[:, 0].ravel()
    found = edf_lead(folder)
    assert (found.name, found.rate_hz) == ("ECG II", 100)
    np.testing.assert_allclose(found.x, counts * 0.1 / 1000, rtol=1e-5)
    edf_file(folder, reserved=b"EDF+C", patient=b"P-7 F 01-JAN-1950 Somebody")
    listed = EdfRecords(Source(folder, None, "")).listed
    assert listed[0].subject == "P-7" and listed[0].leads == ("ECG II", "RESP")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"version": b"1"}, "a.edf: is no EDF file, which begins with 0 and has 256 bytes or more; copy or record"),
        ({"signals": b"0"}, "a.edf: says '0' as the number of signals, expected a number above 0"),
        ({"signals": b"3"}, "a.edf: has 1568 bytes and a header of 768, expected a header of 1024 for 3 signals"),
        ({"records": b"-1"}, "a.edf: says '-1' as the number of data records, expected a number above 0"),
        ({"records": b"3"}, "a.edf: has 1568 bytes, but 3 data records of 200 samples, as its header says, take 1968"),
        ({"duration": b"0"}, "a.edf: says '0' as the duration of a data record, expected a number above 0"),
        ({"duration": b"nan"}, "a.edf: says 'nan' as the duration of a data record"),
        ({"samples": b"x"}, "a.edf: says 'x' as samples in a data record, expected a number above 0"),
        ({"reserved": b"EDF+D"}, r"a.edf has gaps \(EDF\+D\), expected a continuous recording; convert it to EDF\+C"),
        ({"unit": b"mmHg"}, "a.edf: ECG II is in 'mmHg', expected V, mV or uV; convert it"),
        ({"high": b"-32768"}, "a.edf: ECG II goes from -32768 to -32768 in counts .*, expected two ranges"),
        ({"most": b"-3276.8"}, "a.edf: ECG II goes from .* from -3276.8 to -3276.8 uV, expected two ranges"),
        ({"least": b"x"}, "a.edf: signal 'ECG II' has no scale"),
    ],
)
def test_an_edf_that_is_wrong(folder: Path, change: dict[str, bytes], expected: str) -> None:
    edf_file(folder, **change)
    with pytest.raises(InputError, match=f"^{folder}: {expected}"):
        edf_lead(folder)


def test_an_edf_that_is_cut_off(folder: Path) -> None:
    edf_file(folder)
    whole = (folder / "a.edf").read_bytes()
    for size in (0, 100, 300, 767, 768, len(whole) - 1):
        (folder / "a.edf").write_bytes(whole[:size])
        with pytest.raises(InputError, match=r"a.edf: (is no EDF file|has \d+ bytes)"):
            edf_lead(folder)


CSV = 'kind = "ecg"\nlead = "ecg"\n[csv]\nunit = "mV"\nrate_hz = 100\n'


@pytest.mark.parametrize(
    ("table", "text", "expected"),
    [
        (
            "[beats]",
            "record,time\na,1\n",
            "t.csv has no column symbol, expected it in the first row; it has 'record, time'",
        ),
        ("[beats]", "record,time,symbol\nb,1,N\n", "t.csv, line 2: no record 'b', such as a; mend it"),
        ("[beats]", "record,time,symbol\na,x,N\n", "t.csv, line 2: time is 'x', expected a number of 0 or more"),
        ("[beats]", "record,time,symbol\na,-1,N\n", "t.csv, line 2: time is '-1', expected a number of 0 or more"),
        (
            "[beats]",
            "record,time,symbol\na,1\n",
            "t.csv, line 2: has 2 fields, expected 3 as in the first row; mend it",
        ),
        ("[records]", "name,label\na,AF\n", "t.csv has no column record, expected it in the first row; it has 'name"),
        ("[records]", "record,label\nb,AF\n", "t.csv names no record that is there, such as 'a'; it names 'b'"),
        ("[records]", "record,label\na,AF\na,SR\n", "t.csv, line 3: has a a second time, expected one row; leave one"),
        ("[records]", "record,label,split\na,x,tset\n", "t.csv, line 2: split is 'tset', expected train or validation"),
        (
            "[records]",
            "record,label,split\na,x,test\n",
            "t.csv names no record of train and validation in column split",
        ),
        (
            "[records]",
            "record,subject\na,x\n",
            r"has neither annotated beats \(.atr, .ecg, .qrs\) nor labels of records",
        ),
        ("[records]", 'record,label\n"a', "t.csv is not a CSV table .*; save it as CSV again"),
        ("[records]", "record,label\n\xfc,AF\n", "t.csv names no record that is there, such as 'a'; it names '\xfc'"),
    ],
)
def test_tables_that_are_wrong(folder: Path, table: str, text: str, expected: str) -> None:
    (folder / "a.csv").write_text("ecg\n" + "0.1\n0.2\n" * 600)
    (folder / "t.csv").write_text(text, encoding="latin-1")
    (folder / "dataset.toml").write_text(f'{CSV}{table}\nfile = "t.csv"\n')
    with pytest.raises(InputError, match=f"^{folder}: .*{expected}|^{folder}: {expected}"):
        ecg_folder.load(folder)
