"""From recordings in people's units to capture files: values come back within half a count; what was done is said."""

import re

import numpy as np
import pytest

from export import capture
from firmware_host.stream import check_record
from scl.artifacts import InputError
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.capture import read_capture
from scl.frontend.sensor import load_sensor
from scl.frontend.si_units import to_si
from tests.bundles import write_bundle

NAMES = "ax,ay,az,gx,gy,gz"
G, DEGREE = 9.80665, np.pi / 180


def movement(samples, rate_hz):
    """Acceleration in m/s^2 with gravity and angular rate in rad/s (samples, 6): sines of at most 2.6 Hz."""
    t = np.arange(samples)[:, None] / rate_hz
    acceleration = np.array([0.6, -0.5, 0.6]) * G + 3 * np.sin(2 * np.pi * t * [1.3, 2.1, 0.7] + [0, 1, 2])
    return np.concatenate([acceleration, 2 * np.sin(2 * np.pi * t * [0.9, 2.6, 1.1] + [2, 0, 1])], axis=1)


@pytest.fixture
def convert(tmp_path, capsys):
    """convert(header, columns, arguments, ...): the capture file of the command; what it said is in convert.said."""

    def convert(header, columns, *arguments, sensor="bmi270", separator=","):
        path, out = tmp_path / "walk.csv", tmp_path / "capture.csv"
        rows = (separator.join(map(str, row)) for row in columns)
        path.write_text("\n".join([header] * bool(header) + list(rows)) + "\n")
        assert capture.main([str(path), "--sensor", str(sensor), "--out", str(out), *arguments]) == 0
        printed = capsys.readouterr()
        convert.said, convert.warned = printed.out, printed.err
        return read_capture(out)

    return convert


def si(record, sensor="bmi270"):
    return to_si(record.counts[None], load_sensor(sensor))[0].astype(np.float64)


UNITS = {  # of acceleration and angular rate, with what one SI unit is in them
    "m/s2,rad/s": (1, 1),
    "g,deg/s": (1 / G, 1 / DEGREE),
    "dps,mg": (1000 / G, 1 / DEGREE),
    "mdps,m/s^2": (1, 1000 / DEGREE),
}


@pytest.mark.parametrize("units", UNITS)
def test_there_and_back_within_half_a_count(convert, units):
    """By the front end's own arithmetic, whose single precision is a thousandth of a count."""
    x = movement(600, 100)
    per_si = np.repeat(UNITS[units], 3)
    got = convert(NAMES, x * per_si, "--unit", units, "--rate", "100")
    counts = np.repeat([part.unit_per_count for part in load_sensor("bmi270").parts], 3)
    assert (np.abs(si(got) - x) <= 0.501 * counts).all() and got.dropped == 0
    assert (got.sensor, got.rate_hz, got.channels, got.label) == ("bmi270", 100.0, tuple(NAMES.split(",")), ())


@pytest.mark.parametrize(("unit", "per_mv"), [("mV", 1), ("uV", 1000), ("V", 1e-3)])
@pytest.mark.parametrize("sensor", ["mitdb", "ad8232", "max30003"])
def test_an_ecg_there_and_back(convert, sensor, unit, per_mv):
    """With bias, rails that are not int16's, and counts shifted to fit."""
    part = load_sensor(sensor).parts[0]
    x = 1.5 * np.sin(np.arange(900) / 20)[:, None] ** 15
    got = convert("ecg", x * per_mv, "--unit", unit, "--rate", str(load_sensor(sensor).rate_hz), sensor=sensor)
    assert np.abs(si(got, sensor) - x).max() <= 0.501 * part.unit_per_count and got.channels == ("ecg",)
    assert part.count_range[0] <= got.counts.min() and got.counts.max() <= part.count_range[1]


