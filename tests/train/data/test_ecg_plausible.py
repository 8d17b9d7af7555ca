"""Every implanted fault of an ECG set is named, with its figure."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ecg_sets import Simulated, simulated, write_csv, write_wfdb
from train.data.ecg_check import check


@pytest.fixture(scope="module")
def records() -> list[Simulated]:
    return simulated(4, 0.5, 250.0)


def scaled(factor: float) -> Callable[[Simulated], Simulated]:
    return lambda record: replace(record, x=record.x * factor)


def flat(record: Simulated) -> Simulated:
    x = record.x.copy()
    x[1000:1375] = 0.25
    return replace(record, x=x)


def clipped(record: Simulated) -> Simulated:
    return replace(record, x=np.minimum(record.x, 0.4))


def late(record: Simulated) -> Simulated:
    return replace(record, beats=record.beats + 2000)


FAULTS: dict[str, tuple[Callable[[Simulated], Simulated], str]] = {
    "the unit, too small": (scaled(0.01), "1 of 4 records have an implausible R peak: p02 (0.0"),
    "the unit, too large": (scaled(20), "1 of 4 records have an implausible R peak: p02 ("),
    "flat": (flat, "1 of 4 records have an unchanging signal: p02 (1.5 s); a lost electrode draws a straight line"),
    "clipped": (clipped, "1 of 4 records have clipped samples: p02 ("),
    "turned": (scaled(-1), "1 of 4 records look inverted against the others"),
    "beats outside": (late, "1 of 4 records have beats outside its samples: p02 ("),
    "no ECG": (lambda r: replace(r, x=np.zeros_like(r.x)), "no beat is found in p02: is it an ECG?"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_fault_is_named(tmp_path: Path, records: list[Simulated], kind: str) -> None:
    change, expected = FAULTS[kind]
    write_wfdb(tmp_path, [records[0], change(records[1]), *records[2:]])
    warnings = check(tmp_path).warnings
    assert any(text.startswith(expected) for text in warnings), warnings
    for text in warnings:
        assert "p01" not in text and "p03" not in text and "p04" not in text


@pytest.mark.parametrize("factor", [8.0, 1 / 8])
def test_a_wrong_rate_is_named(tmp_path: Path, records: list[Simulated], factor: float) -> None:
    """Of all records: one alone is refused, as it has another rate."""
    longer = simulated(3, 2.0, 250.0)
    write_wfdb(tmp_path, [replace(record, rate_hz=record.rate_hz * factor) for record in longer])
    text = next(text for text in check(tmp_path).warnings if "interval" in text)
    assert text.startswith("3 of 3 records have an implausible median interval between beats: p01 (")
    assert text.endswith("expected 0.3 to 2 s: is the rate right?")


def test_one_class_alone_is_named(tmp_path: Path, records: list[Simulated]) -> None:
    write_wfdb(tmp_path, [replace(record, symbols=("N",) * len(record.symbols)) for record in records])
    assert check(tmp_path).warnings == ("N is the only class: nothing can be told apart",)


def changed(change: Callable[[np.ndarray], np.ndarray]) -> Callable[[Simulated], Simulated]:
    return lambda record: replace(record, x=change(record.x))


def annotated(beats: Callable[[np.ndarray], np.ndarray]) -> Callable[[Simulated], Simulated]:
    def change(record: Simulated) -> Simulated:
        found = beats(record.beats)
        return replace(record, beats=found, symbols=record.symbols[: len(found)])

    return change


def part(x: np.ndarray, first_s: float, last_s: float, values: np.ndarray | float) -> np.ndarray:
    x = x.copy()
    rows = slice(round(first_s * 250), round(last_s * 250))
    x[rows] = values
    return x


def noise(seconds: float, mv: float) -> np.ndarray:
    return np.random.default_rng(0).normal(0, mv, (round(seconds * 250), 2))


def mains(hz: float, mv: float) -> Callable[[Simulated], Simulated]:
    return changed(lambda x: x + mv * np.sin(2 * np.pi * hz * np.arange(len(x)) / 250)[:, None])


# Of p02 among eight records of a minute.
PARTS: dict[str, tuple[Callable[[Simulated], Simulated], str]] = {
    "mains of 50 Hz": (mains(50, 0.1), "1 of 8 records have mains of 50 Hz: p02 (1"),
    "mains of 60 Hz": (mains(60, 0.3), "1 of 8 records have mains of 60 Hz: p02 ("),
    "annotations come late": (
        annotated(lambda b: b + 50),
        "1 of 8 records have a delay between QRS complexes",
    ),
    "annotations of somebody else": (
        annotated(lambda b: np.cumsum(np.r_[b[0], np.diff(b)[::-1]])),
        "1 of 8 records have beats that are annotated beside its QRS complexes: p02 (",
    ),
    "annotations end early": (
        annotated(lambda b: b[: len(b) // 2]),
        "1 of 8 records have no annotation for a",
    ),
    "an electrode off": (
        changed(lambda x: part(x, 20, 32, 4.8 + noise(12, 0.01))),
        "1 of 8 records have parts that are unlike the rest: p02 (",
    ),
    "noise": (
        changed(lambda x: part(x, 20, 32, noise(12, 1.0))),
        "1 of 8 records have parts that are unlike the",
    ),
    "no samples": (changed(lambda x: part(x, 30, 50, np.nan)), "1 of 8 records have invalid samples: p02 (33."),
    "turned on the way": (
        changed(lambda x: np.where(np.arange(len(x))[:, None] > len(x) // 2, -x, x)),
        "1 of 8 records have QRS complexes that turn round on the way: p02 (",
    ),
    "a gain": (scaled(8), "1 of 8 records have an R peak unlike the others': p02 ("),
    "no beat of a class": (
        lambda r: replace(r, symbols=("~",) * len(r.beats)),
        "no beat of any class is annotated in",
    ),
    "another lead": (lambda r: replace(r, leads=("V5", "V2")), "p02 has no lead II: left out, 7 records are used"),
    "five seconds": (
        lambda r: replace(r, x=r.x[:1250], beats=r.beats[:3], symbols=r.symbols[:3]),
        "p02 has no stretch that holds a strip: left out, 7 records are used",
    ),
    "a class of one record": (
        lambda r: replace(r, symbols=("F", *r.symbols[1:])),
        "F is in p02 alone: a split trains or tests without it",
    ),
}


@pytest.fixture(scope="module")
def minutes() -> list[Simulated]:
    return simulated(8, 1.0, 250.0)


def test_nothing_is_said_of_a_minute(tmp_path: Path, minutes: list[Simulated]) -> None:
    write_wfdb(tmp_path, minutes)
    assert check(tmp_path).warnings == ()


@pytest.mark.parametrize("kind", PARTS)
def test_a_fault_of_a_part_is_named(tmp_path: Path, minutes: list[Simulated], kind: str) -> None:
    change, expected = PARTS[kind]
    write_wfdb(tmp_path, [minutes[0], change(minutes[1]), *minutes[2:]])
    warnings = check(tmp_path).warnings
    assert any(text.startswith(expected) for text in warnings), warnings
    assert not any("p01" in text or "p03" in text for text in warnings), warnings


def test_symbols_of_no_class_are_named(tmp_path: Path, minutes: list[Simulated]) -> None:
    """Of a table; every symbol that WFDB has for a beat is of a class."""
    strange = replace(minutes[1], symbols=tuple("k" if i % 3 else s for i, s in enumerate(minutes[1].symbols)))
    write_csv(tmp_path, [minutes[0], strange, *minutes[2:]], time="t")
    (tmp_path / "dataset.toml").write_text(
        'kind = "ecg"\nlead = "II"\n[csv]\nunit = "mV"\ntime = "t"\ntime_unit = "s"\n[beats]\nfile = "beats.csv"\n'
    )
    warnings = check(tmp_path).warnings
    assert any(text.startswith("beats have symbols of no class and do not count: k (") for text in warnings), warnings


@pytest.mark.parametrize(
    "copy, said",
    [
        (lambda r: r, "p02 and q02 hold the same samples: remove one"),
        (
            lambda r: replace(r, x=r.x[1000:], beats=r.beats[r.beats >= 1000] - 1000,
                              symbols=r.symbols[int((r.beats < 1000).sum()):]),
            "p02 and q02 have the same intervals between beats in ",
        ),
        (lambda r: replace(r, x=np.round(r.x * 49) / 50), "p02 and q02 have the same intervals between beats in "),
    ],
)  # fmt: skip
def test_a_record_that_is_there_twice_is_named(
    tmp_path: Path, minutes: list[Simulated], copy: Callable[[Simulated], Simulated], said: str
) -> None:
    write_wfdb(tmp_path, [*minutes, replace(copy(minutes[1]), name="q02")])
    assert any(text.startswith(said) for text in check(tmp_path).warnings), check(tmp_path).warnings


@pytest.mark.parametrize("factor", [2.0, 0.5])
def test_a_set_whose_hearts_all_beat_too_fast_or_too_slow(
    tmp_path: Path, minutes: list[Simulated], factor: float
) -> None:
    write_wfdb(tmp_path, [replace(record, rate_hz=record.rate_hz * factor) for record in minutes])
    assert any("of the 8 records have" in text and "is the rate right?" in text for text in check(tmp_path).warnings)


@pytest.mark.parametrize(
    "labels, said",
    [
        ("flutter af sinus af sinus af sinus af", "flutter is in p01 alone: a split trains or tests without it"),
        ("Sinus af sinus af Sinus af sinus af", "the classes 'Sinus' and 'sinus' differ in spelling alone"),
        ("sinsu af sinus af sinsu af sinus af", "the classes 'sinsu' and 'sinus' differ in spelling alone"),
    ],
)
def test_labels_of_records(tmp_path: Path, minutes: list[Simulated], labels: str, said: str) -> None:
    write_wfdb(tmp_path, minutes, annotator="")
    rows = [f"{record.name},{label}" for record, label in zip(minutes, labels.split(), strict=True)]
    (tmp_path / "records.csv").write_text("\n".join(["record,label", *rows, ""]))
    (tmp_path / "dataset.toml").write_text('kind = "ecg"\n[records]\nfile = "records.csv"\nlabel = "label"\n')
    (warning,) = check(tmp_path).warnings
    assert warning.startswith(said)
