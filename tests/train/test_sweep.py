"""Sweeps: what a file asks for, runs that are there are not run again, and the same on a Ray of this computer."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from scl.artifacts import InputError, write_json
from scl.partition import Partition
from tests.documents import document
from train import sweep
from train.data.recordings import WindowSet
from train.run.config import TrainConfig
from train.run.evaluate import evaluate
from train.run.session import _validation_figures
from train.transformations import Rotation, Shift

RUNS = """
command = "train.imu"
out = "{out}"
[base]
epochs = 1
draws = 1
partition = "8/8/16"
[grid]
method = {methods}
seed = [0, 1]
"""


@pytest.fixture(autouse=True)
def embedded_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SCL_DATA_DIR", raising=False)


def write(folder: Path, text: str) -> Path:
    path = folder / "sweep.toml"
    path.write_text(text)
    return path


def test_a_grid_is_every_combination(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = 'command = "train.ecg"\nout = "o"\n[base]\nepochs = 3\n[grid]\nlambda = [0.1, 0.2]\nseed = [0, 1, 2]\n'
    found = sweep.read(write(tmp_path, text))
    assert found.varied == ("lambda", "seed") and len(found.runs) == 6
    assert found.runs[4] == {"epochs": 3, "lambda": 0.2, "seed": 1}
    assert sweep.main([str(tmp_path / "sweep.toml"), "--dry-run"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(set(lines)) == 6
    assert lines[4].startswith("python -m train.ecg --epochs 3 --lambda 0.2 --seed 1 --out o/")
    assert sweep.main([str(tmp_path / "sweep.toml"), "--dry-run", "--json"]) == 0
    assert document(capsys.readouterr().out)["commands"] == lines


def test_random_draws_stay_in_range_and_repeat(tmp_path: Path) -> None:
    text = (
        'command = "train.imu"\nout = "o"\n[grid]\nseed = [0, 1]\n[random]\ntrials = 200\nseed = 7\n'
        "learning_rate = {low = 1e-4, high = 1e-2, log = true}\nbeta = {low = 0.0, high = 2.0}\n"
        'batch_size = {low = 32, high = 64}\npartition = ["8/8/16", "16/0/16"]\n'
    )
    found = sweep.read(write(tmp_path, text))
    assert found == sweep.read(tmp_path / "sweep.toml") and len(found.runs) == 400
    rates = [run["learning_rate"] for run in found.runs]
    assert 1e-4 <= min(rates) < 3e-4 and 3e-3 < max(rates) <= 1e-2
    assert 0.4 < sum(rate < 1e-3 for rate in rates) / 400 < 0.6  # half below the middle of the decades
    assert {type(run["batch_size"]) for run in found.runs} == {int}
    assert {run["partition"] for run in found.runs} == {"8/8/16", "16/0/16"}
    assert found.runs[0] | {"seed": 1} == found.runs[1]  # every trial meets every point of the grid


def test_the_readme_s_example_is_read(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "COMMANDS.md").read_text()
    text = page.split("```toml\ncommand")[1].split("```")[0]
    found = sweep.read(write(tmp_path, "command" + text))
    assert len(found.runs) == 4 * 3 * 5 and found.varied == ("lambda", "method", "seed")
    flags = set(TrainConfig().as_dict())
    assert all(set(run) <= flags for run in found.runs)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("command = ", "is not TOML"),
        ('command = "train.imu"\nout = "o"\nseeds = [1]', "unknown key seeds"),
        ('command = "train.magic"\nout = "o"', "command 'train.magic'; expected command"),
        ('command = "train.imu"\nout = "o"\n[grid]\nseed = 3', r"\[grid\] seed is 3, expected a list"),
        (
            'command = "train.imu"\nout = "o"\n[grid]\nseed = [[1]]',
            r"\[grid\] seed is \[1\], expected a string or a num",
        ),
        ('command = "train.imu"\nout = "o"\ngrid = 3', r"grid is 3, expected a table \[grid\]"),
        ('command = "train.imu"\nout = "o"\n[base]\nseed = {a = 1}', r"\[base\] seed is .* expected a string or a num"),
        ('command = "train.imu"\nout = "o"\n[random]\ntrials = 1.5\nbeta = [1]', "trials 1.5, expected whole numbers"),
        ('command = "train.imu"\nout = "o"\n[random]\nbeta = {low = "a", high = 1}', "from 'a' to 1, expected numbers"),
        ('command = "train.imu"\nout = "o"\n[grid]\nseed = [1, 1]', "the same run more than once"),
        ('command = "train.imu"\nout = "o"\n[random]\nbeta = {low = 1}', r"\[random\] beta is .* expected a list, or"),
        ('command = "train.imu"\nout = "o"\n[random]\nbeta = {low = 2, high = 1}', "from 2 to 1"),
        ('command = "train.imu"\nout = "o"\n[random]\nbeta = {low = 0, high = 1, log = true}', "above 0 with log"),
        (
            'command = "train.imu"\nout = "o"\n[random]\nbeta = {low = -inf, high = inf}',
            "expected numbers within 1e.30",
        ),
        (
            'command = "train.imu"\nout = "o"\n[random]\nseed = 0\nbeta = {low = 1, high = 1' + "0" * 40 + "}",
            "within 1e",
        ),
        (
            'command = "train.imu"\nout = "o"\n[random]\ntrials = 100000000000\nbeta = [1]',
            "more than 10,000 runs; give",
        ),
        (
            'command = "train.imu"\nout = "o"\n[grid]\n' + "".join(f"k{i} = [1, 2, 3, 4]\n" for i in range(40)),
            "more than 10,000 runs; give fewer values",
        ),
        ('command = "train.imu"\nout = "a\\u0000b"', r"out is 'a\\x00b', expected the name of a folder"),
        ('command = "train.imu"\nout = "o"\n[grid]\nactivities = ["\\u0000"]', "expected a string or a number"),
        ('command = "train.imu"\nout = "o"\n[base]\nhelp = true', r"\[base\] has help, which a sweep decides itself"),
        (
            'command = "train.imu"\nout = "o"\n[base]\nout = "x"',
            r"\[base\] has out, which a sweep decides itself; leave",
        ),
    ],
)
def test_bad_files_are_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        sweep.read(write(tmp_path, text))


def test_runs_are_tabled_and_not_repeated(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "sweep"
    file = write(tmp_path, RUNS.format(out=out, methods='["baseline"]'))
    assert sweep.main([str(file), "--jobs", "2"]) == 0
    first = {path: path.stat().st_mtime_ns for path in out.glob("*/metrics.json")}
    assert len(first) == 2
    file = write(tmp_path, RUNS.format(out=out, methods='["baseline", "magic"]'))
    capsys.readouterr()
    assert sweep.main([str(file), "--jobs", "2", "--json"]) == 1
    printed = capsys.readouterr()
    assert "invalid choice: 'magic'" in printed.err and "2 of 4 runs" in printed.err
    found = document(printed.out)
    assert len(found["failed"]) == 2 and all("invalid choice: 'magic'" in one["reason"] for one in found["failed"])
    assert [row["seed"] for row in found["runs"]] == [0, 1] and [row["runs"] for row in found["means"]] == [2]
    assert {path: path.stat().st_mtime_ns for path in out.glob("*/metrics.json")} == first
    rows = list(csv.DictReader((out / "sweep.csv").read_text().splitlines()))
    assert [(row["method"], row["seed"]) for row in rows] == [("baseline", "0"), ("baseline", "1")]
    assert {"val_macro_f1", "val_consistency", "accuracy", "transformed_consistency"} <= set(rows[0])
    assert (out / "sweep.png").read_bytes()[:4] == b"\x89PNG"
    groups = sweep.summary(sweep.read(file), sweep.collect(sweep.read(file)))
    assert len(groups) == 1 and groups[0]["runs"] == 2
    assert groups[0]["accuracy"] == pytest.approx(sum(float(row["accuracy"]) for row in rows) / 2)


class Guessing(torch.nn.Module):
    """Latents and logits that follow a window's mean; no class is always right."""

    partition = Partition(2, 1, 1)

    def forward(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        z = x.mean(dim=(1, 2))[:, None] + torch.eye(4)[torch.arange(len(x)) % 4]
        return z, z[:, :3]


def shifts(*labels_at: list[int]) -> WindowSet:
    x = np.random.default_rng(0).normal(size=(12, 3, 30)).astype(np.float32)
    labels = np.array(labels_at * (12 // len(labels_at)))
    return WindowSet(x, labels[:, 0].copy(), np.arange(12) % 4, labels)


ALL_CHANGE = shifts([0, 1, 1], [2, 0, 0])  # no pair has the label of its window: consistency is of nothing
WINDOWS = {
    "rotation": (Rotation(), WindowSet(ALL_CHANGE.x, ALL_CHANGE.labels, ALL_CHANGE.groups)),
    "shift": (Shift(0, 2, 28), shifts([0, 0, 1], [1, 1, 1], [2, 2, 2])),
    "shift of every label": (Shift(0, 2, 28), ALL_CHANGE),
}


@pytest.mark.parametrize("case", WINDOWS)
def test_a_cell_is_a_number_whatever_the_transformation(case: str, tmp_path: Path, capsys) -> None:
    """From what a run of each transformation leaves, to the table, the picture and the file."""
    transformation, windows = WINDOWS[case]
    plan = sweep.Sweep("train.ecg", tmp_path, ({"beta": 1.0, "seed": 0}, {"beta": 1.0, "seed": 1}), ("beta", "seed"))
    for options in plan.runs:
        figures = evaluate(Guessing(), windows, transformation, 2, 0)  # type: ignore[arg-type]
        metrics = {"kind": "metrics", "schema": 3, "transformation": transformation.name, **figures.as_dict()}
        write_json(plan.folder(options) / "metrics.json", metrics)
        last = {"epoch": 1, "task": 0.5} | _validation_figures(figures)
        (plan.folder(options) / "metrics.jsonl").write_text(json.dumps(last) + "\n")
    rows = sweep.collect(plan)
    cells = [value for row in rows for name, value in row.items() if name != "run"]
    assert len(rows) == 2 and all(value is None or isinstance(value, (int, float)) for value in cells)
    followed = [None if case == "shift of every label" else pytest.approx(rows[0]["val_consistency"])] * 2
    assert [row["transformed_consistency"] for row in rows] == followed
    sweep.write(plan, rows)
    table = list(csv.DictReader((tmp_path / "sweep.csv").read_text().splitlines()))
    for row, written in zip(rows, table, strict=True):
        assert {name: float(text) for name, text in written.items() if name != "run" and text} == {
            name: value for name, value in row.items() if name != "run" and value is not None
        }
    assert "mean over seeds" in capsys.readouterr().out and (tmp_path / "sweep.png").is_file()


@pytest.mark.exact
def test_the_same_on_ray(tmp_path: Path) -> None:
    ray = pytest.importorskip("ray")
    file = write(tmp_path, RUNS.format(out=tmp_path / "sweep", methods='["baseline"]'))
    try:
        assert sweep.main([str(file), "--cluster", "local"]) == 0
    finally:
        ray.shutdown()
    assert len(list((tmp_path / "sweep").glob("*/metrics.json"))) == 2
