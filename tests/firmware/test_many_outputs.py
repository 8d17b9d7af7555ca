"""Models with more than 255 outputs, the whole way: an anomaly detector and a classifier of 400 classes."""

import json
import shutil
import struct
from pathlib import Path

import numpy as np
import pytest

from export import package, profile
from export.given import Options, export_given
from export.network import arena, from_file
from export.proof import foreign
from export.proof.runtimes import tflite_micro_runner
from export.representative import Representative
from export.writers.c_source import CModel, write_c
from firmware_host import stream, validate
from firmware_host.hello import RESULT_HEADER
from scl.artifacts import read_npz
from scl.artifacts.bundle import read_bundle
from scl.artifacts.export_report import Searched
from tests.firmware.independent_client import SAMPLES, STREAM, WINDOW
from tests.firmware.many_outputs import CLASSES, MELS, AnomalyDetector, Classifier
from tests.firmware.test_independent_client import connected

WINDOWS = 12


@pytest.fixture(scope="module")
def detector(board_tools, tmp_path_factory) -> Path:
    """Its bundle, with windows without labels. The proof over chosen inputs is left out, which takes seconds and is the
    same for any number of outputs: windows and layers are compared below.
    """
    x = np.random.default_rng(3).normal(0, 2, (WINDOWS, MELS, 1)).astype(np.float32)
    out = tmp_path_factory.mktemp("detector") / "bundle"
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(foreign, "proved", lambda *_arguments: (0, Searched(0, 0, 0, 0)))
        export_given("ad.tflite", AnomalyDetector().bytes(), out, Options(Representative(x), "mels.npz"))
    return out


def test_an_anomaly_detector_s_board_gives_every_output_of_tflite_micro(detector, tmp_path, capsys):
    manifest = read_bundle(detector).manifest
    assert (manifest.outputs.logits.size, manifest.labels, manifest.int8.accuracy) == (MELS, (), None)
    golden = read_npz(detector / "golden.npz", "counts", "logits")
    data = AnomalyDetector().bytes()
    run, read = tflite_micro_runner(data), from_file.read(data, "ad.tflite")
    output = read.tensors[read.network.network.outputs[-1]]
    for window, logits in zip(golden["counts"][0], golden["logits"][0], strict=True):
        np.testing.assert_array_equal(run(window.reshape(1, MELS))(output).ravel(), logits)
    assert validate.main([str(detector), "--port", "native", "--out", str(tmp_path / "report")]) == 0
    assert "passed: exact" in capsys.readouterr().out
    found = json.loads((tmp_path / "report" / "validation.json").read_text())
    assert (found["parity"]["compared"], found["parity"]["max_lsb"], found["accuracy"]) == (WINDOWS, 0, None)
    assert found["latency"]["median_ms"] > 0
    rows = (tmp_path / "report" / "windows.csv").read_text().splitlines()[1:]
    assert [row.split(",")[4] for row in rows] == [f"class{k}" for k in golden["logits"][0].argmax(axis=1)]


def test_an_anomaly_detector_on_the_emulated_board(detector, tmp_path, capsys):
    asked = ["--port", "emulator", "--limit", "3", "--out", str(tmp_path / "report")]
    assert validate.main([str(detector), *asked]) == 0
    assert "passed: exact" in capsys.readouterr().out


def test_an_anomaly_detector_is_bisected_streamed_and_packaged(detector, tmp_path, capsys):
    assert profile.main([str(detector), "--port", "native", "--bisect"]) == 0
    assert "every layer equals TFLite Micro's: 10 layers, 1,672 values" in capsys.readouterr().out
    assert stream.main([str(detector), "--port", "native"]) == 0
    assert f"{WINDOWS} of {WINDOWS} classes are TFLite Micro's" in capsys.readouterr().out
    assert package.main([str(detector), "--for", "cmake", "--out", str(tmp_path / "package")]) == 0
    readme = (tmp_path / "package" / "README.md").read_text()
    assert "| answers | 0 to 639, without names |" in readme and "int8: 640 values, value = " in readme


@pytest.mark.parametrize("board", ["native", "mps2-an386"])
def test_class_300_of_400_arrives_as_class_300(board, make_firmware, tmp_path):
    """Read by the client that shares no code with ours, in a WINDOW's answer and in a stream's."""
    if board != "native" and shutil.which("qemu-system-arm") is None:
        pytest.skip("qemu-system-arm is not installed")
    model = Classifier()
    read = from_file.read(model.bytes(), "model.tflite")
    write_c(CModel(read.network, arena.schedule(read.network.network), (), "ab" * 32, None, None), tmp_path)
    run, output = tflite_micro_runner(model.bytes()), read.tensors[read.network.network.outputs[-1]]
    with connected(make_firmware(board, tmp_path, tmp_path / board), board) as client:
        hello = client.hello(1)
        assert (hello.classes, hello.labels, hello.firmware) == (CLASSES, [], "0.1.0")
        for number, wanted in enumerate((300, 255, 399, 0)):
            window = model.windows[wanted]
            came = client.ask(WINDOW, struct.pack("<HH", number, 0) + window.tobytes())
            assert struct.unpack_from("<HHH", came) == (number, 5, wanted)
            logits = np.frombuffer(came, np.int8, offset=RESULT_HEADER)
            np.testing.assert_array_equal(logits, run(window)(output).ravel())
            client.ask(STREAM, struct.pack("<H", 5))
            streamed = client.ask(SAMPLES, bytes(4) + window.tobytes())
            assert struct.unpack("<IIIHBHH", streamed) == (5, 1, 5, wanted, 0, wanted, 0)
