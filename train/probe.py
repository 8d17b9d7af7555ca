"""What a run's latent holds, group by group: how well a linear probe reads class, subject and transformation from the
invariant, variant and free features, and how much each dimension moves under the transformation.

Probes are fitted and judged on the run's test windows: class and transformation on other people than they were fitted
on, the subject on other windows of the same people. A probe that reads nothing reaches the share of the commonest class
(printed beside it), and an R^2 of 0.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scl import artifacts
from scl.answers import Answer
from scl.arguments import COPIES, SEED, Parser
from scl.artifacts import InputError, command
from scl.artifacts.run import read_run_info
from scl.threads import wait_passively

if TYPE_CHECKING:
    from scl.partition import Partition
    from train.data.recordings import WindowSet
    from train.run.folder import Run

FOLDS = 5
MOST = 1500  # windows: a probe's time grows with them
RIDGE = 1.0


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m train.probe`."""
    options = Parser(prog="python -m train.probe", description=__doc__, figures=True, examples=("runs/imu",))
    options.add_argument(
        "run", type=Path, metavar="RUN", help="run folder; probe.json and probe.png are written into it"
    )
    options.add_argument("--draws", type=COPIES, default=4, help="transformed copies of each test window (default 4)")
    options.add_argument("--seed", type=SEED, default=0, help="of the transformations and folds (default 0)")
    options.add_argument("--data", type=Path, help="the recordings, if not where training found them")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        _probe(arguments, answer)
    return 0


def _probe(arguments: argparse.Namespace, answer: Answer) -> None:
    read_run_info(arguments.run)  # before seconds of imports
    wait_passively()
    from train.data.stored import windows_for_run
    from train.run.folder import load_run

    run = load_run(arguments.run)
    if run.info.multilabel:
        raise InputError(
            f"{arguments.run}: its labels may hold together; a probe reads one class; give a run whose labels do not"
        )
    windows = windows_for_run(run.info, "test", arguments.data)
    windows = windows.take(np.linspace(0, len(windows) - 1, min(len(windows), MOST)).astype(int))
    if len(np.unique(windows.groups)) < FOLDS:
        raise InputError(
            f"{arguments.run}: {len(np.unique(windows.groups))} people or records test, expected at least {FOLDS} to "
            "fit a probe on some and judge it on others; give a run that more test"
        )
    artifacts.check_writable(run.path / "probe.json")
    z, parameters = latents(run, windows, arguments.draws, arguments.seed)
    found = probes(z, parameters, windows.labels, windows.groups, run.partition, arguments.seed)
    scores = invariance(z)
    name = run.info.transformation.name
    contents: dict[str, object] = {"kind": "probe", "schema": 1, "transformation": name, "windows": len(windows)}
    contents |= {"groups": found, "invariance": scores.tolist()}
    also = run.info.config.get("also")
    parts = compound_probes(run, windows, str(also), arguments.draws, arguments.seed) if also else None
    if parts is not None:
        contents["parts"] = parts
    artifacts.write_json(run.path / "probe.json", contents)
    answer.give(contents)
    plot(run.path / "probe.png", scores, run.partition)
    print_probes(found, scores, run.partition, name)
    if parts is not None:
        print_parts(parts)


