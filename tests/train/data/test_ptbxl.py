"""PTB-XL against the facts that its description prints, against bytes decoded by hand, and against damage."""

import csv
import io
import struct
import zipfile
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scl.artifacts import InputError
from train.data import ptbxl
from train.data.recordings import Block, Recordings

ROOT = "ptb-xl-a-large-publicly-available-electrocardiography-dataset-1.0.3/"
LEADS = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")
NORM, MI, STTC, CD, HYP = 1, 2, 4, 8, 16
# The diagnostic statements and their superclasses, as the official scp_statements.csv has them.
STATEMENTS = {
    "NORM": "NORM",
    "MI": "IMI ASMI ILMI AMI ALMI INJAS LMI INJAL IPLMI IPMI INJIN INJLA PMI INJIL",
    "STTC": "NDT NST_ DIG LNGQT ISC_ ISCAL ISCIN ISCIL ISCAS ISCLA ANEUR EL ISCAN",
    "CD": "LAFB IRBBB 1AVB IVCD CRBBB CLBBB LPFB WPW ILBBB 3AVB 2AVB",
    "HYP": "LVH LAO/LAE RVH RAO/RAE SEHYP",
}


def statements_csv() -> str:
    """In the columns of the official file, with two statements that are not diagnostic."""
    lines = [",description,diagnostic,form,rhythm,diagnostic_class,diagnostic_subclass"]
    for name, codes in STATEMENTS.items():
        lines += [f'{code},"some, text",1.0,,,{name},{name}' for code in codes.split()]
    return "\n".join([*lines, "LVOLT,low voltage,,1.0,,,", "SR,sinus rhythm,,,1.0,,"]) + "\n"


@pytest.fixture(scope="module")
def archive(data_dir: Path) -> Path:
    path = data_dir / "ptbxl" / "ptb-xl-subset.zip"
    if not path.is_file():
        pytest.skip(f"{path} is not there")
    return path


@pytest.fixture(scope="module")
def load(archive: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Recordings]:
    """Loads the real set, parsed here and now: a cache may be older than the loader."""
    cache = tmp_path_factory.mktemp("cache")

    def load(path: Path = archive, **arguments: Any) -> Recordings:
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("SCL_CACHE_DIR", str(cache))
            return ptbxl.load(path, **arguments)

    return load


def counts_by_hand(archive: Path, record: str) -> np.ndarray:
    """Int16 (samples, 12), little endian, sample by sample."""
    with zipfile.ZipFile(archive) as members:
        data = members.read(f"{ROOT}{record}.dat")
    return np.array(struct.unpack(f"<{len(data) // 2}h", data)).reshape(-1, 12)


def test_facts_of_the_real_set(load: Callable[..., Recordings]) -> None:
    recordings = load()
    assert len(recordings.blocks) == 109 and {b.x.shape for b in recordings.blocks} == {(1, 5000)}
    groups = recordings.groups.tolist()
    assert groups[:10] == list(range(1, 11)) and groups[10] == 34 and groups[-1] == 1219 and len(set(groups)) == 109
    assert recordings.rate_hz == 500 and recordings.units == ("mV",) and recordings.multilabel
    assert recordings.labels == ("NORM", "MI", "STTC", "CD", "HYP")
    counts = {name: sum(b.label >> i & 1 for b in recordings.blocks) for i, name in enumerate(recordings.labels)}
    assert counts == {"NORM": 53, "MI": 15, "STTC": 26, "CD": 26, "HYP": 13}
    assert sum(b.label == 0 for b in recordings.blocks) == 3
    report = recordings.report
    assert report["labels_from"] == "superclass_labels.csv" and len(report["folds"]) == len(report["patients"]) == 61
    assert report["folds"]["1"] == 3 and report["folds"]["9"] == 10 and report["patients"]["1"] == 15709
    assert Counter(report["folds"].values())[10] == 13
    amiss = report["amiss"]
    assert amiss["missing_records"] == 0 and amiss["records_without_a_fold"] == 48
    assert amiss["records_without_a_class"] == 3 and amiss["records_with_a_flat_second"] == []


