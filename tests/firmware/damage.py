"""Damages files one after the other, each with an id that makes it again, and judges them in a process of its own, so
that one that kills it is a failed test with that id.
"""

import copy
import gc
import json
import math
import os
import resource
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

INTEGERS = (0, -1, 1, 2, 3, 99, 127, 128, 255, 256, 65535, 65536, 2**31 - 1, 2**31, -(2**31), 2**32 - 1, 2**63 - 1)
REALS = (0.0, -1.0, math.nan, math.inf, -math.inf, 1e-45, 1e-8, 3e38)
MOST_SECONDS, MOST_BYTES = 5.0, 1 << 30  # of a refusal


def packed(model: Any) -> bytes | None:
    """A model's file; None if its values cannot be written."""
    import flatbuffers

    builder = flatbuffers.Builder(1024)
    try:
        builder.Finish(model.Pack(builder), b"TFL3")
    except Exception:  # the generated code checks little: what it stumbles over is no file
        return None
    return bytes(builder.Output())


def fields(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every field and list element of a model's objects."""
    names = (
        vars(value) if hasattr(value, "Pack") else range(len(value)) if isinstance(value, (list, np.ndarray)) else ()
    )
    if isinstance(value, np.ndarray) and len(value) > 2:
        names = (0, len(value) - 1)
    for name in names:
        yield (*path, name)
        yield from fields(value[name] if isinstance(name, int) else getattr(value, name), (*path, name))


def others(value: Any) -> list[Any]:
    """What to put in a field's place: smallest, largest and odd values of its kind, or none."""
    if isinstance(value, (bool, int, np.integer)):
        return [other for other in INTEGERS if other != value]
    if isinstance(value, (float, np.floating)):
        return list(REALS)
    if isinstance(value, (list, np.ndarray)):
        values = list(value)
        return [None, [], values[:-1], values + values[-1:], values * 200]
    if isinstance(value, (str, bytes)):
        return [None, "", "\x1b[31m" * 99]
    return [] if value is None else [None]


def with_other_fields(whole: bytes, every: int = 1, first: int = 0) -> Iterator[tuple[str, bytes]]:
    """The file with one field changed, for every field and value, or for each so many of them."""
    from export.network.tflite_schema import schema

    def parsed() -> Any:
        return schema().ModelT.InitFromObj(schema().Model.GetRootAsModel(whole, 0))

    model, count = parsed(), 0
    for path in fields(model):
        *above, last = path
        holder = model
        for name in above:
            holder = holder[name] if isinstance(name, int) else getattr(holder, name)
        held = holder[last] if isinstance(last, int) else getattr(holder, last)
        for other in others(held):
            count += 1
            if count % every != first:
                continue
            if isinstance(holder, np.ndarray):
                changed = list(holder)
                changed[last] = other
                data = packed(_replaced(model, above, changed))
            else:
                data = packed(_replaced(model, path, other))
            if data is not None:
                yield f"{'.'.join(map(str, path))} = {other!r:.40}", data


def _replaced(model: Any, path: Iterable[Any], value: Any) -> Any:
    """A copy of a model's objects with another value at a path; what lies beside the path is shared."""
    first, *rest = path
    changed = list(model) if isinstance(model, list) else copy.copy(model)
    if rest:
        value = _replaced(changed[first] if isinstance(first, int) else getattr(changed, first), rest, value)
    if isinstance(first, int):
        changed[first] = value
    else:
        setattr(changed, first, value)
    return changed


def prefixes(whole: bytes, every: int = 1) -> Iterator[tuple[str, bytes]]:
    return ((f"the first {length} bytes", whole[:length]) for length in range(0, len(whole), every))


def mutations(whole: bytes, seeds: Iterable[int]) -> Iterator[tuple[str, bytes]]:
    """Random damage: some bytes or a number replaced, bits turned, a stretch left out, doubled, zeroed or moved."""
    for seed in seeds:
        rng, data = np.random.default_rng(seed), bytearray(whole)
        for _ in range(int(rng.integers(1, 4))):
            at, size = int(rng.integers(len(data))), int(rng.integers(1, 9))
            number = int(rng.choice([0, 1, 2**31 - 1, 2**32 - 1, len(data), int(rng.integers(2**16))]))
            match int(rng.integers(7)):
                case 0:
                    data[at] ^= 1 << int(rng.integers(8))
                case 1:
                    data[at : at + size] = rng.bytes(size)
                case 2:
                    data[at // 4 * 4 : at // 4 * 4 + 4] = number.to_bytes(4, "little")
                case 3:
                    del data[at : at + size]
                case 4:
                    data[at:at] = data[at : at + size]
                case 5:
                    data[at : at + 4 * size] = bytes(len(data[at : at + 4 * size]))
                case 6:
                    data[at : at + size] = data[:size]
            if len(data) < 16:
                break
        yield f"seed {seed}", bytes(data)


@dataclass(frozen=True)
class Outcome:
    """What became of the files: how many were read, and the refusals by id."""

    accepted: list[str]
    refused: dict[str, str]


def outcome(cases: Iterable[tuple[str, bytes]], judge: Callable[[bytes], str | None]) -> Outcome:
    """Judges files, one after the other, in a process of its own with little memory: `judge` returns the refusal, or
    None if the file is read and all is equal.

    Raises AssertionError with the ids of those at which the process dies, an exception leaves `judge`, or which take
    too long.
    """
    ours, theirs = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            gc.freeze()  # what other tests left, such as TensorFlow's objects, cannot be taken down in a fork
            os.close(ours)
            with os.fdopen(theirs, "w") as lines:
                _judge_all(cases, judge, lines)
            status = 0
        finally:  # whatever happens: it must not go on as a second test run
            os._exit(status)
    os.close(theirs)
    accepted, refused, failed, started = [], {}, {}, None
    with os.fdopen(ours) as lines:
        for line in lines:
            name, result = json.loads(line)
            if result == "started":
                started = name
                continue
            started = None
            if result.startswith("failed"):
                failed[name] = result
            elif result.startswith("refused: "):
                refused[name] = result.removeprefix("refused: ")
            else:
                accepted.append(name)
    _, status = os.waitpid(child, 0)
    assert status == 0 and started is None, f"{started}: the process ended with status {status}"
    assert not failed, f"{len(failed)} failed: {list(failed)}; the first one: {next(iter(failed.values()))}"
    return Outcome(accepted, refused)


def _judge_all(cases: Iterable[tuple[str, bytes]], judge: Callable[[bytes], str | None], lines: Any) -> None:
    used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + MOST_BYTES, resource.getrlimit(resource.RLIMIT_AS)[1]))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for name, data in cases:
        print(json.dumps([name, "started"]), file=lines, flush=True)
        before = time.perf_counter()
        try:
            refusal = judge(data)
            result = "accepted" if refusal is None else f"refused: {refusal}"
        except BaseException:
            result = f"failed: {traceback.format_exc()}"
        seconds = time.perf_counter() - before
        if seconds > MOST_SECONDS:
            result = f"failed: {seconds:.1f} s; {result}"
        print(json.dumps([name, result]), file=lines, flush=True)
