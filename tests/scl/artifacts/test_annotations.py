import os
from pathlib import Path

import numpy as np
import pytest
import wfdb

from scl.artifacts import InputError
from scl.artifacts.annotations import write_annotations
from scl.extras import MissingExtraError
from train.data.wfdb_annotations import read_annotations
from train.data.wfdb_files import Source


def read_back(path: Path) -> tuple[list[int], list[str]]:
    """By the project's own reader, which takes a record's rate from elsewhere."""
    found = read_annotations(Source(path.parent, None, "give it"), path.stem, path.suffix[1:], 360.0, 360.0)
    return found.samples.tolist(), list(found.symbols)


@pytest.mark.parametrize(
    ("at", "symbols"),
    [
        ([0], "N"),
        ([0, 0, 1], "NVS"),
        ([5, 1028, 2052, 2053], "NSV|"),  # intervals of 1023, 1024 and 1: the word's limit, and SKIP
        ([10, 2_000_000_000, 6_000_000_000], "NVN"),  # SKIP takes 31 bits, so the last interval takes two
        (list(range(0, 3_000_000, 30)), "N" * 100_000),
    ],
)
def test_annotations_come_back_through_wfdb_and_through_our_reader(tmp_path: Path, at: list[int], symbols: str) -> None:
    path = tmp_path / "100.scl"
    write_annotations(path, np.array(at), list(symbols), 360.0, 650_000)
    found = wfdb.rdann(str(tmp_path / "100"), "scl")
    assert found.sample.tolist() == at and found.symbol == list(symbols) and found.fs == 360
    assert read_back(path) == (at, list(symbols))


def test_random_annotations_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    for number in range(20):
        at = np.cumsum(rng.choice([0, 1, 1000, 1023, 1024, 65535, 65536, 10**6], size=50))
        symbols = rng.choice(list("NSVFQ|~[]!"), size=50).tolist()
        path = tmp_path / f"r{number}.scl"
        write_annotations(path, at, symbols, 360.0, 1)
        assert read_back(path) == (at.tolist(), symbols)


def test_the_bytes_are_those_of_the_format(tmp_path: Path) -> None:
    """By hand from wfdb.io/spec/annot.html: words of 6 bits of type and 10 bits of interval, low byte first."""
    write_annotations(tmp_path / "r.scl", np.array([3, 1003, 3003]), ["N", "V", "|"], 360.0, 5000)
    data = (tmp_path / "r.scl").read_bytes()
    assert b"## time resolution: 360" in data
    word = [(1 << 10 | 3), (5 << 10 | 1000), 59 << 10, 0, 2000, 16 << 10, 0]  # N, V, SKIP and its 32 bits, |, end
    assert data.endswith(b"".join(value.to_bytes(2, "little") for value in word))


def test_stretches_that_cannot_be_read_stand_between_two_marks(tmp_path: Path) -> None:
    write_annotations(
        tmp_path / "r.scl", np.array([100, 500, 900]), ["N"] * 3, 250.0, 1000, np.array([[0, 49], [600, 799]])
    )
    found = wfdb.rdann(str(tmp_path / "r"), "scl")
    assert list(zip(found.sample.tolist(), found.symbol, strict=True)) == [
        (0, "~"), (50, "~"), (100, "N"), (500, "N"), (600, "~"), (800, "~"), (900, "N")
    ]  # fmt: skip
    assert found.subtype.tolist() == [48, 0, 0, 0, 48, 0, 0]


def test_a_record_without_annotations_is_a_file_with_its_end_alone(tmp_path: Path) -> None:
    write_annotations(tmp_path / "r.scl", np.zeros(0, np.int64), [], 360.0, 1000)
    assert (tmp_path / "r.scl").read_bytes() == b"\0\0"


def test_a_header_is_written_where_there_is_none_and_never_replaced(tmp_path: Path) -> None:
    at = np.array([7])
    write_annotations(tmp_path / "100.scl", at, ["N"], 128.5, 1000)
    header = wfdb.rdheader(str(tmp_path / "100"))
    assert (header.fs, header.sig_len, header.n_sig) == (128.5, 1000, 0)
    (tmp_path / "101.hea").write_text("the user's own\n")
    write_annotations(tmp_path / "101.scl", at, ["N"], 360.0, 1000)
    assert (tmp_path / "101.hea").read_text() == "the user's own\n"


def test_what_was_there_stays_if_it_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "100.scl").mkdir()
    with pytest.raises(InputError, match=r"100\.scl"):
        write_annotations(tmp_path / "100.scl", np.array([1]), ["N"], 360.0, 10)
    assert os.listdir(tmp_path) == ["100.scl"]


@pytest.mark.parametrize(("at", "symbols"), [([2, 1], "NN"), ([-1], "N"), ([1], "NN"), ([1], "y?"), ([1], "%")])
def test_what_is_no_annotation_is_refused(tmp_path: Path, at: list[int], symbols: str) -> None:
    with pytest.raises(ValueError):
        write_annotations(tmp_path / "r.scl", np.array(at), list(symbols), 360.0, 10)
    assert not list(tmp_path.iterdir())


def test_without_wfdb_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scl.extras.find_spec", lambda package: None)
    with pytest.raises(MissingExtraError, match=r"wfdb is not installed; run .*\[ecg\]"):
        write_annotations(tmp_path / "r.scl", np.array([1]), ["N"], 360.0, 10)
