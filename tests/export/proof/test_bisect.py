"""Where board and reference part: nowhere in an export, and at the layer that was changed."""

import re
import shutil
from dataclasses import replace

import numpy as np
import pytest

from export import profile, quantize
from export.proof.bisect import bisect, describe, layer_errors
from scl.artifacts import InputError
from scl.artifacts.bundle import hashes, read_bundle, write_manifest
from scl.artifacts.export_report import read_report
from tests.documents import document
from tests.firmware.damaged_models import SmallNet, named
from tests.firmware.random_models import RandomModel


@pytest.fixture(scope="module")
def bundle(board_tools, tmp_path_factory):
    """A foreign model of several layers."""
    folder = tmp_path_factory.mktemp("bisect")
    (folder / "model.tflite").write_bytes(SmallNet().bytes())
    assert quantize.main(["--from", str(folder / "model.tflite"), "--out", str(folder / "bundle")]) == 0
    return folder / "bundle"


def test_an_export_is_equal_in_every_layer(bundle, capsys):
    assert profile.main([str(bundle), "--bisect"]) == 0
    assert re.search(r"every layer equals TFLite Micro's: \d layers, [\d,]+ values", capsys.readouterr().out)


def test_a_run_s_export_too(run_folder, tmp_path, bundle):
    out = tmp_path / "own"
    assert quantize.main([str(run_folder), "--out", str(out), "--windows", "40", "--max-loss", "100"]) == 0
    assert not any(layer.different for layer in bisect(read_bundle(out), "mps2-an505"))


def test_a_changed_bias_is_found_in_its_layer(bundle, tmp_path, capsys):
    changed = tmp_path / "changed"
    shutil.copytree(bundle, changed)
    (changed / "manifest.json").unlink()
    source = changed / "c" / "model_data.c"
    name = re.findall(r"int32_t (\w+)_bias\[", text := source.read_text())[0]
    source.write_text(re.sub(rf"({name}_bias\[\] = {{\s+)(-?\d+)", lambda m: f"{m[1]}{int(m[2]) + 10**5}", text))
    write_manifest(changed, replace(read_bundle(bundle).manifest, files=hashes(changed)))
    assert profile.main([str(changed), "--bisect", "--json"]) == 1
    out, err = capsys.readouterr()
    assert f"layer {name} is the first that differs: " in err
    found = document(out)
    assert found["first"] == name == next(one["name"] for one in found["layers"] if one["different"])
    layer = next(layer for layer in bisect(read_bundle(changed)) if layer.name == name)
    assert 0 in layer.histogram and layer.different > 0
    assert sum(layer.histogram.values()) == next(
        row.output[0] * row.output[1] for row in read_report(read_bundle(changed)).layers if row.name == name
    )
    assert describe([layer]).count("\n") == len(layer.histogram)


@pytest.mark.parametrize(
    "model", [RandomModel(3).bytes(), named("softmax with beta 0"), named("no tensors"), b"", b"TFL3" * 9]
)
def test_another_model_in_the_bundle_is_refused(model, bundle, tmp_path):
    """With a manifest that fits: of other layers, one that ends TFLite Micro, damaged ones."""
    changed = tmp_path / "changed"
    shutil.copytree(bundle, changed)
    (changed / "manifest.json").unlink()
    (changed / "model.tflite").write_bytes(model)
    write_manifest(changed, replace(read_bundle(bundle).manifest, files=hashes(changed)))
    read = read_bundle(changed)
    written = [np.zeros(row.output[0] * row.output[1], np.int8) for row in read_report(read).layers]
    with pytest.raises(InputError, match="^.*model.tflite: "):
        layer_errors(read, np.zeros(60, np.int8), written)
