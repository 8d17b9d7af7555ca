"""dataset.toml of an ECG set: what it may say, and every way in which it may be wrong."""

import re
import tomllib
from dataclasses import fields

import pytest

from scl.artifacts import InputError
from train.data import ecg_dataset_file
from train.data.ecg_dataset_file import BeatSettings, CsvSettings, EcgSettings, RecordSettings, read_settings


def read(text: str) -> EcgSettings:
    return read_settings(text.encode(), "set: dataset.toml")


def test_what_a_file_may_say() -> None:
    assert read('kind = "ecg"') == EcgSettings("ecg")
    found = read(
        'kind = "ecg"\nformat = "csv"\nlead = 1\nrate_hz = 250\n[csv]\nunit = "uV"\ntime = "t"\ntime_unit = "ms"\n'
        '[beats]\nfile = "b.csv"\ntime_unit = "samples"\n[records]\nfile = "r.csv"\nsubject = "who"\n'
        '[classes]\nV = ["pvc"]\n[split]\ntrain = ["a"]\nvalidation = ["b"]\ntest = ["c"]\n'
    )
    assert found.csv == CsvSettings("uV", None, "t", "ms") and (found.lead, found.rate_hz) == (1, 250)
    assert found.beats == BeatSettings(None, "b.csv", None, "samples")
    assert found.records == RecordSettings("r.csv", "record", None, "who", None)
    assert found.records.columns == {"record": "record", "label": "label", "subject": "who", "split": "split"}
    assert found.records.asked == ["record", "who"]
    assert found.classes == {"V": ("pvc",)} and found.split == {"train": ("a",), "validation": ("b",), "test": ("c",)}
    assert found.tables == {"b.csv", "r.csv"}


def test_the_example_names_every_key() -> None:
    """The module's docstring is what the documentation shows."""
    text = ecg_dataset_file.__doc__ or ""
    example = text[text.index('kind = "ecg"') :]
    tables = tomllib.loads(example)
    assert set(tables) == {field.name for field in fields(EcgSettings)}
    tables["beats"] = {"annotator": "atr"}  # one of the three
    for name, settings in (("csv", CsvSettings), ("records", RecordSettings)):
        assert set(tables[name]) <= set(settings.__dataclass_fields__)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "key kind is missing"),
        ('kind = "imu"', "key kind is 'imu', expected 'ecg'"),
        (
            'kind = "ecg"\nleed = "II"',
            "unknown key 'leed'; known keys: kind, format, lead, rate_hz, csv, beats",
        ),
        ('kind = "ecg"\nformat = "mat"', "format is 'mat', expected 'wfdb', 'csv' or 'edf'"),
        ('kind = "ecg"\nlead = -1', "lead is -1, expected "),
        ('kind = "ecg"\nlead = true', "lead is True, expected "),
        ('kind = "ecg"\nrate_hz = 0', "rate_hz is 0, expected greater than 0"),
        ('kind = "ecg"\nrate_hz = nan', "rate_hz is nan, expected a finite number"),
        ('kind = "ecg"\ncsv = 3', "key csv is 3, expected an object"),
        ('kind = "ecg"\n[csv]\nunit = "g"\nrate_hz = 1', "key csv: has unit 'g', expected uV, mV or V"),
        ('kind = "ecg"\n[csv]\nunit = "mV"', "key csv: has no rate_hz, and no column of times (time); give one"),
        ('kind = "ecg"\n[csv]\nunit = "mV"\nrate = 1', "unknown key 'csv.rate'; known keys: unit, rate_hz, time"),
        (
            'kind = "ecg"\n[csv]\nunit = "mV"\ntime = "t"\ntime_unit = "min"',
            "key csv.time_unit is 'min', expected 's', 'ms', 'us', 'ns' or 'iso'",
        ),
        (
            'kind = "ecg"\n[beats]\nannotator = "atr"\nfile = "b.csv"',
            "key beats: needs one of annotator, file",
        ),
        ('kind = "ecg"\n[beats]\ntime_unit = "s"', "key beats: needs one of annotator, file"),
        (
            'kind = "ecg"\n[beats]\nannotator = "../x"',
            "key beats: has annotator '../x', expected the suffix of",
        ),
        (
            'kind = "ecg"\n[beats]\nfile = "b.csv"\ntime_unit = "ms"',
            "beats.time_unit is 'ms', expected 's' or 'samp",
        ),
        ('kind = "ecg"\n[records]\nlabel = "x"', "key records.file is missing"),
        ('kind = "ecg"\n[records]\nfile = 7', "key records.file is 7, expected a valid string"),
        ('kind = "ecg"\n[classes]\nV = "E"', "key classes.V is 'E', expected a valid"),
        ('kind = "ecg"\n[classes]\nV = ["E"]\nS = ["E"]', "[classes] has 'E' twice, expected it in one class"),
        (
            'kind = "ecg"\n[beats]\nannotator = "atr"\n[classes]\npvc = ["E"]',
            "[classes] has 'pvc', expected classes of beats: N, S, V, F, Q",
        ),
        (
            'kind = "ecg"\n[beats]\nannotator = "atr"\n[records]\nfile = "r.csv"\nlabel = "dx"',
            "has [beats], and label in [records], expected one of them",
        ),
        (
            'kind = "ecg"\n[split]\ntrain = ["a"]\ntest = ["b"]',
            "[split] has train, test, expected train, validation, test",
        ),
        ('kind = "ecg"\n[split]\ntrain = [1]', "key split.train.0 is 1, expected a valid string"),
        ("kind =", "is not TOML"),
        ("kind = 'ecg'\nx = " + "[" * 5000, "dataset.toml: is not TOML|is nested too deeply"),
    ],
)
def test_what_is_wrong_is_said(text: str, expected: str) -> None:
    choices = "|".join(re.escape(part) for part in expected.split("|"))
    with pytest.raises(InputError, match=f"^set: dataset.toml: .*({choices})|^set: ({choices})"):
        read(text)
