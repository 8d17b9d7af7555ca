"""The command: what it prints, what it writes, and its exit status."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from tests import imu_sets
from tests.documents import document
from tests.ecg_sets import Simulated, simulated, write_edf, write_wfdb
from tests.ecg_sets import write_csv as write_ecg_csv
from tests.imu_sets import motion, write_csv
from train.data import check
from train.data.dataset_file import DatasetFile, Origin, Time, read_dataset_file
from train.data.imu_folder import load


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))


def test_what_it_understood_is_printed(tmp_path, capsys):
    folder = imu_sets.write_described(tmp_path / "set", 3, 12)
    before = (folder / "dataset.toml").read_bytes()
    assert check.main([str(folder)]) == 0
    out = capsys.readouterr().out
    assert "dataset.toml, 9 files with accelerometer and gyroscope" in out
    assert "people: 3 (p01, p02, p03)" in out and "classes: 3 (resting, shaking, waving)" in out
    assert "hours: 0.03; model's rate 50 Hz, window 4 s" in out and out.endswith("nothing looks wrong\n")
    cells = [cell.strip() for cell in re.search(r"│ p01_resting\.csv.*", out)[0].strip("│").split("│")]
    own = motion("resting", 0, np.arange(600) / 50)
    peaks = [f"{np.abs(own[:, :3]).max():.1f}", f"{np.abs(own[:, 3:]).max():.1f}"]
    assert cells == ["p01_resting.csv", "p01", "resting", "12.0", "50.00", "0.0", "0", "9.81", *peaks]
    assert (folder / "dataset.toml").read_bytes() == before
    assert check.main([str(folder), "--json"]) == 0
    found = document(capsys.readouterr().out)
    first = found["imu"][0]
    assert (found["signal"], len(found["imu"]), found["ecg"], found["wrong"]) == ("imu", 9, [], [])
    assert (first["name"], first["people"], first["classes"]) == ("p01_resting.csv", ["p01"], ["resting"])
    assert [f"{first['peak'][kind]:.1f}" for kind in ("accelerometer", "gyroscope")] == peaks


def test_what_looks_wrong_is_printed_and_is_the_exit_status(tmp_path, capsys):
    folder = imu_sets.write_described(tmp_path / "set", 3, 12)
    text = (folder / "dataset.toml").read_text().replace('unit = "g"', 'unit = "m/s2"')
    (folder / "dataset.toml").write_text(text)
    (folder / "p02_waving.csv").write_bytes(bytes(100))
    assert check.main([str(folder)]) == 1
    out = capsys.readouterr().out
    assert f"looks wrong: {folder}/p02_waving.csv: holds NUL bytes" in out
    assert "|a| at rest is 1 m/s2: this looks like g, dataset.toml says m/s2" in out
    assert (folder / "dataset.toml").read_text() == text


def test_a_clock_in_another_unit_is_named_and_the_table_printed(tmp_path, capsys):
    folder = imu_sets.write_described(tmp_path / "set", 3, 12)
    (folder / "dataset.toml").write_text((folder / "dataset.toml").read_text().replace('"ms"', '"s"'))
    assert check.main([str(folder)]) == 1
    out = capsys.readouterr().out
    assert "the times look like ms" in out and "│ p01_resting.csv" in out


def first_one(folder: Path) -> DatasetFile:
    """What is written where there is none."""
    assert not (folder / "dataset.toml").exists()
    check.main([str(folder)])
    return read_dataset_file(folder / "dataset.toml")


@pytest.mark.parametrize("acceleration, angular_rate", [("g", "deg/s"), ("m/s2", "rad/s"), ("mg", "deg/s")])
def test_a_first_dataset_toml_has_the_units_from_the_figures(tmp_path, acceleration, angular_rate, capsys):
    folder = imu_sets.write_described(tmp_path / "set", 3, 12, 50, acceleration, angular_rate, described=False)
    found = first_one(folder)
    assert (found.time, found.subject, found.label) == (
        Time(column="timestamp", unit="ms"), Origin(file_name="{subject}_*"), Origin(file_name="*_{label}.*"),
    )  # fmt: skip
    assert found.accelerometer is not None and found.gyroscope is not None
    assert (found.accelerometer.unit, found.gyroscope.unit) == (acceleration, angular_rate)
    for unit in re.findall(r"^unit = .*$", (folder / "dataset.toml").read_text(), re.MULTILINE):
        assert "# a guess: " in unit
    assert capsys.readouterr().out.endswith("nothing looks wrong\n")
    for block in load(folder).blocks:
        expected = motion(load(folder).labels[block.label], block.group, np.arange(600) / 50)
        np.testing.assert_allclose(block.x.T, expected, rtol=0, atol=1e-4)


@pytest.mark.parametrize("unit, scale", [("s", 1), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
def test_the_unit_of_time_is_guessed_from_the_rate(tmp_path, unit, scale):
    folder = imu_sets.write_described(
        tmp_path / "set", 1, 4, change=lambda name, t, v: (t / 1000 * scale, v), described=False
    )
    assert first_one(folder).time == Time(column="timestamp", unit=unit)


def test_columns_named_as_phones_name_them_and_folders(tmp_path):
    """Units in the columns' names, dates, a person's folder, a class's folder, two columns that may be the class."""
    times = np.arange(500) / 50
    header = ["Date", *(f"Acceleration {a} (m/s^2)" for a in "xyz"), *(f"Gyroscope {a} (rad/s)" for a in "xyz")]
    for who in ("p1", "p2"):
        for what in ("walk", "rest"):
            path = tmp_path / "set" / who / what / "Raw Data.csv"
            values = motion("resting" if what == "rest" else "waving", int(who[1]), times)
            write_csv(path, [*header, "activity", "label"], times, values, "x", "y")
            lines = path.read_text().splitlines()
            dates = [np.datetime64("2026-03-01T12:00:00") + np.timedelta64(20 * i, "ms") for i in range(500)]
            rows = (f"{date},{line.split(',', 1)[1]}" for date, line in zip(dates, lines[1:], strict=True))
            path.write_text("\n".join([lines[0], *rows]) + "\n")
    found = first_one(tmp_path / "set")
    assert found.time == Time(column="Date", unit="iso")
    assert found.accelerometer is not None and found.accelerometer.unit == "m/s2"
    assert found.gyroscope is not None and found.gyroscope.columns[0] == "Gyroscope x (rad/s)"
    assert found.subject == Origin(folder=1) and found.label == Origin(column="activity")
    assert "it may also be label" in (tmp_path / "set" / "dataset.toml").read_text()


