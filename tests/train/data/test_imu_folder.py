"""Folders of the made-up sets, loaded and compared with the values that they were made from."""

import zipfile
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError
from tests import imu_sets
from tests.imu_sets import ACTIVITIES, G, motion, write_csv
from train.data import imu_folder
from train.data.imu_folder import default_window, load, merged
from train.data.recordings import Recordings
from train.data.registry import data_set, data_set_at
from train.data.splits import split_subjects, split_windows


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "cache"))


def check_values(recordings: Recordings, people: int, rate_hz: float, atol: float) -> None:
    """Every block's values are those of its person and class at its times; one block for each."""
    assert recordings.rate_hz == rate_hz and recordings.labels == tuple(sorted(ACTIVITIES))
    assert recordings.group_names == tuple(imu_sets.person_name(person) for person in range(people))
    assert recordings.channels == ("ax", "ay", "az", "gx", "gy", "gz")
    assert recordings.units == ("m/s^2",) * 3 + ("rad/s",) * 3
    assert len(recordings.blocks) == people * len(ACTIVITIES)
    for block in recordings.blocks:
        times = np.arange(block.x.shape[1]) / rate_hz
        expected = motion(recordings.labels[block.label], block.group, times)
        np.testing.assert_allclose(block.x.T, expected, rtol=0, atol=atol)


@pytest.mark.parametrize("rate_hz", [25, 50, 104])
@pytest.mark.parametrize("acceleration, angular_rate", [("g", "deg/s"), ("m/s2", "rad/s"), ("mg", "rad/s")])
def test_described_files_in_any_unit_and_rate(tmp_path, rate_hz, acceleration, angular_rate):
    folder = imu_sets.write_described(tmp_path / "set", 3, 12, rate_hz, acceleration, angular_rate)
    recordings = load(folder)
    check_values(recordings, 3, rate_hz, 1e-4)
    assert recordings.window_s == 4.0 and recordings.report["warnings"] == []
    assert {block.x.shape[1] for block in recordings.blocks} == {12 * rate_hz}


def test_edge_impulses_files(tmp_path):
    """Nobody is named, so that each file is a person of its own."""
    recordings = load(imu_sets.write_edge_impulse(tmp_path / "set", 3, 12, 62.5))
    assert (recordings.rate_hz, recordings.labels) == (62.5, tuple(sorted(ACTIVITIES)))
    assert recordings.group_names[0] == "resting.p01.csv" and len(recordings.group_names) == 9
    for block in recordings.blocks:
        activity, person = recordings.group_names[block.group].split(".")[:2]
        expected = motion(activity, int(person[1:]) - 1, np.arange(block.x.shape[1]) / 62.5)
        np.testing.assert_allclose(block.x.T, expected, rtol=0, atol=1e-4)
    (warning,) = recordings.report["warnings"]
    assert warning.startswith("nobody is named: each file counts as a person of its own")


def test_captures_of_a_board(tmp_path):
    """Counts are as near as half a count: 0.6 mm/s^2 and 0.5 mrad/s."""
    check_values(load(imu_sets.write_captures(tmp_path / "set", 3, 12)), 3, 100, 6.1e-4)


def test_arrays(tmp_path):
    folder = imu_sets.write_arrays(tmp_path / "set", 3, windows=4)
    (folder / "dataset.toml").write_text(
        "[time]\nrate_hz = 25\n[accelerometer]\ncolumns = [1, 2, 3]\nunit = 'g'\n"
        "[gyroscope]\ncolumns = [4, 5, 6]\nunit = 'rad/s'\n"
    )
    recordings = load(folder)
    assert (recordings.rate_hz, recordings.window_s) == (25.0, 4.0)
    assert recordings.group_names == ("0", "1", "2") and len(recordings.blocks) == 3 * 3 * 4
    for number, block in enumerate(recordings.blocks):
        times = (number % 4 * 100 + np.arange(100)) / 25
        expected = motion(recordings.labels[block.label], block.group, times)
        np.testing.assert_allclose(block.x.T, expected, rtol=0, atol=1e-5)
    assert len(split_windows(recordings, split_subjects(recordings.groups, 0), "test", 4.0)) == 12


