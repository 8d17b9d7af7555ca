"""PyTorch modules through litert-torch: channel-first graphs. `litert_torch/make_files.py` wrote the files."""

from pathlib import Path

import numpy as np
import pytest

from export import profile, quantize
from export.network import from_file
from export.network.tflite_reader import read_file
from scl.artifacts import InputError
from tests.firmware.foreign_files import assert_exact, kinds

FOLDER = Path(__file__).parent / "litert_torch"
REFUSED = {"residual_pt2e": r"tensor 18 .* is of float32; .* behind litert-torch ai_edge_quantizer with its recipe"}
ACCEPTED = sorted(path.stem for path in FOLDER.glob("*.tflite") if path.stem not in REFUSED)


@pytest.mark.parametrize("name", ACCEPTED)
def test_litert_torch_files_are_exact(engine, name):
    data = (FOLDER / f"{name}.tflite").read_bytes()
    assert "TRANSPOSE" in [op.kind for op in read_file(data).operators]
    read = assert_exact(engine, data)
    source = read.network.network.input
    assert (source.length, source.channels) == (48, 3), "the network's input has time before channels"


def test_the_files_are_those_of_all_modules():
    assert len(ACCEPTED) + len(REFUSED) == 8
    assert all((FOLDER / f"{name}.tflite").stat().st_size < 10_000 for name in (*ACCEPTED, *REFUSED))


def test_what_pytorch_leaves_in_float_is_refused():
    for name, message in REFUSED.items():
        with pytest.raises(InputError, match=message):
            from_file.read((FOLDER / f"{name}.tflite").read_bytes(), "model.tflite")


def test_the_weights_behind_a_flatten_are_in_the_network_s_order():
    """Channels before time in the file, time before channels in the network."""
    data = (FOLDER / "flattened.tflite").read_bytes()
    file, read = read_file(data), from_file.read(data, "model.tflite")
    assert kinds(read) == ["Conv", "MaxPool", "Conv", "AveragePool", "Conv"]
    held = file.tensors[file.operators[-1].inputs[1]].contents.view(np.int8).reshape(5, 6, 11)
    weights = read.network.convs[read.network.network.names[-1]].weights.reshape(5, 11, 6)
    np.testing.assert_array_equal(weights, held.transpose(0, 2, 1))


def test_a_channel_first_file_with_pads_runs_on_a_board(board_tools, tmp_path, capsys):
    """By the commands: every layer of the emulated board equals TFLite Micro's."""
    file, bundle = FOLDER / "causal.tflite", tmp_path / "bundle"
    assert quantize.main(["--from", str(file), "--out", str(bundle)]) == 0
    assert profile.main([str(bundle), "--bisect"]) == 0
    assert "every layer equals TFLite Micro's: 5 layers" in capsys.readouterr().out
