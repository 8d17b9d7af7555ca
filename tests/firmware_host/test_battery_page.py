"""The battery in words, on the terminal and as a picture."""

import io

from rich.console import Console

from firmware_host.battery_page import picture, table, weakest
from firmware_host.battery_types import BatteryReport, Rung, Scores
from firmware_host.parity import Parity


def scores(macro_f1: float, consistency: float | None = None) -> Scores:
    return Scores(0.5, (0.4, 0.6), macro_f1, (macro_f1 - 0.1, macro_f1 + 0.1), consistency, None)


def rung(name: str, unit: str, at: float, macro_f1: float) -> Rung:
    return Rung(name, f"about {name}", unit, at, 1, scores(macro_f1, 0.75), 0, scores(macro_f1, 0.75))


BATTERY = BatteryReport(
    *(12, 2, 60, 0, None),
    Parity(60, 0, 0, 0, 0, 0, 0, 0, 0),
    scores(0.8),
    (rung("held", "%", 5, 0.7), rung("held", "%", 30, 0.25), rung("mirror", "", 1, 0.6)),
)


def test_the_weakest_is_said_with_its_strength() -> None:
    assert weakest(BATTERY) == "held (about held, 30 %): macro F1 25.0 %, as recorded 80.0 %."
    assert BATTERY.rungs[-1].at == ""


def test_the_terminal_has_each_nuisance_at_its_worst() -> None:
    out = io.StringIO()
    Console(file=out, width=80).print(table(BATTERY))
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in out.getvalue().splitlines() if "│" in line]
    assert rows == [
        ["as recorded", "", "80.0 %", "70.0 - 90.0", ""],
        ["held", "30 %", "25.0 %", "15.0 - 35.0", "75.0 %"],
        ["mirror", "", "60.0 %", "50.0 - 70.0", "75.0 %"],
    ]


def test_the_picture_has_a_panel_for_each_with_its_strengths() -> None:
    drawn = str(picture(BATTERY))
    assert [text for text in (">held, %<", ">mirror<", ">0<", ">5<", ">30<", ">yes<") if text not in drawn] == []
    assert "Weakest: held (about held, 30 %)" in drawn
