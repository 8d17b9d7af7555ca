"""Shows where a network spends instructions, flash and memory, layer by layer: counted on an emulated board, or timed
on a real one."""

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from export.cost.instructions import BOARD, BOARDS, measure
from export.cost.probe import Probed, probe
from scl.arguments import positive
from scl.artifacts import command, read_json


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m export.profile`."""
    options = argparse.ArgumentParser(prog="python -m export.profile", description=__doc__)
    options.add_argument("bundle", type=Path, metavar="BUNDLE", help="bundle folder (python -m export.quantize)")
    options.add_argument("--board", default=BOARD, help=f"one of {', '.join(BOARDS)} (default {BOARD}, a Cortex-M4F)")
    options.add_argument(
        "--port",
        help="instead: the board on this port, as firmware_host.validate takes it; a real one is timed",
    )
    options.add_argument("--baud", type=positive, help="line rate of a real port")
    options.add_argument(
        "--bisect", action="store_true", help="name the first layer that differs from TFLite Micro; exit status 1"
    )
    options.add_argument(
        "--estimate", action="store_true",
        help="instead of a bundle: a run.json, or its folder, trained or only planned; nothing is built or run",
    )  # fmt: skip
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    if arguments.estimate:
        print_estimate(arguments.bundle)
        return 0
    from export.bundle import read_bundle

    bundle = read_bundle(arguments.bundle)
    probed = None if arguments.port is None else probe(bundle, arguments.port, arguments.baud)
    if arguments.bisect:
        from export.proof.bisect import bisect, describe, layer_errors

        errors = layer_errors(bundle.path, probed.x, probed.tensors) if probed else bisect(bundle.path, arguments.board)
        print(f"{bundle.path} on {probed.board if probed else arguments.board}: {describe(errors)}")
        return int(any(layer.different for layer in errors))
    report = read_json(bundle.path / "export_report.json", "export_report")
    if probed is not None:
        print_probed(bundle.path, probed, report)
        return 0
    with tempfile.TemporaryDirectory() as build:
        cost = measure(bundle.path / "c", Path(build), arguments.board)
    layers = [row | {"instructions": n} for row, n in zip(report["layers"], cost.layers, strict=True)]
    print_profile(layers, report["memory_map"], report["cost"]["arena_bytes"])
    print(
        f"{bundle.path} on {cost.board}: {cost.instructions:,} instructions per inference; arena "
        f"{report['cost']['arena_bytes']:,} bytes, deepest stack {cost.stack_bytes:,} bytes, program without link and "
        f"front end {cost.image_bytes:,} bytes"
    )
    return 0


def print_probed(path: Path, probed: Probed, report: dict[str, Any]) -> None:
    """Prints what a board behind a port took."""
    layers = [row | {probed.unit: value} for row, value in zip(report["layers"], probed.taken, strict=True)]
    print_profile(layers, report["memory_map"], report["cost"]["arena_bytes"], probed.unit)
    print(f"{path} on {probed.board}: {_number(sum(probed.taken))} {probed.unit} in the layers of one inference")


def print_estimate(path: Path) -> None:
    """Prints what a run's encoder will take, from its run.json."""
    from export.cost.estimate import estimate, network_of

    network = network_of(path)
    found = estimate(network)
    for layer in network.layers:
        shape = f"{layer.result.length} x {layer.channels}"
        print(f"{layer.name:12} {shape:>10} {layer.macs:>12,} MACs {found.layers[layer.name]:>12,} instructions")
    print(
        f"{path}, estimated for a Cortex-M4F: {found.instructions:,} instructions per inference, {network.macs:,} "
        f"MACs, arena {found.arena_bytes:,} bytes, program without link and front end {found.flash_bytes:,} bytes"
    )


def print_profile(
    layers: list[dict[str, Any]], places: list[dict[str, Any]], arena_bytes: int, unit: str = "instructions"
) -> None:
    """Prints the table of layers, with what each took in `unit`, and the map of the arena."""
    from rich.console import Console

    console = Console(width=None if sys.stdout.isatty() else 120)
    console.print(_layers(layers, unit))
    console.print(_map(places, [row["name"] for row in layers], arena_bytes))


def _per_mac(value: float, macs: int) -> str:
    return f"{value / macs:.2g}" if macs and not isinstance(value, int) else f"{value / macs:.2f}" if macs else ""


def _number(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:,.1f}"


def _layers(layers: list[dict[str, Any]], unit: str):
    from rich.table import Table

    table = Table(title="layers", title_justify="left", show_footer=True)
    total = {key: sum(row[key] for row in layers) for key in ("macs", unit, "flash_bytes", "read_bytes")}
    table.add_column("layer", "total")
    table.add_column("what")
    for name, footer in (
        ("MACs", f"{total['macs']:,}"),
        (unit, _number(total[unit])),
        ("per MAC", _per_mac(total[unit], total["macs"])),
        ("bytes read", f"{total['read_bytes']:,}"),
        ("flash", f"{total['flash_bytes']:,}"),
        ("arena", f"{max(row['arena_bytes'] for row in layers):,}"),
    ):
        table.add_column(name, footer, justify="right")
    for row in layers:
        table.add_row(
            row["name"],
            f"{row['kind']} {row['kernel']}/{row['stride']} to {row['output'][0]} x {row['output'][1]}",
            f"{row['macs']:,}",
            _number(row[unit]),
            _per_mac(row[unit], row["macs"]),
            f"{row['read_bytes']:,}",
            f"{row['flash_bytes']:,}",
            f"{row['arena_bytes']:,}",
        )
    return table


def _map(places: list[dict[str, Any]], layers: list[str], arena_bytes: int):
    from rich.table import Table

    table = Table(title=f"arena, {arena_bytes:,} bytes: what is alive during which layer", title_justify="left")
    table.add_column("tensor")
    table.add_column("bytes", justify="right")
    for name in layers:
        table.add_column(name, justify="center")
    for row in places:
        alive = ["#" if row["first"] <= index <= row["last"] else "" for index in range(len(layers))]
        table.add_row(row["name"], f"{row['offset']:,} to {row['offset'] + row['bytes']:,}", *alive)
    return table


if __name__ == "__main__":
    command(main)
