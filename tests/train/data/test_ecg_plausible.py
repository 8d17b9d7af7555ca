"""Every implanted fault of an ECG set is named, with its figure."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from tests.ecg_sets import Simulated, simulated, write_wfdb
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
    "the rate": (lambda r: replace(r, rate_hz=r.rate_hz), ""),
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
    if not expected:
        assert warnings == ()
        return
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
