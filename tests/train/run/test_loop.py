"""The training loop on a few generated windows: what each method optimizes, repeatability, resuming."""

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from scl.artifacts import InputError
from scl.artifacts.architecture import Architecture
from scl.loss import StructuredContrastiveLoss
from scl.negatives import negatives
from scl.partition import Partition
from train.data.recordings import WindowSet
from train.methods import METHODS
from train.methods.simclr import nt_xent
from train.methods.vicreg import vicreg
from train.model.encoder import Classifier
from train.run import loop
from train.run.checkpoint import Checkpoint
from train.run.config import TrainConfig
from train.run.objective import Objective, contrast_for, task_loss
from train.run.working_folder import CHECKPOINT
from train.transformations import Rotation

PARTITION = Partition(6, 4, 6)
CPU = torch.device("cpu")


def toy_windows(n: int = 96) -> WindowSet:
    """Three classes that differ by frequency, so that they can be told under any rotation."""
    rng = np.random.default_rng(0)
    labels = np.arange(n) % 3
    t = np.arange(32) / 32
    x = np.stack([np.sin(2 * np.pi * (2 + 4 * c) * t + rng.uniform(0, 6)) * rng.normal(size=(3, 1)) for c in labels])
    return WindowSet((x + 0.05 * rng.normal(size=x.shape)).astype(np.float32), labels, np.arange(n) % 4)


def toy_model(seed: int = 0) -> Classifier:
    torch.manual_seed(seed)
    return Classifier(Architecture((8, 12), (2, 2), 5), PARTITION, channels=3, samples=32, classes=3)


def fit(model: Classifier, folder: Path, config: TrainConfig, stop_after: int | None = None) -> list[dict[str, float]]:
    history: list[dict[str, float]] = []

    def log(epoch: int, figures: dict[str, float]) -> None:
        history.append(figures)
        if epoch - 1 == stop_after:
            raise KeyboardInterrupt  # before this epoch's checkpoint is written, as a kill would

    folder.mkdir(exist_ok=True)
    progress = loop.Progress(log, lambda done, total: None)
    loop.fit(model, toy_windows(), Rotation(), config, lambda m: {}, progress, folder, CPU)
    return history


def config(method: str = "scl", **options: object) -> TrainConfig:
    return TrainConfig().changed(method=method, epochs=4, batch_size=16, partition=str(PARTITION), **options)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_learns_separable_classes(method: str, tmp_path: Path) -> None:
    options = TrainConfig().changed(
        method=method, epochs=25, batch_size=16, partition=str(PARTITION), learning_rate=5e-3
    )
    history = fit(toy_model(), tmp_path, options)
    assert history[-1]["task"] < 0.5 * history[0]["task"]
    assert all(np.isfinite(list(figures.values())).all() for figures in history)


@pytest.mark.parametrize("balance", [0.0, 0.5])
def test_smoothing_spreads_the_label(balance: float) -> None:
    """-(1 - s) log p(label) - s / classes * sum log p, by hand; weighted by class where balanced."""
    windows = toy_windows(30)
    windows = WindowSet(windows.x, np.repeat([0, 1, 2], [18, 9, 3]), windows.groups)
    loss = task_loss(windows, config(smoothing=0.2, balance=balance), 3, CPU)
    logits, labels = torch.randn(8, 3, generator=torch.Generator().manual_seed(0)), torch.arange(8) % 3
    logs = logits.double().log_softmax(dim=1)
    rows = [-(0.8 * row[label] + 0.2 / 3 * row.sum()) for row, label in zip(logs, labels, strict=True)]
    weights = np.array([18, 9, 3.0]) ** -balance
    weights /= (weights * [18, 9, 3]).sum() / 30
    expected = np.mean([weights[label] * row.item() for row, label in zip(rows, labels, strict=True)])
    assert loss(logits, labels).item() == pytest.approx(expected, rel=1e-5)


def generators() -> tuple[torch.Generator, torch.Generator]:
    return torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)


def objective(settings: TrainConfig) -> Objective:
    contrast = contrast_for(settings, toy_model())
    return Objective(settings, Rotation(), functional.cross_entropy, contrast, *generators())


@pytest.mark.parametrize(
    ("options", "views"), [({"task_views": "original"}, 1), ({"task_views": "both"}, 2), ({"anchor": "transformed"}, 2)]
)
def test_objective_of_scl_is_written_out(options: dict, views: int) -> None:
    model, windows = toy_model().eval(), toy_windows(16)
    x, labels = torch.from_numpy(windows.x), torch.from_numpy(windows.labels)
    settings = config(lambda_=0.3, **options)
    contrast = StructuredContrastiveLoss(PARTITION, settings.method.beta, settings.method.eps)
    total, parts = objective(settings)(model, x, labels)
    order, draw = generators()
    first = Rotation()(x, labels, draw)[0] if settings.method.anchor == "transformed" else x
    z, logits = model(first)
    z_t, logits_t = model(Rotation()(x, labels, draw)[0])
    task = functional.cross_entropy(logits, labels)
    if views == 2:
        task = (task + functional.cross_entropy(logits_t, labels)) / 2
    expected = task + 0.3 * contrast(z, z_t, negatives(z, order)).loss
    assert total.item() == pytest.approx(expected.item(), rel=1e-5)
    assert set(parts) == {"task", "contrast", "d_invariant", "d_variant", "d_negative"}


