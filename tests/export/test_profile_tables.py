"""The map of the arena as it is printed."""

import io

import pytest
from rich.console import Console

from export import profile_tables
from scl.artifacts.export_report import Place


def printed(layers: int) -> str:
    """The map of a chain of layers on a terminal of 100 columns."""
    names = [f"op{index}_depthwise_conv_2d" for index in range(layers)]
    places = [Place(name, 64 * (index % 2), 64, index, min(index + 1, layers - 1)) for index, name in enumerate(names)]
    console = Console(file=io.StringIO(), width=100)
    console.print(profile_tables._map(places[::-1], names, 128))
    return console.file.getvalue()


@pytest.mark.parametrize("layers", [profile_tables.MOST_COLUMNS + 1, 55])
def test_the_map_of_a_deep_network_says_from_which_layer_to_which(layers):
    rows = [line.split("│")[1:-1] for line in printed(layers).splitlines() if "op" in line]
    names = [f"op{index}_depthwise_conv_2d" for index in range(layers)]
    expected = [
        [name, ["0 to 64", "64 to 128"][index % 2], name, names[min(index + 1, layers - 1)]]
        for index, name in enumerate(names)
    ]
    assert [[cell.strip() for cell in row] for row in rows] == expected


def test_the_map_of_a_short_network_has_a_column_for_each_layer():
    assert printed(2).count("#") == 3