def test_other_rates_and_sensors_are_options(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 3, 12, 100)
    half = data_set("imu-folder").load(
        folder, {"rate_hz": 50, "sensors": ["accel"], "activities": ["waving", "resting"]}
    )
    assert (half.rate_hz, half.channels, half.labels) == (50.0, ("ax", "ay", "az"), ("waving", "resting"))
    for block in half.blocks:
        expected = motion(half.labels[block.label], block.group, np.arange(block.x.shape[1]) / 50)[:, :3]
        # The mean over 20 ms differs from the value in its middle: of 5 Hz by 1.6 %.
        np.testing.assert_allclose(block.x.T, expected, rtol=0, atol=0.07)
    for options, said in (
        ({"rate_hz": 0}, "data option rate_hz is 0"),
        ({"rate_hz": 104}, "set: was recorded at 100 Hz, which cannot become 104 Hz; train with --rate 100 or less"),
        ({"rate_hz": "x"}, "data option rate_hz is 'x'"),
        ({"sensors": ["mag"]}, "data option sensors is"),
        ({"activities": ["swim"]}, "has no swim; its classes: resting, shaking, waving"),
    ):
        with pytest.raises(InputError, match=said):
            data_set("imu-folder").load(folder, options)


@pytest.mark.parametrize(
    "rate_hz, model_hz", [(104, 104), (119, 59.5), (200, 100), (208, 104), (400, 100), (49.97, 50)]
)
def test_the_models_rate_is_the_recordings_up_to_104_hz(tmp_path, rate_hz, model_hz):
    folder = imu_sets.write_described(tmp_path / "set", 2, 6, rate_hz)
    assert load(folder).rate_hz == model_hz


def test_one_sensor_alone(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 3, 12)
    text = (folder / "dataset.toml").read_text()
    first, rest = text.split("[gyroscope]")
    (folder / "dataset.toml").write_text(first + rest[rest.index("[subject]") :])
    assert load(folder).sensors == (("accelerometer", (0, 1, 2)),)
    with pytest.raises(InputError, match=r"p01_resting\.csv: has no gyroscope, which --sensors asks for"):
        load(folder, sensors=("accel", "gyro"))


def columns_file(folder: Path, rows: list[str], more: str = "") -> Path:
    """One file with time, acceleration, person and class in columns."""
    folder.mkdir(exist_ok=True)
    (folder / "all.csv").write_text("\n".join(["t,x,y,z,who,what,kind", *rows]) + "\n", encoding="utf-8")
    (folder / "dataset.toml").write_text(
        f"{more}\n[time]\ncolumn = 't'\nunit = 's'\n[accelerometer]\ncolumns = ['x', 'y', 'z']\nunit = 'm/s2'\n"
        "[subject]\ncolumn = 'who'\n[label]\ncolumn = 'what'\n"
    )
    return folder


def row(t: float, value: float, who: str = "a", what: str = "walk") -> str:
    return f"{t:.2f},{value},0,9.8,{who},{what},k"


def test_a_block_for_each_run_of_person_and_class(tmp_path):
    """Two label columns, of which the file names one; class names in any case; rows without either are left out."""
    runs = [("a", "Walk"), ("a", ""), ("a", "run"), ("b", "walk "), ("", "walk"), ("b", "WALK"), ("b", "run")]
    rows = [row((100 * i + j) / 50, 100 * i + j, *run) for i, run in enumerate(runs) for j in range(100)]
    recordings = load(columns_file(tmp_path / "set", rows))
    assert recordings.labels == ("run", "WALK") and recordings.group_names == ("a", "b")
    found = [(b.group, recordings.labels[b.label], b.x[0, 0], b.x.shape[1]) for b in recordings.blocks]
    assert found == [
        (0, "WALK", 0, 100), (0, "run", 200, 100), (1, "WALK", 300, 100), (1, "WALK", 500, 100), (1, "run", 600, 100),
    ]  # fmt: skip
    amiss = recordings.report["amiss"]
    assert (amiss["rows_without_a_class"], amiss["rows_of_nobody"]) == (100, 100)
    assert amiss["other_spellings"] == ["Walk", "walk"]
    assert "2 other spellings (Walk, walk)" in recordings.summary()