def test_two_views_without_a_contrast_are_the_mean_of_two_tasks() -> None:
    model, windows = toy_model().eval(), toy_windows(16)
    x, labels = torch.from_numpy(windows.x), torch.from_numpy(windows.labels)
    total, parts = objective(config("augment", views=2))(model, x, labels)
    (_, draw), losses = generators(), []
    for _ in range(2):
        losses.append(functional.cross_entropy(model(Rotation()(x, labels, draw)[0])[1], labels))
    assert total.item() == pytest.approx(sum(losses).item() / 2, rel=1e-5) and set(parts) == {"task"}


@pytest.mark.parametrize("method", ["simclr", "vicreg"])
def test_objective_of_a_rival_is_written_out(method: str) -> None:
    model, windows = toy_model().eval(), toy_windows(16)
    x, labels = torch.from_numpy(windows.x), torch.from_numpy(windows.labels)
    total, parts = objective(config(method, lambda_=0.3, anchor="original"))(model, x, labels)
    (z, logits), (_, draw) = model(x), generators()
    z_t, logits_t = model(Rotation()(x, labels, draw)[0])
    task = functional.cross_entropy(torch.cat([logits, logits_t]), torch.cat([labels, labels]))
    loss = {"simclr": nt_xent, "vicreg": vicreg}[method](z, z_t)
    assert torch.isclose(total, task + 0.3 * loss) and set(parts) == {"task", "contrast"}


def test_objective_of_baseline_and_augment() -> None:
    model, windows = toy_model().eval(), toy_windows(16)
    x, labels = torch.from_numpy(windows.x), torch.from_numpy(windows.labels)
    total, _ = objective(config("baseline"))(model, x, labels)
    assert total.item() == pytest.approx(functional.cross_entropy(model(x)[1], labels).item())
    total, _ = objective(config("augment"))(model, x, labels)
    turned, _ = Rotation()(x, labels, generators()[1])
    assert total.item() == pytest.approx(functional.cross_entropy(model(turned)[1], labels).item())


def test_repeatable_bit_for_bit_and_the_seed_matters(tmp_path: Path) -> None:
    models = [toy_model(), toy_model(), toy_model()]
    for number, (model, seed) in enumerate(zip(models, (0, 0, 1), strict=True)):
        fit(model, tmp_path / str(number), config(seed=seed))
    states = [model.state_dict() for model in models]
    assert all(torch.equal(states[0][k], states[1][k]) for k in states[0])
    assert not all(torch.equal(states[0][k], states[2][k]) for k in states[0])


@pytest.mark.parametrize("negatives", ["batch", "memory"])
def test_killed_and_resumed_equals_uninterrupted(tmp_path: Path, negatives: str) -> None:
    options = config(negatives=negatives, beta_schedule="rise")
    whole = toy_model()
    fit(whole, tmp_path / "whole", options)
    with pytest.raises(KeyboardInterrupt):
        fit(toy_model(), tmp_path / "killed", options, stop_after=2)
    resumed = toy_model(seed=99)  # nothing of the new process' own weights may be left
    history = fit(resumed, tmp_path / "killed", options)
    assert len(history) == 2
    assert all(
        torch.equal(a, b) for a, b in zip(whole.state_dict().values(), resumed.state_dict().values(), strict=True)
    )


def test_checkpoint_of_another_model_or_a_pickle_is_refused(tmp_path: Path) -> None:
    fit(toy_model(), tmp_path, config())
    torch.manual_seed(0)
    other = Classifier(Architecture((8, 10), (2, 2), 5), PARTITION, channels=3, samples=32, classes=3)
    with pytest.raises(InputError, match="not a checkpoint of this run"):
        Checkpoint(tmp_path, other, torch.optim.AdamW(other.parameters()), {}).load()
    torch.save(toy_model().state_dict(), tmp_path / CHECKPOINT)
    model = toy_model()
    with pytest.raises(InputError, match="not a checkpoint of this run"):
        Checkpoint(tmp_path, model, torch.optim.AdamW(model.parameters()), {}).load()


def test_learning_rate_rises_and_falls_to_nothing() -> None:
    rates = [loop.learning_rate(step, 100, 0.01) for step in range(100)]
    assert max(rates) == pytest.approx(0.01) and np.argmax(rates) in (19, 20)
    assert (np.diff(rates[:20]) > 0).all() and (np.diff(rates[20:]) < 0).all()
    assert 0 < rates[0] < 2e-4 and 0 < rates[-1] < 1e-4


def test_fewer_windows_than_a_batch(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="96 training windows are less than one batch of 128"):
        fit(toy_model(), tmp_path, TrainConfig().changed(batch_size=128, partition=str(PARTITION)))


def test_a_loss_that_is_not_finite_stops_the_run(tmp_path: Path) -> None:
    model = toy_model()
    with torch.no_grad():
        model.head.bias[0] = float("nan")
    with pytest.raises(InputError, match="not finite; lower --learning-rate"):
        fit(model, tmp_path, config())


def test_windows_are_drawn_evenly_over_the_records_of_their_class() -> None:
    """Every class as often as before; within it records by their count to the power of 1 - evenness."""
    labels = np.array([0] * 90 + [1] * 10)
    groups = np.array([7] * 80 + [8] * 10 + [7] * 9 + [8])
    windows = WindowSet(np.zeros((100, 1, 1), np.float32), labels, groups)
    assert loop.drawn_shares(windows, 0.0) is None
    shares = loop.drawn_shares(windows, 0.5).numpy()
    for label, count in ((0, 90), (1, 10)):
        assert shares[labels == label].sum() == pytest.approx(count)
    for label, (many, few) in ((0, (80, 10)), (1, (9, 1))):
        parts = [shares[(labels == label) & (groups == group)].sum() for group in (7, 8)]
        assert parts[0] / parts[1] == pytest.approx((many / few) ** 0.5)
