"""ECG folders in WFDB, CSV and EDF against the samples that the test wrote, and every refusal by its message."""

from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from scl.frontend.resampler import to_rate
from tests.ecg_sets import Simulated, simulated, write_csv, write_edf, write_wfdb
from train.data import ecg_folder, mitdb
from train.data.ecg import task_labels
from train.data.ecg_check import check, is_ecg
from train.data.recordings import Recordings

CLASS = {"N": "N", "A": "S", "V": "V"}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))


@pytest.fixture(scope="module")
def records() -> list[Simulated]:
    return simulated(4, 0.5, 250.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "set"
    path.mkdir()
    return path


def described(folder: Path, text: str = "") -> None:
    (folder / "dataset.toml").write_text('kind = "ecg"\n' + text)


def agrees(found: Recordings, records: list[Simulated], lead: int = 0, tolerance: float = 0.0) -> None:
    """Whole records, in order of their names, in mV, with their beats."""
    assert [found.group_names[b.group] for b in found.blocks] == [r.name for r in records]
    for block, record in zip(found.blocks, records, strict=True):
        np.testing.assert_allclose(block.x[0], record.x[: block.x.shape[1], lead], rtol=0, atol=tolerance + 1e-6)
        kept = record.beats < block.x.shape[1]
        assert block.beats[:, 0].tolist() == record.beats[kept].tolist()
        symbols = [s for s, keep in zip(record.symbols, kept, strict=True) if keep]
        assert [found.labels[c] for c in block.beats[:, 1]] == [CLASS[s] for s in symbols]


def refused(folder: Path, lead: str | None = None) -> str:
    """The message of a refusal, which names the folder and leaves nothing new in the cache."""
    before = list((folder.parent / "cache").glob("*"))
    with pytest.raises(InputError) as caught:
        ecg_folder.load(folder, lead)
    assert str(folder) in str(caught.value) and list((folder.parent / "cache").glob("*")) == before
    return str(caught.value)


@pytest.mark.parametrize("fmt", ["16", "24", "32", "80", "212"])
def test_wfdb(folder: Path, records: list[Simulated], fmt: str) -> None:
    """As the reference writer stores it, anywhere below the folder."""
    few = [Simulated(f"a/b/{r.name}", *list(vars(r).values())[1:]) for r in records[:2]]
    if fmt == "80":  # eight bits hold 0.6 mV
        few = [Simulated(r.name, r.rate_hz, r.leads, r.x.clip(-0.6, 0.6), r.beats, r.symbols) for r in few]
    write_wfdb(folder, few, fmt)
    found = ecg_folder.load(folder)
    agrees(found, few)
    assert (found.rate_hz, found.units, found.labels, found.report["leads"]) == (
        250,
        ("mV",),
        ("N", "S", "V"),
        {"II": 2},
    )
    assert found.report["labels_from"] == "beats of .atr" and bool(found.report["warnings"]) == (fmt == "80")


def test_wfdb_in_microvolts_by_another_annotator(folder: Path, records: list[Simulated]) -> None:
    write_wfdb(folder, records, units="uV", annotator="qrs")
    agrees(ecg_folder.load(folder), records, tolerance=1e-5)
    described(folder, '[beats]\nannotator = "ref"\n')
    assert "no record has annotations .ref, as [beats] says" in refused(folder)


def test_csv(folder: Path, records: list[Simulated]) -> None:
    write_csv(folder, records)
    described(folder, 'lead = "II"\n[csv]\nunit = "mV"\nrate_hz = 250\n[beats]\nfile = "beats.csv"\n')
    agrees(ecg_folder.load(folder), records)
    agrees(ecg_folder.load(folder, "1"), records, lead=1)


@pytest.mark.parametrize("time_unit", ["s", "ms", "us", "ns"])
@pytest.mark.parametrize("unit", ["uV", "V"])
def test_csv_with_times(folder: Path, records: list[Simulated], unit: str, time_unit: str) -> None:
    write_csv(folder, records[:1], unit, "t", time_unit)
    text = f'lead = "II"\n[csv]\nunit = "{unit}"\ntime = "t"\ntime_unit = "{time_unit}"\n[beats]\nfile = "beats.csv"\n'
    described(folder, text)
    found = ecg_folder.load(folder)
    assert found.rate_hz == 250
    agrees(found, records[:1])


@pytest.mark.parametrize("unit", ["uV", "mV"])
def test_edf(folder: Path, records: list[Simulated], unit: str) -> None:
    write_edf(folder, records, unit)
    write_csv(folder / "tables", records)
    (folder / "beats.csv").write_text((folder / "tables/beats.csv").read_text())
    described(folder, 'format = "edf"\n[beats]\nfile = "beats.csv"\n')
    found = ecg_folder.load(folder)
    agrees(found, records)
    assert found.report["leads"] == {"ECG II": 4} and found.report["subjects_from"] == ""
    write_edf(folder, records, unit, codes=("MCH-1", "MCH-2", "MCH-2", "X"))
    found = ecg_folder.load(folder)
    assert found.group_names == ("MCH-1", "MCH-2", "p04")
    assert found.report["subjects_from"] == "patient codes of EDF+ headers"


def test_mit_bih_as_a_plain_folder(tmp_path: Path) -> None:
    """The same blocks as those of its own loader, for generated records; the real set is compared below."""
    path = tmp_path / "set"
    path.mkdir()
    few = simulated(3, 0.5, 360.0, ("V1", "MLII"), names=("100", "101", "103"))
    write_wfdb(path, few, "212")
    (path / "RECORDS").write_text("100\n101\n103\n")
    own, general = mitdb.load(path), ecg_folder.load(path)
    assert general.report["leads"] == {"MLII": 3}
    for a, b in zip(own.blocks, general.blocks, strict=True):
        np.testing.assert_array_equal(a.x, b.x)
        np.testing.assert_array_equal(a.beats[:, 0], b.beats[:, 0])
        assert [own.labels[i] for i in a.beats[:, 1]] == [general.labels[i] for i in b.beats[:, 1]]


@pytest.mark.exact
def test_the_real_mit_bih(data_dir: Path) -> None:
    archive = data_dir / "mitdb" / f"{mitdb.ARCHIVE}.zip"
    if not archive.is_file():
        pytest.skip(f"{archive} is not there")
    own, general = mitdb.load(archive), ecg_folder.load(archive, "MLII")
    assert general.report["amiss"]["records_without_lead_MLII"] == ["102", "104"] and len(general.blocks) == 46
    blocks = {str(block.group): block for block in own.blocks}
    for block in general.blocks:
        other = blocks[general.group_names[block.group]]
        assert np.array_equal(block.x, other.x) and np.array_equal(block.beats, other.beats)
    (found,) = [w for w in general.report["warnings"] if "inverted" in w]
    assert "1 of 46 records look inverted against the others" in found and "207 (-0.84)" in found


def test_records_with_one_label(folder: Path, records: list[Simulated]) -> None:
    write_wfdb(folder, records, annotator="")
    (folder / "labels.csv").write_text("record;label;who\np01;AF;x\np02;AFL;x\np03;SR;y\np04;noise;z\np99;SR;z\n")
    described(folder, '[records]\nfile = "labels.csv"\nsubject = "who"\n')
    found = ecg_folder.load(folder)
    assert found.labels == ("AF", "AFL", "SR", "noise") and [b.label for b in found.blocks] == [0, 1, 2, 3]
    assert found.group_names == ("x", "y", "z") and [b.group for b in found.blocks] == [0, 0, 1, 2]
    assert found.report["subjects"] == {"p01": "x", "p02": "x", "p03": "y", "p04": "z"}
    assert found.report["amiss"]["names_in_the_table_that_are_no_record's"] == ["p99"]
    assert task_labels(found) == found.labels
    described(folder, '[records]\nfile = "labels.csv"\n[classes]\nAF = ["AF", "AFL"]\nSR = ["SR"]\nnone = ["x"]\n')
    found = ecg_folder.load(folder)
    assert found.labels == ("AF", "SR") and [b.label for b in found.blocks] == [0, 0, 1]
    assert found.report["amiss"]["records_without_labels"] == ["p04"]


def test_classes_of_symbols(folder: Path, records: list[Simulated]) -> None:
    write_csv(folder, records)
    text = 'lead = "II"\n[csv]\nunit = "mV"\nrate_hz = 250\n[beats]\nfile = "beats.csv"\n[classes]\n'
    described(folder, text + 'N = ["A"]\nV = ["V"]\n')
    found = ecg_folder.load(folder)
    assert found.labels == ("N", "V") == task_labels(found)
    for block, record in zip(found.blocks, records, strict=True):
        assert block.beats[:, 0].tolist() == [
            at for at, s in zip(record.beats, record.symbols, strict=True) if s != "N"
        ]
    described(folder, text + 'N = ["x"]\n')
    assert "beats of beats.csv hold no beat of N; name their symbols under [classes]" in refused(folder)


def test_tables_of_beats_beside_each_record(folder: Path, records: list[Simulated]) -> None:
    write_csv(folder, records)
    (folder / "beats.csv").unlink()
    for record in records:
        rows = "".join(f"{at},{s}\n" for at, s in zip(record.beats, record.symbols, strict=True))
        (folder / f"{record.name}_beats.csv").write_text("time,symbol\n" + rows)
    text = 'lead = "II"\n[csv]\nunit = "mV"\nrate_hz = 250\n[beats]\nsuffix = "_beats.csv"\ntime_unit = "samples"\n'
    described(folder, text)
    agrees(ecg_folder.load(folder), records)


def test_subjects_by_comments_and_folders(folder: Path, records: list[Simulated]) -> None:
    comments = {"p01": ["age: 60", "patient 3"], "p02": ["Patient ID: 3"], "p03": ["The patient has 2 leads"]}
    write_wfdb(folder, records, comments=comments)
    found = ecg_folder.load(folder)
    assert found.group_names == ("3", "p03", "p04") and found.report["subjects_from"] == "comments of headers"
    assert ecg_folder.DATA_SET.split is not None and ecg_folder.DATA_SET.split(found, 0).name == "subject"
    for file in folder.iterdir():
        file.unlink()
    write_wfdb(
        folder, [Simulated(f"patient00{i // 2}/{r.name}", *list(vars(r).values())[1:]) for i, r in enumerate(records)]
    )
    found = ecg_folder.load(folder)
    assert found.group_names == ("patient000", "patient001") and found.report["subjects_from"] == "names of folders"


def test_records_of_several_rates(folder: Path, records: list[Simulated]) -> None:
    """Refused, or resampled to the rate that dataset.toml says."""
    other = [Simulated("q", 360.0, *list(vars(simulated(1, 0.5, 360.0, seed=7)[0]).values())[2:])]
    write_wfdb(folder, records[:1] + other)
    message = refused(folder)
    assert (
        "records have 250 Hz (p01) and 360 Hz (q), expected one rate" in message and "such as rate_hz = 250" in message
    )
    described(folder, "rate_hz = 360\n")
    found = ecg_folder.load(folder)
    assert found.rate_hz == 360 and found.report["amiss"]["records_resampled"] == ["p01"]
    np.testing.assert_allclose(found.blocks[1].x[0], other[0].x[:, 0], atol=1e-6)
    expected = to_rate(records[0].x[None, None, :, 0], 250, 360)[0, 0]
    np.testing.assert_allclose(found.blocks[0].x[0], expected[:10799], atol=1e-6)  # the last lies behind the end
    assert found.blocks[0].beats[:, 0].tolist() == np.minimum(np.rint(records[0].beats * 1.44), 10798).tolist()


def test_a_lead_is_never_replaced(folder: Path, records: list[Simulated]) -> None:
    odd = Simulated("p05", 250.0, ("V2", "RESP"), records[0].x, records[0].beats, records[0].symbols)
    write_wfdb(folder, [*records, odd])
    found = ecg_folder.load(folder)
    assert len(found.blocks) == 4 and found.report["amiss"]["records_without_lead_II"] == ["p05"]
    assert "1 records without lead II (p05)" in found.summary()
    found = ecg_folder.load(folder, "0")
    assert "lead number 0 is not the same in all records: II (4), V2 (1)" in found.report["warnings"]
    assert "no record has lead 'aVR'; choose one with --lead: 'II (4), V1 (4), V2 (1), RESP (1)'" in refused(
        folder, "aVR"
    )


def test_gaps_and_short_records(folder: Path, records: list[Simulated]) -> None:
    """Invalid samples divide a record; what is shorter than a strip and its shift is left out and named."""
    x = records[0].x.copy()
    x[3000:3100, 0] = np.nan
    short = Simulated("p09", 250.0, records[1].leads, records[1].x[:2000], records[1].beats[:5], records[1].symbols[:5])
    gap = Simulated("p01", 250.0, records[0].leads, x, records[0].beats, records[0].symbols)
    write_wfdb(folder, [gap, *records[1:], short])
    found = ecg_folder.load(folder)
    first, second = [block for block in found.blocks if block.group == 0]
    np.testing.assert_allclose(first.x[0], x[:3000, 0], atol=1e-6)
    np.testing.assert_allclose(second.x[0], x[3100:, 0], atol=1e-6)
    at = records[0].beats
    assert second.beats[:, 0].tolist() == (at[at >= 3100] - 3100).tolist()
    amiss = found.report["amiss"]
    assert amiss["records_with_invalid_samples"] == ["p01"] and amiss["records_without_a_long_stretch"] == ["p09"]
    lost = int(((at >= 3000) & (at < 3100)).sum()) + 5
    assert amiss["beats_outside_the_stretches"] == lost and "p09" not in found.group_names


SPLIT = '[split]\ntrain = ["p01", "p02"]\nvalidation = ["p03"]\ntest = ["p04"]\n'


def test_an_explicit_split(folder: Path, records: list[Simulated]) -> None:
    write_wfdb(folder, records)
    described(folder, SPLIT)
    found = ecg_folder.load(folder)
    split = ecg_folder.split(found, 3)
    assert (split.train, split.validation, split.test) == ((0, 1), (2,), (3,))
    assert split.name == "record, by dataset.toml" and not split.leaky
    (folder / "r.csv").write_text("record,split\np01,test\np02,train\np03,validation\np04,\n")
    described(folder, '[records]\nfile = "r.csv"\n')
    split = ecg_folder.split(ecg_folder.load(folder), 0)
    assert (split.train, split.validation, split.test, split.name) == ((1,), (2,), (0,), "record, by r.csv")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (SPLIT.replace('"p04"', '"p44"'), "dataset.toml: [split] test has 'p44', expected records such as p01"),
        (SPLIT.replace('"p04"', '"p01"'), "dataset.toml: [split] has record p01 twice, expected it in one part"),
    ],
)
def test_an_explicit_split_that_is_wrong(folder: Path, records: list[Simulated], text: str, expected: str) -> None:
    write_wfdb(folder, records)
    described(folder, text)
    assert expected in refused(folder)


