"""Batteries of two reports: rungs are paired by nuisance and strength, windows by their samples."""

import numpy as np
import pytest

from firmware_host.battery_comparison import battery_differences
from firmware_host.battery_types import BatteryReport, Rung, Scores
from firmware_host.parity import Parity
from firmware_host.windows_reader import Windows

NOTHING = Scores(0.5, None, 0.5, None, 0.5, None)


def battery(*rungs: tuple[str, float, int]) -> BatteryReport:
    rows = tuple(
        Rung(name, name, "%" if name == "held" else "", at, row, NOTHING, 0, NOTHING) for name, at, row in rungs
    )
    return BatteryReport(4, 2, 12, 0, None, Parity(12, 0, 0, 0, 0, 0, 0, 0, 0), NOTHING, rows)


def windows(answers: dict[int, list[str]], places: list[int]) -> Windows:
    """Of windows by their place, each with a row for every transform; who are at even places are person 0."""
    truth = ["walking", "sitting", "walking", "sitting", "sitting"]
    keys, transform, label, predicted, group = [], [], [], [], []
    for number, said in answers.items():
        for place, answer in zip(places, said, strict=True):
            keys.append((f"window {place}", f"{'changed' if number else 'recorded'} {place}"))
            transform.append(number)
            label.append(truth[place])
            predicted.append(answer)
            group.append(place % 2)
    rows = np.array(transform)
    flags = np.zeros(len(rows))
    return Windows(
        keys, rows > 0, rows, np.array(group), np.array(label, object), np.array(predicted, object),
        flags, flags == 0, flags, flags,
    )  # fmt: skip


def test_rungs_are_compared_over_the_windows_that_both_have() -> None:
    right = ["walking", "sitting", "walking", "sitting"]
    a = windows({0: right, 1: ["walking"] * 4, 2: right}, [0, 1, 2, 3])
    b = windows(
        {0: ["sitting", *right], 1: right[1:] + ["sitting", "sitting"], 2: ["sitting", *right]}, [4, 0, 1, 2, 3]
    )
    found = list(battery_differences(battery(("mirror", 1, 1), ("held", 5, 2)), a, battery(("mirror", 1, 2)), b))
    assert [row.name for row in found] == ["as recorded", "mirror"]  # held is A's alone
    recorded, mirror = found
    assert (recorded.a, recorded.b, recorded.difference, recorded.rows) == (1, 1, 0, (4, 4))
    # All are called walking: F1 of 2 * 2 / (4 + 2) and 0.
    assert mirror.a == pytest.approx(1 / 3) and mirror.b == 1 and mirror.difference == pytest.approx(2 / 3)
    # Person 0 walks only, whom A has right; of person 1 it has nothing right.
    assert mirror.difference_ci95 == (0, 1) and not mirror.beyond


def test_a_strength_is_named_with_its_unit_and_other_windows_give_nothing() -> None:
    right = ["walking", "sitting"]
    held = battery(("held", 5, 1))
    a, b = windows({0: right, 1: right}, [0, 1]), windows({0: right, 1: right}, [0, 1])
    assert [row.name for row in battery_differences(held, a, held, b)] == ["as recorded", "held, 5 %"]
    elsewhere = windows({0: ["walking", "sitting"], 1: ["walking", "sitting"]}, [2, 3])
    assert list(battery_differences(held, a, held, elsewhere)) == []
