"""What several benchmarks share."""

import csv
import io
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from importlib import import_module
from pathlib import Path

import numpy as np

from scl.artifacts import sha256_bytes, write_bytes
from train.run.working_folder import WorkingFolder

T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's t for a 95 % interval of the mean of so many runs


def interval(values: Iterable[float]) -> tuple[float, float]:
    """Mean and half the 95 % interval over seeds or folds (Student's t); NaN of one value, or of too many."""
    found = np.array(list(values), dtype=float)
    half = T_95.get(len(found), np.nan) * found.std(ddof=1) / np.sqrt(len(found)) if len(found) > 1 else np.nan
    return float(found.mean()), float(half)


def spread(values: Iterable[float], digits: int = 3) -> str:
    """Both as text."""
    mean, half = interval(values)
    return f"{mean:.{digits}f}" + (f" ± {half:.{digits}f}" if np.isfinite(half) else "")


TRAINED_BY = (
    *("scl.frontend.invariants", "scl.loss", "train.augment.cutmix", "train.augment.variation", "train.data.ecg"),
    *("train.data.splits", "train.experimental.allocation", "train.experimental.compound"),
    *("train.experimental.negatives", "train.methods.simclr", "train.methods.vicreg", "train.model.encoder"),
    *("train.run.ecg_task", "train.run.loop", "train.run.objective", "train.run.task"),
)


def constants() -> dict[str, dict[str, object]]:
    """The constants of the modules that decide what training computes, by module and name."""
    found: dict[str, dict[str, object]] = {}
    for name in TRAINED_BY:
        values = {key: value for key, value in vars(import_module(name)).items() if key.isupper()}
        found[name] = {key: value for key, value in values.items() if _is_plain(value)}
    return found


def _is_plain(value: object) -> bool:
    """Whether a value is made of numbers and texts: a function's repr is another one in every process."""
    try:
        json.dumps(value)
    except (TypeError, ValueError):
        return False
    return True


def encoder() -> str:
    """Tells encoders, inputs and training constants apart: a row made with others is not one of today's."""
    from scl.artifacts.architecture import Architecture
    from scl.artifacts.run import RunInfo

    facts = [asdict(Architecture()), RunInfo.schema, constants()]
    return sha256_bytes(json.dumps(facts, sort_keys=True).encode())[:8]


def of_today(rows: Iterable[dict]) -> dict[str, dict]:
    """Rows of earlier results by their command, without those of another encoder: their runs are not made again."""
    made_with = encoder()
    return {row["command"]: row for row in rows if row.get("encoder") == made_with}


def read_rows(path: Path, figures: Iterable[str]) -> list[dict[str, str | float]]:
    """The rows of a CSV, figures as numbers; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(encoding="utf-8", newline="") as lines:
        return [row | {name: float(row[name]) for name in figures} for row in csv.DictReader(lines)]


def write_rows(path: Path, rows: list[dict[str, str | float]]) -> None:
    """A CSV of the rows, whose names are its head."""
    text = io.StringIO()
    lines = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    lines.writeheader()
    lines.writerows(rows)
    write_bytes(path, text.getvalue().encode())


def finished(folder: Path, epochs: int) -> bool:
    """Whether an IMU run is there. Stops if it was made with another encoder or other epochs than runs are now."""
    if not (folder / "metrics.json").is_file():
        return False
    from scl.artifacts.architecture import Architecture

    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if run["architecture"] != json.loads(json.dumps(asdict(Architecture()))) or run["config"]["epochs"] != epochs:
        sys.exit(f"{folder}: was made with another encoder or other epochs; remove it and run again")
    return True


def into(folder: Path) -> list[str]:
    """Flags of a training command that writes `folder`, or goes on with it where it was interrupted."""
    return ["--out", str(folder), *(["--resume"] if WorkingFolder(folder).interrupted else [])]