def test_a_unit_with_bias_and_alignment(convert, tmp_path):
    """What a count means is the sensor file's; the counts are those that the front end takes back."""
    sensor = tmp_path / "mine.toml"
    sensor.write_text(
        'name = "mine"\nrate_hz = 50.0\n[[sensors]]\nkind = "accelerometer"\naxes = 3\nunit = "g"\n'
        "counts_per_unit = 4096.0\nbias = [0.02, -0.01, 0.03]\n"
        "alignment = [[1.01, 0.02, 0.0], [0.0, 0.98, -0.01], [0.03, 0.0, 1.0]]\n"
    )
    x = movement(200, 50)[:, :3]
    got = convert("ax,ay,az", x, "--unit", "m/s2", "--rate", "50", sensor=sensor)
    assert np.abs(si(got, sensor) - x).max() <= 0.6 * G / 4096
    counts = np.random.default_rng(0).integers(-8000, 8000, (200, 3))
    got = convert("ax,ay,az", counts, "--unit", "counts", "--rate", "50", sensor=sensor)
    assert (got.counts == counts).all()


def test_counts_stay_as_they_are(convert):
    counts = np.random.default_rng(0).integers(-32768, 32768, (300, 6))
    got = convert(NAMES, counts, "--unit", "counts", "--rate", "100")
    assert (got.counts == counts).all() and "clipped" not in convert.warned


@pytest.mark.parametrize("scale", ["s", "ms", "us", "ns"])
def test_another_rate_by_timestamps(convert, scale):
    """250 Hz to 100 Hz: the same movement at the sensor's times; the unit of the times is told by their step."""
    per_s = {"s": 1, "ms": 1e3, "us": 1e6, "ns": 1e9}[scale]
    x = movement(2500, 250)
    got = convert(f"timestamp,{NAMES}", np.column_stack([np.arange(2500) / 250 * per_s, x]), "--unit", "m/s2,rad/s")
    assert f"times from timestamp in {scale}, by its step of" in convert.said
    assert "250 Hz, times within 0 ms of even ones, resampled to 100 Hz" in convert.said
    assert len(got.counts) == 1000 and convert.warned == ""
    assert np.abs(si(got) - movement(1000, 100))[30:-30].max() < 0.01


def test_what_was_guessed_is_said(convert):
    x = movement(600, 100) / np.repeat([G, DEGREE], 3)
    table = [[20 * i, *row, "walk" if i < 400 else ""] for i, row in enumerate(x)]
    got = convert("time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,activity", table)
    said = convert.said.splitlines()
    assert said[0].endswith(
        "walk.csv: acc_x, acc_y, acc_z by name: the accelerometer, in g by a median length of "
        f"{np.median(np.linalg.norm(x[:, :3], axis=1)):.4g}; gyro_x, gyro_y, gyro_z by name: the gyroscope, in deg/s "
        f"by its largest value, {np.abs(x[:, 3:]).max():.4g}; labels from activity; "
        "times from time in ms, by its step of 20"
    )
    assert said[1].endswith("walk.csv: 600 rows, 50 Hz, times within 0 ms of even ones, resampled to 100 Hz")
    assert said[2].endswith("capture.csv: 1200 samples of bmi270 at 100 Hz, ax, ay, az, gx, gy, gz, 1 label")
    assert "was recorded at 50 Hz, slower than the sensor's 100 Hz, and is upsampled: " in convert.warned
    walks = got.label.count("walk")
    assert walks in (799, 800) and got.label == ("walk",) * walks + ("",) * (1200 - walks)


def test_a_label_stands_where_it_stood(convert):
    """At a fifth of the rate, within half a sample of it."""
    labels = np.repeat(["a, b", "c", "a, b"], [1000, 500, 1000])
    table = [[*row, f'"{label}"'] for row, label in zip(movement(2500, 500), labels, strict=True)]
    got = convert(f"{NAMES},label", table, "--unit", "m/s2,rad/s", "--rate", "500")
    assert len(got.label) == 500
    changes = [i for i in range(1, 500) if got.label[i] != got.label[i - 1]]
    assert changes == pytest.approx([200, 300], abs=1) and set(got.label) == {"a, b", "c"}


