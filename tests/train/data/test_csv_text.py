"""Files as loggers and spreadsheets write them, each with the values that are meant."""

import numpy as np
import pytest

from scl.artifacts import InputError
from train.data.csv_layout import Layout, cleaned, layout
from train.data.csv_text import Columns, read_columns

EXPECTED = np.array([[0.5, -0.1, 9.81], [1.5, -0.1, 9.82], [2.5, -20.0, 9.83]])
TIMES = [0.0, 0.02, 0.04]
PLAIN = "t,ax,ay,az,who\n1700000000000,0.5,-0.1,9.81,a\n1700000000020,1.5,-0.1,9.82,a\n1700000000040,2.5,-20,9.83,b\n"


def parsed(data: bytes) -> tuple[bytes, Layout]:
    data, encoding = cleaned(data)
    return data, layout(data, encoding, "x.csv")


def read(text: str | bytes, unit: str = "ms", texts: tuple[int, ...] = (4,)) -> Columns:
    """Column 1 as times, 2 to 4 as numbers, 5 as texts."""
    data, form = parsed(text if isinstance(text, bytes) else text.encode())
    return read_columns(data, form, "x.csv", [1, 2, 3], (0, unit), list(texts))


WAYS = {
    "plain": PLAIN,
    "byte-order mark": "\ufeff" + PLAIN,
    "CRLF": PLAIN.replace("\n", "\r\n"),
    "CR": PLAIN.replace("\n", "\r"),
    "semicolons": PLAIN.replace(",", ";"),
    "decimal comma": PLAIN.replace(",", ";").replace(".", ","),
    "decimal comma, quoted": "\n".join(
        ",".join(f'"{cell}"'.replace(".", ",") for cell in line.split(",")) for line in PLAIN.split("\n")[:-1]
    ),
    "tabs": PLAIN.replace(",", "\t"),
    "tabs and decimal comma": PLAIN.replace(",", "\t").replace(".", ","),
    "bars": PLAIN.replace(",", "|"),
    "blanks": PLAIN.replace(",", "  "),
    "spaces after commas": PLAIN.replace(",", ", "),
    "quoted": PLAIN.replace(",a\n", ',"a"\n').replace("who", '"who"'),
    "empty last lines": PLAIN + "\n\n\r\n",
    "no newline at the end": PLAIN[:-1],
    "comments": "# made by a logger\n# a;b;c\n" + PLAIN.replace("1.5", "1.5", 1) + "# end\n",
    "comment in between": PLAIN.replace("1700000000020", "# pause\n1700000000020"),
    "no header": PLAIN.split("\n", 1)[1],
    "header as a comment": "# " + PLAIN,
    "the separator as Excel says it": "sep=;\n" + PLAIN.replace(",", ";"),
    "UTF-16": PLAIN.encode("utf-16"),
    "scientific notation": PLAIN.replace("-20,", "-2.0E+01,").replace("0.5", "5e-1"),
    "rows that end in a semicolon": PLAIN.replace("\n", ";\n"),
    "rows that end in a comma": PLAIN.replace("\n", ",\n"),
}  # fmt: skip


@pytest.mark.parametrize("way", WAYS)
def test_the_same_values_however_they_are_written(way):
    columns = read(WAYS[way])
    np.testing.assert_allclose(columns.numbers, EXPECTED, rtol=0, atol=1e-12)
    assert columns.times_s is not None
    np.testing.assert_allclose(columns.times_s, TIMES, rtol=0, atol=1e-12)
    ((codes, names),) = columns.texts
    assert [names[code] for code in codes] == ["a", "a", "b"] and columns.malformed == 0


@pytest.mark.parametrize("header", [True, False])
def test_a_columns_name_is_found_in_any_case_and_its_number_always(header):
    _, form = parsed((PLAIN if header else PLAIN.split("\n", 1)[1]).encode())
    assert form.place(2, "x.csv") == 1
    if header:
        assert form.place("AX", "x.csv") == form.place("ax", "x.csv") == 1
    else:
        with pytest.raises(InputError, match=r"x\.csv: has no header row, but dataset\.toml names column 'ax'"):
            form.place("ax", "x.csv")


def test_a_column_that_is_not_there_or_stands_twice():
    _, form = parsed(b"t,ax,ax,b\n1,2,3,4\n")
    with pytest.raises(InputError, match=r"has no column 'c', which dataset\.toml names; it has 't, ax, ax, b'"):
        form.place("c", "x.csv")
    with pytest.raises(InputError, match="has no column 5"):
        form.place(5, "x.csv")
    with pytest.raises(InputError, match="column 'ax' stands there 2 times; give the number"):
        form.place("ax", "x.csv")
    assert form.place(3, "x.csv") == 2


