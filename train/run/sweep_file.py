"""The TOML file of a sweep: what it asks for, and the random draws that it asks for."""

import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, read_toml, sha256_bytes, shortened
from scl.artifacts.fields import MOST_REAL, MOST_WHOLE, is_line

MOST_RUNS = 10_000
OWN = ("out", "resume", "force", "help", "json")  # flags that decide what a run is of, or that there is none
COMMANDS = ("train.imu", "train.ecg")
KEYS = {"command", "out", "base", "grid", "random"}
Value = str | int | float  # of an option
Options = dict[str, Value]


@dataclass(frozen=True)
class Sweep:
    """What a file asks for: the runs' options, in order, and which of them vary."""

    module: str
    out: Path
    runs: tuple[Options, ...]
    varied: tuple[str, ...]

    def folder(self, options: Options) -> Path:
        return self.out / name_of(self.module, options)


def read(path: Path) -> Sweep:
    """Reads a sweep file. Raises InputError for what it does not know, and where two runs would be the same."""
    values = read_toml(path, "a sweep file in TOML")
    unknown = sorted(set(values) - KEYS)
    if unknown or values.get("command") not in COMMANDS or not isinstance(values.get("out"), str):
        found = f"unknown key {', '.join(unknown)}" if unknown else f"command {values.get('command')!r}"
        raise InputError(f"{path}: {found}; expected command ({' or '.join(COMMANDS)}), out, [base], [grid], [random]")
    _check_out(path, values["out"])
    base = {name: _option(f"{path}: [base] {name}", value) for name, value in _table(path, values, "base").items()}
    grid = {name: _choices(f"{path}: [grid] {name}", value) for name, value in _table(path, values, "grid").items()}
    trials = _trials(path, _table(path, values, "random"))
    if math.prod(map(len, grid.values())) * trials > MOST_RUNS:
        raise InputError(f"{path}: asks for more than {MOST_RUNS:,} runs; give fewer values or trials")
    draws = list(_draws(path, _table(path, values, "random")))
    combinations = [dict(zip(grid, chosen, strict=True)) for chosen in itertools.product(*grid.values())]
    runs = tuple({**base, **draw, **chosen} for draw in draws for chosen in combinations)
    varied = tuple(dict.fromkeys([*(draws[0] if draws else ()), *grid]))
    if len({name_of(values["command"], options) for options in runs}) != len(runs):
        raise InputError(f"{path}: asks for the same run more than once; drop repeated values")
    return Sweep(values["command"], Path(values["out"]), runs, varied)


def _table(path: Path, values: dict[str, object], name: str) -> dict[str, object]:
    table = values.get(name, {})
    if not isinstance(table, dict):
        raise InputError(f"{path}: {name} is {shortened(table)}, expected a table [{name}]")
    own = [key for key in table if key.replace("_", "-") in OWN]
    if own:
        raise InputError(f"{path}: [{name}] has {own[0]}, which a sweep decides itself; leave it out")
    return table


def _check_out(path: Path, out: str) -> None:
    if not is_line(out):
        raise InputError(f"{path}: out is {shortened(out)}, expected the name of a folder that can be printed")


def _option(place: str, value: object) -> Value:
    if not isinstance(value, Value) or isinstance(value, str) and "\0" in value:
        raise InputError(f"{place} is {shortened(value)}, expected a string or a number")
    return value


def _choices(place: str, value: object) -> list[Value]:
    if not isinstance(value, list) or not value:
        raise InputError(f"{place} is {shortened(value)}, expected a list of values")
    return [_option(place, choice) for choice in value]


def _trials(path: Path, drawn: dict[str, object]) -> int:
    """How many random trials are asked for; 1 where nothing is random."""
    seed, trials = drawn.get("seed", 0), drawn.get("trials", 1)
    if not isinstance(seed, int) or not isinstance(trials, int) or min(seed, trials) < 0:
        raise InputError(
            f"{path}: [random] has seed {shortened(seed)} and trials {shortened(trials)}, expected whole numbers from 0"
        )
    return trials if set(drawn) - {"trials", "seed"} else 1


def _draws(path: Path, drawn: dict[str, object]) -> Iterator[Options]:
    """One set of options for each random trial; one empty set without any."""
    ranges = {name: value for name, value in drawn.items() if name not in ("trials", "seed")}
    if not ranges:
        yield {}
        return
    rng = np.random.default_rng(drawn.get("seed", 0))  # type: ignore[arg-type]  # _trials has looked at it
    for _ in range(_trials(path, drawn)):
        yield {name: _draw(path, name, value, rng) for name, value in ranges.items()}


def _draw(path: Path, name: str, value: object, rng: np.random.Generator) -> Value:
    if isinstance(value, list) and value:
        return _option(f"{path}: [random] {name}", value[int(rng.integers(len(value)))])
    if not isinstance(value, dict) or not {"low", "high"} <= set(value) <= {"low", "high", "log"}:
        raise InputError(
            f"{path}: [random] {name} is {shortened(value)}, expected a list, or low, high and perhaps log = true"
        )
    low, high = value["low"], value["high"]
    if not all(isinstance(end, int | float) and abs(end) <= MOST_REAL for end in (low, high)):
        raise InputError(
            f"{path}: [random] {name} goes from {shortened(low)} to {shortened(high)}, expected numbers within "
            f"{MOST_REAL:g}"
        )
    if not low <= high or (value.get("log") and low <= 0):
        raise InputError(f"{path}: [random] {name} goes from {low} to {high}, expected low <= high, above 0 with log")
    if value.get("log"):
        return float(f"{np.exp(rng.uniform(np.log(low), np.log(high))):.4g}")
    if isinstance(low, int) and isinstance(high, int) and max(-low, high) < MOST_WHOLE:
        return int(rng.integers(low, high + 1))
    return float(f"{rng.uniform(low, high):.4g}")


def name_of(module: str, options: Options) -> str:
    """A run's folder: the hash of its command and options."""
    return sha256_bytes(json.dumps([module, options], sort_keys=True).encode())[:12]