def test_gaps_are_said_and_counted(convert):
    """Of 10 s at 100 Hz, 2 s are missing and then 1 s; what is there stays as it is."""
    x = movement(1000, 100)
    kept = np.concatenate([np.arange(300), np.arange(500, 700), np.arange(800, 1000)])
    got = convert(f"t,{NAMES}", np.column_stack([kept / 100, x[kept]]), "--unit", "m/s2,rad/s")
    assert got.dropped == 300 and len(got.counts) == 700
    assert "has 2 gaps, 3.02 s together, the longest 2.01 s after 2.99 s; " in convert.warned
    assert "300 samples count as dropped" in convert.warned
    assert np.abs(si(got) - x[kept])[:, :3].max() < 0.001


def test_rows_without_a_number_are_a_gap_too(convert):
    """With a rate that is given as well: rows are counted before they are left out."""
    x = [[*row] for row in movement(400, 100)]
    for i in range(100, 130):
        x[i][2] = ""
    got = convert(NAMES, x, "--unit", "m/s2,rad/s", "--rate", "100")
    assert "30 rows lack a number in a channel and are left out" in convert.warned and got.dropped == 30
    x = [[*row] for row in movement(400, 100)]
    x[77][4] = "nan"
    got = convert(NAMES, x, "--unit", "m/s2,rad/s", "--rate", "100")
    assert "1 samples are missing one at a time" in convert.warned and len(got.counts) == 400 and got.dropped == 0
    assert np.abs(si(got) - movement(400, 100)).max() < 0.05


def test_values_beyond_the_range_are_clipped_and_counted(convert):
    x = movement(500, 100)
    x[100:110, 0], x[200, 4] = 5 * G, -2100 * DEGREE
    got = convert(NAMES, x, "--unit", "m/s2,rad/s", "--rate", "100")
    assert (
        "10 values of the accelerometer (0.67%) are beyond the sensor's range +-4 g and are clipped" in convert.warned
    )
    assert "1 values of the gyroscope (0.07%) are beyond the sensor's range +-2000 dps" in convert.warned
    assert (got.counts[100:110, 0] == 32767).all() and got.counts[200, 4] == -32768


def test_rails_of_a_converter_with_fewer_bits(convert):
    x = np.sin(np.arange(900) / 20)[:, None]
    x[10:13], x[20] = 6.0, -5.5
    got = convert("ecg", x, "--unit", "mV", "--rate", "360", sensor="mitdb")
    assert "4 values of the ecg (0.44%) are beyond the sensor's range +-5 mV" in convert.warned
    assert got.counts.max() == 2047 and got.counts.min() == 0


@pytest.mark.parametrize(("factor", "warned"), [(1, False), (1 / G, True), (G, True)])
def test_a_wrong_unit_is_noticed_by_gravity(convert, factor, warned):
    convert("ax,ay,az", movement(500, 100)[:, :3] * factor, "--unit", "m/s2", "--rate", "100")
    assert ("the median acceleration is" in convert.warned) == warned


def test_a_part_of_the_sensor(convert):
    got = convert("ax,ay,az", movement(500, 100)[:, :3], "--unit", "m/s2", "--rate", "100")
    assert got.channels == ("ax", "ay", "az") and "; the sensor's gyroscope is not in it" in convert.said


def test_the_sensors_own_clock(convert):
    """99.7 Hz is a sensor of 100 Hz: no sample is touched."""
    x = movement(500, 100)
    got = convert(f"t,{NAMES}", np.column_stack([np.arange(500) / 99.7, x]), "--unit", "m/s2,rad/s")
    assert "99.7 Hz, times within 0 ms of even ones, taken as the sensor's 100 Hz" in convert.said
    assert len(got.counts) == 500 and np.abs(si(got) - x).max() < 0.002