@pytest.mark.parametrize(
    "unit, times, expected",
    [
        ("ms", ["1700000000000", "1700000000020"], 0.02),
        ("ns", ["1700000000000000001", "1700000000000000003"], 2e-9),
        ("us", ["9007199254740993", "9007199254740994"], 1e-6),
        ("s", ["1700000000.25", "1700000000.27"], 0.02),
        ("s", ["1.7e1", "1.8e1"], 1.0),
        ("iso", ["2026-03-01T12:00:00.25", "2026-03-01T12:00:00.27"], 0.02),
        ("iso", ["2026-03-01 12:00:00.123456789", "2026-03-01 12:00:00.123456790"], 1e-9),
        ("iso", ["2026-03-01T12:00:00+02:00", "2026-03-01T10:00:01Z"], 1.0),
    ],
)
@pytest.mark.parametrize("missing", [False, True])
def test_times_are_not_rounded(unit, times, expected, missing):
    lines = [f"{times[0]},1,2,3,a", *([",1,2,3,a"] if missing else []), f"{times[1]},1,2,3,a"]
    found = read("t,ax,ay,az,who\n" + "\n".join(lines) + "\n", unit).times_s
    assert found is not None and found[0] == 0.0
    assert found[-1] == pytest.approx(expected, rel=1e-6, abs=1e-18)
    assert np.isnan(found).sum() == missing


def test_missing_values_are_nan_and_names_may_be_missing():
    columns = read("t,ax,ay,az,who\n1,,2,3,NaN\n2,1,NaN,3,None\n3,1,2,null,\n4,1,2,inf, Ümit \n".encode())
    assert np.isnan(columns.numbers).tolist() == [
        [True, False, False], [False, True, False], [False, False, True], [False, False, True],
    ]  # fmt: skip
    ((codes, names),) = columns.texts
    assert [names[code] if code >= 0 else "" for code in codes] == ["", "None", "", "Ümit"]


def test_a_name_in_another_encoding():
    ((codes, names),) = read("t,ax,ay,az,who\n1,1,2,3,Müller\n".encode("latin-1")).texts
    assert names[codes[0]] == "Müller"


def test_numbers_as_names_stay_as_they_are_written():
    ((codes, names),) = read("t,ax,ay,az,who\n1,1,2,3,007\n2,1,2,3,7\n").texts
    assert [names[code] for code in codes] == ["007", "7"]


ROWS = "".join(f"{i},1,2,3,a\n" for i in range(200))


@pytest.mark.parametrize("row", ["200,oops,2,3,a", "200,1,2,3,a,6", "200,1,2,3,a,6,7,8", "x,1,2,3,a", "200,1,2,#,a"])
def test_a_few_malformed_rows_are_counted(row):
    columns = read("t,ax,ay,az,who\n" + ROWS + row + "\n201,1,2,3,a\n")
    assert columns.malformed == 1 and len(columns.numbers) == 201
    assert columns.times_s is not None and columns.times_s[-1] == pytest.approx(0.201)


def test_many_malformed_rows_are_refused_with_the_first_line():
    with pytest.raises(InputError) as error:
        read("# logger\nt,ax,ay,az,who\n" + ROWS + "200,oops,2,3,a\n" * 3)
    assert str(error.value).startswith("x.csv: 3 of 203 rows are malformed, more than 1%; line 203 is '200,oops,2,3,a'")


def test_times_that_are_no_dates_are_refused():
    with pytest.raises(InputError, match="100 of 100 rows are malformed"):
        read("t,ax,ay,az,who\n" + "noon,1,2,3,a\n" * 100, "iso")


@pytest.mark.parametrize(
    "data, said",
    [
        (b"", "holds no row;"),
        (b"\n\n# only\n", "holds no row;"),
        (b"t,ax,ay,az,who\n", "holds no row of data"),
        (b"\0\1\2\3" * 50, "holds NUL bytes"),
        (b't,ax,ay,az,who\n1,2,3,4,"a\n1,2,3,4,b\n', "is no CSV"),
        (b"t,ax,ay,az,who\n1,2,3,4,a\x07b\n", "holds the name 'a\\x07b', expected one line"),
    ],
)
def test_what_is_no_table_is_refused(data, said):
    with pytest.raises(InputError) as error:
        read(data)
    assert str(error.value).startswith("x.csv: ") and said in str(error.value)
