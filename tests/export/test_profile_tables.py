"""The map of the arena as it is printed."""

import io
from types import SimpleNamespace

import pytest
from rich.console import Console

from export import profile, profile_tables
from scl.artifacts import InputError
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


def test_a_stream_that_keeps_columns_has_its_own_hop() -> None:
    streaming, frontend = SimpleNamespace(hop=16), SimpleNamespace(model_rate_hz=20.0)
    kept = SimpleNamespace(path="b", manifest=SimpleNamespace(streaming=streaming, frontend=frontend))
    whole = SimpleNamespace(path="b", manifest=SimpleNamespace(streaming=None, frontend=frontend))
    assert profile.hop_of(kept, None) == profile.hop_of(kept, 0.8) == 0.8
    assert profile.hop_of(whole, None) == 1.0 and profile.hop_of(whole, 5.0) == 5.0
    with pytest.raises(InputError, match="--hop 5: b keeps columns for an answer every 0.8 s; leave --hop out"):
        profile.hop_of(kept, 5.0)


def test_energy_is_of_a_hop_where_columns_are_kept() -> None:
    """By hand: instructions of an answer, at two cycles each, over the hop."""
    (first, *_) = profile.energies(2.0, 500_000, None, 0.8)
    assert first.mean_ua == pytest.approx(500_000 * 2 / 0.8 / 1e6 * first.ua_per_mhz)
