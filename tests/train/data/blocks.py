"""Recordings for tests whose samples say where they come from."""

import numpy as np

from train.data.recordings import Block, Recordings


def recordings(lengths: dict[int, list[int]], rate_hz: float = 10.0) -> Recordings:
    """Blocks whose samples say where they come from: channel 0 the subject, 1 the block, 2 the time."""
    blocks = []
    for group, sizes in lengths.items():
        for number, n in enumerate(sizes):
            x = np.stack([np.full(n, group), np.full(n, number), np.arange(n)]).astype(np.float32)
            blocks.append(Block(group, number % 2, x))
    return Recordings(
        "test",
        rate_hz,
        1.0,
        ("a", "b", "c"),
        ("m/s^2",) * 3,
        (("accelerometer", (0, 1, 2)),),
        ("x", "y"),
        tuple(blocks),
        "0" * 64,
    )