def test_no_block_crosses_a_gap_or_a_missing_stretch(tmp_path):
    rows = [row(i / 50 + (3 if i >= 100 else 0), i) for i in range(200)]
    rows[150:165] = [f"{i / 50 + 3:.2f},,0,9.8,a,walk,k" for i in range(150, 165)]
    recordings = load(columns_file(tmp_path / "set", rows))
    assert [(b.x[0, 0], b.x.shape[1]) for b in recordings.blocks] == [(0, 100), (100, 50), (165, 35)]
    assert recordings.report["amiss"]["rows_with_missing_values"] == 15 and recordings.report["amiss"]["gaps"] == 2


def test_a_single_lost_row_is_bridged_by_a_straight_line(tmp_path):
    rows = [row(i / 50, i) for i in range(100) if i != 40]
    (block,) = load(columns_file(tmp_path / "set", rows)).blocks
    np.testing.assert_allclose(block.x[0], np.arange(100), atol=1e-4)


def test_a_clock_that_was_set_back_begins_another_block(tmp_path):
    rows = [row(i / 50, i) for i in range(100)] + [row(i / 50, 100 + i) for i in range(100)]
    recordings = load(columns_file(tmp_path / "set", rows))
    assert [(b.x[0, 0], b.x.shape[1]) for b in recordings.blocks] == [(0, 100), (100, 100)]
    assert recordings.report["amiss"]["times_that_a_clock_was_set_back"] == 1


def test_rows_that_repeat_a_time_or_come_late_are_left_out(tmp_path):
    rows = [row(i / 50, i) for i in range(100)]
    rows[50:50] = [row(49 / 50, 1000), row(47 / 50, 1000)]
    recordings = load(columns_file(tmp_path / "set", rows))
    np.testing.assert_allclose(recordings.blocks[0].x[0], np.arange(100), atol=1e-4)
    amiss = recordings.report["amiss"]
    assert (amiss["rows_that_repeat_a_time"], amiss["rows_that_come_late"]) == (1, 1)


def test_folders_name_people_and_classes_and_one_file_may_differ(tmp_path):
    times = np.arange(300) / 50
    for who in ("Jürgen", "Ana María"):
        for what in ("gehen", "sitzen"):
            path = tmp_path / "set" / who / what / "auf nahme (1).csv"
            write_csv(path, imu_sets.HEADER, times * 1000, motion("waving", 0, times))
    (tmp_path / "set" / ".hidden").mkdir()
    (tmp_path / "set" / ".hidden" / "x.csv").write_text("not to be read")
    described = imu_sets.DATASET.format(acceleration="m/s2", angular_rate="rad/s").split("[subject]")[0]
    (tmp_path / "set" / "dataset.toml").write_text(
        f"{described}\n[subject]\nfolder = 1\n[label]\nfolder = 2\n"
        '[file."Jürgen/sitzen/auf nahme (1).csv"]\nlabel = "x"\n',
        encoding="utf-8",
    )
    recordings = load(tmp_path / "set")
    assert recordings.group_names == ("Ana María", "Jürgen") and recordings.labels == ("gehen", "sitzen", "x")


def test_files_that_hold_different_sensors_are_refused(tmp_path):
    folder = imu_sets.write_captures(tmp_path / "set", 2, 6)
    lines = (folder / "p02.csv").read_text().splitlines()
    (folder / "p02.csv").write_text(
        "\n".join(line if line[0] == "#" else ",".join(line.split(",")[:3] + line.split(",")[6:]) for line in lines)
    )
    with pytest.raises(InputError, match=r"p02\.csv: has accelerometer, files before it accelerometer and gyroscope"):
        load(folder)
    recordings = load(folder, sensors=("accel",))
    assert recordings.channels == ("ax", "ay", "az") and len(recordings.group_names) == 2


def test_the_checksum_is_of_all_that_is_read_and_the_cache_goes_with_it(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 2, 6)
    first = load(folder)
    again = load(folder)
    assert again.sha256 == first.sha256 and again.report == first.report and again.group_names == first.group_names
    np.testing.assert_array_equal(again.blocks[3].x, first.blocks[3].x)
    (folder / "notes.md").write_text("not read")
    assert load(folder).sha256 == first.sha256
    text = (folder / "dataset.toml").read_text()
    (folder / "dataset.toml").write_text(text.replace('unit = "g"', 'unit = "m/s2"'))
    other = load(folder)
    assert other.sha256 != first.sha256
    np.testing.assert_allclose(other.blocks[0].x[0] * G, first.blocks[0].x[0], rtol=1e-5)
    (folder / "p01_waving.csv").rename(folder / "p09_waving.csv")
    assert load(folder).sha256 != other.sha256


