"""What each layer of the deployed network takes: the rows of the profile, and what a budget is held against."""

from collections.abc import Sequence
from typing import Any

from export.network.arena import Arena, lifetimes, scratch_bytes, scratch_name
from export.network.integers import Int8Network
from export.network.operators import operator_of


def facts(network: Int8Network, arena: Arena, instructions: Sequence[int]) -> list[dict[str, Any]]:
    """One row for each layer, in order: its name and shape, MACs, bytes of constants and read, how far up the arena is
    in use meanwhile, and the instructions that were counted for it.
    """
    places = memory_map(network, arena)
    rows = []
    for index, layer in enumerate(network.network.layers):
        operator = operator_of(layer)
        constants = operator.constant_bytes(layer)
        ends = [place["offset"] + place["bytes"] for place in places if place["first"] <= index <= place["last"]]
        rows.append(
            {
                "name": layer.name,
                "kind": operator.name,
                "kernel": layer.kernel,
                "stride": layer.stride,
                "output": [layer.result.length, layer.channels],
                "macs": layer.macs,
                "flash_bytes": constants,
                "read_bytes": constants + sum(source.size for source in layer.sources),
                "arena_bytes": max(ends),
                "instructions": instructions[index],
            }
        )
    return rows


def memory_map(network: Int8Network, arena: Arena) -> list[dict[str, Any]]:
    """Where every tensor and scratch lies, lowest first: name, offset, bytes, first and last layer that needs it."""
    blocks = lifetimes(network.network)
    rows = [
        {"name": name, "offset": arena.offsets[name], "bytes": block.size, "first": block.first, "last": block.last}
        for name, block in blocks.items()
    ]
    for index, layer in enumerate(network.network.layers):
        if scratch_bytes(layer):
            place = {"offset": arena.offsets[scratch_name(layer)], "bytes": scratch_bytes(layer)}
            rows.append({"name": scratch_name(layer), **place, "first": index, "last": index})
    return sorted(rows, key=lambda row: row["offset"])
