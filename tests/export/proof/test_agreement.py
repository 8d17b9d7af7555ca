"""The compiled C and the other runtimes against TFLite Micro, and damaged exports that must not pass."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from export.network.layers import Network
from export.proof.agreement import compare, first_difference, prove
from export.proof.c_engine import CEngine, build_library
from export.proof.gates import AGREEMENT_INPUTS, ExportError
from export.proof.runtimes import run_tflite_micro, tflite_micro_tensors
from export.writers.onnx import write_onnx


@pytest.fixture(scope="module")
def golden(exported):
    return run_tflite_micro(exported.tflite, exported.inputs)


def damaged(exported, layer: str, tmp_path) -> CEngine:
    """The C with one weight of a layer changed by 100 steps."""
    folder = shutil.copytree(exported.c_folder, tmp_path / "c")
    source = folder / "model_data.c"

    def change(match: re.Match) -> str:
        value = int(match[2])
        return f"{match[1]}{value - 100 if value > 0 else value + 100}"

    text, count = re.subn(rf"({layer}_weights\[\][^=]*= {{\s*)(-?\d+)", change, source.read_text())
    assert count == 1
    source.write_text(text)
    return CEngine(build_library(folder, tmp_path / "build"))


def test_every_runtime_agrees_on_real_windows(exported, golden):
    assert len(exported.inputs) >= AGREEMENT_INPUTS
    results = prove(exported.network, exported.tflite, exported.onnx, exported.engine, exported.inputs, golden)
    by_name = {result.runtime: result for result in results}
    assert set(by_name) == {"C", "LiteRT reference", "LiteRT XNNPACK", "ONNX Runtime"}
    for exact in ("C", "LiteRT reference"):
        assert by_name[exact].max_steps == 0 and by_name[exact].same_class == 1.0
    for rounded in ("LiteRT XNNPACK", "ONNX Runtime"):
        assert 0 < by_name[rounded].different < 0.3, "float requantization is known to differ somewhere"
    assert len(np.unique(golden["logits"].argmax(axis=1))) > 2, "a constant model would agree with anything"


def test_every_layer_of_the_c_equals_tflite_micro(exported):
    for x in exported.inputs[::100]:
        expected = tflite_micro_tensors(exported.tflite, x)
        for name, found in zip(exported.network.network.names, exported.engine.tensors(x), strict=True):
            np.testing.assert_array_equal(found, expected[name], err_msg=name)


@pytest.mark.parametrize("layer", ["block0", "block2", "features", "logits"])
def test_a_damaged_weight_in_the_c_is_found_in_its_layer(exported, golden, layer, tmp_path):
    engine = damaged(exported, layer, tmp_path)
    with pytest.raises(ExportError, match=rf"C differs from TFLite Micro in layer {layer}: .* by up to \d+ steps"):
        prove(exported.network, exported.tflite, exported.onnx, engine, exported.inputs, golden)


def test_the_difference_is_counted_in_steps(exported, golden, tmp_path):
    """The bias of one logit, moved by as much as makes 7 steps of the output."""
    folder = shutil.copytree(exported.c_folder, tmp_path / "c")
    source, conv = folder / "model_data.c", exported.network.convs["logits"]
    steps = float(exported.network.activations["logits"].scale) / float(conv.bias_scales[0])
    old = str(int(conv.bias[0]))
    text, count = re.subn(
        rf"(logits_bias\[\] = {{\s*){old}",
        lambda m: f"{m[1]}{int(conv.bias[0]) - round(7 * steps)}",
        source.read_text(),
    )
    assert count == 1
    source.write_text(text)
    engine = CEngine(build_library(folder, tmp_path / "build"))
    x = exported.inputs[np.abs(golden["logits"][:, 0].astype(int)) < 100][:5]  # where the output does not saturate
    expected = run_tflite_micro(exported.tflite, x)
    where = first_difference(exported.network, exported.tflite, engine, x, engine.run(x), expected)
    assert re.fullmatch(r"layer logits: 1 of \d+ values by up to [67] steps \(input 0\)", where)


def test_an_onnx_file_of_another_network_fails(exported, golden):
    layers = list(exported.network.network.layers)
    layers[1] = replace(layers[1], same=False)  # pads of zero instead of SAME
    changed = write_onnx(Network(fitted(layers)), exported.network)
    with pytest.raises(ExportError, match="ONNX Runtime differs from TFLite Micro"):
        prove(exported.network, exported.tflite, changed, exported.engine, exported.inputs, golden)


def fitted(layers):
    """The layers with their sources brought up to date after a change of length."""
    out = [layers[0]]
    for layer in layers[1:]:
        source = out[-1].result
        changed = replace(layer, source=source)
        if layer.name == "pool":
            changed = replace(changed, kernel=source.length, stride=source.length)
        out.append(changed)
    return tuple(out)


def test_compare_counts_steps_classes_and_near_ties():
    golden = {"features": np.array([[0, 10], [5, 5]], np.int8), "logits": np.array([[50, 49], [0, 90]], np.int8)}
    found = {"features": np.array([[0, 13], [5, 5]], np.int8), "logits": np.array([[49, 50], [1, 90]], np.int8)}
    result = compare("other", found, golden)
    assert result.max_steps == 3
    assert result.different == 4 / 8 and result.within == 7 / 8
    assert result.same_class == 0.5 and result.same_class_decided == 1.0
    same = compare("same", golden, golden)
    assert (same.max_steps, same.different, same.same_class) == (0, 0.0, 1.0)


def test_steps_do_not_wrap_around():
    low, high = np.full((1, 2), -128, np.int8), np.full((1, 2), 127, np.int8)
    assert compare("x", {"features": low, "logits": low}, {"features": high, "logits": high}).max_steps == 255
