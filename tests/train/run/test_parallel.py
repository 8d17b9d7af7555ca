"""Two Gloo processes against one: the same loss and gradient on the same batch, and a run through torchrun."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import distributed
from torch.nn import functional

from scl.artifacts.architecture import Architecture
from scl.partition import Partition
from train.methods import METHODS
from train.model.encoder import Classifier
from train.run import parallel
from train.run.config import TrainConfig
from train.run.objective import Objective, contrast_for
from train.transformations import Rotation

PARTITION = Partition(6, 4, 6)
SAMPLES = 36  # 9 remain to be pooled: the mean of an even number of rounded values can be a tie
NEGATIVES = ("batch", "other-class", "memory")
CASES = [(method, "batch") for method in METHODS] + [("scl", name) for name in NEGATIVES[1:]]


def step(method: str, negatives: str) -> tuple[torch.Tensor, dict[str, torch.Tensor], dict[str, torch.Tensor]]:
    """Loss, gradients and running statistics of two steps on one batch, whatever the number of ranks."""
    torch.manual_seed(0)
    torch.set_default_dtype(torch.float64)  # in float32 an activation near a tie is rounded either way
    model = Classifier(Architecture((8, 12), (2, 2), 5), PARTITION, channels=3, samples=SAMPLES, classes=3).train()
    config = TrainConfig().changed(
        method=method, negatives=negatives, partition=str(PARTITION), lambda_=0.5, cutmix=0.5
    )
    generator = torch.Generator().manual_seed(3)
    # Batch normalization sees shares that are unlike each other.
    x = torch.randn(16, 3, SAMPLES, generator=generator) * torch.linspace(0.2, 3, 16)[:, None, None] + 1
    labels = torch.arange(16) % 3
    contrast = contrast_for(config, model)
    generators = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    objective = Objective(config, Rotation(), functional.cross_entropy, contrast, *generators)
    for _ in range(2):  # a memory bank is empty in the first
        model.zero_grad()
        loss, _ = objective(model, x, labels)
        loss.backward()
        parallel.average_gradients(model.parameters())
    torch.set_default_dtype(torch.float32)
    gradients = {name: p.grad for name, p in model.named_parameters()}
    return parallel.mean(loss), gradients, {name: b for name, b in model.named_buffers() if "running" in name}


def worker(rank: int, folder: str) -> None:
    distributed.init_process_group("gloo", f"file://{folder}/meet", rank=rank, world_size=2)
    found = [step(*case) for case in CASES]
    tensors = {"peak": parallel.largest(torch.tensor([rank, -1.0]))}
    for number, (loss, gradients, buffers) in enumerate(found):
        named = {"loss": loss, **gradients, **buffers}
        tensors |= {f"{number}.{name}": value.detach().clone() for name, value in named.items()}
    from safetensors.torch import save_file

    save_file(tensors, f"{folder}/{rank}.safetensors")
    distributed.destroy_process_group()


@pytest.fixture(scope="module")
def two_ranks(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, torch.Tensor]]:
    from safetensors.torch import load_file

    folder = tmp_path_factory.mktemp("ranks")
    here = str(Path(__file__).parent)
    call = f"sys.path.insert(0, {here!r}); import test_parallel as t; t.worker(int(sys.argv[1]), {str(folder)!r})"
    code = f"import sys; {call}"
    workers = [subprocess.Popen([sys.executable, "-c", code, str(rank)]) for rank in range(2)]
    assert [w.wait(timeout=120) for w in workers] == [0, 0]
    return [load_file(folder / f"{rank}.safetensors") for rank in range(2)]


@pytest.mark.parametrize("case", range(len(CASES)), ids=["-".join(case) for case in CASES])
def test_two_ranks_equal_one_process(two_ranks: list[dict[str, torch.Tensor]], case: int) -> None:
    loss, gradients, buffers = step(*CASES[case])
    for rank in two_ranks:
        for name, value in {"loss": loss, **gradients, **buffers}.items():
            found = rank[f"{case}.{name}"]
            assert torch.allclose(found, value, rtol=1e-5, atol=1e-6), (name, (found - value).abs().max())


def test_largest_is_of_all_ranks(two_ranks: list[dict[str, torch.Tensor]]) -> None:
    assert [rank["peak"].item() for rank in two_ranks] == [1.0, 1.0]


@pytest.mark.parametrize(("batch", "code"), [("32", 0), ("30", 1)])
def test_torchrun_trains_what_one_process_trains(tmp_path: Path, batch: str, code: int) -> None:
    options = ["--epochs", "1", "--draws", "1", "--partition", "8/8/16", "--batch-size", batch]
    environment = {k: v for k, v in os.environ.items() if k != "SCL_DATA_DIR"} | {"OMP_NUM_THREADS": "1"}
    torchrun = ["-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2", "-m", "train.imu"]
    done = subprocess.run(
        [sys.executable, *torchrun, *options, "--out", str(tmp_path / "two")],
        capture_output=True, text=True, env=environment, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    if code:
        assert "--batch-size 30 does not divide into pairs among 2 ranks; give a multiple of 4" in done.stderr
        assert not list(tmp_path.iterdir())
        return
    assert done.stdout.count("run folder:") == 1 and done.stdout.count("epoch 1/1") == 1
    one = [sys.executable, "-m", "train.imu", *options, "--out", str(tmp_path / "one")]
    subprocess.run(one, check=True, capture_output=True, env=environment)
    found, expected = (json.loads((tmp_path / n / "metrics.jsonl").read_text()) for n in ("two", "one"))
    assert found["task"] == pytest.approx(expected["task"], rel=0.02)  # rounding grows over an epoch's steps
    assert sorted(p.name for p in tmp_path.iterdir()) == ["one", "two"]
