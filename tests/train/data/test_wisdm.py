import re
import zipfile
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from scl.artifacts import InputError, sha256_file
from train.data import wisdm
from train.data.recordings import windows


def test_zip_folder_and_outer_zip_hold_the_same(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    path = make_wisdm()
    with zipfile.ZipFile(path) as archive:
        archive.extractall(tmp_path / "extracted")
    sources = [path, tmp_path / "extracted", make_wisdm(outer=True)]
    loaded = [wisdm.load(source) for source in sources]
    first = loaded[0]
    assert loaded[2].sha256 == first.sha256 == sha256_file(path)  # a run trained on one goes on with the other
    assert first.labels == ("walking", "jogging", "sitting") and first.channels == ("ax", "ay", "az", "gx", "gy", "gz")
    assert len(first.blocks) == 12 and first.groups.tolist() == [1600, 1601, 1602, 1603]
    for other in loaded[1:]:
        for a, b in zip(first.blocks, other.blocks, strict=True):
            assert (a.group, a.label) == (b.group, b.label) and np.array_equal(a.x, b.x)


def test_values_are_those_of_the_rows(make_wisdm: Callable[..., Path]) -> None:
    """At exactly 20 Hz resampling changes nothing."""
    path = make_wisdm(subjects=(1600,), codes="A", seconds=5)
    with zipfile.ZipFile(path) as archive:
        text = archive.read("wisdm-dataset/raw/watch/gyro/data_1600_gyro_watch.txt").decode()
    expected = [[float(v) for v in line.rstrip(";").split(",")[3:]] for line in text.splitlines()]
    got = wisdm.load(path).blocks[0].x[3:]
    assert np.allclose(got.T, expected, atol=1e-5)


def test_one_sensor_and_the_cache(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    path = make_wisdm()
    once = wisdm.load(path, sensors=("accel",))
    assert once.channels == ("ax", "ay", "az") and once.sensors == (("accelerometer", (0, 1, 2)),)
    cached = list((tmp_path / "cache").glob("*.npz"))
    again = wisdm.load(path, sensors=("accel",))
    assert again.report == once.report and np.array_equal(again.blocks[3].x, once.blocks[3].x)
    assert len(cached) == 1


def flipped(data: bytes, count: int) -> Iterator[bytes]:
    """Copies with one bit changed, at `count` places all over the file and at its directory's bytes."""
    places = {*np.linspace(0, len(data) - 1, count, dtype=int).tolist(), *range(len(data) - count, len(data))}
    for place in sorted(places):
        yield data[:place] + bytes([data[place] ^ 1 << place % 8]) + data[place + 1 :]


def test_a_damaged_cache_is_made_anew(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    path = make_wisdm(subjects=(1600,), codes="A", seconds=3)
    expected = wisdm.load(path)
    (cache,) = (tmp_path / "cache").glob("*.npz")
    whole = cache.read_bytes()
    for damaged in (b"", whole[: len(whole) // 2], *flipped(whole, 150)):
        cache.write_bytes(damaged)
        found = wisdm.load(path)
        assert found.report == expected.report and np.array_equal(found.blocks[0].x, expected.blocks[0].x)


def test_a_cache_that_cannot_be_written_stops_nothing(
    make_wisdm: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("SCL_CACHE_DIR", str(tmp_path / "file"))
    assert len(wisdm.load(make_wisdm(subjects=(1600,), codes="A", seconds=3)).blocks) == 1


@pytest.mark.parametrize("outer", [False, True])
def test_a_flipped_bit_never_changes_a_value(make_wisdm: Callable[..., Path], tmp_path: Path, outer: bool) -> None:
    """It is refused, or was of no consequence."""
    path = make_wisdm(subjects=(1600,), codes="A", seconds=3, outer=outer)
    expected = wisdm.load(path).blocks[0].x
    refused = 0
    for damaged in flipped(path.read_bytes(), 150):
        (tmp_path / "damaged.zip").write_bytes(damaged)
        try:
            found = wisdm.load(tmp_path / "damaged.zip").blocks[0].x
        except InputError as error:
            assert "damaged.zip: " in str(error)
            refused += 1
        else:
            assert np.array_equal(found, expected)
    assert refused > 50


def test_gap_and_fast_stretch(make_wisdm: Callable[..., Path]) -> None:
    """A gap of two seconds ends a block, and 100 Hz in between does not stretch time."""

    def change(name: str, text: str) -> str:
        out = []
        for i, line in enumerate(text.splitlines()):
            subject, code, t, *rest = line.split(",")
            offset = 2_000_000_000 if i >= 300 else 0
            out.append(",".join([subject, code, str(int(t) + offset), *rest]))
            if 100 <= i < 200:  # four more rows up to the next one
                out += [",".join([subject, code, str(int(t) + k * 10_000_000), *rest]) for k in range(1, 5)]
        return "\n".join(out) + "\n"

    recordings = wisdm.load(make_wisdm(subjects=(1600,), codes="A", change=change))
    assert [b.x.shape[1] for b in recordings.blocks] == [300, 300]
    amiss = recordings.report["amiss"]
    assert amiss["gaps"] == ["1600A 2.0 s"] and amiss["fast_blocks"] == ["1600A"]
    assert "1 gaps (1600A 2.0 s)" in recordings.summary() and "malformed" not in recordings.summary()
    assert len(windows(recordings, [1600], 10.0, 0.0)) == 2


def test_malformed_rows_are_counted_up_to_a_limit(make_wisdm: Callable[..., Path]) -> None:
    def one(name: str, text: str) -> str:
        return text.replace("\n", "\n1600,A,broken;\n", 1) if "1600_accel" in name else text

    assert wisdm.load(make_wisdm(change=one)).report["amiss"]["malformed_rows"] == 1

    def many(name: str, text: str) -> str:
        return text.replace(";", "", 40).replace(",A,", ",A;", 40) if "1601_gyro" in name else text

    with pytest.raises(
        InputError, match=r"data_1601_gyro_watch.txt has 40 malformed rows of 1800.*line 1 is b'1601,A;"
    ):
        wisdm.load(make_wisdm(change=many))


@pytest.mark.parametrize(
    "row",
    [
        "1600,A,1,0.5,0.5,NaN;",
        "1600,A,1,0.5,0.5,1.2.3;",
        "1600,A,1,0.5,0.5,1e999;",
        "1600,A,1,0.5,0.5;",
        "1600,A,1,0.5,0.5,0.5,0.5;",
        "1600,A,9223372036854775808,0.5,0.5,0.5;",
        "1600,A,99999999999999999999,0.5,0.5,0.5;",
        "1600,A,1.5,0.5,0.5,0.5;",
        "1600,A,-1,0.5,0.5,0.5;",
        "1600,A,1,0.5,+-0.5,0.5;",
        "1600,A,1,0.5,.,0.5;",
        "1600,A,1,0.5,0 .5,0.5;",
        "1600,AB,1,0.5,0.5,0.5;",
        *(start + " " * 200_000 + "x" for start in ("", "1600,A,1", "1600,A,1,0.5,0.5,0.5", "1600,A,1,0.5,0.5,0.5;")),
        *(start + "1" * 200_000 + "x" for start in ("", "1600,A,", "1600,A,1,", "1600,A,1,0.5,0.5,0.")),
        "1601,A,1,0.5,0.5,0.5;",
        "1600,A,1,0.5,\n0.5,0.5;",
        "\x00\x00",
    ],
)
def test_what_a_malformed_row_is(make_wisdm: Callable[..., Path], row: str) -> None:
    """Not a number, none, too many or too large ones, another subject's, torn in two: counted, and not read."""

    def change(name: str, text: str) -> str:
        return row + "\n\n" + text if "accel" in name else text

    expected = wisdm.load(make_wisdm(subjects=(1600,), seconds=10)).blocks
    recordings = wisdm.load(make_wisdm(subjects=(1600,), seconds=10, change=change))
    assert recordings.report["amiss"]["malformed_rows"] == 1 + row.count("\n")
    assert all(np.array_equal(a.x, b.x) for a, b in zip(recordings.blocks, expected, strict=True))


SPELLINGS = {  # of a row's fields, which mean the same
    "spaces after commas": lambda s, a, t, x: f"{s}, {a}, {t}, {', '.join(x)};",
    "spaces everywhere": lambda s, a, t, x: f" {s} , {a}\t, {t} ,  {' , '.join(x)} ; ",
    "signs": lambda s, a, t, x: f"{s},{a},{t},{','.join(v if v[0] == '-' else f'+{v}' for v in x)};",
    "no leading zeros": lambda s, a, t, x: (
        f"{s},{a},{t},{','.join(v.replace('0.', '.', 1) if v.lstrip('-')[:2] == '0.' else v for v in x)};"
    ),
    "exponents": lambda s, a, t, x: f"{s},{a},{t},{','.join(f'{float(v) * 1000!r}E-03' for v in x)};",
    "no semicolon, line ends of DOS": lambda s, a, t, x: f"{s},{a},{t},{','.join(x)}\r",
    "Unix time, 19 digits": lambda s, a, t, x: f"{s},{a},{int(t) + 17 * 10**17},{','.join(x)};",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_every_spelling_of_a_row_is_read(make_wisdm: Callable[..., Path], spelling: str) -> None:
    def change(name: str, text: str) -> str:
        rows = (line.rstrip(";").split(",") for line in text.splitlines())
        return "\ufeff" + "\n".join(SPELLINGS[spelling](s, a, t, x) for s, a, t, *x in rows) + "\n"

    expected = wisdm.load(make_wisdm(subjects=(1600,), seconds=10))
    found = wisdm.load(make_wisdm(subjects=(1600,), seconds=10, change=change))
    assert found.report == expected.report and found.report["amiss"]["malformed_rows"] == 0
    for a, b in zip(found.blocks, expected.blocks, strict=True):
        np.testing.assert_allclose(a.x, b.x, rtol=1e-6)


@pytest.mark.parametrize(
    ("divisor", "expected"),
    [
        (10**3, "advance by 50,000 from .* they look like microseconds: multiply them by 1,000$"),
        (10**6, "advance by 50 from .* they look like milliseconds: multiply them by 1,000,000$"),
        (5 * 10**6, "advance by 10 from .* they look like milliseconds"),
        (10**9, "advance by 1 from .* they look like seconds: multiply them by 1,000,000,000$"),
        (10**5, "advance by 500 from .*; write them in nanoseconds$"),
        (Fraction(1, 1000), "advance by 50,000,000,000 from .*; write them in nanoseconds$"),
    ],
)
def test_a_clock_that_is_not_in_nanoseconds(
    make_wisdm: Callable[..., Path], divisor: int | Fraction, expected: str
) -> None:
    """Told by the step between rows; nothing of zero hours is loaded."""

    def change(name: str, text: str) -> str:
        rows = (line.split(",") for line in text.splitlines())
        return "\n".join(",".join([s, a, str(int(int(t) // divisor)), *x]) for s, a, t, *x in rows) + "\n"

    with pytest.raises(InputError, match=r"data_1600_accel_watch.txt: timestamps " + expected):
        wisdm.load(make_wisdm(subjects=(1600,), seconds=30, change=change))


@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_names_of_activities_are_kept_as_they_are(make_wisdm: Callable[..., Path], mark: str) -> None:
    """Of several words, with hyphens, digits, other signs and other letters."""
    key = f"{mark}brushing teeth = A\r\n  stair-climbing (up)\t=B  \n\nga=uche = D\nÜbung 2/3 = E"
    recordings = wisdm.load(make_wisdm(subjects=(1600,), codes="ABDE", seconds=10, key=key))
    assert recordings.labels == ("brushing teeth", "stair-climbing (up)", "ga=uche", "Übung 2/3")
    assert [b.label for b in recordings.blocks] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        ("walking = A\njogging = b\n", r"activity_key.txt, line 2: is 'jogging = b', expected a name and a capital"),
        ("walking = A\n\njogging\n", "line 3: is 'jogging', expected"),
        ("walking = A\n = B\n", "line 2: is ' = B', expected"),
        ("walking = A\njogging = A\n", "line 2: is 'jogging = A', expected .* each of them once"),
        ("walking = A\nwalking = B\n", "line 2: is 'walking = B', expected .* each of them once"),
        ("walking = A\n\x1b[2J = B\n", r"line 2: is '\\x1b\[2J = B', expected"),
        ("\n \n", "activity_key.txt has no line like `walking = A`"),
        (b"walking = A\nm\xe4hen = B\n", "activity_key.txt is no UTF-8 text"),
    ],
)
def test_a_line_of_the_key_that_is_not_understood(
    make_wisdm: Callable[..., Path], key: str | bytes, expected: str
) -> None:
    """It is named, never left out with its class."""
    with pytest.raises(InputError, match=expected):
        wisdm.load(make_wisdm(subjects=(1600,), seconds=10, key=key))


def test_rows_of_an_activity_without_a_name_are_counted(make_wisdm: Callable[..., Path]) -> None:
    def change(name: str, text: str) -> str:
        return text.replace(",D,", ",N,")

    recordings = wisdm.load(make_wisdm(subjects=(1600,), seconds=10, change=change))
    assert recordings.report["amiss"]["rows_of_unknown_activities"] == 2 * 200
    assert recordings.report["rows"]["gyro"] == {"A": 200, "B": 200, "N": 200}


def test_sensors_without_a_common_clock(make_wisdm: Callable[..., Path]) -> None:
    def change(name: str, text: str) -> str:
        return text.replace("0000,", "0007,") if "gyro" in name else text

    path = make_wisdm(subjects=(1600,), seconds=10, change=change)
    with pytest.raises(InputError, match="timestamps that accel and gyro share; load one sensor alone"):
        wisdm.load(path)
    assert len(wisdm.load(path, sensors=("gyro",)).blocks) == 3


def test_one_sensor_without_rows_is_not_told_to_load_one_sensor(make_wisdm: Callable[..., Path]) -> None:
    path = make_wisdm(subjects=(1600,), seconds=10, change=lambda name, text: re.sub(",[A-Z],", ",N,", text))
    with pytest.raises(InputError, match=r"has two rows at most 1 s apart; give recordings of what activity_key.txt"):
        wisdm.load(path, sensors=("gyro",))


def test_an_empty_member_and_a_missing_key(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="data_1600_gyro_watch.txt is empty"):
        wisdm.load(make_wisdm(change=lambda name, text: "\n" if "1600_gyro" in name else text))
    with zipfile.ZipFile(make_wisdm()) as archive:
        archive.extractall(tmp_path / "extracted")
    (tmp_path / "extracted" / "wisdm-dataset" / "activity_key.txt").unlink()
    with pytest.raises(InputError, match="extracted: has no activity_key.txt; expected the official"):
        wisdm.load(tmp_path / "extracted")


def test_missing_class_is_reported(make_wisdm: Callable[..., Path]) -> None:
    def change(name: str, text: str) -> str:
        return "".join(line for line in text.splitlines(True) if ",B," not in line) if "1602" in name else text

    amiss = wisdm.load(make_wisdm(change=change)).report["amiss"]
    assert amiss["missing_activities"] == ["1602B"] and amiss["missing_subjects"] == list(range(1604, 1651))


def test_missing_or_damaged_source(make_wisdm: Callable[..., Path], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder.*--download"):
        wisdm.load(tmp_path / "nothing.zip")
    path = make_wisdm()
    data = path.read_bytes()
    (tmp_path / "cut.zip").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match=r"cut.zip: is not a whole zip"):
        wisdm.load(tmp_path / "cut.zip")
    damaged = bytearray(data)
    damaged[len(data) // 2] ^= 0xFF
    (tmp_path / "damaged.zip").write_bytes(bytes(damaged))
    with pytest.raises(InputError, match=r"damaged.zip.*(is damaged|malformed)"):
        wisdm.load(tmp_path / "damaged.zip")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no subject has files"):
        wisdm.load(tmp_path / "empty")
    with pytest.raises(InputError, match="no subject has files raw/phone"):
        wisdm.load(path, device="phone")
    with pytest.raises(InputError, match="WISDM: was recorded at 20 Hz, .* 50 Hz; train with --rate 20 or less"):
        wisdm.load(path, rate_hz=50.0)
