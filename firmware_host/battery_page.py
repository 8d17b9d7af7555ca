"""The battery in a report: a picture of every ladder, and the same in words and on the terminal."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from firmware_host.battery_types import BatteryReport, Scored
from firmware_host.beat_battery_types import BeatBattery
from scl.pages import ladders
from scl.pages.charts import Dot
from scl.pages.rendering import share

if TYPE_CHECKING:
    from markupsafe import Markup
    from rich.table import Table

AnyBattery = BatteryReport | BeatBattery


def weakest(battery: AnyBattery) -> str:
    """The nuisance that the model stands least, in a sentence."""
    ladder = next(iter(battery.by_nuisance.values()))
    worst = min(ladder, key=lambda rung: rung.board.macro_f1)
    described = ", ".join(filter(None, (worst.sentence, worst.at)))
    return (
        f"{worst.name} ({described}): macro F1 {share(worst.board.macro_f1)}, as recorded "
        f"{share(battery.recorded.macro_f1)}."
    )


def picture(battery: AnyBattery) -> "Markup":
    """Macro F1 and consistency over strength, a panel for each nuisance, the weakest first."""
    panels = [
        ladders.Panel(f"{name}, {rungs[0].unit}" if rungs[0].unit else name, list(_steps(battery, rungs)))
        for name, rungs in battery.by_nuisance.items()
    ]
    return ladders.ladders(
        "battery",
        "Macro F1 and consistency under each nuisance",
        f"Weakest: {weakest(battery)} The table below has every figure.",
        panels,
    )


def _steps(battery: AnyBattery, rungs: Sequence[Scored]) -> Iterator[ladders.Step]:
    recorded = battery.recorded
    yield ladders.Step("0", Dot(0, recorded.macro_f1, recorded.macro_f1_ci95), Dot(0, 1.0, None))
    for place, rung in enumerate(rungs, start=1):
        board = rung.board
        yield ladders.Step(
            f"{rung.strength:g}" if rung.unit else "yes",
            Dot(place, board.macro_f1, board.macro_f1_ci95),
            Dot(place, board.consistency, board.consistency_ci95),
        )


def table(battery: AnyBattery) -> "Table":
    """The lowest macro F1 of each nuisance, for the terminal."""
    from rich.table import Table

    rows = Table(title=f"the battery on the board: {battery.played}, weakest first")
    for name in ("nuisance", "at", "macro F1", "95 %", "consistency"):
        rows.add_column(name, justify="left" if name == "nuisance" else "right", no_wrap=True)
    recorded = battery.recorded
    rows.add_row("as recorded", "", share(recorded.macro_f1), _between(recorded.macro_f1_ci95))
    for ladder in battery.by_nuisance.values():
        worst = min(ladder, key=lambda rung: rung.board.macro_f1)
        board = worst.board
        figures = share(board.macro_f1), _between(board.macro_f1_ci95), share(board.consistency)
        rows.add_row(worst.name, worst.at, *figures)
    return rows


def _between(interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{100 * interval[0]:.1f} - {100 * interval[1]:.1f}"
