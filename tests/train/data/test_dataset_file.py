from pathlib import Path

import pytest

from scl.artifacts import InputError
from train.data.dataset_file import FileFacts, Origin, Time, read_dataset_file

TEXT = """
files = "**/*.txt"
rate_hz = 50
window_s = 2.5

[time]
column = "t"
unit = "us"

[accelerometer]
columns = ["ax", 2, "az"]
unit = "g"

[subject]
folder = 1

[label]
file_name = "{label}_*"

[file."a b.csv"]
label = "x"
"""


def written(folder: Path, text: str) -> Path:
    path = folder / "dataset.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_what_it_says_is_read(tmp_path):
    read = read_dataset_file(written(tmp_path, TEXT))
    assert (read.files, read.rate_hz, read.window_s, read.gap_s) == ("**/*.txt", 50.0, 2.5, None)
    assert read.time == Time(column="t", unit="us") and read.columns == ("ax", 2, "az")
    assert read.scales() == [9.80665] * 3 and list(read.sensors) == ["accelerometer"]
    assert read.file == {"a b.csv": FileFacts(label="x")}


@pytest.mark.parametrize("spelt, unit", [("m/s^2", "m/s2"), ("m/s²", "m/s2"), ("G", "g"), ("1/64 g", "g/64")])
def test_a_unit_may_be_spelt_as_people_do(tmp_path, spelt, unit):
    sensor = read_dataset_file(written(tmp_path, TEXT.replace('unit = "g"', f'unit = "{spelt}"'))).accelerometer
    assert sensor is not None and sensor.unit == unit


@pytest.mark.parametrize("spelt, unit", [("°/s", "deg/s"), ("dps", "deg/s"), ("rad/sec", "rad/s"), ("mdeg/s", "mdps")])
def test_a_unit_of_angular_rate_may_be_spelt_as_people_do(tmp_path, spelt, unit):
    text = TEXT.replace("[subject]", f'[gyroscope]\ncolumns = [4, 5, 6]\nunit = "{spelt}"\n\n[subject]')
    sensor = read_dataset_file(written(tmp_path, text)).gyroscope
    assert sensor is not None and sensor.unit == unit


@pytest.mark.parametrize(
    "old, new, said",
    [
        ('[time]', 'colour = 1\n[time]', "unknown key 'colour'; known keys: files, rate_hz, window_s, gap_s, time"),
        ('unit = "us"', 'unit = "us"\nzone = "x"', "unknown key 'time.zone'; known keys: column, unit, rate_hz"),
        ('label = "x"', 'lable = "x"', "unknown key 'file.a b.csv.lable'; known keys: subject, label"),
        ("folder = 1", "level = 1", "unknown key 'subject.level'; known keys: column, file_name, folder, value"),
        ('unit = "g"', 'unit = "kg"', "key accelerometer.unit is 'kg', expected 'm/s2', 'g', 'mg' or 'g/64'"),
        ('unit = "g"', "", "key accelerometer.unit is missing"),
        ('unit = "us"', 'unit = "min"', "key time.unit is 'min', expected 's', 'ms', 'us', 'ns' or 'iso'"),
        ('unit = "us"', "", "key time: has a column and no unit"),
        ('unit = "us"', 'unit = "us"\nrate_hz = 50.0', "key time: has to name a column, or rate_hz"),
        ('column = "t"\nunit = "us"', "", "key time: has to name a column, or rate_hz"),
        ('column = "t"\n', "rate_hz = 10\n", "key time: has a unit and no column"),
        ("folder = 1", 'folder = 1\ncolumn = "u"', "key subject: has column and folder; expected one of column"),
        ("folder = 1", "", "key subject: has nothing; expected one of column"),
        ("folder = 1", "folder = 0", "key subject.folder is 0, expected greater than or equal to 1"),
        ('["ax", 2, "az"]', '["ax", 2]', "key accelerometer.columns.2 is missing"),
        ('["ax", 2, "az"]', '["ax", 2, 2]', "the sensors' columns are ax, 2, 2, expected different ones"),
        ("rate_hz = 50", "rate_hz = -1", "key rate_hz is -1, expected greater than"),
        ("rate_hz = 50", 'rate_hz = "50"', "key rate_hz is '50', expected a valid number"),
        ("rate_hz = 50", "rate_hz = nan", "key rate_hz is nan, expected a finite number"),
        ("rate_hz = 50", "rate_hz = 2020-01-01", "key rate_hz is '2020-01-01', expected a valid number"),
        ("window_s = 2.5", "window_s = 0", "key window_s is 0, expected greater than or equal to 0.01"),
        ('"{label}_*"', '"{label}_{label}"', "is no pattern"),
        ('"{label}_*"', '"{a b}_*"', "is no pattern"),
        ("[time]", "[time", "is not TOML"),
    ],
)  # fmt: skip
def test_what_it_may_not_say(tmp_path, old, new, said):
    assert old in TEXT
    path = written(tmp_path, TEXT.replace(old, new))
    with pytest.raises(InputError) as error:
        read_dataset_file(path)
    assert str(error.value).startswith(f"{path}: ") and said in str(error.value)


@pytest.mark.parametrize(
    "pattern, name, part",
    [
        ("{subject}_*.csv", "p 01_walk.csv", "p 01"),
        ("*-{subject}.*", "walk-anna.1.csv", "anna"),
        ("{subject}_{label}_*", "x/y/Jürgen_gehen_2.csv", "Jürgen"),
        ("{subject}_*", "Ju\u0308rgen_1.csv", "Jürgen"),  # as macOS writes names
        ("{subject}.csv", "a(1)+[b].csv", "a(1)+[b]"),
    ],
)
def test_a_files_name_tells_its_subject(pattern, name, part):
    assert Origin(file_name=pattern).of_file(name, "subject", Path("d.toml")) == part


def test_what_a_files_name_does_not_tell_is_refused():
    with pytest.raises(InputError, match=r"name of b\.csv does not fit \[label\] file_name '\*_\{label\}\.csv'"):
        Origin(file_name="*_{label}.csv").of_file("b.csv", "label", Path("d.toml"))
    with pytest.raises(InputError, match=r"expected a pattern with \{label\} in it"):
        Origin(file_name="{subject}.csv").of_file("b.csv", "label", Path("d.toml"))
    with pytest.raises(InputError, match=r"a/b\.csv lies in no folder at level 2, which \[subject\] names"):
        Origin(folder=2).of_file("a/b.csv", "subject", Path("d.toml"))
    assert Origin(folder=2).of_file("a/c/b.csv", "subject", Path("d.toml")) == "c"
