"""The windows that travel with a bundle of a model from elsewhere, as the network's input, and what it must answer."""

import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from export.given_model import Model
from export.given_options import Options
from export.golden.choice import balanced, spread
from export.golden.window_copies import WindowCopies, window_copies
from export.proof import foreign
from scl.artifacts import InputError
from scl.artifacts.golden import UNKNOWN, Golden
from scl.artifacts.manifest import Int8Figures
from scl.robustness import robustness

RANDOM, RANDOM_WINDOWS = "random inputs", 100


@dataclass(frozen=True, eq=False)
class Windows:
    """What travels with the bundle.

    Attributes:
        copies: random inputs are windows without copies.
        inputs: int8 (transforms, n, samples, channels) of the network.
        clipped: share of the windows' values beyond the input's range.
    """

    copies: WindowCopies
    inputs: np.ndarray
    labels: np.ndarray | None
    groups: np.ndarray
    clipped: float


def given_windows(where: str, model: Model, options: Options) -> Windows:
    """The windows that were given, and their copies; random inputs where none were.

    Raises InputError if they do not fit the model, or the transformation does not fit them.
    """
    source, scale = model.network.network.input, model.network.activations["input"]
    given = options.representative
    if given is None:
        if options.transformation is not None:
            raise InputError(
                f"{where}: --transformation {options.transformation} needs windows to transform; give --representative"
            )
        shape = (RANDOM_WINDOWS, source.length, source.channels)
        inputs = np.random.default_rng(options.seed).integers(-128, 128, shape).astype(np.int8)
        windows = scale.dequantize(inputs).transpose(0, 2, 1)
        copies = WindowCopies(windows[None], (RANDOM,), {}, None)
        return Windows(copies, inputs[None], None, np.arange(RANDOM_WINDOWS), 0.0)
    classes = len(model.c.labels)
    if given.windows.shape[1] != source.channels:
        raise InputError(
            f"{options.data}: windows have {given.windows.shape[1]} channels, the model takes {source.channels}; "
            "expected windows (n, channels, samples): transpose them if need be, and save them again"
        )
    if given.labels is not None and given.labels.max() >= classes:
        raise InputError(
            f"{options.data}: labels holds {given.labels.max()}, the model has {classes} outputs, 0 to {classes - 1}; "
            "give the labels that it was trained with"
        )
    groups = np.arange(len(given.windows)) if given.groups is None else given.groups
    rows = spread(len(groups), options.windows)
    if given.labels is not None:
        rows = balanced(given.labels, groups, options.windows, options.seed)
    copies = window_copies(
        *(options.data, given.windows[rows], source.length, options.transformation, options.draws, options.seed)
    )
    x = copies.windows.transpose(0, 1, 3, 2)
    low, high = (scale.dequantize(np.array([end]))[0] for end in (-128, 127))
    clipped = float(((x < low - scale.scale / 2) | (x > high + scale.scale / 2)).mean())
    labels = None if given.labels is None else given.labels[rows]
    return Windows(copies, scale.quantize(x), labels, groups[rows], clipped)


def golden_of(where: str, file: Path, model: Model, windows: Windows) -> Golden:
    """The windows with TFLite Micro's answers."""
    shape = windows.inputs.shape[:2]
    inputs = windows.inputs.reshape(-1, *windows.inputs.shape[2:])
    names = [model.logits] if model.features is None else [model.logits, model.features]
    logits, *features = foreign.outputs(where, file, inputs, names)
    crc32 = [zlib.crc32(np.ascontiguousarray(x).tobytes()) for x in inputs]
    labels = np.full(shape[1], UNKNOWN) if windows.labels is None else windows.labels
    return Golden(
        counts=windows.inputs,
        features=features[0].reshape(*shape, -1) if features else np.zeros((*shape, 0), np.int8),
        logits=logits.reshape(*shape, -1),
        input_crc32=np.array(crc32, np.uint32).reshape(shape),
        flags=np.zeros(shape, np.uint8),
        labels=np.broadcast_to(labels, shape).astype(np.int64),
        groups=windows.groups,
        rows=np.arange(shape[1]),
        thresholds=None,
    )


def figures_of(golden: Golden, labelled: bool) -> Int8Figures:
    """What the int8 model makes of the windows; labels that are not known are all the same."""
    found = robustness(golden.labels, golden.predictions, golden.groups)
    copies = found.transformed

    def known(value: float | None) -> float | None:
        return value if labelled else None

    return Int8Figures(
        windows=len(golden.groups),
        copies=len(golden.labels) - 1,
        accuracy=known(found.accuracy),
        accuracy_transformed=known(copies.accuracy) if copies else None,
        macro_f1=known(found.macro_f1),
        macro_f1_transformed=known(copies.macro_f1) if copies else None,
        consistency=copies.consistency if copies else None,
    )
