"""Rows of results are known again by what they were made with."""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks import common, device
from export.network import arena
from export.network.layers import Weighted
from train.augment import variation

ROOT = Path(__file__).parents[1]
with pytest.MonkeyPatch.context() as scripts:  # which import each other by their names, as python benchmarks/X.py does
    scripts.syspath_prepend(str(ROOT / "benchmarks"))
    import cmsis_nn
    import four_bit_weights


def test_a_script_finds_the_others_it_takes_from() -> None:
    """Without the repository's root on the path, as `make results` starts them."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    for script in sorted((ROOT / "benchmarks").glob("*.py")):
        if "ArgumentParser(" in (text := script.read_text("utf-8")) and "python -m benchmarks" not in text:
            done = subprocess.run(
                [sys.executable, str(script), "--help"], cwd=ROOT, env=environment, capture_output=True, text=True
            )
            assert done.returncode == 0, (script, done.stderr)


def test_a_row_sees_the_constants_of_training(monkeypatch: pytest.MonkeyPatch) -> None:
    before = common.encoder()
    for name in common.TRAINED_BY:
        for key in common.constants()[name]:
            with monkeypatch.context() as patch:
                patch.setattr(f"{name}.{key}", "another value")
                assert common.encoder() != before, f"{name}.{key}"
    assert common.of_today([{"command": "x", "encoder": before}, {"command": "y", "encoder": "0" * 8}]) == {
        "x": {"command": "x", "encoder": before}
    }
    monkeypatch.setattr(variation, "IMU_GAIN", 0.2)
    assert common.of_today([{"command": "x", "encoder": before}]) == {}


def test_another_process_names_them_alike() -> None:
    code = "from benchmarks.common import encoder; print(encoder())"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == common.encoder()


def test_every_tensor_has_memory_of_its_own_for_cmsis_nn() -> None:
    network = device.trial()
    with device.written(device.quantized(network), arena.schedule(network)) as folder:
        source, ops, size = cmsis_nn.apart((folder / "c" / "model_data.c").read_text("utf-8"))
    sizes = [network.input.size, *(layer.result.size for layer in network.layers)]
    begins = [int(ops[0]["in_offset"]), *(int(op["out_offset"]) for op in ops)]
    ends = [begin + tensor for begin, tensor in zip(begins, sizes, strict=True)]
    assert all(end <= begin for end, begin in zip(ends, [*begins[1:], int(ops[0]["scratch_offset"])], strict=True))
    assert size == int(ops[0]["scratch_offset"]) + cmsis_nn.BUFFER
    called = cmsis_nn.with_cmsis_nn(source, ops, [])
    assert [called.count(f".run = rival_{number}, ") for number in range(len(ops))] == [1] * len(ops)
    assert "scl_conv_narrow" not in called.partition("static const scl_op ops[]")[2]


@pytest.mark.parametrize("levels", [16, 32])
def test_weights_have_so_many_levels_near_the_float_ones(levels: int) -> None:
    network = device.trial()
    ranges = {"input": [-4.0, 4.0]} | {layer.name: [-6.0, 6.0] for layer in network.layers}
    few = four_bit_weights.few_levels(network, ranges, levels)
    for layer in network.layers:
        if isinstance(layer, Weighted):
            conv = few.convs[layer.name]
            steps = replace(layer, weights=conv.weights).kernels
            assert -levels // 2 <= steps.min() and steps.max() < levels // 2
            error = steps * conv.weight_scales[:, None, None].astype(np.float64) - layer.kernels
            assert np.abs(error).mean() < 0.5 * conv.weight_scales.mean()  # of a uniform rounding error: a quarter