def test_a_sensor_file_beside_captures_is_read_and_counts(tmp_path):
    folder = imu_sets.write_captures(tmp_path / "set", 2, 6, sensor="mine")
    with pytest.raises(InputError, match=r"p01\.csv: was captured from 'mine', whose sensor file is not at hand"):
        load(folder)
    from scl.frontend.sensor import FOLDER

    text = (FOLDER / "bmi270.toml").read_text()
    (folder / "mine.toml").write_text(text)
    first = load(folder)
    (folder / "mine.toml").write_text(text.replace("8192.0", "4096.0"))
    second = load(folder)
    np.testing.assert_allclose(second.blocks[0].x[:3], 2 * first.blocks[0].x[:3], rtol=1e-6)


@pytest.mark.parametrize(
    "change, said",
    [
        (lambda f: (f / "dataset.toml").unlink(), "has no dataset.toml, and its files are neither captures nor Edge"),
        (lambda f: [p.unlink() for p in f.glob("*.csv")], "holds no file **/*.csv; python -m train.data.check"),
        (lambda f: [p.rename(p.with_suffix(".txt")) for p in f.glob("*.csv")], "but .txt; name them with `files`"),
        (lambda f: (f / "p03_waving.csv").write_text("t\nx\n"), "p03_waving.csv: has no column 'ax', which data"),
        (lambda f: (f / "p01_waving.csv").rename(f / "walk.csv"), "the name of walk.csv does not fit [subject]"),
        (lambda f: edit(f, '"ax"', '"x"'), "p01_resting.csv: has no column 'x', which dataset.toml names; it has 't"),
        (lambda f: edit(f, '"ms"', '"s"'), "p01_resting.csv: 0.05 rows a second with times in s, expected 5 to 2000: "
         "the times look like ms; correct [time]"),
        (lambda f: edit(f, '"ms"', '"us"'), "5e+04 rows a second with times in us"),
        (lambda f: edit(f, '"ms"', '"iso"'), "600 of 600 rows are malformed"),
        (lambda f: edit(f, "[label]\n", "[label]\ncolumn = 'x'\n#"), "has no column 'x'"),
        (lambda f: edit(f, '[label]\nfile_name = "*_{label}.csv"', ""), "dataset.toml has no [label]: add it"),
        (lambda f: edit(f, "[time]", 'files = "../*.csv"\n[time]'), "files is '../*.csv', expected a pattern below"),
        (lambda f: edit(f, "[time]", 'files = "*.dat"\n[time]'), "holds no file *.dat, but .csv; name them with"),
        (lambda f: edit(f, "[label]", '[file."no.csv"]\nlabel = "x"\n[label]'), '[file."no.csv"], which is not'),
        (lambda f: (f / "p01_resting.csv").write_bytes(bytes(100)), "p01_resting.csv: holds NUL bytes"),
        (lambda f: (f / "X.npy").write_bytes(b""), "has X.npy and no y.npy and no groups.npy"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_refused_by_name(tmp_path, change, said):
    folder = imu_sets.write_described(tmp_path / "set", 3, 12)
    change(folder)
    with pytest.raises(InputError) as error:
        load(folder)
    assert str(error.value).startswith(str(folder)) and said in str(error.value)


def edit(folder: Path, old: str, new: str) -> None:
    text = (folder / "dataset.toml").read_text()
    assert old in text
    (folder / "dataset.toml").write_text(text.replace(old, new))


def test_a_link_out_of_the_folder_is_refused(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 2, 6)
    (tmp_path / "elsewhere.csv").write_text("t,ax\n1,2\n")
    (folder / "p09_waving.csv").symlink_to(tmp_path / "elsewhere.csv")
    with pytest.raises(InputError, match="is a link to"):
        load(folder)


def test_times_that_a_spreadsheet_rounded_are_refused(tmp_path):
    folder = columns_file(tmp_path / "set", [row(0, i).replace("0.00,", "1.7E+12,", 1) for i in range(100)])
    with pytest.raises(
        InputError, match="the times of its 100 rows never advance; a spreadsheet may have rounded them"
    ):
        load(folder)


def test_a_path_that_is_no_folder(tmp_path):
    with pytest.raises(InputError, match="no such folder, expected a folder of recordings"):
        load(tmp_path / "absent")
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="is a file, expected a folder of recordings"):
        load(tmp_path / "file")


def test_any_folder_that_is_not_wisdm_is_an_imu_folder(tmp_path):
    assert data_set_at(imu_sets.write_described(tmp_path / "set", 1, 1), "imu").name == "imu-folder"
    (tmp_path / "empty").mkdir()
    assert data_set_at(tmp_path / "empty", "imu").name == "imu-folder"


def test_names_in_natural_order():
    names, number = merged(["p10", "p2", "P2", "Straße", "STRASSE", "a  b", "a b"])
    assert names == ("a  b", "P2", "p10", "STRASSE") and number["p2"] == number["P2"] == 1
    assert number["Straße"] == number["STRASSE"]


def test_the_window_is_what_the_recordings_hold():
    assert default_window([1000, 1000], 50, whole=False) == 4.0
    assert default_window([1000] + [150] * 4, 50, whole=False) == 3.0
    assert default_window([60, 60, 200], 50, whole=False) == 1.0
    assert default_window([10], 50, whole=False) == 0.5
    assert default_window([128, 128], 50, whole=True) == 2.56
    assert imu_folder.WINDOWS_S[0] == 4.0


def test_ten_files_of_one_rate_and_one_of_another_share_the_models(tmp_path):
    folder = imu_sets.write_described(tmp_path / "set", 2, 12, 50)
    times = np.arange(300) / 25
    values = imu_sets.units_of(motion("waving", 2, times), "g", "deg/s")
    write_csv(folder / "p03_waving.csv", imu_sets.HEADER, times * 1000, values)
    recordings = load(folder)
    assert recordings.rate_hz == 50.0
    assert "p03_waving.csv: recorded at 25 Hz, most at 50 Hz; resampled" in recordings.report["warnings"]
    block = next(b for b in recordings.blocks if b.group == 2)
    expected = motion("waving", 2, np.arange(block.x.shape[1]) / 50)
    np.testing.assert_allclose(block.x.T, expected, rtol=0, atol=0.08)  # between two samples a straight line


def test_wisdms_own_files_load_as_their_loader_loads_them(data_dir, tmp_path):
    """Rows `subject,activity,nanoseconds,x,y,z;` without a header, parts of them at 100 Hz, with gaps: another reader,
    the same blocks in every value.
    """
    from train.data import wisdm

    archive = wisdm.DATA_SET.find(data_dir)
    if archive is None or archive.suffix != ".zip":
        pytest.skip("no WISDM")
    folder, people, part = tmp_path / "set", (1600, 1644, 1649), tmp_path / "part.zip"
    (folder / "accel").mkdir(parents=True)
    with zipfile.ZipFile(archive) as files, zipfile.ZipFile(part, "w") as some:
        for member in files.namelist():
            if any(member.endswith(f"raw/watch/accel/data_{person}_accel_watch.txt") for person in people):
                (folder / "accel" / Path(member).name).write_bytes(files.read(member))
                some.writestr(member, files.read(member))
            elif member.endswith(wisdm.KEY):
                some.writestr(member, files.read(member))
    (folder / "dataset.toml").write_text(
        'files = "**/*.txt"\ngap_s = 1.0\nrate_hz = 20\n[time]\ncolumn = 3\nunit = "ns"\n'
        '[accelerometer]\ncolumns = [4, 5, 6]\nunit = "m/s2"\n[subject]\ncolumn = 1\n[label]\ncolumn = 2\n'
    )
    found = load(folder)
    expected = wisdm.load(part, sensors=("accel",)).blocks
    assert found.group_names == tuple(map(str, people)) and len(found.blocks) == len(expected)
    assert {block.x.shape[1] for block in found.blocks} == {block.x.shape[1] for block in expected}
    own = {(int(found.group_names[b.group]), b.x.shape[1], round(float(b.x[0, 0]), 4)): b.x for b in found.blocks}
    for block in expected:
        x = own[block.group, block.x.shape[1], round(float(block.x[0, 0]), 4)]
        np.testing.assert_allclose(x, block.x, rtol=0, atol=1e-4)
    assert "clipped; record with a wider range" in " ".join(found.report["warnings"])  # at 2 g, as its watch was set