def test_one_patient_in_two_parts(folder: Path, records: list[Simulated]) -> None:
    write_wfdb(folder, records, comments={"p02": ["patient 5"], "p04": ["patient 5"]})
    described(folder, SPLIT)
    expected = "dataset.toml has p02 in train and p04 in test, but both are of subject 5 (comments of headers)"
    assert expected in refused(folder)


def test_a_drawn_split_keeps_patients_together(folder: Path, records: list[Simulated]) -> None:
    write_wfdb(folder, records, comments={"p02": ["patient 5"], "p04": ["patient 5"]})
    found = ecg_folder.load(folder)
    for seed in range(5):
        split = ecg_folder.split(found, seed)
        parts = [set(split.train), set(split.validation), set(split.test)]
        assert sorted(n for part in parts for n in part) == [0, 1, 2] and all(parts)
    assert ecg_folder.split(found, 1) == ecg_folder.split(found, 1)


def test_two_records_leave_nobody_to_test_on(folder: Path, records: list[Simulated]) -> None:
    write_wfdb(folder, records[:2])
    with pytest.raises(InputError, match=r"a split needs at least 3 records, found 2 \(p01, p02\)"):
        ecg_folder.split(ecg_folder.load(folder), 0)
    write_wfdb(folder, records[:2], comments={"p01": ["subject 1"], "p02": ["subject 1"]})
    found = ecg_folder.load(folder)
    assert "1 is the only subject: nobody is left to test on" in found.report["warnings"]


