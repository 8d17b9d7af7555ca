"""The estimate of energy against the arithmetic by hand."""

from pathlib import Path

import pytest

from export.cost.energy import PARTS, estimates


def test_by_hand():
    """4 million cycles every 2 s and a million a second are 3 MHz; at 52 uA/MHz 156 uA, 641 hours of 100 mAh."""
    (nordic,) = (row for row in estimates(4e6, 1e6, 2.0) if "nRF52840" in row.part)
    assert nordic.mean_ua == pytest.approx(156) and nordic.hop_s == 2.0
    assert nordic.hours == pytest.approx(100_000 / 156)


def test_the_page_names_each_part_with_its_current():
    page = (Path(__file__).parents[3] / "docs" / "COST.md").read_text("utf-8")
    assert len(PARTS) == 3 and all(part.source for part in PARTS)
    for part in PARTS:
        assert f"{part.name.split(' ', 1)[1]} {part.ua_per_mhz:g}" in page
