"""What is estimated without a board, against what the emulated one counts."""

import json

import pytest

from benchmarks import device as benchmark
from export import profile
from export.cost.estimate import estimate
from export.network.arena import scratch_bytes
from scl.artifacts import InputError
from scl.artifacts.run import Architecture, RunInfo

WITHIN = 0.15  # the aim
SHAPES = {
    "shipped": (Architecture(), 6, 200),
    "narrow": (Architecture((8, 12), (1, 2), 7), 1, 130),
    "wide": (Architecture((48, 96), (2, 2), 3), 3, 75),
    "long": (Architecture((16, 16, 16), (4, 4, 2), 9), 1, 1800),
    "flat": (Architecture((16, 24), (2, 3), 5, pool="flatten"), 6, 180),  # its latent runs on the portable kernel
}


@pytest.mark.parametrize("name", SHAPES)
def test_estimates_are_near_what_is_counted(name, board_tools):
    architecture, channels, samples = SHAPES[name]
    network = benchmark.encoder(architecture, "16/16/32", channels, samples, classes=7)
    found, expected = estimate(network), benchmark.measured(network)
    assert [layer.name for layer in network.convs if not scratch_bytes(layer)] == (
        ["features"] if name == "flat" else []
    )
    assert found.arena_bytes == expected["arena_bytes"]
    assert found.instructions == pytest.approx(expected["instructions"], rel=WITHIN)
    assert found.flash_bytes == pytest.approx(expected["flash_bytes"], rel=WITHIN)
    for row in expected["layers"]:
        if row["instructions"] > 0.05 * expected["instructions"]:
            assert found.layers[row["name"]] == pytest.approx(row["instructions"], rel=WITHIN), row["name"]


def plan(**changes) -> dict:
    contents = {
        "kind": "run",
        "schema": RunInfo.schema,
        "architecture": {"widths": [8, 16], "strides": [2, 2], "kernel": 5, "pool": "average"},
        "partition": {"invariant": 8, "variant": 8, "free": 16},
        "window": {"channels": ["x", "y", "z"], "samples": 100},
        "labels": ["sit", "walk"],
    }
    return {key: value for key, value in (contents | changes).items() if value is not None}


def test_a_run_that_is_only_planned(tmp_path, capsys):
    (tmp_path / "run.json").write_text(json.dumps(plan()))
    assert profile.main([str(tmp_path), "--estimate"]) == 0
    printed = capsys.readouterr().out
    assert "estimated" in printed and "block1" in printed


@pytest.mark.parametrize(
    "changes", [{"labels": None}, {"architecture": {"widths": [8], "strides": [1, 2]}}, {"window": {"samples": 3}}]
)
def test_too_little_is_said(tmp_path, changes):
    path = tmp_path / "run.json"
    path.write_text(json.dumps(plan(**changes)))
    with pytest.raises(InputError, match="run.json: .*expected at least architecture, partition, window"):
        profile.main([str(path), "--estimate"])
