"""What the network costs on an emulated board: the counter against the firmware's own, budgets, the profile's text."""

import re
from pathlib import Path

import numpy as np
import pytest

from benchmarks import device as benchmark
from export import profile
from export.cost.budget import Budget
from export.cost.instructions import measure, noise
from export.cost.table import layer_rows, memory_map
from export.network.arena import schedule
from export.network.layers import FEATURES, LOGITS
from export.proof.gates import ExportError
from export.proof.runtimes import run_tflite_micro
from firmware_host import emulator
from firmware_host.link import Link
from firmware_host.messages import window_chunk
from firmware_host.protocol import Type
from scl import toolchain
from scl.artifacts import InputError
from scl.artifacts.export_report import LayerRow
from scl.artifacts.manifest import Cost
from scl.machines import instructions
from tests.documents import document

ROOT = Path(__file__).resolve().parents[3]
FIXTURE = ROOT / "tests" / "firmware" / "fixture_model"
GROWTH = 1.02  # of a shipped model, at most, against the committed figures


@pytest.fixture(scope="module")
def cost(board_tools, tmp_path_factory):
    return measure(FIXTURE, tmp_path_factory.mktemp("device"))


@pytest.fixture(scope="module")
def measured(board_tools):
    return {name: benchmark.measured(network) for name, network in benchmark.networks().items()}


def test_counts_repeat_and_add_up(cost, tmp_path):
    assert measure(FIXTURE, tmp_path) == cost
    assert len(cost.layers) == 4
    # The schedule's own loop is not any layer's: a few instructions for each.
    assert 0 <= sum(cost.layers) - cost.instructions + 20 * len(cost.layers) <= 40 * len(cost.layers)


def test_the_firmware_counts_the_same(cost, board_tools, tmp_path):
    """The whole firmware around the same model, its timer read over the link; a call and its arguments apart."""
    with emulator.qemu(toolchain.build(FIXTURE, tmp_path, "mps2-an386"), "mps2-an386") as transport:
        link = Link(transport)
        hello = link.greet()
        link.request(Type.WINDOW, window_chunk(0, 0, np.zeros((hello.raw_samples, hello.channels), np.int16)))
        ticks = int.from_bytes(link.request(Type.BENCH, b"").payload[:4], "little")
    assert abs(instructions(ticks, hello.tick_hz) - cost.instructions) <= 40


def test_the_stack_is_what_the_compiler_says_at_least(cost):
    """The deepest call keeps nine registers and its own variables; all of the stack would be a failed measurement."""
    assert 9 * 4 < cost.stack_bytes < 1024


def test_shipped_models_do_not_grow(measured):
    committed = benchmark.committed()
    for name in benchmark.SHIPPED:
        for figure in ("instructions", "flash_bytes", "ram_bytes"):
            found, limit = measured[name][figure], committed[name][figure] * GROWTH
            assert found <= limit, (
                f"{name}: {figure} is {found:,}, it was {committed[name][figure]:,}; make bench-device"
            )


def test_a_hop_of_a_tenth_takes_a_quarter_at_most_without_padding(board_tools):
    """With it, the columns that padding reaches come on top."""
    for name, row in benchmark.streams().items():
        assert row["step"] <= row["whole"] * (0.25 if "valid" in name else 0.4), name


def test_layers_take_fewer_instructions_than_cmsis_nn(measured):
    rows = {row["name"]: row for row in measured["trial"]["layers"]}
    for name, (peer, _) in benchmark.PEERS.items():
        assert rows[name]["instructions"] / rows[name]["macs"] < peer, name


@pytest.mark.parametrize("board", ["mps2-an386", "mps3-an547"])
def test_another_engine_can_run_the_networks(board_tools, tmp_path, board):
    """The trial's file, by TFLite Micro: what the board computes of the same noise."""
    benchmark.write_models({"trial": benchmark.trial()}, tmp_path)
    int8, memory = benchmark.quantized(benchmark.trial()), schedule(benchmark.trial())
    at, source = memory.offsets["input"], int8.network.input
    x = noise(memory.size)[at : at + source.size].reshape(1, source.length, source.channels)
    expected = run_tflite_micro((tmp_path / "trial.tflite").read_bytes(), x)
    outputs = np.array(benchmark.run(int8, memory, board).outputs, np.uint8).view(np.int8)
    np.testing.assert_array_equal(outputs, np.concatenate([expected[FEATURES][0], expected[LOGITS][0]]))
    assert len(np.unique(outputs)) > 4


def test_rows_are_those_of_the_network(exported):
    arena = schedule(exported.network.network)
    rows = layer_rows(exported.network, arena, [0] * len(exported.network.network.layers))
    assert max(row.arena_bytes for row in rows) == arena.size
    assert [row.name for row in rows] == exported.network.network.names
    assert sum(row.macs for row in rows) == exported.network.network.macs
    integers = sum(conv.weights.size + 9 * len(conv.bias) for conv in exported.network.convs.values())
    assert sum(row.flash_bytes for row in rows) == integers


