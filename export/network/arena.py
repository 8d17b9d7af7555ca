"""Where each tensor lies in the device's one block of working memory.

A layer's output may lie on its input where that has been read already: `reach` says how far apart their starts must be.
"""

import numpy as np

from export.network.layers import Layer, Network
from export.network.operators import operator_of
from export.network.placing import Arena, Block, plan
from export.network.pointwise import Elementwise, Table


def schedule(network: Network) -> Arena:
    """Places a network's tensors and its kernels' scratch (`scratch_name`), outputs over inputs where they may lie."""
    blocks, overlaps = lifetimes(network), {}
    for index, layer in enumerate(network.layers):
        for source in layer.sources:
            over = layer.keeps_step_with(source) and source.name not in network.outputs
            if over and blocks[source.name].last == index:
                overlaps[source.name, layer.name] = reach(layer)
        if scratch_bytes(layer):
            blocks[scratch_name(layer)] = Block(scratch_bytes(layer), index, index)
    return plan(blocks, overlaps)


def lifetimes(network: Network) -> dict[str, Block]:
    """Every tensor's lifetime: from the operator that writes it to the last that reads it; outputs to the end."""
    end = len(network.layers) - 1
    last = {source.name: index for index, layer in enumerate(network.layers) for source in layer.sources}
    last |= dict.fromkeys(network.outputs, end)
    blocks = {network.input.name: Block(network.input.size, 0, last[network.input.name])}
    for index, layer in enumerate(network.layers):
        blocks[layer.name] = Block(layer.result.size, index, last.get(layer.name, index))
    return blocks


def reach(layer: Layer) -> int:
    """Bytes that a layer's input must start above its output: output t is whole when window t may still be read."""
    if isinstance(layer, (Elementwise, Table)):
        return 0  # value by value
    t = np.arange(layer.result.length)
    starts = np.maximum(t * layer.stride - layer.pads[0], 0)
    return int(np.max((t + 1) * layer.channels - starts * layer.source.channels)) - layer.skipped


def scratch_name(layer: Layer) -> str:
    return f"{layer.name}/scratch"


def scratch_bytes(layer: Layer) -> int:
    """Of the layer's narrow kernel; 0 if it has none."""
    return operator_of(layer).scratch_bytes(layer)