@pytest.mark.parametrize("lead", ["I", "AVR", "V6"])
def test_samples_decoded_by_hand(load: Callable[..., Recordings], archive: Path, lead: str) -> None:
    recordings = load(lead=lead)
    for ecg_id, record in ((1, "records500/00000/00001_hr"), (1057, "records500/01000/01057_hr")):
        block = next(b for b in recordings.blocks if b.group == ecg_id)
        expected = counts_by_hand(archive, record)[:, LEADS.index(lead)] / 1000
        np.testing.assert_array_equal(block.x[0], expected.astype(np.float32))


def test_leads_of_einthoven_and_goldberger(load: Callable[..., Recordings]) -> None:
    """II = I + III and AVR = -(I + II) / 2, to the microvolts of rounding and in most records: names fit signals."""
    x = {lead: np.stack([b.x[0] for b in load(lead=lead).blocks]) for lead in ("I", "II", "III", "AVR")}
    assert np.median(np.abs(x["II"] - x["I"] - x["III"]).max(axis=1)) < 0.01
    assert np.median(np.abs(x["AVR"] + (x["I"] + x["II"]) / 2).max(axis=1)) < 0.01


def test_the_slow_record_is_the_fast_one_below_40_hz(load: Callable[..., Recordings], archive: Path) -> None:
    """The published 100 Hz signals went through a filter of the publisher's near 45 Hz, so samples differ; the spectrum
    below it does not.
    """
    slow = load(rate_hz=100)
    assert slow.rate_hz == 100 and slow.report["amiss"]["missing_records"] == 108
    assert [(b.group, b.label, b.x.shape) for b in slow.blocks] == [(1, NORM, (1, 1000))]
    expected = counts_by_hand(archive, "records100/00000/00001_lr")[:, 0] / 1000
    np.testing.assert_array_equal(slow.blocks[0].x[0], expected.astype(np.float32))
    fast = load().blocks[0]
    spectra = [np.abs(np.fft.rfft(b.x[0] * np.hanning(b.x.shape[1])))[:501] for b in (slow.blocks[0], fast)]
    for low in range(0, 400, 50):  # bands of 5 Hz; bins are 0.1 Hz apart
        a, b = (np.linalg.norm(s[low : low + 50]) for s in spectra)
        assert a == pytest.approx(b / 5, rel=0.01), f"{low / 10} Hz"


def test_the_statements_give_the_same_classes(load: Callable[..., Recordings], archive: Path, tmp_path: Path) -> None:
    """With scp_statements.csv the classes come from the SCP codes; in all 61 rows that have both they agree."""
    with zipfile.ZipFile(archive) as members:
        members.extractall(tmp_path)
    folder = tmp_path / ROOT
    zipped, opened = load(), load(folder)
    assert all(
        a.group == b.group and a.label == b.label and np.array_equal(a.x, b.x)
        for a, b in zip(zipped.blocks, opened.blocks, strict=True)
    )
    (folder / "scp_statements.csv").write_text(statements_csv())
    found = load(folder)
    assert found.report["labels_from"] == "scp_statements.csv" and len(found.blocks) == 61
    expected = {b.group: b.label for b in zipped.blocks}
    assert {b.group: b.label for b in found.blocks} == {g: expected[g] for g in found.groups.tolist()}


def test_a_split_of_the_real_set_is_a_smoke_test(load: Callable[..., Recordings]) -> None:
    recordings = load()
    split = ptbxl.split(recordings, 0)
    assert split.name == "smoke test" and not split.leaky and split.seed == 0
    parts = [split.part(part) for part in ("train", "validation", "test")]
    assert [len(p) for p in parts] == [66, 16, 27]
    assert sorted(i for p in parts for i in p) == recordings.groups.tolist()
    for part in parts:
        assert np.bitwise_or.reduce([b.label for b in recordings.blocks if b.group in part]) == 31
    assert split == ptbxl.split(recordings, 0) != ptbxl.split(recordings, 1)


