"""What is estimated without a board, against what the emulated one counts."""

import json
import re

import pytest

from benchmarks import device as benchmark
from export import profile
from export.cost.estimate import estimate
from export.network.arena import scratch_bytes
from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from scl.artifacts.run import RunInfo
from scl.machines import FIRMWARE
from tests.documents import document

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
    assert "estimated for mps2-an386" in printed and "block1" in printed


@pytest.mark.parametrize(("board", "counted"), [("netduinoplus2", True), ("mps3-an547", False)])
def test_an_estimate_obeys_its_board(tmp_path, capsys, board, counted):
    """Memory is that of its board.mk; instructions are those of one core, and no other's are made up."""
    (tmp_path / "run.json").write_text(json.dumps(plan()))
    assert profile.main([str(tmp_path), "--estimate", "--board", board]) == 0
    printed = capsys.readouterr().out
    described = (FIRMWARE / "boards" / board / "board.mk").read_text()
    flash, ram = (1024 * int(size) for size in re.findall(r"^(?:FLASH|RAM) := \S+ (\d+)K$", described, re.M))
    assert f"of {ram:,} bytes of RAM" in printed and f"of {flash:,} bytes of FLASH" in printed
    assert ("instructions per inference" in printed) == counted
    assert profile.main([str(tmp_path), "--estimate", "--board", board, "--json"]) == 0
    found = document(capsys.readouterr().out)
    assert (found["ram_bytes"], found["flash_bytes"], found["instructions"] is not None) == (ram, flash, counted)
    assert found["macs"] == sum(layer["macs"] for layer in found["layers"]) and found["arena_bytes"] < ram
    assert ("instructions on a Cortex-M4F alone" in printed) != counted


def test_a_board_without_the_room_is_said(tmp_path):
    wide = {"widths": [64, 64], "strides": [1, 2], "kernel": 3, "pool": "average"}
    (tmp_path / "run.json").write_text(json.dumps(plan(architecture=wide, window={"channels": ["x"], "samples": 9000})))
    with pytest.raises(InputError, match=r"netduinoplus2 has 131,072 bytes of RAM, this model needs [\d,]+: "):
        profile.main([str(tmp_path), "--estimate", "--board", "netduinoplus2"])
    with pytest.raises(InputError, match="--board mine: is not known; choose one of microbit, "):
        profile.main([str(tmp_path), "--estimate", "--board", "mine"])


@pytest.mark.parametrize(
    "changes", [{"labels": None}, {"architecture": {"widths": [8], "strides": [1, 2]}}, {"window": {"samples": 3}}]
)
def test_too_little_is_said(tmp_path, changes):
    path = tmp_path / "run.json"
    path.write_text(json.dumps(plan(**changes)))
    with pytest.raises(InputError, match="run.json: .*expected at least architecture, partition, window"):
        profile.main([str(path), "--estimate"])