def test_a_set_that_is_none(folder: Path, records: list[Simulated]) -> None:
    assert "holds no recordings; expected a folder or zip of WFDB (.hea), EDF (.edf) or CSV" in refused(folder)
    write_csv(folder, records[:1])
    assert 'holds CSV files; say in dataset.toml what they are: kind = "ecg", lead (a column' in refused(folder)
    write_edf(folder, records[:1])
    write_wfdb(folder, records[:1])
    assert "holds recordings in wfdb and edf, expected one format; say in dataset.toml" in refused(folder)
    described(folder, 'format = "edf"\n')
    assert ecg_folder.load(folder).report["leads"] == {"ECG II": 1}
    (folder / "p01.atr").unlink()
    assert "has neither annotated beats (.atr, .ecg, .qrs) nor labels of records" in refused(folder)
    (folder / "p01.edf").unlink()
    assert "holds no recordings in edf, as dataset.toml says" in refused(folder)
    with pytest.raises(InputError, match="nowhere: no such file or folder; expected a folder or zip of WFDB"):
        ecg_folder.load(folder / "nowhere")


def test_the_options_of_a_run(folder: Path, records: list[Simulated]) -> None:
    write_wfdb(folder, records)
    first = ecg_folder.DATA_SET.load(folder, {})
    other = ecg_folder.DATA_SET.load(folder, {"lead": "V1"})
    assert first.sha256 != other.sha256 and other.report["leads"] == {"V1": 4}
    assert ecg_folder.DATA_SET.load(folder, {}).sha256 == first.sha256
    with pytest.raises(InputError, match="data option lead is 3, expected a text"):
        ecg_folder.DATA_SET.load(folder, {"lead": 3})
    described(folder, 'lead = "II"\n')
    assert ecg_folder.DATA_SET.load(folder, {}).sha256 != first.sha256


