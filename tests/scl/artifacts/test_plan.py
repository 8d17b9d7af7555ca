"""A planned run: what people write by hand, with as little as decides the network, or a whole run.json."""

import json
from pathlib import Path
from typing import Any

import pytest

from scl.artifacts import read_artifact, write_artifact
from scl.artifacts.architecture import Architecture
from scl.artifacts.plan import PlannedRun
from scl.artifacts.run import InputSteps, RunInfo
from scl.partition import Partition
from tests.scl.artifacts.damage import refuse

PLAN: dict[str, Any] = {
    "kind": "run",
    "schema": RunInfo.schema,
    "architecture": {"widths": [8, 16], "strides": [2, 2], "kernel": 5},
    "partition": {"invariant": 8, "variant": 8, "free": 16},
    "window": {"channels": ["x", "y", "z"], "samples": 100},
    "labels": ["sit", "walk"],
}


def test_a_plan_and_a_whole_run(run_info: RunInfo, tmp_path: Path) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(PLAN))
    plan = read_artifact(tmp_path / "plan.json", PlannedRun)
    assert plan.architecture == Architecture((8, 16), (2, 2), 5) and plan.partition == Partition(8, 8, 16)
    assert plan.frontend == InputSteps()
    write_artifact(tmp_path / "run.json", run_info)
    assert read_artifact(tmp_path / "run.json", PlannedRun).architecture == run_info.architecture


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"labels": 3}, "field labels is 3"),
        ({"window": {"samples": 3}}, "field window.channels is missing"),
        ({"window": {"channels": ["x"], "samples": 10**9}}, "field window.samples is 1000000000"),
        ({"architecture": {"widths": [8], "strides": [1, 2]}}, "field architecture: 1 widths but 2 strides"),
        ({"architecture": {"widths": [65535] * 2, "strides": [1] * 2}}, "field architecture: 2 widths but"),
        (
            {"architecture": {"widths": [65535] * 2, "strides": [1] * 2, "kernel": 9}},
            "weights, expected at most 50,000",
        ),
        ({"frontend": {"invariant": True}, "window": {"channels": ["x"], "samples": 9}}, "invariants need .* found 1"),
    ],
)
def test_a_plan_that_is_wrong(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    (tmp_path / "plan.json").write_text(json.dumps(PLAN | changes))
    refuse(tmp_path / "plan.json", PlannedRun, f"{message}.*expected at least architecture, partition, window")
