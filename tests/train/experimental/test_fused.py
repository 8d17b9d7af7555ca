"""Pairs of two modalities: what a generated pair holds, each transformation on its own part, one head for both."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch

from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from scl.partition import Partition
from tests.documents import document, file
from train import fusion
from train.experimental import fused
from train.experimental.fused import Both, FusedClassifier, Packing
from train.model.encoder import Classifier
from train.run.config import TrainConfig
from train.transformations import Rotation, Shift

PACKING, SHIFT = Packing(6, 20), Shift(0, 5, 30)


def pairs(n: int = 7) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(0)
    imu, ecg = torch.randn(n, 6, 20, generator=generator), torch.randn(n, 1, 35, generator=generator)
    return imu, ecg, PACKING.pack(imu, ecg), torch.randint(4, (n, 6), generator=generator)


def test_packing_is_undone() -> None:
    imu, ecg, x, _ = pairs()
    assert x.shape == (7, 1, 155)
    assert all(torch.equal(a, b) for a, b in zip(PACKING.unpack(x), (imu, ecg), strict=True))


@pytest.mark.parametrize(("rotates", "shifts"), [(True, False), (False, True), (True, True)])
def test_each_transformation_works_on_its_own_part(rotates: bool, shifts: bool) -> None:
    imu, ecg, x, y = pairs()
    both = Both(PACKING, SHIFT, rotates, shifts)
    windows, labels = both(x, y, torch.Generator().manual_seed(3))
    found = PACKING.unpack(windows)
    generator = torch.Generator().manual_seed(3)
    strips, expected = SHIFT(ecg, y, generator) if shifts else SHIFT.identity(ecg, y)
    turned = Rotation()(imu, y, generator)[0] if rotates else imu
    assert torch.equal(labels, expected) and torch.equal(found[0], turned) and torch.equal(found[1], strips)
    assert torch.equal(both.identity(x, y)[0], PACKING.pack(imu, ecg[:, :, :30]))


def network() -> FusedClassifier:
    torch.manual_seed(0)
    shapes = ((Partition(3, 2, 4), 6, 20), (Partition(2, 3, 1), 1, 30))
    imu, ecg = (Classifier(Architecture((4,), (2,), 3), p, c, n, 5) for p, c, n in shapes)
    return FusedClassifier(imu, ecg, PACKING, 5).eval()


def test_the_latent_is_both_invariant_both_variant_both_free() -> None:
    model = network()
    imu, ecg, *_ = pairs()
    z, logits = model(PACKING.pack(imu, ecg[:, :, :30]))
    a, b = model.imu.latents(imu, None), model.ecg.latents(ecg[:, :, :30], None)
    assert model.partition == Partition(5, 5, 5)
    assert torch.equal(z, torch.cat([a[:, :3], b[:, :2], a[:, 3:5], b[:, 2:5], a[:, 5:], b[:, 5:]], dim=1))
    kept = torch.cat([a[:, :3], b[:, :2], a[:, 5:], b[:, 5:]], dim=1)
    assert torch.allclose(logits, model.head(kept))


def test_no_logit_depends_on_a_variant_dimension() -> None:
    model = network()
    imu, ecg, *_ = pairs()
    x = PACKING.pack(imu, ecg[:, :, :30])
    before = model(x)[1]
    with torch.no_grad():
        model.imu.encoder.latent.bias[3:5] += 100
        model.ecg.encoder.latent.bias[2:5] += 100
    assert torch.equal(before, model(x)[1])


@pytest.fixture(scope="module")
def single(tmp_path_factory: pytest.TempPathFactory):
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("SCL_DATA_DIR", raising=False)
        yield fused.tasks(None, None, TrainConfig())


def test_pairs_are_windows_of_the_same_part_with_the_pair_of_their_labels(single) -> None:
    imu, ecg = single
    windows, labels = fused.pair_windows(imu, ecg, "test", 100, 0)
    packing = Packing(*imu.parts["test"].x.shape[1:])
    first, second = packing.unpack(torch.from_numpy(windows.x))
    activities, rhythms = fused.groups_of(imu, ecg)
    assert len(labels) == 14 and np.ptp(np.bincount(windows.labels, minlength=14)) <= 1
    a, b = imu.parts["test"], ecg.parts["test"]
    for row in range(100):
        i = next(i for i in range(len(a)) if np.array_equal(a.x[i], first[row]))
        j = next(j for j in range(len(b)) if np.array_equal(b.x[j], second[row]))
        assert labels[windows.labels[row]] == f"{activities[a.labels[i]]}, {rhythms[b.labels[j]]}"
        assert windows.groups[row] == b.groups[j]
        named = [labels[number] for number in windows.labels_at[row]]
        assert named == [f"{activities[a.labels[i]]}, {rhythms[label]}" for label in b.labels_at[j]]
    assert set(windows.groups) <= set(ecg.split.test)


def test_a_fused_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    monkeypatch.setattr(fusion, "PAIRS", {"train": 64, "validation": 64, "test": 64})
    options = ["--pairs", "64", "--epochs", "2", "--batch-size", "16", "--draws", "1", "--partition", "4/4/4"]
    assert fusion.main([*options, "--out", str(tmp_path / "f"), "--json"]) == 0
    said = capsys.readouterr()
    metrics = document(said.out, "fusion_metrics")
    assert metrics == json.loads((tmp_path / "f" / "metrics.json").read_text())
    file(tmp_path / "f" / "run.json", "fusion_run")
    assert {"rotation", "shift", "both", "accuracy", "confusion"} <= set(metrics) and len(metrics["labels"]) == 14
    names = {path.name for path in (tmp_path / "f").iterdir()}
    assert names == {"metrics.json", "metrics.jsonl", "model.safetensors", "run.json", "tensorboard"}
    assert "64 generated pairs; each pairs an IMU window of one person with an ECG strip of another" in said.err
    with pytest.raises(InputError, match="f: holds a finished run; give --force to replace it"):
        fusion.main([*options, "--out", str(tmp_path / "f")])
    assert fusion.main([*options, "--out", str(tmp_path / "f"), "--force"]) == 0


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--input", "invariant"], "--input is invariant, expected raw for pairs"),
        (["--cutmix", "1"], "--cutmix is 1.0, expected 0.0 for pairs"),
        (["--pairs", "5"], "--pairs is 5, less than one batch of 128"),
    ],
)
def test_what_pairs_have_no_use_for(flags: list[str], message: str) -> None:
    with pytest.raises(InputError, match=message):
        fusion.main(flags)
