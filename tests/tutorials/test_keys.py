"""The pages' keys of dataset.toml are the code's."""

import re
import tomllib
from dataclasses import fields
from typing import get_args, get_type_hints

from tests.tutorials.pages import PAGES
from train.data import ecg_dataset_file
from train.data.dataset_file import Accelerometer, DatasetFile, FileFacts, Gyroscope, Origin, Time

IMU = (PAGES / "imu-folder.md").read_text(encoding="utf-8")
ECG = (PAGES / "ecg-folder.md").read_text(encoding="utf-8")
TABLES = {
    "time": Time,
    "accelerometer": Accelerometer,
    "gyroscope": Gyroscope,
    "subject": Origin,
    "label": Origin,
    "file": FileFacts,
}


def rows() -> list[tuple[list[str], list[str], list[str]]]:
    """Of the table in the IMU page: tables ("" for none), keys and quoted values of each row."""
    (text,) = re.findall(r"^### dataset\.toml\n(.*?)\n\n[^|]", IMU, re.MULTILINE | re.DOTALL)
    found = []
    for line in text.strip().splitlines()[2:]:
        first, second = (re.findall(r"`([^`]+)`", cell) for cell in line.strip("|").split("|")[:2])
        tables = [re.match(r"\w+", code[1:])[0] for code in first if code.startswith("[")] or [""]
        keys = [code for code in first if code.isidentifier()] or [code for code in second if code.isidentifier()]
        found.append((tables, keys, [code.strip('"') for code in second if re.fullmatch(r'"[\w/]+"', code)]))
    return found


def names(cls: type) -> set[str]:
    return {field.name for field in fields(cls)}


def test_every_key_of_an_imu_folder_is_in_the_table_and_no_other() -> None:
    found: dict[str, list[str]] = {}
    for tables, keys, _ in rows():
        for table in tables:
            found.setdefault(table, []).extend(keys)
    assert {table: sorted(keys) for table, keys in found.items()} == {
        "": sorted(names(DatasetFile) - set(TABLES)),
        **{table: sorted(names(cls)) for table, cls in TABLES.items()},
    }


def test_the_units_are_those_that_are_read() -> None:
    units = {tables[0]: values for tables, keys, values in rows() if "unit" in keys}
    assert units == {
        "time": list(get_args(get_args(get_type_hints(Time)["unit"])[0])),
        "accelerometer": list(get_args(get_type_hints(Accelerometer)["unit"])),
        "gyroscope": list(get_args(get_type_hints(Gyroscope)["unit"])),
    }


def test_the_example_of_an_ecg_folder_has_every_key() -> None:
    (example,) = re.findall(r"```toml\n(.*?)```", ECG, re.DOTALL)
    page, text = tomllib.loads(example), ecg_dataset_file.__doc__ or ""
    assert page == tomllib.loads(text[text.index("kind =") :])
    assert set(page) == names(ecg_dataset_file.EcgSettings)
    assert set(page["csv"]) == names(ecg_dataset_file.CsvSettings)
    assert set(page["beats"]) == names(ecg_dataset_file.BeatSettings)
    assert set(page["records"]) == names(ecg_dataset_file.RecordSettings) - {"asked"}
    assert tuple(page["split"]) == ecg_dataset_file.PARTS
