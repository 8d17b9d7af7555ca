"""ranges.json: written by calibration, read by export if it belongs to the run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from scl.artifacts import InputError, write_artifact
from scl.artifacts.ranges import Ranges, read_ranges
from scl.artifacts.run import RunInfo, run_hash
from tests.scl.artifacts.damage import check

RANGES = Ranges("0" * 64, "percentile", 360, 4, "rotation", 0, (1, 2), {"input": (-8.0, 8.0), "conv 0": (0.0, 1.5)})


@pytest.fixture
def run(run_info: RunInfo, tmp_path: Path) -> Path:
    folder = tmp_path / "run"
    write_artifact(folder / "run.json", run_info)
    (folder / "model.safetensors").write_bytes(b"weights")
    return folder


def test_ranges_of_the_run(run: Path) -> None:
    with pytest.raises(InputError, match="ranges.json: no such file; run python -m calibration.ranges .*run"):
        read_ranges(run)
    write_artifact(run / "ranges.json", replace(RANGES, run_hash=run_hash(run)))
    assert read_ranges(run) == {"input": (-8.0, 8.0), "conv 0": (0.0, 1.5)}
    (run / "model.safetensors").write_bytes(b"others")
    with pytest.raises(InputError, match="ranges.json: is stale, made for run .*; run python -m calibration.ranges"):
        read_ranges(run)


def test_ranges_elsewhere_or_of_an_older_schema(run: Path, tmp_path: Path) -> None:
    write_artifact(tmp_path / "ranges.json", RANGES)
    (run / "ranges.json").symlink_to(tmp_path / "ranges.json")
    with pytest.raises(InputError, match="ranges.json: is a link to"):
        read_ranges(run)
    (run / "ranges.json").unlink()
    (run / "ranges.json").write_text(json.dumps({"kind": "ranges", "schema": 1}))
    with pytest.raises(InputError, match="has ranges schema 1, this version reads schema 2; run python -m calibration"):
        read_ranges(run)


def test_every_field_is_held_to_its_type_and_range(tmp_path: Path) -> None:
    allowed = {("method", "text"), ("transformation", "text"), ("windows", "3"), ("draws", "3"), ("seed", "3")}
    allowed |= {("subjects", "3")} | {(name, text) for name in ("input", "conv 0") for text in ("1.5", "3")}
    assert check(tmp_path / "ranges.json", RANGES, allowed) > 150


def test_a_range_holds_zero(tmp_path: Path) -> None:
    for low, high in ((1.0, 2.0), (-2.0, -1.0), (0.0, 0.0), (1.0, -1.0)):
        with pytest.raises(ValueError, match="ranges.input is .*, expected one with 0 in it"):
            replace(RANGES, ranges={"input": (low, high)})