def test_the_check(folder: Path, records: list[Simulated]) -> None:
    write_wfdb(folder, records, comments={"p02": ["patient 5"]})
    found = check(folder)
    assert len(found.rows) == 4 and all(len(row) == len(found.heading) for row in found.rows)
    name, subject, lead, rate, minutes, labels, *_ = found.rows[1]
    assert (name, subject, lead, rate, minutes) == ("p02", "5", "II", "250", "0.5")
    counts = {CLASS[s]: records[1].symbols.count(s) for s in records[1].symbols}
    assert labels == ", ".join(f"{name} {counts[name]}" for name in ("N", "S", "V") if name in counts)
    beats = [CLASS[s] for r in records for s in r.symbols]
    said = ", ".join(f"{name} {beats.count(name)}" for name in ("N", "S", "V", "F", "Q"))
    assert f"beats of .atr: {said}" in found.sentences and found.warnings == ()
    assert "subjects from comments of headers; split drawn" in found.sentences


def test_a_polarity_that_differs_is_named(folder: Path, records: list[Simulated]) -> None:
    turned = Simulated("p01", 250.0, records[0].leads, -records[0].x, records[0].beats, records[0].symbols)
    write_wfdb(folder, [turned, *records[1:]])
    (warning,) = check(folder).warnings
    assert "1 of 4 records look inverted against the others" in warning and "p01 (-0." in warning


def test_what_says_that_it_is_ecg(folder: Path, records: list[Simulated]) -> None:
    write_csv(folder, records[:1])
    assert not is_ecg(folder) and not is_ecg(folder / "nowhere")
    (folder / "dataset.toml").write_text('files = "*.csv"\n')
    assert not is_ecg(folder)
    (folder / "dataset.toml").write_text("kind =")
    assert not is_ecg(folder)
    described(folder)
    assert is_ecg(folder)
    (folder / "dataset.toml").unlink()
    write_wfdb(folder / "below", records[:1])
    assert is_ecg(folder)
