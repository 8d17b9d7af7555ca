"""What each layer of the deployed network takes: the rows of the profile, and what a budget is held against."""

from collections.abc import Sequence

from export.network.arena import lifetimes, scratch_bytes, scratch_name
from export.network.integers import Int8Network
from export.network.operators import operator_of
from export.network.placing import Arena
from scl.artifacts.export_report import LayerRow, Place


def layer_rows(network: Int8Network, arena: Arena, instructions: Sequence[int]) -> tuple[LayerRow, ...]:
    """One row for each layer, in order, with the instructions that were counted for it."""
    places = memory_map(network, arena)
    rows = []
    for index, layer in enumerate(network.network.layers):
        operator = operator_of(layer)
        constants = operator.constant_bytes(layer)
        rows.append(
            LayerRow(
                name=layer.name,
                kind=operator.name,
                kernel=layer.kernel,
                stride=layer.stride,
                output=(layer.result.length, layer.channels),
                macs=layer.macs,
                flash_bytes=constants,
                read_bytes=constants + sum(source.size for source in layer.sources),
                arena_bytes=max(place.end for place in places if place.first <= index <= place.last),
                instructions=instructions[index],
            )
        )
    return tuple(rows)


def memory_map(network: Int8Network, arena: Arena) -> tuple[Place, ...]:
    """Where every tensor and scratch lies, lowest first."""
    blocks = lifetimes(network.network)
    places = [Place(name, arena.offsets[name], b.size, b.first, b.last) for name, b in blocks.items()]
    for index, layer in enumerate(network.network.layers):
        if scratch_bytes(layer):
            name = scratch_name(layer)
            places.append(Place(name, arena.offsets[name], scratch_bytes(layer), index, index))
    return tuple(sorted(places, key=lambda place: place.offset))
