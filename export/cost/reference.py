"""What a network takes on the reference board, as a manifest has it."""

from export.cost.instructions import DeviceCost
from export.cost.size import Size
from export.network.layers import Network
from scl.artifacts.manifest import Cost


def cost_of(network: Network, arena_bytes: int, footprint: Size, on_device: DeviceCost) -> Cost:
    """The network's own counts, and what was measured of it."""
    return Cost(
        parameters=network.parameters,
        macs=network.macs,
        flash_bytes=footprint.flash_bytes,
        ram_bytes=footprint.ram_bytes,
        arena_bytes=arena_bytes,
        instructions=on_device.instructions,
        stack_bytes=on_device.stack_bytes,
    )
