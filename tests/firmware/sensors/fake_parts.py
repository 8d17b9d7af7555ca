"""Sensors register by register, as their data sheets are known, on a bus that writes down what passes.

Written without a sheet at hand, as the drivers are; no constant is shared with firmware/src/sensors.
"""

import ctypes
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

READ = ctypes.CFUNCTYPE(ctypes.c_bool, ctypes.c_void_p, ctypes.c_uint8, ctypes.POINTER(ctypes.c_uint8), ctypes.c_size_t)
WAIT = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_uint32)
Sample = tuple[int, ...]


class CBus(ctypes.Structure):
    """scl_bus of bus.h."""

    _fields_ = [("read", READ), ("write", READ), ("wait_us", WAIT), ("context", ctypes.c_void_p)]


def little(values: Iterable[int]) -> bytes:
    return b"".join((value & 0xFFFF).to_bytes(2, "little") for value in values)


@dataclass
class Part:
    """A part behind the bus. `fails` is the number of the transfer that it does not acknowledge, from 0."""

    trace: list[tuple[str, int, bytes]] = field(default_factory=list)  # r or w, register, data; s: microseconds slept
    registers: dict[int, int] = field(default_factory=dict)
    fails: int = -1
    transfers: int = 0

    def bus(self) -> CBus:
        def moved(transfer, address, data, n):
            self.transfers += 1
            if self.transfers - 1 == self.fails:
                return False
            transfer(address, data, n)
            return True

        def read(_context, address, data, n):
            def fill(address, data, n):
                answer = self.read(address, n)
                assert len(answer) == n
                ctypes.memmove(data, answer, n)
                self.trace.append(("r", address, answer))

            return moved(fill, address, data, n)

        def write(_context, address, data, n):
            def take(address, data, n):
                given = bytes(data[:n])
                self.trace.append(("w", address, given))
                self.write(address, given)

            return moved(take, address, data, n)

        def wait(_context, us):
            self.trace.append(("s", us, b""))
            self.sleep(us)

        self.kept = READ(read), READ(write), WAIT(wait)
        return CBus(*self.kept, None)

    def written(self) -> list[tuple[int, bytes]]:
        return [(address, data) for kind, address, data in self.trace if kind == "w"]

    def read(self, address: int, n: int) -> bytes:
        return bytes(self.registers.get(address + i, 0) for i in range(n))

    def write(self, address: int, data: bytes) -> None:
        for i, value in enumerate(data):
            self.registers[address + i] = value

    def sleep(self, us: int) -> None:
        pass


