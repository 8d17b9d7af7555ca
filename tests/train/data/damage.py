"""Damages a file in every length and at random, and judges what a reader makes of each: a clean refusal or acceptance,
in little time and memory.
"""

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from scl.artifacts import InputError

MOST_SECONDS, MOST_BYTES = 5.0, 1 << 30
CASE = "SCL_CASE"  # names the only case that is run
TEXTS = [b"", b"\n", b"\r", b",", b'"', b"'", b" ", b"\0", b"-", b".", b"#", b"/", b"9" * 30, b"1e999", b"nan", b"\xff"]


def prefixes(data: bytes, every: int = 1) -> Iterator[tuple[str, bytes]]:
    """Each case's name and the file."""
    for length in range(0, len(data), every):
        yield f"prefix {length}", data[:length]


def mutations(data: bytes, count: int) -> Iterator[tuple[str, bytes]]:
    """One to four changes in each file: bits flipped, bytes replaced, parts left out, doubled, moved or filled."""
    for seed in range(count):
        rng, changed = np.random.default_rng(seed), bytearray(data)
        for _ in range(rng.integers(1, 5)):
            at = int(rng.integers(len(changed) + 1))
            to = at + int(min(rng.geometric(0.3), len(changed) - at))
            part = bytes(changed[at:to])
            kind = rng.integers(6)
            if kind == 0:
                part = bytes(byte ^ int(1 << rng.integers(8)) for byte in part[:1]) + part[1:]
            elif kind == 1:
                part = rng.bytes(len(part))
            elif kind == 2:
                part = b""
            elif kind == 3:
                part *= int(rng.choice([2, 3, 1000]))
            elif kind == 4:
                start = int(rng.integers(len(data)))
                part = data[start : start + int(rng.integers(1, 40))]
            else:
                part = TEXTS[rng.integers(len(TEXTS))]
            changed[at:to] = part
        yield f"mutation {seed}", bytes(changed)


def outcome(cases: Iterator[tuple[str, bytes]], folder: Path, file: str, load: Callable[[], object]) -> tuple[int, int]:
    """Puts each case into a file of `folder` and loads; how many were accepted and refused.

    Asserts that a refusal is an InputError that names the folder, within the limits. A failure names the case; with
    that in the environment variable SCL_CASE, it alone is run.
    """
    accepted = refused = 0
    path = folder / file
    whole = path.read_bytes()
    for name, data in cases:
        if os.environ.get(CASE, name) != name:
            continue
        path.write_bytes(data)
        again = f"{path.name}, {name}: {CASE}='{name}' runs it alone"
        started, memory = time.perf_counter(), _resident("VmRSS")
        Path("/proc/self/clear_refs").write_text("5")  # the peak is counted anew
        try:
            with _alarm():
                load()
            accepted += 1
        except InputError as error:
            assert str(folder) in str(error), f"{again}: names no file: {error}"
            assert len(str(error)) < 3000, f"{again}: {len(str(error))} characters"
            refused += 1
        except BaseException as error:
            raise AssertionError(again) from error
        seconds, grown = time.perf_counter() - started, _resident("VmHWM") - memory
        assert seconds < MOST_SECONDS and grown < MOST_BYTES, f"{again}: {seconds:.1f} s, {grown:,} bytes"
    path.write_bytes(whole)
    return accepted, refused


def _resident(field: str) -> int:
    """Bytes of this process's memory, by a field of /proc/self/status."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{field}:")) * 1024


@contextmanager
def _alarm() -> Iterator[None]:
    """Ends what takes too long."""

    def ring(*_: object) -> None:
        raise TimeoutError

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, MOST_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