def test_the_headers_of_sensor_log(tmp_path):
    header = [
        "loggingTime(txt)",
        "accelerometerTimestamp_sinceReboot(s)",
        *(f"accelerometerAcceleration{axis}(G)" for axis in "XYZ"),
        *(f"motionRotationRate{axis}(rad/s)" for axis in "XYZ"),
        "label(N)",
    ]
    times = np.arange(600) / 50
    for who in (1, 2, 3):
        values = imu_sets.units_of(motion("waving", who, times), "g", "rad/s")
        values = np.column_stack([times, values])
        rows = [f"2026-03-01 10:00:00,{','.join(f'{v:.6f}' for v in row)},waving" for row in values]
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / f"p{who}_log.csv").write_text("\n".join([",".join(header), *rows]) + "\n")
    found = first_one(tmp_path / "set")
    assert found.time == Time(column="accelerometerTimestamp_sinceReboot(s)", unit="s")
    assert found.accelerometer is not None and found.accelerometer.unit == "g"
    assert found.gyroscope is not None and found.gyroscope.columns[2] == "motionRotationRateZ(rad/s)"
    assert found.label == Origin(column="label(N)")


def test_people_in_folders_with_times_and_classes_in_columns(tmp_path):
    """As a spreadsheet in another language writes them."""
    axes = [f"{what} ({unit})" for what, unit in (("Acceleration {}", "m/s^2"), ("Rotation {}", "°/s"))]
    header = ["Recorded At", *(name.format(axis) for name in axes for axis in "XYZ"), "Activity Name"]
    times = np.arange(600) / 50
    for who, name in enumerate(("Anna Berg", "Jörg Möller", "chen_li")):
        (tmp_path / "set" / name).mkdir(parents=True)
        values = imu_sets.units_of(motion("waving", who, times), "m/s2", "deg/s")
        for session, activity in enumerate(("brisk walk", "sitting still")):
            rows = [
                f"2026-03-01T10:00:{t:06.3f}Z;{';'.join(f'{v:.4f}'.replace('.', ',') for v in row)};{activity}"
                for t, row in zip(times, motion_in(activity, who, times, values), strict=True)
            ]
            path = tmp_path / "set" / name / f"session {session}.csv"
            path.write_text("\n".join([";".join(header), *rows]) + "\n", encoding="utf-8")
    found = first_one(tmp_path / "set")
    assert found.time == Time(column="Recorded At", unit="iso")
    assert (found.subject, found.label) == (Origin(folder=1), Origin(column="Activity Name"))
    recordings = load(tmp_path / "set")
    assert recordings.group_names == ("Anna Berg", "chen_li", "Jörg Möller")
    assert recordings.labels == ("brisk walk", "sitting still") and recordings.rate_hz == 50


