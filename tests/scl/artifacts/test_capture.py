"""Capture files: what is written is read back; what is not a capture is refused with file and line."""

import csv
import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calibration.capture import read_positions
from scl.artifacts import InputError
from scl.artifacts.capture import POSITIONS, Capture, is_capture, parse_capture, read_capture, write_capture
from scl.frontend.sensor import load_sensor

CHANNELS = ("ax", "ay", "az")


def capture(rows=5, **changes):
    counts = np.random.default_rng(0).integers(-32768, 32768, (rows, 3), np.int16)
    counts[0] = [-32768, 32767, 0]
    return Capture(**{"sensor": "bmi270", "rate_hz": 100.0, "channels": CHANNELS, "counts": counts} | changes)


@pytest.mark.parametrize(
    "texts",
    [
        {},
        {"position": ("+x",) * 5},
        {"label": ("walking", "a b", "x", "y", "z"), "position": ("-z",) * 5, "dropped": 3},
        {"subject": "p 01: Jürgen, #2"},
    ],
)
def test_round_trip(tmp_path, texts):
    path, written = tmp_path / "a.csv", capture(**texts)
    write_capture(path, written)
    read = read_capture(path)
    assert (read.counts == written.counts).all() and read.counts.dtype == np.int16
    assert {**vars(read), "counts": None} == {**vars(written), "counts": None}


