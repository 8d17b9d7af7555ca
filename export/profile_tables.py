"""What `export.profile` prints: tables of layers, memory, figures and energy."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.table import Table

from export.cost.energy import CELL_MAH
from scl.artifacts import InputError
from scl.terminal import PlainConsole
from scl.text import say

if TYPE_CHECKING:
    from export.cost.cycles import NetworkCycles
    from export.cost.energy import Energy
    from export.cost.figures import Figure
    from export.cost.front_end import FrontEndCost
    from scl.artifacts.export_report import Costs, LayerRow, Place

MOST_COLUMNS = 12  # layers of a map with a column for each; of more it says from which to which


def print_profile(report: "Costs", taken: Sequence[float], unit: str = "instructions") -> None:
    """Prints the table of layers, with what each took in `unit`, and the map of the arena.

    Raises InputError if the report has another number of layers.
    """
    if len(taken) != len(report.layers):
        raise InputError(
            f"{report.name}: c runs {len(taken)} operators, its report lists {len(report.layers)}; {report.advice}"
        )
    console = _console()
    console.print(_layers(report.layers, taken, unit))
    console.print(_map(report.memory_map, [row.name for row in report.layers], report.cost.arena_bytes))


def print_figures(rows: "Sequence[Figure]") -> None:
    """Prints what is in each figure of the cost."""
    table = Table(title="what is in each figure", title_justify="left")
    table.add_column("figure", no_wrap=True)
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("what is in it")
    for row in rows:
        table.add_row(row.name, f"{row.value:,}", row.what)
    _console().print(table)


def _console() -> PlainConsole:
    return PlainConsole(width=None if sys.stdout.isatty() else 120)


def _per_mac(value: float, macs: int) -> str:
    return f"{value / macs:.2g}" if macs and not isinstance(value, int) else f"{value / macs:.2f}" if macs else ""


def number_of(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _layers(layers: "Sequence[LayerRow]", taken: Sequence[float], unit: str) -> Table:
    table = Table(title="layers", title_justify="left", show_footer=True)
    macs = sum(row.macs for row in layers)
    table.add_column("layer", "total")
    table.add_column("what")
    for name, footer in (
        ("MACs", f"{macs:,}"),
        (unit, number_of(sum(taken))),
        ("per MAC", _per_mac(sum(taken), macs)),
        ("bytes read", f"{sum(row.read_bytes for row in layers):,}"),
        ("flash", f"{sum(row.flash_bytes for row in layers):,}"),
        ("arena", f"{max(row.arena_bytes for row in layers):,}"),
    ):
        table.add_column(name, footer, justify="right")
    for row, value in zip(layers, taken, strict=True):
        table.add_row(
            row.name,
            f"{row.kind} {row.kernel}/{row.stride} to {row.output[0]} x {row.output[1]}",
            f"{row.macs:,}",
            number_of(value),
            _per_mac(value, row.macs),
            f"{row.read_bytes:,}",
            f"{row.flash_bytes:,}",
            f"{row.arena_bytes:,}",
        )
    return table


def _map(places: "Sequence[Place]", layers: Sequence[str], arena_bytes: int) -> Table:
    table = Table(title=f"arena, {arena_bytes:,} bytes: what is alive during which layer", title_justify="left")
    table.add_column("tensor")
    table.add_column("bytes", justify="right")
    if len(layers) > MOST_COLUMNS:
        table.add_column("from layer")
        table.add_column("to layer")
        for place in sorted(places, key=lambda place: (place.first, place.last)):
            ends = f"{place.offset:,} to {place.end:,}", layers[place.first], layers[place.last]
            table.add_row(place.name, *ends)
        return table
    for name in layers:
        table.add_column(name, justify="center")
    for place in places:
        alive = ["#" if place.first <= index <= place.last else "" for index in range(len(layers))]
        table.add_row(place.name, f"{place.offset:,} to {place.end:,}", *alive)
    return table


def print_stream(cost: "FrontEndCost") -> None:
    """Prints what the model costs with its front end."""
    found = "" if cost.finder_bytes is None else f", {cost.finder_bytes:,} of them find and measure heartbeats"
    say(
        f"front end on {cost.board}, counted over {cost.seconds:.3g} s of a made-up stream with {cost.answers} "
        f"answers: {cost.per_second:,} instructions per second of signal, {cost.most:,} at most for one sample; "
        f"{cost.per_answer:,} per answer in the network and behind it; RAM of the whole model {cost.model_bytes:,} "
        f"bytes{found}; deepest stack {cost.stack_bytes:,} bytes"
    )


def print_cycles(cycles: "NetworkCycles", macs: int) -> None:
    """Prints the modelled cycles of an inference."""
    whole = cycles.whole
    say(
        f"modelled cycles of an inference on a Cortex-M4 without wait states: {whole.usual:,} (at least "
        f"{whole.least:,}, at most {whole.most:,}), {_per_mac(whole.usual, macs)} a multiply-accumulate (docs/COST.md "
        "says what is not modelled)"
    )


def print_energy(rows: "Sequence[Energy]", hop_s: float) -> None:
    """Prints the estimate of each part."""
    table = Table(title=f"estimate of the processor's current alone, an answer every {hop_s:g} s", title_justify="left")
    table.add_column("part")
    for column in ("uA/MHz, data sheet", "uA on the mean", f"hours on {CELL_MAH:g} mAh"):
        table.add_column(column, justify="right")
    for row in rows:
        table.add_row(row.part, f"{row.ua_per_mhz:g}", f"{row.mean_ua:,.1f}", f"{row.hours:,.0f}")
    _console().print(table)