def test_the_map_covers_the_arena_and_no_byte_twice(exported):
    arena = schedule(exported.network.network)
    places = memory_map(exported.network, arena)
    assert max(place.offset + place.bytes for place in places) <= arena.size
    layers = exported.network.network.layers
    over = {
        (layer.source.name, layer.name) for layer in layers
    }  # these may overlap, tests/export/network/test_arena.py
    for one in places:
        for other in places:
            together = one.first <= other.last and other.first <= one.last
            if one is not other and together and not {(one.name, other.name), (other.name, one.name)} & over:
                apart = one.offset + one.bytes <= other.offset or other.offset + other.bytes <= one.offset
                assert apart, (one, other)


@pytest.mark.parametrize(
    ("text", "limits"),
    [
        ("flash=20k,ram=8k,instructions=2M", {"flash": 20480, "ram": 8192, "instructions": 2_000_000}),
        ("ram=1.5k", {"ram": 1536}),
        ("instructions=500k, flash=1M", {"instructions": 500_000, "flash": 1 << 20}),
    ],
)
def test_budget_is_read(text, limits):
    assert Budget.parse(text).limits == limits


@pytest.mark.parametrize("text", ["", "flash", "flash=", "rom=3k", "flash=1k,flash=2k", "ram=-4", "ram=4G"])
def test_another_budget_is_refused(text):
    with pytest.raises(InputError, match="expected flash, ram and instructions, each at most once, like flash=20k"):
        Budget.parse(text)


def test_a_budget_names_the_layer_that_takes_most():
    shape = ("conv", 1, 1, (1, 1), 0)
    layers = [LayerRow("block0", *shape, 10, 0, 500, 70), LayerRow("block1", *shape, 90, 0, 400, 30)]
    cost = Cost(0, 0, flash_bytes=1000, ram_bytes=600, arena_bytes=500, instructions=100, stack_bytes=0)
    Budget.parse("flash=1000,ram=600,instructions=100").require(cost, layers)
    with pytest.raises(ExportError) as error:
        Budget.parse("flash=999,ram=599,instructions=99").require(cost, layers)
    text = str(error.value)
    assert "flash is 1,000, the budget 999; layer block1 takes most, 90: fewer channels" in text
    assert "ram is 600, the budget 599; layer block0 takes most, 500: a larger stride" in text
    assert "instructions is 100, the budget 99; layer block0 takes most, 70: a larger stride" in text


def test_an_export_beyond_its_budget_writes_nothing(run_folder, board_tools, tmp_path, capsys):
    from export import quantize

    out = tmp_path / "small"
    assert quantize.main([str(run_folder), "--out", str(out), "--windows", "40", "--budget", "flash=1k,ram=1M"]) == 1
    assert not out.exists()
    printed = capsys.readouterr().err
    assert "nothing was written: it does not fit the budget:\n  flash is " in printed and "ram is" not in printed


def test_profile_prints_what_the_export_counted(run_folder, board_tools, tmp_path, capsys):
    from export import quantize
    from scl.artifacts.bundle import read_bundle
    from scl.artifacts.export_report import read_report

    out = tmp_path / "bundle"
    assert quantize.main([str(run_folder), "--out", str(out), "--windows", "40", "--max-loss", "100"]) == 0
    assert "network on mps2-an386" in capsys.readouterr().out
    report = read_report(read_bundle(out))
    assert profile.main([str(out), "--json"]) == 0
    found, printed = capsys.readouterr()
    assert document(found)["instructions"] == report.cost.instructions
    assert [layer["taken"] for layer in document(found)["layers"]] == [row.instructions for row in report.layers]
    assert f"{report.cost.instructions:,} instructions per inference" in printed
    for row in report.layers:
        assert row.name in printed and f"{row.instructions:,}" in printed
    figures = dict(re.findall(r"^│ ((?:instructions|flash|RAM), \w+) +│ +([\d,]+) │", printed, re.MULTILINE))
    cost = report.cost
    expected = {"flash, model": cost.flash_bytes, "RAM, model": cost.ram_bytes, "RAM, arena": cost.arena_bytes}
    expected |= {"instructions, inference": cost.instructions, "RAM, stack": cost.stack_bytes}
    expected["instructions, layers"] = sum(row.instructions for row in report.layers)
    expected["flash, constants"] = sum(row.flash_bytes for row in report.layers)
    assert {name: int(figures[name].replace(",", "")) for name in expected} == expected
    assert figures.keys() - expected.keys() == {"flash, program"}
    assert int(figures["flash, program"].replace(",", "")) > expected["flash, constants"]


def test_a_board_that_is_none(tmp_path):
    with pytest.raises(InputError, match="--board toaster: instructions are counted on microbit, mps2-an385, "):
        measure(FIXTURE, tmp_path, "toaster")


@pytest.mark.parametrize(
    "options",
    [
        ("--hop", "2", "--estimate"),
        ("--hop", "2", "--port", "native"),
        ("--hop", "2", "--bisect"),
        ("--hop", "2", "--board", "mps3-an547"),
        ("--baud", "9600"),
    ],
)
def test_an_option_without_a_use_is_refused(options, tmp_path):
    with pytest.raises(InputError, match=rf"{options[0]} {options[1]}: is .*leave it out"):
        profile.main([str(tmp_path), *options])