PRINTABLE = st.text(st.characters(exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=20)


@given(label=PRINTABLE | st.sampled_from(["a,b", '"', "'", "#1", "=1+1", " a ", "ä ö", "\U0001f3c3", "nan", "+x"]))
def test_any_printable_label_is_read_back(tmp_path_factory, label):
    """And by any other reader of CSV: fields are those of RFC 4180."""
    path, labels = tmp_path_factory.mktemp("labels") / "a.csv", (label, "walking", label, "", label)
    write_capture(path, capture(label=labels))
    assert read_capture(path).label == labels
    table = csv.reader(io.StringIO(path.read_text("utf-8").split("# dropped: 0\n")[1], newline=""))
    assert [row[3] for row in table] == ["label", *labels]


@pytest.mark.parametrize(
    "changes",
    [
        *({"label": (label,) * 5} for label in ("a\nb", "a\rb", "\x1b[2J", "\0", "\u2028", "\udcff")),
        *({"sensor": name} for name in ("a\n# rate_hz: 5", "a ", "\x1b")),
        *({"subject": name} for name in ("a\n# rate_hz: 5", "a ", "\x1b")),
        {"channels": ("ax", "ay\n", "az")},
    ],
)
def test_what_would_not_be_read_back_is_not_written(tmp_path, changes):
    (name,), path = changes, tmp_path / "a.csv"
    with pytest.raises(InputError, match=f"a.csv: {name.replace('channels', 'column')} is '.*', expected printable"):
        write_capture(path, capture(**changes))
    assert not path.exists()


def test_how_other_programs_write_it(tmp_path):
    """A byte-order mark, line ends of every system, quoted fields, empty lines, columns in another order."""
    expected = capture(2, counts=np.array([[1, -2, 3], [4, 5, 6]], np.int16), label=('a,"b"', "c"), sensor="s")
    text = '# kind: capture\n# schema: 1\n# sensor: s\n# rate_hz: 100\n\n"label","ax", ay,az\n'
    text += '"a,""b""",1, -2 ,"3"\n\nc,4,+5,6\n'
    for mark in ("", "\ufeff"):
        for end in ("\n", "\r\n", "\r"):
            (tmp_path / "a.csv").write_bytes((mark + text.replace("\n", end)).encode())
            read = read_capture(tmp_path / "a.csv")
            assert {**vars(read), "counts": None} == {**vars(expected), "counts": None}
            assert (read.counts == expected.counts).all()


@pytest.mark.parametrize("name", ["time", "Time (s)", "timestamp", "timestamp_ms", "t", "Date", "datetime"])
def test_a_column_of_times_is_refused(tmp_path, name):
    """By its name, as its values may look like counts."""
    (tmp_path / "a.csv").write_text(HEADER.replace("ax", f"{name},ax") + "1,2,3,4\n")
    with pytest.raises(InputError, match=r"a.csv: column '.*' holds no counts .* rate_hz .*: remove the column"):
        read_capture(tmp_path / "a.csv")


@pytest.mark.parametrize("name", ["tx", "t1", "temp", "timer", "datum", "msx", "ecg", "Zeit"])
def test_a_column_of_another_name_is_a_channel(tmp_path, name):
    (tmp_path / "a.csv").write_text(HEADER.replace("ax", f"{name},ax") + "1,2,3,4\n")
    assert read_capture(tmp_path / "a.csv").channels == (name, "ax", "ay", "az")


def test_the_documented_example(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "# kind: capture\n# schema: 1\n# sensor: bmi270\n# rate_hz: 100.0\n# dropped: "
        "0\nax,ay,az,gx,gy,gz,position\n16,-20,2048,3,-1,0,+z\n"
    )
    read = read_capture(path)
    assert read.channels == ("ax", "ay", "az", "gx", "gy", "gz") and read.position == ("+z",)
    assert read.counts.tolist() == [[16, -20, 2048, 3, -1, 0]] and read.rate_hz == 100.0


def test_parts_follow_each_other(tmp_path):
    first, second = capture(position=("+x",) * 5, dropped=1), capture(2, position=("-x",) * 2, dropped=2)
    both = first.followed_by(second, tmp_path)
    assert both.counts.tolist() == first.counts.tolist() + second.counts.tolist()
    assert both.position == ("+x",) * 5 + ("-x",) * 2 and both.dropped == 3


@pytest.mark.parametrize("changes", [{"sensor": "lsm6ds3"}, {"rate_hz": 104.0}, {"position": ("+x",) * 5}])
def test_parts_of_different_kinds_do_not(changes):
    with pytest.raises(InputError, match="here.csv: holds bmi270 at 100 Hz .*; capture into another file"):
        capture().followed_by(capture(**changes), "here.csv")


def test_a_file_of_one_person_stays_one(tmp_path):
    """Without a subject the file is what it was before there were any."""
    write_capture(tmp_path / "a.csv", capture())
    assert "subject" not in (tmp_path / "a.csv").read_text()
    with pytest.raises(InputError, match="here.csv: holds subject p01, the new part subject p02; capture into another"):
        capture(subject="p01").followed_by(capture(subject="p02"), "here.csv")
    with pytest.raises(InputError, match="here.csv: holds no subject, the new part subject p02; capture into another"):
        capture().followed_by(capture(subject="p02"), "here.csv")


def test_a_capture_is_known_by_its_first_lines(tmp_path):
    write_capture(tmp_path / "a.csv", capture())
    data = (tmp_path / "a.csv").read_bytes()
    assert is_capture(data) and is_capture(b"\xef\xbb\xbf" + data) and is_capture(b"# made by hand\r\n\r\n" + data)
    assert not is_capture(b"ax,ay,az\n1,2,3\n# kind: capture\n") and not is_capture(b"")
    assert parse_capture(tmp_path / "a.csv", data).counts.tolist() == capture().counts.tolist()


HEADER = "# kind: capture\n# schema: 1\n# sensor: s\n# rate_hz: 20\nax,ay,az\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("ax,ay,az\n1,2,3\n", "header says kind None, schema None; kind capture, schema 1 expected"),
        (HEADER.replace("schema: 1", "schema: 9") + "1,2,3\n", "schema '9'; kind capture, schema 1 expected"),
        (HEADER, "holds no sample; capture it again"),
        (HEADER + "1,2,3\n1,2\n", "line 7: '1,2' is not 3 int16 counts for columns 'ax,ay,az'"),
        (HEADER + "1,2,3,4\n", "line 6: '1,2,3,4' is not 3 int16"),
        (
            HEADER + "1,2.5,3\n",
            "line 6: '1,2.5,3' is not 3 int16 counts for columns 'ax,ay,az': 'ay' is '2.5'; every column",
        ),
        (HEADER + "1,2,3\n# note\n", "line 7: '# note' is not 3 int16"),
        (HEADER + '1,2,3\n"1,2,3\n', "line 7: is no CSV (unexpected end of data)"),
        (HEADER + '1,2,"3"4\n', "line 6: is no CSV (',' expected after '\"')"),
        (HEADER + f"1,2,{'3' * 5000}\n", "line 6: '1,2,33333"),
        (HEADER + f"1,2,{'3' * 200_000}\n", "line 6: is no CSV (field larger than field limit"),
        (HEADER + "1,nan,3\n", "line 6: '1,nan,3' is not 3 int16"),
        (HEADER + "1,32768,3\n", "line 6: '1,32768,3' is not 3 int16"),
        (HEADER.replace("ax,ay,az", "ax,ax,az") + "1,2,3\n", "has the columns 'ax,ax,az', expected different ones"),
        (HEADER.replace("ax,ay,az", "position,label") + "+x,a\n", "counts among them"),
        (HEADER.replace("az", "position") + "1,2,up\n", "line 6: position is 'up', expected one of +x, -x, +y"),
        (HEADER.replace("s\n# rate", "s\n# dropped: -1\n# rate") + "1,2,3\n", "header needs a sensor"),
        (HEADER.replace("20", "inf") + "1,2,3\n", "header needs a sensor and a positive rate_hz"),
        (HEADER.replace("20", "-20") + "1,2,3\n", "header needs a sensor and a positive rate_hz"),
        (HEADER.replace("rate_hz", "rate") + "1,2,3\n", "header needs a sensor and a positive rate_hz"),
    ],
)
def test_what_is_refused(tmp_path, text, message):
    path = tmp_path / "bad.csv"
    path.write_text(text)
    with pytest.raises(InputError, match="bad.csv") as error:
        read_capture(path)
    assert message in str(error.value)


@pytest.mark.parametrize("data", [None, b"\xff\xfe\x00"])
def test_unreadable(tmp_path, data):
    path = tmp_path / "bad.csv"
    if data:
        path.write_bytes(data)
    with pytest.raises(InputError, match="bad.csv: .*expected a capture file"):
        read_capture(path)


def test_the_calibration_reads_what_is_written(tmp_path):
    """Six still positions, 1 g on the axis that points up."""
    sensor = load_sensor("bmi270")
    one_g = round(9.80665 / sensor.parts[0].unit_per_count)
    part = [
        np.tile([*(sign * one_g * np.eye(3, dtype=int)[axis]), 1, 2, 3], (25, 1)).astype(np.int16)
        for axis in range(3)
        for sign in (1, -1)
    ]
    path, positions = tmp_path / "six.csv", tuple(np.repeat(POSITIONS, 25))
    channels = ("ax", "ay", "az", "gx", "gy", "gz")
    write_capture(path, Capture("bmi270", 100.0, channels, np.concatenate(part), positions, dropped=2))
    read = read_positions(path, sensor)
    assert (read.counts == np.concatenate(part)).all() and read.position == positions
