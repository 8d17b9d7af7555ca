"""Recordings cut off anywhere or changed at random: each is refused in words or read, never anything else.

A failure names the case; `SCL_CASE="mutation 17" python -m pytest -m faults FILE -k NAME` runs it again.
"""

import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import wfdb

from scl.artifacts.capture import Capture, read_capture, write_capture
from tests.train.data.damage import mutations, outcome, prefixes
from tests.train.data.test_ptbxl import counts_of, statements_csv, write_signal
from train.data import ecg_folder, mitdb, ptbxl, wisdm

MUTATIONS = 2000
Load = Callable[[], object]


@pytest.fixture(autouse=True)
def uncached(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (ecg_folder, mitdb, ptbxl, wisdm):
        monkeypatch.setattr(module, "cached", lambda name, key, make: make())


def wisdm_folder(folder: Path) -> Load:
    """Two seconds of two activities."""
    (folder / "activity_key.txt").write_text("walking = A\nbrushing teeth = B\n")
    for sensor in ("accel", "gyro"):
        (folder / "raw/watch" / sensor).mkdir(parents=True)
        rows = [
            f"1600,{code},{10**14 + (40 * number + i) * 49_900_000},{0.1 * i:.6f},-9.81,{i / 7:.7f};\n"
            for number, code in enumerate("AB")
            for i in range(20)
        ]
        (folder / f"raw/watch/{sensor}/data_1600_{sensor}_watch.txt").write_text("".join(rows))
    return lambda: wisdm.load(folder)


def wisdm_zip(folder: Path) -> Load:
    wisdm_folder(folder)
    with zipfile.ZipFile(folder / "set.zip", "w", zipfile.ZIP_LZMA) as archive:
        for file in sorted(folder.rglob("*.txt")):
            archive.write(file, file.relative_to(folder))
    return lambda: wisdm.load(folder / "set.zip")


def mitdb_folder(folder: Path) -> Load:
    """A record of 40 samples in two leads, with four annotations."""
    (folder / "RECORDS").write_text("100\n")
    mv = np.random.default_rng(0).integers(-200, 200, (40, 2)) / 200
    wfdb.wrsamp(
        *("100", 360, ["mV", "mV"], ["MLII", "V1"], mv),
        fmt=["212", "212"], adc_gain=[200.0, 200.0], baseline=[0, 0], write_dir=str(folder),
    )  # fmt: skip
    times, symbols = np.array([3, 9, 20, 30]), ["N", "V", "+", "A"]
    wfdb.wrann("100", "atr", times, symbol=symbols, aux_note=["", "", "(AFIB", ""], write_dir=str(folder))
    return lambda: mitdb.load(folder)


def ptbxl_folder(folder: Path) -> Load:
    header = "ecg_id,patient_id,report,scp_codes,strat_fold,filename_lr,filename_hr\n"
    row = "{0},15.0,\"a, b\",\"{{'NORM': 100.0, 'SR': 0.0}}\",3,records100/{0}_lr,x\n"
    (folder / "ptbxl_database.csv").write_text(header + row.format(1) + row.format(2))
    (folder / "scp_statements.csv").write_text("\n".join(statements_csv().splitlines()[:4]) + "\n")
    write_signal(folder / "records100/1_lr", counts_of(1))
    return lambda: ptbxl.load(folder, rate_hz=100)


def ecg_wfdb(folder: Path) -> Load:
    """A record of two segments in the variable layout, and annotations."""
    mv = np.random.default_rng(0).integers(-200, 200, (40, 1)) / 200
    for name in ("r_1", "r_2"):
        wfdb.wrsamp(name, 100, ["uV"], ["II"], mv, fmt=["16"], adc_gain=[200.0], baseline=[0], write_dir=str(folder))
    (folder / "r_layout.hea").write_text("r_layout 2 100 0\n~ 0 200/uV 0 0 0 0 0 V1\n~ 0 200/uV 0 0 0 0 0 II\n")
    (folder / "r.hea").write_text("r/4 2 100 90\nr_layout 0\nr_1 40\n~ 10\nr_2 40\n# patient 7\n")
    wfdb.wrann("r", "atr", np.array([3, 60]), symbol=["N", "V"], write_dir=str(folder))
    return lambda: ecg_folder.load(folder)


def ecg_csv(folder: Path) -> Load:
    """Two records with times, a table of their beats and one of their people and parts."""
    rows = "".join(f"{10 * i},{0.1 * (i % 7):.3f},\n" for i in range(40))
    for name in "abc":
        (folder / f"{name}.csv").write_text("t,ecg,note\n" + rows)
    (folder / "beats.csv").write_text("record,time,symbol\na,0.1,N\nb,0.2,V\nc,0.3,pvc\n")
    (folder / "people.csv").write_text("record,subject,split\na,x,train\nb,y,validation\nc,z,test\n")
    (folder / "dataset.toml").write_text(
        'kind = "ecg"\nlead = "ecg"\n[csv]\nunit = "uV"\ntime = "t"\ntime_unit = "ms"\n[beats]\nfile = "beats.csv"\n'
        '[records]\nfile = "people.csv"\n[classes]\nN = ["N"]\nV = ["V", "pvc"]\n'
    )
    return lambda: ecg_folder.load(folder)


def ecg_edf(folder: Path) -> Load:
    from edfio import Edf, EdfSignal

    x = np.random.default_rng(0).normal(size=100)
    Edf([EdfSignal(x, 50, label="ECG", physical_dimension="mV")], annotations=[]).write(folder / "a.edf")
    (folder / "a_beats.csv").write_text("time,symbol\n10,N\n60,V\n")
    text = 'kind = "ecg"\nformat = "edf"\n[beats]\nsuffix = "_beats.csv"\ntime_unit = "samples"\n'
    (folder / "dataset.toml").write_text(text)
    return lambda: ecg_folder.load(folder)


def capture_file(folder: Path) -> Load:
    counts = np.random.default_rng(0).integers(-32768, 32768, (20, 3), np.int16)
    label, position = ("a, b",) * 10 + ('"', "ä") * 5, ("+x", "-x") * 10
    write_capture(folder / "a.csv", Capture("bmi270", 100.0, ("ax", "ay", "az"), counts, position, label))
    return lambda: read_capture(folder / "a.csv")


FILES: dict[str, tuple[Callable[[Path], Load], str]] = {
    "wisdm": (wisdm_folder, "raw/watch/accel/data_1600_accel_watch.txt"),
    "wisdm-key": (wisdm_folder, "activity_key.txt"),
    "wisdm-zip": (wisdm_zip, "set.zip"),
    "mitdb-records": (mitdb_folder, "RECORDS"),
    "wfdb-header": (mitdb_folder, "100.hea"),
    "wfdb-signal": (mitdb_folder, "100.dat"),
    "wfdb-annotations": (mitdb_folder, "100.atr"),
    "ptbxl-database": (ptbxl_folder, "ptbxl_database.csv"),
    "ptbxl-statements": (ptbxl_folder, "scp_statements.csv"),
    "capture": (capture_file, "a.csv"),
    "ecg-segments": (ecg_wfdb, "r.hea"),
    "ecg-layout": (ecg_wfdb, "r_layout.hea"),
    "ecg-segment": (ecg_wfdb, "r_1.hea"),
    "ecg-csv": (ecg_csv, "b.csv"),
    "ecg-beats": (ecg_csv, "beats.csv"),
    "ecg-records": (ecg_csv, "people.csv"),
    "ecg-dataset": (ecg_csv, "dataset.toml"),
    "ecg-edf": (ecg_edf, "a.edf"),
}
each_file = pytest.mark.parametrize(("make", "name"), FILES.values(), ids=FILES)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "set"
    path.mkdir()
    yield path


@each_file
def test_some_prefixes_and_mutations(folder: Path, make: Callable[[Path], Load], name: str) -> None:
    load = make(folder)
    load()
    whole = (folder / name).read_bytes()
    outcome(prefixes(whole, max(len(whole) // 20, 1)), folder, name, load)
    accepted, refused = outcome(mutations(whole, 40), folder, name, load)
    assert accepted + refused == 40 and refused
    load()  # what was damaged is whole again


@pytest.mark.faults
@each_file
def test_every_prefix_and_many_mutations(folder: Path, make: Callable[[Path], Load], name: str) -> None:
    load = make(folder)
    load()  # what it imports is no part of a case's time
    whole = (folder / name).read_bytes()
    outcome(prefixes(whole), folder, name, load)
    outcome(mutations(whole, MUTATIONS), folder, name, load)