def test_a_bundle_names_its_sensor(convert, tmp_path):
    """So that any recording plays to its board: its rate, its channels."""
    bundle = read_run_bundle(write_bundle(tmp_path / "bundle"))
    got = convert(NAMES, movement(500, 50), "--unit", "m/s2,rad/s", "--rate", "50", sensor=bundle.path)
    check_record(got, bundle, tmp_path / "capture.csv")
    assert len(got.counts) == 200
    with pytest.raises(InputError, match=r"walk.csv: has no gyroscope, which .*bundle needs; see --columns"):
        convert("ax,ay,az", movement(500, 50)[:, :3], "--unit", "m/s2", "--rate", "50", sensor=bundle.path)


def test_columns_by_number_of_a_file_without_names(convert):
    x = movement(300, 100)
    table = np.column_stack([np.arange(300) * 10, x[:, 3:], x[:, :3]])
    got = convert("", table, "--columns", "5,6,7,2,3,4", "--time-column", "1", "--unit", "m/s2,rad/s", separator=";")
    assert np.abs(si(got) - x).max() < 0.002


WAYS = {
    "UTF-16": lambda text: text.encode("utf-16"),
    "latin-1": lambda text: text.replace("walk", "f\u00fcr").encode("latin-1"),
    "decimal commas": lambda text: text.replace(",", ";").replace(".", ",").encode(),
    "a logger's own lines": lambda text: ("% made by a logger\n" + text).encode(),
    "dates": lambda text: re.sub(r"(?m)^(\d\.\d+)", lambda m: f"2026-03-01T12:00:0{m[1]}", text).encode(),
}


@pytest.mark.parametrize("way", WAYS)
def test_however_it_is_written(tmp_path, capsys, way):
    x = np.round(movement(100, 100), 3)
    rows = [f"{i / 100:.2f},{','.join(map(str, row))},walk" for i, row in enumerate(x)]
    (tmp_path / "walk.csv").write_bytes(WAYS[way]("\n".join([f"t,{NAMES},label", *rows]) + "\n"))
    arguments = ["--sensor", "bmi270", "--out", str(tmp_path / "capture.csv"), *SI]
    assert capture.main([str(tmp_path / "walk.csv"), *arguments]) == 0
    got = read_capture(tmp_path / "capture.csv")
    assert np.abs(si(got) - x).max() < 0.002 and set(got.label) == {"f\u00fcr" if way == "latin-1" else "walk"}
    assert ("times from t in iso, by its first row" in capsys.readouterr().out) == (way == "dates")


def test_a_few_malformed_rows_are_left_out_and_said(convert):
    """At a rate that is given they would shift all that follow, so there they are refused."""
    x = movement(400, 100)
    table = [[i / 100, *row] for i, row in enumerate(x)]
    table[77][3] = "four"
    got = convert(f"t,{NAMES}", table, "--unit", "m/s2,rad/s")
    assert "1 rows are malformed (too long, or text for a number) and are left out" in convert.warned
    assert len(got.counts) == 400 and np.abs(si(got) - x).max() < 0.05
    with pytest.raises(InputError, match="walk.csv: 1 rows are malformed, and at a fixed rate none can be left out; m"):
        convert(f"t,{NAMES}", table, "--unit", "m/s2,rad/s", "--rate", "100")


X = np.round(movement(50, 100), 3)
ROWS = [[i / 100, *row] for i, row in enumerate(X)]
SI = ("--unit", "m/s2,rad/s")


