"""What layers are called after what files call them."""

import re
from pathlib import Path

import numpy as np
import pytest
from onnx import ModelProto

from export.given_model import read_model
from export.given_options import Options
from export.network import from_file
from export.network.from_onnx import read
from export.network.names import LONGEST_NAME, layer_name
from export.network.onnx_file import SCOPES
from export.network.quantization import quantize
from export.writers.c_source import write_c
from export.writers.tflite import write_tflite
from tests.export.network.test_from_onnx import W, graph
from tests.firmware.damaged_models import SmallNet

LONG = "encoder/" + "/".join(f"block_{n}" for n in range(20)) + "/conv"


@pytest.mark.parametrize(
    ("called", "name"),
    [
        ("features/0/Conv", "features_0_Conv"),
        ("/features.0/Conv_output_0", "features_0_Conv_output_0"),
        ("model/conv1d/Relu;model/conv1d/BiasAdd;model/conv1d/Conv1D/Squeeze", "model_conv1d_Relu"),
        ("StatefulPartitionedCall_1:0", "op7_mean"),
        ("", "op7_mean"),
        ("17", "op7_mean"),
        ("0/Conv", "layer_0_Conv"),
        ("größe/conv", "gr_e_conv"),
        (LONG, "block_16_block_17_block_18_block_19_conv"),
        ("x" * 100, "x" * LONGEST_NAME),
    ],
)
def test_a_layer_is_called_after_the_end_of_its_tensor_s_name(called: str, name: str) -> None:
    found = layer_name(called, (), "op7_mean")
    assert found == name
    assert re.fullmatch(r"[A-Za-z]\w*", found, re.ASCII) and len(found) <= LONGEST_NAME + len("layer_")


def test_no_two_layers_have_one_name() -> None:
    taken: list[str] = []
    for _ in range(5):
        taken.append(layer_name("a/b", taken, "op0"))
    assert taken == ["a_b", "a_b_2", "a_b_3", "a_b_4", "a_b_5"]


def test_profile_and_memory_map_of_a_written_file_speak_the_module_s_names() -> None:
    """From the module's names in ONNX through the .tflite file that is written of it, and C."""
    nodes = [("Conv", ["x", "w"], "c", {}), ("Relu", ["c"], "r", {}), ("Conv", ["r", "v"], "k", {})]
    nodes += [("Gelu", ["k"], "g", {}), ("GlobalAveragePool", ["g"], "m", {}), ("Tanh", ["m"], "y", {})]
    model = ModelProto.FromString(graph(nodes, {"w": W, "v": np.ones((2, 4, 3), np.float32)}))
    modules = ("stem.0", "stem.1", "blocks.0.conv", "blocks.0.act", "", "head")
    for node, module in zip(model.graph.node, modules, strict=True):
        entry = node.metadata_props.add()
        entry.key, entry.value = SCOPES, str(["", module, node.op_type.lower()]) if module else str(["", "mean"])
    network = read(model.SerializeToString(), "model.onnx").network
    ranges = dict.fromkeys(network.tensors, (-4.0, 4.0))
    again = from_file.read(write_tflite(quantize(network, ranges)), "model.tflite").network.network
    assert again.names == network.names == ["stem_0", "blocks_0_conv", "blocks_0_act", "mean", "logits"]


def test_a_single_output_that_is_called_features_is_no_latent(tmp_path: Path) -> None:
    net = SmallNet()
    net.graph.tensors[net.graph.outputs[0]].name = "features"
    model = read_model("model.tflite", net.bytes(), Options())
    assert (model.features, model.logits) == (None, "features")
    write_c(model.c, tmp_path)
    header = (tmp_path / "model_data.h").read_text()
    assert "#define SCL_FEATURES 0\n" in header and "#define SCL_CLASSES 3\n" in header