# A generated set: four records of 10 s at 100 Hz.
CODES = {
    1: "{'NORM': 100.0, 'SR': 0.0}",
    2: "{'IMI': 35.0, 'NDT': 0.0, 'LVOLT': 100.0}",
    7: "{'LVH': 50.0, 'IRBBB': 100.0, 'LAFB': 15.0}",
    9: "{'SR': 100.0}",
}
MASKS = {1: NORM, 2: MI | STTC, 7: HYP | CD, 9: 0}


def write_signal(path: Path, counts: np.ndarray, rate_hz: int = 100) -> None:
    """Format 16, gain 1000, baseline 0."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.with_suffix(".dat").write_bytes(counts.astype("<i2").tobytes())
    lines = [f"{path.name} 12 {rate_hz} {len(counts)}"]
    for lead, column in zip(LEADS, counts.T, strict=True):
        lines.append(f"{path.name}.dat 16 1000.0(0)/mV 16 0 {column[0]} {int(column.sum()) % 65536} 0 {lead}")
    path.with_suffix(".hea").write_text("\n".join(lines) + "\n")


def counts_of(ecg_id: int) -> np.ndarray:
    return np.random.default_rng(ecg_id).integers(-2000, 2000, (1000, 12))


def database_csv(changes: dict[int, dict[str, str]] | None = None) -> str:
    buffer = io.StringIO()
    names = ["ecg_id", "patient_id", "report", "scp_codes", "strat_fold", "filename_lr", "filename_hr"]
    writer = csv.DictWriter(buffer, names)
    writer.writeheader()
    for number, (ecg_id, codes) in enumerate(CODES.items()):
        row = {
            "ecg_id": str(ecg_id),
            "patient_id": f"{100 + number}.0",
            "report": "zwei Zeilen,\nund ein Komma",
            "scp_codes": codes,
            "strat_fold": str(7 + number),
            "filename_lr": f"records100/00000/{ecg_id:05}_lr",
            "filename_hr": f"records500/00000/{ecg_id:05}_hr",
        }
        writer.writerow(row | (changes or {}).get(ecg_id, {}))
    return buffer.getvalue()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "set"
    for ecg_id in CODES:
        write_signal(path / f"records100/00000/{ecg_id:05}_lr", counts_of(ecg_id))
    (path / "ptbxl_database.csv").write_text(database_csv())
    (path / "scp_statements.csv").write_text(statements_csv())
    return path


def test_a_generated_set(folder: Path) -> None:
    recordings = ptbxl.load(folder, "aVL", 100)
    assert {b.group: b.label for b in recordings.blocks} == MASKS
    for block in recordings.blocks:
        np.testing.assert_array_equal(block.x[0], (counts_of(block.group)[:, 4] / 1000).astype(np.float32))
    assert recordings.report["folds"] == {"1": 7, "2": 8, "7": 9, "9": 10}
    assert recordings.report["patients"] == {"1": 100, "2": 101, "7": 102, "9": 103}
    again = ptbxl.load(folder, "aVL", 100)  # from the cache
    assert again.report == recordings.report and again.multilabel and again.sha256 == recordings.sha256
    assert ptbxl.load(folder, "II", 100).sha256 != recordings.sha256


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_zip_is_as_good_as_a_folder(folder: Path, method: int) -> None:
    path = folder.parent / "set.zip"
    with zipfile.ZipFile(path, "w", method) as members:
        for file in sorted(folder.rglob("*")):
            members.write(file, ROOT + file.relative_to(folder).as_posix())
    opened, zipped = (ptbxl.load(p, "V1", 100) for p in (folder, path))
    assert all(
        a.group == b.group and a.label == b.label and np.array_equal(a.x, b.x)
        for a, b in zip(opened.blocks, zipped.blocks, strict=True)
    )
    assert opened.report == zipped.report


def test_spellings_of_numbers_and_codes(folder: Path) -> None:
    expected = ptbxl.load(folder, rate_hz=100)
    changes = {1: {"ecg_id": "1.0", "scp_codes": '{ "NORM" : 1e2,}', "strat_fold": "7.0"}, 9: {"scp_codes": "{}"}}
    (folder / "ptbxl_database.csv").write_text(database_csv(changes))
    found = ptbxl.load(folder, rate_hz=100)
    assert found.report == expected.report
    assert [(b.group, b.label) for b in found.blocks] == [(b.group, b.label) for b in expected.blocks]


def test_missing_signals_are_counted(folder: Path) -> None:
    (folder / "records100/00000/00002_lr.dat").unlink()
    (folder / "records100/00000/00007_lr.hea").unlink()
    recordings = ptbxl.load(folder, rate_hz=100)
    assert recordings.groups.tolist() == [1, 9] and recordings.report["amiss"]["missing_records"] == 2
    assert set(recordings.report["folds"]) == {"1", "9"} and "2 missing records" in recordings.summary()
    with pytest.raises(InputError, match=r"none of the 4 records at 500 .*; choose 100 \(--records\)$"):
        ptbxl.load(folder)
    for path in folder.glob("records100/*/*.hea"):
        path.unlink()
    for rate_hz in (500, 100):
        with pytest.raises(InputError, match=f"records at {rate_hz} samples per second; expected the official ptb-xl"):
            ptbxl.load(folder, rate_hz=rate_hz)


def test_rows_without_a_fold(folder: Path) -> None:
    (folder / "ptbxl_database.csv").write_text(database_csv({2: {"strat_fold": ""}, 9: {"patient_id": ""}}))
    report = ptbxl.load(folder, rate_hz=100).report
    assert report["folds"] == {"1": 7, "7": 9, "9": 10} and set(report["patients"]) == {"1", "2", "7"}
    assert report["amiss"]["records_without_a_fold"] == 1


def refused(folder: Path, **arguments: Any) -> str:
    """The message that a set is refused with, which leaves nothing in the cache."""
    with pytest.raises(InputError) as caught:
        ptbxl.load(folder, **({"rate_hz": 100} | arguments))
    assert not list((folder.parent / "cache").glob("*"))
    return str(caught.value)


def test_an_unknown_lead_or_rate(folder: Path) -> None:
    assert refused(folder, lead="MLII").endswith(
        "records100/00000/00001_lr has no lead MLII; it has 'I, II, III, AVR, AVL, AVF, V1, V2, V3, V4, V5, V6'"
    )
    assert "no records at 250 samples per second, expected 500 or 100" in refused(folder, rate_hz=250)


SCP_STARTS = ("", "{", "{'NORM'", "{'NORM':", "{'NORM': 1", "{'NORM': 1,", "{'NORM': 1, 'SR': 0,", "{}")


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"scp_codes": "{'NORM': 100.0"}, r"has \"{'NORM': 100.0\" as scp_codes of 2, expected a dictionary"),
        ({"scp_codes": ""}, "as scp_codes of 2"),
        ({"scp_codes": "['NORM']"}, "as scp_codes of 2"),
        ({"scp_codes": "{1: 100.0}"}, "as scp_codes of 2"),
        ({"scp_codes": "{[]: 1}"}, "as scp_codes of 2"),
        ({"scp_codes": "(" * 3000 + ")" * 3000}, "as scp_codes of 2"),
        ({"scp_codes": "-" * 100_000 + "1"}, "as scp_codes of 2"),
        ({"scp_codes": "a." * 50_000 + "a"}, "as scp_codes of 2"),
        *(({"scp_codes": start + " " * 100_000 + "x"}, "as scp_codes of 2") for start in SCP_STARTS),
        ({"scp_codes": "{'NORM': __import__('os')}"}, "as scp_codes of 2"),
        ({"scp_codes": "__import__('os').system('false')"}, "as scp_codes of 2"),
        ({"strat_fold": "three"}, "has 'three' as strat_fold of 2, expected a whole number"),
        ({"strat_fold": "2.5"}, "has '2.5' as strat_fold of 2"),
        ({"patient_id": "inf"}, "has 'inf' as patient_id of 2"),
        ({"ecg_id": "two"}, "has 'two' as ecg_id of two"),
        ({"ecg_id": "1.0"}, "has two rows of ecg_id 1, expected one"),
        ({"ecg_id": "1e300"}, "has '1e300' as ecg_id of 1e300, expected a whole number"),
        ({"ecg_id": "nan"}, "has 'nan' as ecg_id of nan"),
        ({"ecg_id": "1"}, "is empty or has two rows of one ecg_id"),
        ({"report": "x" * 200_000}, "is not a CSV table .*field larger"),
    ],
)
def test_a_row_that_cannot_be_understood(folder: Path, change: dict[str, str], expected: str) -> None:
    (folder / "ptbxl_database.csv").write_text(database_csv({2: change}))
    with pytest.raises(InputError, match=f"set: ptbxl_database.csv .*{expected}.*; download it again"):
        ptbxl.load(folder, rate_hz=100)


def test_tables_that_are_none(folder: Path) -> None:
    database, statements = folder / "ptbxl_database.csv", folder / "scp_statements.csv"
    for data, expected in (
        (b"", "lacks the columns ecg_id, filename_lr, patient_id, scp_codes, strat_fold"),
        (b"\xff\xfe\x00", "is not a CSV table"),
        (database_csv().replace("strat_fold", "fold").encode(), "lacks the columns strat_fold"),
        (database_csv().splitlines()[0].encode(), "is empty"),
    ):
        database.write_bytes(data)
        assert f"ptbxl_database.csv {expected}" in refused(folder)
    database.write_text(database_csv())
    for text, expected in (
        (statements_csv().replace(",diagnostic,", ",x,"), "lacks the columns diagnostic"),
        (statements_csv().replace(",NORM,", ",FINE,"), "has the class 'FINE', expected one of NORM, MI, STTC, CD, HYP"),
        (statements_csv().replace("1.0", "yes"), "has 'yes' as diagnostic of NORM"),
        (statements_csv() + "NORM,,,,,,\n", "is empty or has two rows of one code"),
    ):
        statements.write_text(text)
        assert f"scp_statements.csv {expected}" in refused(folder)
    statements.unlink()
    assert "set: has neither scp_statements.csv nor superclass_labels.csv; expected the official" in refused(folder)
    header = "ecg_id,filename_lr,NORM,MI,STTC,CD,HYP\n"
    (folder / "superclass_labels.csv").write_text(header + "1,records100/00000/00001_lr,1,0,0,0\n")
    assert "superclass_labels.csv has '' as HYP of 1, expected 0 or 1" in refused(folder)
    (folder / "superclass_labels.csv").write_text(header + "1,records100/00000/00001_lr,1,0,0,1,0\n")
    assert [b.label for b in ptbxl.load(folder, rate_hz=100).blocks] == [NORM | CD]
    database.unlink()
    with pytest.raises(InputError, match="set: has no ptbxl_database.csv; expected the official ptb-xl"):
        ptbxl.load(folder, rate_hz=100)


def test_a_damaged_or_short_record(folder: Path) -> None:
    path = folder / "records100/00000/00007_lr"
    data = path.with_suffix(".dat").read_bytes()
    path.with_suffix(".dat").write_bytes(data[:-100])
    assert "00007_lr.dat has 23900 bytes, but 1000 samples of 12 leads" in refused(folder)
    path.with_suffix(".dat").write_bytes(bytes([data[0] ^ 1]) + data[1:])
    assert "00007_lr.dat has checksums" in refused(folder)
    write_signal(path, counts_of(7)[:900])
    assert "records100/00000/00007_lr has 900 samples, expected 1000; download it again" in refused(folder)
    write_signal(path, counts_of(7), rate_hz=500)
    assert "records100/00000/00007_lr has 500 samples per second, expected 100" in refused(folder)


def test_invalid_samples_and_flat_lines(folder: Path) -> None:
    counts = counts_of(2)
    counts[500, 0] = -32768  # format 16's mark
    counts[500:600, 1] = 77
    write_signal(folder / "records100/00000/00002_lr", counts)
    recordings = ptbxl.load(folder, "I", 100)
    assert recordings.groups.tolist() == [1, 7, 9]
    assert recordings.report["amiss"]["records_left_out_for_invalid_samples"] == [2]
    recordings = ptbxl.load(folder, "II", 100)
    assert len(recordings.blocks) == 4 and recordings.report["amiss"]["records_with_a_flat_second"] == [2]
    assert "1 records with a flat second (2)" in recordings.summary()


def numbered(count: int, folds: dict[str, int], patients: dict[str, int], label: Callable[[int], int]) -> Recordings:
    """Recordings with ids from 1 and no signal to speak of."""
    blocks = tuple(Block(i, label(i), np.zeros((1, 1), np.float32)) for i in range(1, count + 1))
    names = ("NORM", "MI", "STTC", "CD", "HYP")
    report = {"folds": folds, "patients": patients}
    return Recordings("ptbxl", 100.0, 10.0, ("ecg",), ("mV",), (), names, blocks, "", report, multilabel=True)


def test_the_official_folds() -> None:
    folds = {str(i): i % 10 + 1 for i in range(1, 1001) if i % 7}
    split = ptbxl.split(numbered(1000, folds, {}, lambda i: i % 32), 3)
    assert split.name == "fold" and split.leaky is False and split.seed == 3
    assert list(split.test) == [i for i in range(1, 1001) if i % 7 and i % 10 == 9]
    assert list(split.validation) == [i for i in range(1, 1001) if i % 7 and i % 10 == 8]
    assert list(split.train) == [i for i in range(1, 1001) if i % 7 and i % 10 < 8]
    nine = {key: fold for key, fold in folds.items() if fold != 10}
    with pytest.raises(InputError, match="no record is in the folds of test; give the whole database"):
        ptbxl.split(numbered(1000, nine, {}, lambda i: i % 32), 3)


@pytest.mark.parametrize("seed", range(5))
def test_a_smoke_test_divides_by_patient(seed: int) -> None:
    """Three records each; and the one record of a rare class trains."""
    patients = {str(i): i // 3 for i in range(1, 91)}
    recordings = numbered(100, dict.fromkeys(map(str, range(1, 101)), 10), patients, lambda i: 17 if i == 50 else 1)
    split = ptbxl.split(recordings, seed)
    assert split.name == "smoke test" and 50 in list(split.train)
    parts = [set(split.part(part)) for part in ("train", "validation", "test")]
    assert sum(map(len, parts)) == 100 and set.union(*parts) == set(range(1, 101))
    for part in parts:
        assert {i for i in range(1, 91) if i // 3 in {j // 3 for j in part if j < 91}} <= part
    assert 0.45 < len(parts[0]) / 100 < 0.75


def test_a_smoke_test_of_too_little() -> None:
    recordings = numbered(4, {}, {"1": 1, "2": 1, "3": 1}, lambda i: 1)
    with pytest.raises(InputError, match="at least 3 patients, found 2"):
        ptbxl.split(recordings, 0)
    split = ptbxl.split(replace(recordings, report={"folds": {}, "patients": {}}), 0)
    assert [len(split.part(part)) for part in ("train", "validation", "test")] == [2, 1, 1]
    impossible = numbered(3, {}, {}, lambda i: 1 << i)
    with pytest.raises(InputError, match="no division has every class in training"):
        ptbxl.split(impossible, 0)
