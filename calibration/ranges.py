"""Activation ranges for quantization, from windows that cover the transformation's orbit.

The windows come from training subjects only, equally many of every class, each as recorded and in several transformed
copies: the ranges then hold for any wearing position, not only for the one that was recorded.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scl.answers import Answer
from scl.arguments import COUNT, MOST_COPIES, SEED, Parser, whole
from scl.artifacts import InputError, check_writable, command, write_artifact
from scl.artifacts.ranges import RANGES, Ranges
from scl.artifacts.run import read_run_info, run_hash
from scl.progress import Steps
from scl.text import say
from scl.threads import wait_passively

if TYPE_CHECKING:
    from train.data.recordings import WindowSet

METHODS = ("minmax", "percentile", "mse")
PERCENTILE = 99.99
STEPS = {"read": 4.0, "run the model on windows and copies": 3.0, "ranges": 3.0}  # roughly
CLIPS = 64  # candidate clipping ranges of the mse method


def representative(windows: "WindowSet", count: int, seed: int) -> "WindowSet":
    """About `count` windows with equally many of every class, drawn without replacement.

    Raises:
        InputError: there are no windows, a sample is not finite, or every channel is constant.
    """
    if len(windows) == 0:
        raise InputError(
            "the representative set is empty: the run's training part has no windows; "
            "give its own recordings with --data"
        )
    bad = ~np.isfinite(windows.x).all(axis=(1, 2))
    if bad.any():
        raise InputError(
            f"the representative set: {bad.sum()} of {len(windows)} windows hold NaN or infinity; repair the recordings"
        )
    if np.ptp(windows.x, axis=(0, 2)).max() == 0:
        raise InputError("the representative set is constant: every sample of a channel is the same; check the data")
    rng = np.random.default_rng(seed)
    classes = np.unique(windows.labels)
    each = max(count // len(classes), 1)
    index = [rng.permutation(np.flatnonzero(windows.labels == c))[:each] for c in classes]
    return windows.take(np.sort(np.concatenate(index)))


def activation_range(values: np.ndarray, method: str) -> tuple[float, float]:
    """The range of an activation, 0 always inside.

    - minmax: all values.
    - percentile: 99.99 % of them, half of the rest cut off at each end.
    - mse: of 64 ranges shrunk from minmax, the one whose int8 quantization has the least mean squared error.

    Raises:
        InputError: a value is not finite, or all are zero.
    """
    values = np.asarray(values, dtype=np.float64).ravel()
    if not np.isfinite(values).all():
        raise InputError(
            "activations are not finite: the run's weights or the recordings are damaged; "
            "restore them, or train it again"
        )
    low, high = min(values.min(), 0.0), max(values.max(), 0.0)
    if low == high:
        raise InputError("activations are all zero: the model ignores its input; train it again")
    if method == "percentile":
        tail = (100 - PERCENTILE) / 2
        low, high = np.percentile(values, [tail, 100 - tail])
        low, high = min(low, 0.0), max(high, 0.0)
    elif method == "mse":
        shrinks = np.linspace(1.0, 0.3, CLIPS)
        sample = values[:: max(len(values) // 200_000, 1)]
        best = min(shrinks, key=lambda s: quantization_error(sample, low * s, high * s))
        low, high = low * best, high * best
    elif method != "minmax":
        raise ValueError(f"method is {method!r}, expected one of {', '.join(METHODS)}")
    return float(low), float(high)


def quantization_error(values: np.ndarray, low: float, high: float) -> float:
    """Mean squared error of values (n,) after asymmetric int8 quantization over [low, high]."""
    scale = (high - low) / 255
    zero_point = np.rint(-128 - low / scale)
    q = np.clip(np.rint(values / scale) + zero_point, -128, 127)
    return float(np.mean(((q - zero_point) * scale - values) ** 2))


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m calibration.ranges`."""
    options = Parser(prog="python -m calibration.ranges", description=__doc__, figures=True, examples=("runs/imu",))
    options.add_argument("run", type=Path, help="run folder; ranges.json is written into it")
    options.add_argument("--windows", type=COUNT, default=360, help="representative windows (default 360)")
    options.add_argument(
        "--draws", type=whole(0, MOST_COPIES), default=4, help="transformed copies of each (default 4)"
    )
    options.add_argument("--method", choices=METHODS, default="percentile", help="default percentile")
    options.add_argument("--seed", type=SEED, default=0, help="of choice and transformations (default 0)")
    options.add_argument("--data", type=Path, help="the recordings, if not below SCL_DATA_DIR")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        _calibrate(arguments, answer)
    return 0


def _calibrate(arguments: argparse.Namespace, answer: Answer) -> None:
    read_run_info(arguments.run)  # before seconds of imports
    wait_passively()
    import torch

    from train.data.stored import windows_for_run
    from train.run.folder import load_run
    from train.transformations import from_info

    steps = Steps(STEPS)
    with steps.step("read"):
        run = load_run(arguments.run)
        check_writable(arguments.run / RANGES)
        chosen = representative(windows_for_run(run.info, "train", arguments.data), arguments.windows, arguments.seed)
    transformation = from_info(run.info.transformation)
    generator = torch.Generator().manual_seed(arguments.seed)
    x, y = torch.from_numpy(chosen.x), torch.from_numpy(chosen.targets)
    with steps.step("run the model on windows and copies"), torch.inference_mode():
        views = [transformation.identity(x, y)[0]]
        views += [transformation(x, y, generator)[0] for _ in range(arguments.draws)]
        tensors = run.model.activations(torch.cat(views))
    latent = tensors.pop("latent")
    tensors["features"] = latent[:, run.model.kept]
    if not run.info.multilabel:
        # A class is decided between a window's two best logits. Steps are spent on those only: lower ones may saturate.
        tensors["logits"] = tensors["logits"].topk(min(2, len(run.info.labels)), dim=1).values
    ranges: dict[str, tuple[float, float]] = {}
    with steps.step("ranges"):
        for name, values in tensors.items():
            try:
                ranges[name] = activation_range(values.numpy(), arguments.method)
            except InputError as error:
                raise InputError(f"{arguments.run}: tensor {name}: {error}") from error
    contents = Ranges(
        run_hash=run_hash(arguments.run),
        method=arguments.method,
        windows=len(chosen),
        draws=arguments.draws,
        transformation=transformation.name,
        seed=arguments.seed,
        subjects=tuple(np.unique(chosen.groups).tolist()),
        ranges=ranges,
    )
    write_artifact(arguments.run / RANGES, contents)
    answer.give(contents)
    say(
        f"{arguments.run / RANGES}: {arguments.method} over {len(chosen)} training windows of "
        f"{len(np.unique(chosen.groups))} subjects, each with {arguments.draws} copies under {transformation.name}"
    )
    for name, (low, high) in ranges.items():
        say(f"  {name:10} {low:10.4f} {high:10.4f}")


if __name__ == "__main__":
    command(main)
