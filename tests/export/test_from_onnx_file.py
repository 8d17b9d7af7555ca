"""ONNX files by the command: what it needs beside a float one, and that a QDQ one needs nothing."""

from pathlib import Path

import numpy as np
import pytest

from export import quantize
from export.given_loss import largest_difference
from export.given_model import MOST_FILE_BYTES
from export.imported import expected
from export.network.from_onnx import read
from export.proof.gates import ExportError
from export.proof.runtimes import run_onnx_file
from export.writers.onnx import write_onnx
from scl.artifacts import InputError
from scl.artifacts.bundle import read_bundle
from tests.export.network.test_from_onnx import CONV, D, W, graph
from tests.export.network.test_from_qdq import quantized


def refused(path: Path, tmp_path: Path, *more: str) -> str:
    """What the command says of a file; nothing may be left where the bundle was to be."""
    out = tmp_path / "out"
    out.mkdir(exist_ok=True)
    with pytest.raises(InputError) as caught:
        quantize.main(["--from", str(path), "--out", str(out / "bundle"), *more])
    assert not list(out.iterdir())
    return str(caught.value)


def test_a_float_model_asks_for_windows(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(graph([CONV, ("Flatten", ["c"], "f", {}), ("MatMul", ["f", "d"], "y", {})], {"w": W, "d": D}))
    assert refused(path, tmp_path) == (
        f"{path}: holds a float model, expected windows to calibrate it on; give --representative windows.npz"
    )
    np.savez(tmp_path / "windows.npz", windows=np.ones((4, 2, 20), np.float32))
    assert "takes windows of 3 channels, the representative ones have 2" in refused(
        *(path, tmp_path, "--representative", str(tmp_path / "windows.npz"))
    )


def test_what_is_no_file(tmp_path: Path) -> None:
    path = tmp_path / "large.onnx"
    with path.open("wb") as file:
        file.truncate(MOST_FILE_BYTES + 1)
    assert "expected an ONNX file of at most 67,108,864" in refused(path, tmp_path)
    assert "cannot be read" in refused(tmp_path / "none.onnx", tmp_path)


@pytest.mark.parametrize(
    ("nodes", "shape"),
    [
        ([CONV, ("Flatten", ["c"], "f", {}), ("MatMul", ["f", "d"], "y", {})], (1, 3, 20)),
        ([CONV, ("Relu", ["c"], "y", {})], (1, 3, 20)),
        ([("Transpose", ["x"], "t", {"perm": [0, 2, 1]}), ("Conv", ["t", "w"], "y", {})], ("N", 20, 3)),
        ([("Conv", ["x", "w"], "c", {}), ("Transpose", ["c"], "y", {"perm": [0, 2, 1]})], (1, 3, 20)),
    ],
)
def test_the_float_file_of_a_bundle_is_the_given_one(nodes, shape) -> None:
    """ONNX Runtime on both, whatever the order of their values."""
    data, windows = graph(nodes, {"w": W, "d": D}, shape), np.random.default_rng(4).normal(0, 1, (5, 3, 20))
    imported = read(data, "model.onnx")
    answers = expected(imported, run_onnx_file(data, imported.as_given(windows.astype(np.float32)), "model.onnx"))
    onnx = write_onnx(imported.network)
    assert largest_difference(onnx, windows.astype(np.float32), answers, "model.onnx") < 1e-5
    answers["logits"][3, 1] += 0.1
    with pytest.raises(ExportError, match="model.onnx: model_float.onnx in ONNX Runtime differs from it in logits by"):
        largest_difference(onnx, windows.astype(np.float32), answers, "model.onnx")


def test_a_file_that_onnx_runtime_does_not_run_is_refused() -> None:
    data = graph([CONV, ("Relu", ["c"], "y", {})], {"w": W[:, :2]})
    with pytest.raises(InputError, match=r"^model\.onnx: ONNX Runtime does not run it \(.*\); export it again$"):
        run_onnx_file(data, np.zeros((1, 3, 20), np.float32), "model.onnx")


def test_a_limit_of_an_int8_file_s_loss_is_refused(tmp_path: Path) -> None:
    quantized("separable", tmp_path)
    path = tmp_path / "qdq.onnx"
    assert f"--max-loss: {path} is int8 already" in refused(path, tmp_path, "--max-loss", "1")


@pytest.mark.usefixtures("board_tools")
def test_a_qdq_model_needs_no_windows(tmp_path: Path) -> None:
    data, _ = quantized("separable", tmp_path)
    assert quantize.main(["--from", str(tmp_path / "qdq.onnx"), "--out", str(tmp_path / "bundle")]) == 0
    bundle = read_bundle(tmp_path / "bundle")
    assert bundle.manifest.outputs.logits.size == 4 and (tmp_path / "bundle" / "model.onnx").is_file()
    assert data == (tmp_path / "qdq.onnx").read_bytes()
