"""Run folders: what is written is read back, and what is damaged is refused with a reason."""

import json
import pickle
from pathlib import Path

import pytest
import torch

from scl.artifacts import InputError, sha256_bytes
from scl.artifacts.architecture import Architecture
from scl.artifacts.run import WEIGHTS, Normalisation, WindowInfo, run_hash
from scl.partition import Partition
from tests.run_info import run_info
from train.model.encoder import Classifier
from train.run.folder import load_run, write_run

ARCHITECTURE, PARTITION = Architecture((8, 6), (2, 1), 5), Partition(4, 3, 5)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    torch.manual_seed(0)
    model = Classifier(ARCHITECTURE, PARTITION, channels=3, samples=20, classes=2, std=torch.tensor([2.0, 2, 2]))
    window = WindowInfo(20, 10.0, ("x", "y", "z"), ("m/s^2",) * 3)
    normalisation = Normalisation((0.0,) * 3, (2.0,) * 3, model.limit)
    info = run_info(ARCHITECTURE, PARTITION, window, ("a", "b"), normalisation=normalisation)
    write_run(tmp_path, info, model)
    return tmp_path


def edit(folder: Path, **changes: object) -> None:
    """Replaces keys of run.json; None removes one."""
    info = json.loads((folder / "run.json").read_text()) | changes
    (folder / "run.json").write_text(json.dumps({k: v for k, v in info.items() if v is not None}))


def test_loaded_model_answers_as_the_written_one(folder: Path) -> None:
    torch.manual_seed(0)
    written = Classifier(ARCHITECTURE, PARTITION, channels=3, samples=20, classes=2, std=torch.tensor([2.0, 2, 2]))
    run = load_run(folder)
    assert not run.model.training and run.partition == PARTITION
    x = torch.randn(4, 3, 20, generator=torch.Generator().manual_seed(1))
    assert all(torch.equal(a, b) for a, b in zip(run.model(x), written.eval()(x), strict=True))


def test_hash_follows_both_files(folder: Path) -> None:
    first = run_hash(folder)
    assert run_hash(folder) == first
    data = bytearray((folder / WEIGHTS).read_bytes())
    data[-1] ^= 1
    (folder / WEIGHTS).write_bytes(data)
    second = run_hash(folder)
    edit(folder, name="other")
    assert len({first, second, run_hash(folder)}) == 3


def test_pickled_weights_are_refused_even_with_a_matching_hash(folder: Path) -> None:
    data = pickle.dumps({"head.bias": [1.0]})
    (folder / WEIGHTS).write_bytes(data)
    edit(folder, weights_sha256=sha256_bytes(data))
    with pytest.raises(InputError, match="is not a safetensors file.*pickles are not read"):
        load_run(folder)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"kind": "bundle"}, "holds 'bundle', expected kind 'run'"),
        ({"schema": 4}, "schema 4, this version reads schema 6; train it again with python -m train.imu"),
        ({"weights_sha256": "0" * 64}, "SHA-256 is .* names 000"),
        ({"weights_sha256": None}, "run.json: field weights_sha256 is missing"),
        ({"window": None}, "run.json: field window is missing"),
        ({"partition": {"invariant": 4, "variant": 3}}, "run.json: field partition.free is missing"),
        ({"architecture": {"widths": [8], "strides": [1, 2]}}, "run.json: field architecture.kernel is missing"),
        ({"partition": {"invariant": 4, "variant": 3, "free": 4}}, "does not fit the architecture in run.json"),
    ],
)
def test_damaged_folders_are_named(folder: Path, changes: dict, message: str) -> None:
    edit(folder, **changes)
    with pytest.raises(InputError, match=message):
        load_run(folder)


def test_missing_files(folder: Path) -> None:
    (folder / WEIGHTS).unlink()
    with pytest.raises(InputError, match="model.safetensors: no such file"):
        load_run(folder)
    with pytest.raises(InputError, match="is not a run folder"):
        load_run(folder / "nothing")
