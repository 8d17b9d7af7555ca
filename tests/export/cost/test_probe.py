"""export.profile --port: layers of a board behind a port, against the emulator that counts by itself."""

import re
import shutil
from dataclasses import replace

import pytest

from export import profile, quantize
from export.cost.instructions import measure
from export.cost.probe import probe
from export.proof.bisect import layer_errors
from scl.artifacts import InputError
from scl.artifacts.bundle import hashes, read_bundle, write_manifest
from tests.documents import document
from tests.firmware.random_models import RandomModel


def test_instructions_are_those_of_the_bench_program(bundle_folder, board_tools, tmp_path):
    """Another input and another program around the same kernels: what differs is rounding of ticks and branches."""
    probed = probe(read_bundle(bundle_folder), "emulator")
    counted = measure(bundle_folder / "c", tmp_path).layers
    assert probed.board == "mps2-an386" and probed.unit == "instructions"
    assert probed.taken == [pytest.approx(n, rel=0.02, abs=20) for n in counted]
    assert not any(layer.different for layer in layer_errors(read_bundle(bundle_folder), probed.x, probed.tensors))


def test_a_board_without_counted_instructions_is_timed(bundle_folder, board_tools, capsys):
    assert profile.main([str(bundle_folder), "--port", "native", "--json"]) == 0
    out, printed = capsys.readouterr()
    found = document(out)
    assert (found["board"], found["unit"], found["instructions"]) == ("native", "microseconds", None)
    assert found["taken"] == pytest.approx(sum(layer["taken"] for layer in found["layers"]))
    assert "microseconds" in printed and re.search(r"on native: [\d,.]+ microseconds in the layers", printed)
    assert profile.main([str(bundle_folder), "--port", "native", "--bisect"]) == 0
    assert "every layer equals TFLite Micro's" in capsys.readouterr().out


def test_a_changed_bias_is_found_behind_the_port(bundle_folder, board_tools, tmp_path, capsys):
    changed = shutil.copytree(bundle_folder, tmp_path / "changed")
    source = changed / "c" / "model_data.c"
    text = re.sub(
        r"(block1_bias\[\] = {\s+)(-?\d+)", lambda m: f"{m[1]}{int(m[2]) + 10**5}", source.read_text(), count=1
    )
    source.write_text(text)
    (changed / "manifest.json").unlink()
    write_manifest(changed, replace(read_bundle(bundle_folder).manifest, files=hashes(changed)))
    assert profile.main([str(changed), "--port", "native", "--bisect"]) == 1
    assert "layer block1 is the first that differs: " in capsys.readouterr().out


def test_a_port_that_is_not_there(bundle_folder):
    with pytest.raises(InputError, match="port /dev/nosuch: no such port; check the cable"):
        profile.main([str(bundle_folder), "--port", "/dev/nosuch"])


def test_a_model_from_elsewhere_answers_on_a_port(board_tools, tmp_path):
    """The input that is compared is what was sent: the network's own."""
    (tmp_path / "model.tflite").write_bytes(RandomModel(1).bytes())
    assert quantize.main(["--from", str(tmp_path / "model.tflite"), "--out", str(tmp_path / "bundle")]) == 0
    assert profile.main([str(tmp_path / "bundle"), "--port", "native", "--bisect"]) == 0
