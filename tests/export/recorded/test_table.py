"""Tables as people's programs write them, against Python's own numbers; what is none is refused with its line."""

import numpy as np
import pytest

from export.recorded import table
from export.recorded.table import TableFile
from scl.artifacts import InputError


def written(tmp_path, text, encoding="utf-8"):
    path = tmp_path / "walk.csv"
    path.write_bytes(text.encode(encoding) if isinstance(text, str) else text)
    return path


@pytest.mark.parametrize(
    "text",
    [
        "t,x,what\n0,1.5,a\n1,-2,b\n",
        "\ufefft,x,what\r\n0,1.5,a\r\n1,-2,b\r\n",
        '"t", "x", "what"\n"0", "1.5", "a"\n1, -2.0, b\n',
        "t;x;what\n0;1,5;a\n1;-2;b\n",
        "t\tx\twhat\n0\t1,5\ta\n1\t-2\tb\n",
        "t   x  what\n 0  1.5   a\n1 -2 b\n",
        "# made by a logger\n% and by another\n\nt,x,what\n\n0,1.5,a\n\n1,-2e0,b",
        "t,x,what,\n0,1.5,a,\n1,-2,b,\n",
    ],
)
def test_the_same_table_in_many_hands(tmp_path, text):
    file = TableFile(written(tmp_path, text))
    assert file.named and file.names == ["t", "x", "what"]
    read = file.read([1, 0], 2)
    assert read.numbers.tolist() == [[1.5, 0], [-2, 1]] and read.texts == ("a", "b")


def test_without_names_columns_are_numbered(tmp_path):
    file = TableFile(written(tmp_path, "0,1,2\n3,4,5\n"))
    assert not file.named and file.names == ["1", "2", "3"]
    assert file.read([2]).numbers.tolist() == [[2], [5]]


@pytest.mark.parametrize("cell", ["", " ", "nan", "NaN", "NA", "null", "None", "n/a"])
def test_a_missing_number(tmp_path, cell):
    assert np.isnan(TableFile(written(tmp_path, f"x,y\n1,2\n{cell},3\n")).read([0]).numbers[1, 0])


def test_lines_are_those_of_the_file(tmp_path):
    """Comments and empty lines count, as an editor counts them."""
    file = TableFile(written(tmp_path, "# a\nx,y\n\n1,2\n# b\n3,4\n"))
    assert file.read([0]).lines.tolist() == [4, 6]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "walk.csv: is empty, expected a recording as CSV"),
        ("# nothing\n", "walk.csv: is empty"),
        ("x,y\n", "walk.csv: holds no row of values below its line of names; record it again"),
        ("x,y\n1,2\n3\n", "walk.csv, line 3: has 1 cells, expected 2; repair the line"),
        ("x,y\n1,2\n3,four\n", "walk.csv, line 3: column 'y' is 'four', expected a number; repair the line"),
        ("x,y\n1,2\n3,inf\n", "walk.csv, line 3: column 'y' is 'inf', expected a number"),
        ("x,y\n1,2\n3,1e31\n", "walk.csv, line 3: column 'y' is '1e31', expected a number"),
        ("x,y\n1,2\n3,1_0\n", "walk.csv, line 3: column 'y' is '1_0', expected a number"),
        ("x,y\n1,2\n3,1,5\n1;2\n", "walk.csv, line 4: has 1 cells, expected 2"),
        ('x,y\n1,"2\n', "walk.csv, line 2: is no CSV"),
        ("x,y\n1," + "2" * 200_000, "walk.csv, line 2: is no CSV (field larger than field limit"),
        ("x," * 5000 + "y\n1,2\n", "walk.csv: has 5001 columns, expected 4096 at most"),
        (b"x,y\n1,2\n\xff,3\n", "walk.csv: is no UTF-8 text"),
        ("# kind: capture\n# schema: 1\nax\n1\n", "walk.csv: is a capture file already; play it with python -m firmw"),
        (b"PK\x03\x04\x00\x00", "walk.csv: is no text, expected a recording as CSV; export it as CSV first"),
    ],
)
def test_what_is_no_table(tmp_path, text, message):
    with pytest.raises(InputError) as error:
        TableFile(written(tmp_path, text)).read([0, 1])
    assert message in str(error.value)


def test_a_file_that_is_too_large_is_not_read(tmp_path, monkeypatch):
    monkeypatch.setattr(table, "MOST_BYTES", 10)
    with pytest.raises(InputError, match="walk.csv: has 12 bytes, expected a recording as CSV of at most 10"):
        TableFile(written(tmp_path, "x,y\n1,2\n3,4\n"))
    with pytest.raises(InputError, match="gone.csv: cannot be read"):
        TableFile(tmp_path / "gone.csv")