class Lsm6ds3(Part):
    """DocID026899: a FIFO of 16-bit words in the pattern Gx Gy Gz Ax Ay Az; reset takes 3 ms here."""

    def __init__(self, identity: int = 0x69, **options: object) -> None:
        super().__init__(**options)
        self.registers[0x0F] = identity
        self.words: deque[int] = deque()
        self.pattern, self.overrun, self.resetting = 0, False, 0

    def sample(self, acceleration: Sample, turn: Sample) -> None:
        self.words += [*turn, *acceleration]

    def write(self, address: int, data: bytes) -> None:
        super().write(address, data)
        if address == 0x12 and data[0] & 1:
            self.resetting = 3000
        if address == 0x0A and data[0] & 7 == 0:  # bypass empties the FIFO
            self.words.clear()
            self.pattern = 0

    def sleep(self, us: int) -> None:
        self.resetting -= us
        if self.resetting <= 0:
            self.registers[0x12] = self.registers.get(0x12, 0) & ~1

    def read(self, address: int, n: int) -> bytes:
        if address == 0x3A:
            empty, count = not self.words, len(self.words)
            flags = 0x40 * self.overrun | 0x10 * empty
            self.overrun = False
            status = [count & 0xFF, flags | count >> 8 & 0xF, self.pattern & 0xFF, self.pattern >> 8]
            return bytes(status[:n])
        if address == 0x3E:
            taken = [self.words.popleft() for _ in range(n // 2)]
            self.pattern = (self.pattern + len(taken)) % 6
            return little(taken)
        return super().read(address, n)


class Lsm6dso(Lsm6ds3):
    """DS12140: a FIFO of words of a tag and six bytes; TAG_SENSOR 1 is the gyroscope's, 2 the accelerometer's."""

    def __init__(self, **options: object) -> None:
        super().__init__(0x6C, **options)
        self.tagged: deque[bytes] = deque()
        self.slot = 0

    def word(self, sensor: int, values: Sample, slot: int | None = None) -> None:
        self.tagged.append(bytes([sensor << 3 | (self.slot if slot is None else slot) << 1]) + little(values))

    def sample(self, acceleration: Sample, turn: Sample) -> None:
        self.word(1, turn)
        self.word(2, acceleration)
        self.slot = (self.slot + 1) % 4

    def read(self, address: int, n: int) -> bytes:
        if address == 0x3A:
            count, latched = len(self.tagged), 0x48 * self.overrun
            self.overrun = False
            return bytes([count & 0xFF, latched | count >> 8])
        if address == 0x78:
            return self.tagged.popleft()
        return Part.read(self, address, n)


class Bmi270(Part):
    """BST-BMI270-DS000: it works once its configuration is in place, and gives whole frames of its FIFO alone."""

    def __init__(self, configuration: bytes, identity: int = 0x24, **options: object) -> None:
        super().__init__(**options)
        self.registers[0x00] = identity
        self.configuration, self.memory, self.configured = configuration, bytearray(8192), False
        self.fifo = bytearray()
        self.resets = self.flushes = 0

    def frame(self, acceleration: Sample, turn: Sample) -> None:
        self.fifo += b"\x8c" + little([*turn, *acceleration])

    def write(self, address: int, data: bytes) -> None:
        if address == 0x5E:
            at = 2 * (self.registers[0x5B] & 0xF | self.registers[0x5C] << 4)
            self.memory[at : at + len(data)] = data
            return
        super().write(address, data)
        if address == 0x59 and data[0] == 1:
            right = self.memory[: len(self.configuration)] == self.configuration and self.registers[0x7C] == 0
            self.registers[0x21] = 1 if right else 2
        if address == 0x7E and data[0] == 0xB6:
            self.resets += 1
            self.registers[0x21] = 0
        if address == 0x7E and data[0] == 0xB0:
            self.flushes += 1
            self.fifo.clear()

    def read(self, address: int, n: int) -> bytes:
        if address == 0x24:
            return len(self.fifo).to_bytes(2, "little")
        if address != 0x26:
            return super().read(address, n)
        whole, at = 0, 0
        while at < n and at < len(self.fifo):
            at += {0x8C: 13, 0x40: 2, 0x44: 4, 0x48: 5}.get(self.fifo[at], n)
            whole = at if at <= n else whole  # a frame that is not read to its end comes again
        answer = bytes(self.fifo[:n]).ljust(n, b"\x80")
        del self.fifo[:whole]
        return answer


class Max30003(Part):
    """19-8558: registers of 24 bits, a FIFO of 32 words of 18 bits and their tag; the clock locks after 5 ms.

    `line` is the byte that a bus without a part gives, None: there is one.
    """

    def __init__(self, info: int = 0x500000, **options: object) -> None:
        super().__init__(**options)
        self.values: dict[int, int] = {0x01: 0x000100}
        self.info, self.infos, self.fifo, self.slept = info, 0, deque(), 0
        self.resets: list[int] = []
        self.line: int | None = None

    def ecg(self, value: int, tag: int = 0) -> None:
        self.fifo.append((value & 0x3FFFF) << 6 | tag << 3)

    def write(self, address: int, data: bytes) -> None:
        self.values[address] = int.from_bytes(data, "big")
        if address in (0x08, 0x09, 0x0A):
            self.resets.append(address)
            self.fifo.clear()

    def sleep(self, us: int) -> None:
        self.slept += us
        if self.slept >= 5000:
            self.values[0x01] &= ~0x100

    def read(self, address: int, n: int) -> bytes:
        if self.line is not None:
            return bytes([self.line]) * n
        value = self.values.get(address, 0)
        if address == 0x01:
            value |= 0x800000 * bool(self.fifo)  # EINT, of a threshold of one sample
        if address == 0x0F:
            value = self.info if self.infos else 0  # says something from the second read on
            self.infos += 1
        if address == 0x21:
            value = self.fifo.popleft() if self.fifo else 6 << 3
        return value.to_bytes(n, "big")
