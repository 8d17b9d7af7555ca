"""Few labels: which windows keep theirs, how often each is drawn, and what the task's loss counts."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from scl.artifacts import InputError
from train import imu
from train.augment.cutmix import Splice
from train.data.recordings import WindowSet
from train.run import loop
from train.run.config import TrainConfig
from train.run.folder import load_run
from train.run.labelled import UNLABELLED, few_labels, labelled_shares
from train.run.objective import Objective, task_loss
from train.transformations import Rotation

CPU = torch.device("cpu")


def windows_of(subjects: int = 12, each: int = 9) -> WindowSet:
    groups = np.repeat(np.arange(100, 100 + subjects), each)
    return WindowSet(np.zeros((len(groups), 3, 4), np.float32), np.arange(len(groups)) % 3, groups)


def test_subjects_keep_all_labels_or_none_and_fewer_are_among_more() -> None:
    windows = windows_of()
    kept = []
    for count in (1, 3, 10, 12):
        few = few_labels(windows, count, 5, "set")
        rows = few.labels != UNLABELLED
        np.testing.assert_array_equal(few.labels[rows], windows.labels[rows])
        kept.append(set(few.groups[rows].tolist()))
        assert len(kept[-1]) == count and not kept[-1] & set(few.groups[~rows].tolist())
        assert few.x is windows.x
    assert all(fewer < more for fewer, more in pairwise(kept))
    assert len({tuple(few_labels(windows, 1, seed, "set").labels) for seed in range(8)}) > 1
    assert few_labels(windows, 0, 5, "set") is windows


def test_more_labelled_subjects_than_train_are_refused() -> None:
    with pytest.raises(InputError, match="set: --labelled is 13, but 12 subjects are trained on; give 12 at most"):
        few_labels(windows_of(), 13, 0, "set")


def test_half_of_the_windows_drawn_have_a_label() -> None:
    few = few_labels(windows_of(), 3, 0, "set")
    labelled = few.labels != UNLABELLED
    shares = labelled_shares(few)
    assert shares is not None and len(shares.unique()) == 2
    assert shares[labelled].sum() == pytest.approx(shares[~labelled].sum())
    assert labelled_shares(windows_of()) is None


@pytest.mark.parametrize("balance", [0.0, 0.5])
def test_the_task_is_the_mean_over_windows_with_a_label(balance: float) -> None:
    """As of those windows alone, and nothing else moves the weights; spliced ones count for the label they have."""
    few = few_labels(windows_of(), 4, 0, "set")
    config = TrainConfig().changed(balance=balance, cutmix=1.0, method="augment")
    loss = task_loss(few, config, 3, CPU)
    logits = torch.randn(6, 3, generator=torch.Generator().manual_seed(0), requires_grad=True)
    labels = torch.tensor([2, UNLABELLED, UNLABELLED, UNLABELLED, 1, 0])
    single = functional.cross_entropy(logits, labels.clamp(0), reduction="none")
    counts = np.bincount(few.labels[few.labels >= 0], minlength=3)
    weights = counts**-balance / (counts * counts**-balance).sum() * counts.sum()
    expected = sum(weights[labels[i]] * single[i] for i in (0, 4, 5)) / 3
    assert loss(logits, labels).item() == pytest.approx(float(expected.detach()), rel=1e-5)
    loss(logits, labels).backward()
    assert (logits.grad[1:4] == 0).all() and (logits.grad[[0, 4, 5]] != 0).any(dim=1).all()
    assert loss(logits, torch.full((6,), UNLABELLED)).item() == 0

    objective = Objective(config, Rotation(), loss, None, torch.Generator(), torch.Generator())
    partner = functional.cross_entropy(logits, labels[[1, 0, 3, 2, 5, 4]].clamp(0), reduction="none")
    other = sum(weights[labels[[1, 0, 3, 2, 5, 4]][i]] * partner[i] for i in (1, 4, 5)) / 3
    task = objective._task(logits, labels, Splice(0, 3, 12))
    assert task.item() == pytest.approx(float((0.75 * expected + 0.25 * other).detach()), rel=1e-5)


def test_methods_take_the_same_steps_of_the_same_batches(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)
    monkeypatch.setattr("train.run.loop.pick_device", lambda: CPU)
    seen: dict[str, list[torch.Tensor]] = {"augment": [], "simclr": []}
    step = loop._Training._step

    def watched(self: loop._Training, index: torch.Tensor, *place: int) -> dict[str, torch.Tensor]:
        seen[method].append(self.y[index])
        return step(self, index, *place)

    monkeypatch.setattr(loop._Training, "_step", watched)
    for method in seen:
        flags = f"--method {method} --labelled 2 --cutmix 0 --epochs 1 --draws 1 --batch-size 256"
        assert imu.main([*flags.split(), "--out", str(tmp_path / method)]) == 0
        assert "labels: of 2 of " in capsys.readouterr().out
        assert load_run(tmp_path / method).info.config["labelled"] == 2
    batches, others = (torch.stack(of_method) for of_method in seen.values())
    assert len(batches) > 1 and torch.equal(batches, others)
    assert 0.4 < float(batches.ne(UNLABELLED).float().mean()) < 0.6


def test_labels_and_evenness_both_draw_windows() -> None:
    with pytest.raises(InputError, match="--labelled 3: draws windows by whether they have a label, --evenness 0.5 by"):
        imu.main(["--labelled", "3", "--evenness", "0.5"])
