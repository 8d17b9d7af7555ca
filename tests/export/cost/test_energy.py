"""The estimate of energy against the arithmetic by hand."""

import pytest

from export.cost.energy import PARTS, estimates


def test_by_hand():
    """4 million cycles every 2 s and a million a second are 3 MHz; at 52 uA/MHz 156 uA, 641 hours of 100 mAh."""
    (nordic,) = (row for row in estimates(4e6, 1e6, 2.0) if "nRF52840" in row.part)
    assert nordic.mean_ua == pytest.approx(156)
    assert nordic.hours == pytest.approx(100_000 / 156)


def test_every_part_says_where_its_current_is_from():
    assert len(PARTS) >= 3 and all(part.ua_per_mhz > 0 and part.source for part in PARTS)