def motion_in(activity: str, who: int, times: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Of a class; the second one rests."""
    return values if activity == "brisk walk" else imu_sets.units_of(motion("resting", who, times), "m/s2", "deg/s")


def test_an_empatica_e4s_files_say_their_rate_themselves(tmp_path, capsys):
    times = np.arange(32 * 20) / 32
    for who in (1, 2, 3):
        for activity in ("resting", "shaking"):
            folder = tmp_path / "set" / f"p{who}" / activity
            folder.mkdir(parents=True)
            counts = np.rint(motion(activity, who, times)[:, :3] / imu_sets.G * 64).astype(int)
            above = ["1544027337.000000, 1544027337.000000, 1544027337.000000", "32.000000, 32.000000, 32.000000"]
            rows = [",".join(map(str, row)) for row in counts.tolist()]
            (folder / "ACC.csv").write_text("\n".join([*above, *rows]) + "\n")
            (folder / "HR.csv").write_text("1544027347.000000\n1.000000\n71.00\n72.00\n")
    found = first_one(tmp_path / "set")
    assert (found.files, found.time) == ("**/ACC.csv", None)
    assert found.accelerometer is not None and found.accelerometer.unit == "g/64"
    assert (found.subject, found.label) == (Origin(folder=1), Origin(folder=2))
    assert check.main([str(tmp_path / "set")]) == 0, capsys.readouterr().out
    recordings = load(tmp_path / "set")
    assert recordings.rate_hz == 32 and recordings.group_names == ("p1", "p2", "p3")
    block = next(b for b in recordings.blocks if (b.group, recordings.labels[b.label]) == (1, "shaking"))
    np.testing.assert_allclose(block.x.T, motion("shaking", 2, times)[:, :3], atol=imu_sets.G / 128 + 1e-4)


def test_files_without_a_header_and_of_another_kind(tmp_path):
    times = np.arange(500) / 50
    for who in (1, 2, 3):
        values = motion("waving", who, times)[:, :3]
        rows = [
            f"{who},walk,{int(t * 1000)},{x:.6f},{y:.6f},{z:.6f};" for t, (x, y, z) in zip(times, values, strict=True)
        ]
        (tmp_path / "set").mkdir(exist_ok=True)
        (tmp_path / "set" / f"data {who}.txt").write_text("\n".join(rows))
    found = first_one(tmp_path / "set")
    assert (found.files, found.time, found.label) == ("**/*.txt", Time(column=3, unit="ms"), Origin(column=2))
    assert found.accelerometer is not None and found.accelerometer.columns == (4, 5, 6)


def test_arrays_lack_a_rate_which_nobody_can_guess(tmp_path, capsys):
    folder = imu_sets.write_arrays(tmp_path / "set", 3, 4)
    assert check.main([str(folder)]) == 1
    assert "dataset.toml lacks rate_hz under [time]: fill it in, then run this again" in capsys.readouterr().out
    with pytest.raises(InputError, match="has no `rate_hz` under .time., and X.npy does not tell it"):
        load(folder)
    text = (folder / "dataset.toml").read_text()
    (folder / "dataset.toml").write_text(text.replace("# [time]\n# rate_hz = ...", "[time]\nrate_hz = 25"))
    assert check.main([str(folder)]) == 0
    assert tomllib.loads(text)["accelerometer"]["unit"] == "g"
    assert "model's rate 25 Hz, window 4 s" in capsys.readouterr().out


@pytest.mark.parametrize("write, status", [(imu_sets.write_edge_impulse, 1), (imu_sets.write_captures, 0)])
def test_a_known_convention_needs_no_file(tmp_path, write, status, capsys):
    folder = write(tmp_path / "set", 3, 12)
    assert check.main([str(folder)]) == status
    assert not (folder / "dataset.toml").exists()
    assert ("nobody is named" in capsys.readouterr().out) == bool(status)


def test_edge_impulses_files_can_be_described_all_the_same(tmp_path):
    folder = imu_sets.write_edge_impulse(tmp_path / "set", 3, 12)
    check.main([str(folder), "--write"])
    found = read_dataset_file(folder / "dataset.toml")
    assert found.subject is not None and found.label is not None
    assert load(folder).group_names == ("p01", "p02", "p03")


@pytest.mark.parametrize(
    "files, said",
    [
        ({}, "holds no table of numbers in a .csv, .tsv, .txt file, and no X.npy"),
        ({"a.csv": "name,age\nx,1\ny,2\n"}, "holds no table of numbers"),
        ({"a.csv": "t,u,v,w\n1,1,2,3\n2,2,3,4\n"}, "no three columns look like the axes of a sensor, among t, u, v, w"),
    ],
)
def test_a_folder_without_recordings(tmp_path, files, said):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(InputError) as error:
        check.main([str(tmp_path)])
    assert str(error.value).startswith(str(tmp_path)) and said in str(error.value)
    assert not (tmp_path / "dataset.toml").exists()


def test_a_folder_that_is_not_there(tmp_path):
    with pytest.raises(InputError, match="no such folder, expected a folder of recordings"):
        check.main([str(tmp_path / "absent")])


@pytest.fixture(scope="module")
def people() -> list[Simulated]:
    return simulated(3, 0.5, 250.0)


@pytest.mark.parametrize("kind", ["wfdb", "edf", "csv"])
def test_an_ecg_folder_is_known_by_its_files_or_its_kind(tmp_path, people, kind, capsys):
    folder = tmp_path / "ecg"
    if kind == "wfdb":
        write_wfdb(folder, people)
    else:
        described = f'kind = "ecg"\nformat = "{kind}"\nlead = 0\n[beats]\nfile = "beats.csv"\n'
        if kind == "edf":
            write_edf(folder, people)
        else:
            described += '[csv]\nunit = "mV"\nrate_hz = 250\n'
        write_ecg_csv(folder, people)
        (folder / "dataset.toml").write_text(described)
    before = sorted(folder.iterdir())
    assert check.main([str(folder)]) == 0
    out = capsys.readouterr().out
    assert "ecg-folder: 3 subjects, 3 classes, 90 s\n" in out and out.endswith("\nnothing looks wrong\n")
    rows = [[cell.strip() for cell in line.strip("│").split("│")] for line in out.split("\n") if line.startswith("│")]
    for record, (name, subject, lead, rate, minutes, labels, per_minute, _, _) in zip(people, rows, strict=True):
        assert (name, subject, rate, minutes) == (record.name, "-", "250", "0.5") and "II" in lead
        classes = [(name, record.symbols.count(symbol)) for name, symbol in (("N", "N"), ("S", "A"), ("V", "V"))]
        assert labels == ", ".join(f"{name} {count}" for name, count in classes if count)
        assert float(per_minute) == pytest.approx(60 / np.median(np.diff(record.beats) / 250), abs=1)
    assert sorted(folder.iterdir()) == before


def test_what_looks_wrong_in_ecg_is_printed_and_is_the_exit_status(tmp_path, people, capsys):
    write_wfdb(tmp_path / "ecg", [*people[:2], replace(people[2], x=-people[2].x)])
    assert check.main([str(tmp_path / "ecg")]) == 1
    out = capsys.readouterr().out
    assert "\nlooks wrong: 1 of 3 records look inverted against the others" in out and "p03 (-0." in out
    assert check.main([str(tmp_path / "ecg"), "--json"]) == 1
    found = document(capsys.readouterr().out)
    assert [record["name"] for record in found["ecg"]] == [record.name for record in people]
    assert found["ecg"][2]["polarity"] < 0 < found["ecg"][0]["polarity"] and "look inverted" in found["wrong"][0]
    assert sum(found["ecg"][0]["beats"].values()) == len(people[0].beats)


def test_an_ecg_folder_gets_no_dataset_toml(tmp_path, people):
    write_wfdb(tmp_path / "ecg", people)
    with pytest.raises(InputError, match="holds ECG, and --write is for IMU recordings; leave it out, .*ecg-folder.md"):
        check.main([str(tmp_path / "ecg"), "--write"])
    assert not (tmp_path / "ecg" / "dataset.toml").exists()


def test_an_ecg_folder_that_cannot_be_read(tmp_path, people):
    write_wfdb(tmp_path / "ecg", people)
    (tmp_path / "ecg" / "p02.hea").write_text("p02 1\n")
    with pytest.raises(InputError, match="p02"):
        check.main([str(tmp_path / "ecg")])