def latents(run: "Run", windows: "WindowSet", draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Latents (1 + draws, n, d) of windows as recorded and transformed, and what the transformations did (draws, n, p):
    of a rotation where the mean acceleration then points, of a shift its samples.
    """
    import torch

    from train.run.evaluate import predict
    from train.transformations import from_info

    transformation = from_info(run.info.transformation)
    copies = transformation.probed(torch.from_numpy(windows.x), torch.from_numpy(windows.targets), draws, seed)
    return np.stack([predict(run.model, view)[0] for view in copies.windows]), copies.parameters


def probes(
    z: np.ndarray, parameters: np.ndarray, labels: np.ndarray, groups: np.ndarray, partition: "Partition", seed: int
) -> dict[str, dict[str, float]]:
    """What each group of dimensions tells, and what can be had for nothing ("chance").

    Args:
        z: (1 + draws, n, d), the untransformed latent first.
        parameters: (draws, n, p) of the transformations.
        labels, groups: (n,), class and subject of every window.
    """
    found = {}
    for name, columns in groups_of(partition).items():
        original, moved = z[0][:, columns], z[1:][:, :, columns]
        pairs = np.concatenate([np.broadcast_to(original, moved.shape), moved], axis=2).reshape(-1, 2 * moved.shape[2])
        found[name] = {
            "class": classified(original, labels, groups, seed),
            "subject": classified(original, groups, None, seed),
            "transformation": explained(pairs, parameters.reshape(len(pairs), -1), np.tile(groups, len(moved))),
        }
    chance = {"class": commonest(labels), "subject": commonest(groups), "transformation": 0.0}
    return {**found, "chance": chance}


def compound_probes(run: "Run", windows: "WindowSet", also: str, draws: int, seed: int) -> dict[str, dict[str, float]]:
    """How well each group, and each part's share of the variant one, tells what a part did (R^2): {part: {group: R^2}}.

    All parts are drawn anew for every copy, and each is read from single views, as its reader does in training.
    """
    import torch

    from train.experimental.compound import Compound, parts_of
    from train.run.evaluate import predict

    parts = parts_of(also)
    compound, x = Compound(parts), torch.from_numpy(windows.x)
    generator = torch.Generator().manual_seed(seed)
    latents: list[np.ndarray] = []
    targets: list[list[np.ndarray]] = [[] for _ in parts]
    for _ in range(draws):
        drawn = [part.draw(x, generator) for part in parts]
        view = compound.apply(x, drawn)
        latents.append(predict(run.model, view)[0])
        for number, part in enumerate(parts):
            targets[number].append(part.target(view, drawn[number]).numpy())
    z, groups = np.concatenate(latents), np.tile(windows.groups, draws)
    shares = groups_of(run.partition)
    whole = shares.pop("variant")
    width = run.partition.variant // len(parts)
    for number, part in enumerate(parts):
        first = whole.start + number * width
        shares[f"variant: {part.name}"] = slice(first, first + width)
    return {
        part.name: {name: explained(z[:, columns], np.concatenate(values), groups) for name, columns in shares.items()}
        for part, values in zip(parts, targets, strict=True)
    }


def groups_of(partition: "Partition") -> dict[str, slice]:
    """The groups that have dimensions."""
    return {name: columns for name, columns in partition.slices.items() if columns.start < columns.stop}


def commonest(values: np.ndarray) -> float:
    """Share of the commonest value."""
    return float(np.unique(values, return_counts=True)[1].max() / len(values))


def classified(x: np.ndarray, labels: np.ndarray, groups: np.ndarray | None, seed: int) -> float:
    """Accuracy of a logistic regression x (n, d) -> labels (n,), each fifth judged by the others' fit; with `groups`,
    fifths of people.
    """
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold, StratifiedKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=300))
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=seed) if groups is None else GroupKFold(FOLDS)
    return float(np.mean(cross_val_predict(model, x, labels, groups=groups, cv=folds) == labels))


def explained(x: np.ndarray, values: np.ndarray, groups: np.ndarray) -> float:
    """R^2 of a ridge regression x (n, d) -> values (n, p) on people it was not fitted on, over all p together; a fit
    that is worse than the mean counts as 0.
    """
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), Ridge(RIDGE))
    found = cross_val_predict(model, x, values, groups=groups, cv=GroupKFold(FOLDS))
    left = np.sum((values - found) ** 2) / np.sum((values - values.mean(axis=0)) ** 2)
    return float(max(0.0, 1 - left))


def invariance(z: np.ndarray) -> np.ndarray:
    """Of every dimension (d,): 1 - its variance between a window's copies over its variance altogether, from latents
    (copies, n, d). 1: the transformation does not move it, 0: it tells nothing else. A dead dimension has 1.
    """
    z = z.astype(np.float64)
    within, total = z.var(axis=0).mean(axis=0), z.reshape(-1, z.shape[2]).var(axis=0)
    return np.asarray(1 - np.divide(within, total, out=np.zeros_like(within), where=total > 1e-12))


def plot(path: Path, scores: np.ndarray, partition: "Partition") -> None:
    """A bar for each dimension's invariance, coloured by group."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axis = pyplot.subplots(figsize=(10, 3))
    for name, columns in groups_of(partition).items():
        index = np.arange(partition.size)[columns]
        axis.bar(index, scores[index], label=name, width=0.9)
    axis.set(xlabel="latent dimension", ylabel="invariance", ylim=(0, 1))
    axis.legend(loc="lower right")
    with artifacts.replacing(path) as temporary:
        figure.savefig(temporary, format="png", bbox_inches="tight")
    pyplot.close(figure)


def print_probes(
    found: dict[str, dict[str, float]], scores: np.ndarray, partition: "Partition", transformation: str
) -> None:
    from rich.table import Table

    from scl.terminal import PlainConsole

    table = Table(title="what a linear probe reads", title_justify="left")
    for name in ("group", "class", "subject", f"{transformation} (R^2)", "invariance, mean"):
        table.add_column(name)
    for name, row in found.items():
        cells: list[Any] = [f"{row[what]:.3f}" for what in ("class", "subject", "transformation")]
        columns = groups_of(partition).get(name)
        table.add_row(name, *cells, "" if columns is None else f"{scores[columns].mean():.3f}")
    PlainConsole(width=None if sys.stdout.isatty() else 100).print(table)


def print_parts(found: dict[str, dict[str, float]]) -> None:
    from rich.table import Table

    from scl.terminal import PlainConsole

    table = Table(title="what each group tells of each transformation (R^2)", title_justify="left")
    table.add_column("group")
    for part in found:
        table.add_column(part)
    for group in next(iter(found.values())):
        table.add_row(group, *(f"{row[group]:.3f}" for row in found.values()))
    PlainConsole(width=None if sys.stdout.isatty() else 100).print(table)


if __name__ == "__main__":
    command(main)
