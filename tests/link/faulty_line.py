"""What a bad line does to bytes and to frames: every single fault of a wire form, and seeded random ones.

All of it is told by a seed and parameters, which the failing test's id or message names.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np

from firmware_host.transport import Transport

SOME_STRAYS = (0x00, 0x01, 0xFF)  # delimiter, the COBS code of a lone zero, that of a full run


@dataclass(frozen=True)
class Fault:
    """One byte of a wire form goes wrong: `kind` is drop, double, flip (of bit `value`) or stray (byte `value`)."""

    kind: str
    at: int
    value: int = 0

    def on(self, wire: bytes) -> bytes:
        """`wire` with the byte at `at` dropped, doubled, flipped or preceded by a stray one."""
        byte = wire[self.at : self.at + 1]
        changed = {
            "drop": b"",
            "double": byte * 2,
            "flip": bytes([byte[0] ^ (1 << (self.value & 7))]),
            "stray": bytes([self.value]) + byte,
        }[self.kind]
        return wire[: self.at] + changed + wire[self.at + 1 :]


def single_faults(wire: bytes, strays: tuple[int, ...] | range) -> Iterator[Fault]:
    """Every byte dropped, doubled, flipped in each bit and preceded by each of `strays`."""
    for at in range(len(wire)):
        yield Fault("drop", at)
        yield Fault("double", at)
        yield from (Fault("flip", at, bit) for bit in range(8))
        yield from (Fault("stray", at, stray) for stray in strays)


class Damage:
    """Drops, doubles, flips or invents a share of the bytes, the same ones in every run."""

    def __init__(self, share: float, seed: int) -> None:
        self.share, self.rng, self.count = share, np.random.default_rng(seed), 0

    def __call__(self, data: bytes) -> bytes:
        hits = np.flatnonzero(self.rng.random(len(data)) < self.share)
        self.count += len(hits)
        for at in reversed(hits):
            byte, other = data[at : at + 1], self.rng.bytes(1)
            changed = (b"", byte * 2, bytes([byte[0] ^ (1 << int(self.rng.integers(8)))]), other + byte)
            data = data[:at] + changed[int(self.rng.integers(4))] + data[at + 1 :]
        return data


@dataclass
class Disorder:
    """Doubles a share of the frames and keeps a share back until up to `longest` later ones have passed.

    A frame that is kept back may also have passed already: then what comes later is a stale copy.
    """

    share: float
    longest: int
    seed: int
    kept: list[tuple[int, bytes]] = field(default_factory=list)  # number of the frame behind which it comes
    count: int = 0  # frames that suffered

    def __post_init__(self) -> None:
        self.rng = np.random.default_rng(self.seed)

    def __call__(self, number: int, frame: bytes) -> list[bytes]:
        passing = [frame]
        if self.rng.random() < self.share:
            self.count += 1
            kind = int(self.rng.integers(3))
            passing = [[frame, frame], [frame], []][kind]  # doubled, a copy comes later, the frame comes later
            if kind > 0:
                self.kept.append((number + 1 + int(self.rng.integers(self.longest)), frame))
        due = [late for at, late in self.kept if at <= number]
        self.kept = [(at, late) for at, late in self.kept if at > number]
        return passing + due


class FaultyLine:
    """A transport with a line behind it that damages what is written and what is read."""

    def __init__(self, transport: Transport, share: float, seed: int) -> None:
        self.name = transport.name
        self._transport = transport
        self.ways = Damage(share, 2 * seed), Damage(share, 2 * seed + 1)

    def read(self, timeout_s: float) -> bytes:
        return self.ways[1](self._transport.read(timeout_s))

    def write(self, data: bytes) -> None:
        self._transport.write(self.ways[0](data))

    def close(self) -> None:
        self._transport.close()
