"""What several benchmarks share."""

import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path

import numpy as np

from scl.artifacts import sha256_bytes
from train.run.working_folder import WorkingFolder

T_95 = {2: 12.706, 3: 4.303, 4: 3.182, 5: 2.776}  # Student's t for a 95 % interval of the mean of so many runs


def spread(values: Iterable[float], digits: int = 3) -> str:
    """Mean and half the 95 % interval over seeds or folds (Student's t)."""
    found = np.array(list(values), dtype=float)
    half = T_95.get(len(found), np.nan) * found.std(ddof=1) / np.sqrt(len(found)) if len(found) > 1 else np.nan
    return f"{found.mean():.{digits}f}" + (f" ± {half:.{digits}f}" if np.isfinite(half) else "")


def encoder() -> str:
    """Tells encoders and inputs apart: a row made with others is not one of today's."""
    from scl.artifacts.run import Architecture
    from train.run.folder import SCHEMA

    return sha256_bytes(json.dumps([asdict(Architecture()), SCHEMA]).encode())[:8]


def of_today(rows: Iterable[dict]) -> dict[str, dict]:
    """Rows of earlier results by their command, without those of another encoder: their runs are not made again."""
    made_with = encoder()
    return {row["command"]: row for row in rows if row.get("encoder") == made_with}


def finished(folder: Path, epochs: int) -> bool:
    """Whether an IMU run is there. Stops if it was made with another encoder or other epochs than runs are now."""
    if not (folder / "metrics.json").is_file():
        return False
    from scl.artifacts.run import Architecture

    run = json.loads((folder / "run.json").read_text(encoding="utf-8"))
    if run["architecture"] != json.loads(json.dumps(asdict(Architecture()))) or run["config"]["epochs"] != epochs:
        sys.exit(f"{folder}: was made with another encoder or other epochs; remove it and run again")
    return True


def into(folder: Path) -> list[str]:
    """Flags of a training command that writes `folder`, or goes on with it where it was interrupted."""
    return ["--out", str(folder), *(["--resume"] if WorkingFolder(folder).interrupted else [])]