@pytest.mark.parametrize(
    ("header", "rows", "arguments", "message"),
    [
        (NAMES, X, SI, "walk.csv: has no column of times among 'ax, ay, az, gx, gy, gz'; name it with --time-column"),
        (f"t,{NAMES}", ROWS, (), "walk.csv: the unit of the gyroscope cannot be told, its values are -2.* give --unit"),
        (f"t,{NAMES}", ROWS, ("--unit", "m/s2,mV"), "--unit m/s2,mV: nothing that .*walk.csv has is measured in mV"),
        (f"t,{NAMES}", ROWS, ("--unit", "m/s2,g,rad/s"), "--unit m/s2,g,rad/s: names m/s2 and g for one accelero"),
        (f"t,{NAMES}", ROWS, ("--unit", "counts"), "walk.csv: the accelerometer holds .*, which is no count"),
        (f"t,{NAMES}", [[row[0] * 30, *row[1:]] for row in ROWS], SI, "unit of column 't' cannot be told, its usual"),
        (f"t,{NAMES}", ROWS, (*SI, "--time", "ms"), "recording of 100000 Hz for a sensor of 100 Hz, expected one of"),
        (f"t,{NAMES}", ROWS[::-1], SI, "walk.csv, row 2: time goes back, from 0 s behind the first row to -0.01 s"),
        (f"t,{NAMES}", ROWS[:1], SI, "walk.csv: 1 of 1 rows have a number in every channel, expected 2 or more"),
        (f"t,{NAMES}", [[i, *row[1:4], "", "", ""] for i, row in enumerate(ROWS)], SI, "0 of 50 rows have a number"),
        (f"t,{NAMES}", [["10:00", *row[1:]] for row in ROWS], (*SI, "--time-column", "t"), "line 2 is '10:00,5.884,"),
        (f"t,{NAMES},label", [[*row, "a\x07b"] for row in ROWS], SI, "walk.csv: holds the name .*expected one line"),
        (f"t,{NAMES}", ROWS, ("--columns", "ax,,az"), "--columns 'ax,,az': expected names of columns; give them"),
        (f"t,{NAMES}", [[*row[:6], 1e30] for row in ROWS], SI, None),
    ],
)  # fmt: skip
def test_what_is_refused(convert, header, rows, arguments, message):
    if message is None:
        assert (convert(header, rows, *arguments).counts[:, 5] == 32767).all()
        return
    with pytest.raises(InputError, match=message):
        convert(header, rows, *arguments)


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "walk.csv: holds no row; remove the file, or record it again"),
        (b"t,ax,ay,az\n", "walk.csv: holds no row of data; remove the file, or record it again"),
        (b"PK\x03\x04\0\0", "walk.csv: holds NUL bytes, expected CSV text; remove the file, or export it again"),
        (b"# kind: capture\n# schema: 1\nax\n1\n", "walk.csv: is a capture file already; play it with python -m firm"),
        (b't,ax,ay,az\n0,1,2,"3\n1,1,2,3\n', "walk.csv: is no CSV .*; export it again"),
        (None, "walk.csv: cannot be read"),
    ],
)
def test_what_is_no_recording(tmp_path, data, message):
    if data is not None:
        (tmp_path / "walk.csv").write_bytes(data)
    with pytest.raises(InputError, match=message):
        capture.main([str(tmp_path / "walk.csv"), "--sensor", "bmi270", "--out", str(tmp_path / "o.csv"), *SI])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--unit", "furlong"], "'furlong' is not a unit, choose from m/s2, g, mg, g/64, rad/s, deg/s"),
        (["--rate", "100", "--time", "ms"], "argument --time: not allowed with argument --rate"),
        (["--rate", "0"], "argument --rate: '0' is not a number from 0.01 to 1e+06"),
        (["--time", "h"], "argument --time: invalid choice: 'h'"),
    ],
)
def test_arguments_that_are_refused(tmp_path, capsys, arguments, message):
    with pytest.raises(SystemExit):
        capture.main(["walk.csv", "--sensor", "bmi270", "--out", str(tmp_path / "out"), *arguments])
    assert message in capsys.readouterr().err


def test_the_recording_is_not_overwritten(tmp_path):
    path = tmp_path / "walk.csv"
    path.write_text("precious")
    with pytest.raises(InputError, match="walk.csv: is the recording itself; name another file"):
        capture.main([str(path), "--sensor", "bmi270", "--out", str(path)])
    assert path.read_text() == "precious"
