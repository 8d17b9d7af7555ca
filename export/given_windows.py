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
from scl.artifacts.golden import Golden
from scl.decision import UNKNOWN
from scl.frontend.chain import FrontEnd
from scl.frontend.counts import replay
from scl.frontend.spec import FrontEndSpec

RANDOM, RANDOM_WINDOWS = "random inputs", 100


@dataclass(frozen=True, eq=False)
class Windows:
    """What travels with the bundle.

    Attributes:
        copies: random inputs are windows without copies.
        sent: (transforms, n, raw samples, values): a sensor's counts int16, or the network's input int8.
        inputs: int8 (transforms, n, samples, channels) of the network.
        flags: uint8 (transforms, n), of scl.frontend.flags.
        clipped: share of the windows' values beyond the range of the input, or of the sensor's counts.
    """

    copies: WindowCopies
    sent: np.ndarray
    inputs: np.ndarray
    flags: np.ndarray
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
        return _random(model, options.seed)
    classes = model.output(model.logits).size
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
    labels = None if given.labels is None else given.labels[rows]
    if model.c.frontend is not None:
        replayed = [replay(x.astype(np.float64), model.c.frontend) for x in copies.windows]
        counts, saturated = (np.stack(part) for part in zip(*replayed, strict=True))
        inputs, flags = _through(model.c.frontend, counts)
        return Windows(copies, counts, inputs, flags, labels, groups[rows], float(saturated.sum() / counts.size))
    x = copies.windows.transpose(0, 1, 3, 2)
    low, high = (scale.dequantize(np.array([end]))[0] for end in (-128, 127))
    clipped = float(((x < low - scale.scale / 2) | (x > high + scale.scale / 2)).mean())
    inputs = scale.quantize(x)
    return Windows(copies, inputs, inputs, np.zeros(inputs.shape[:2], np.uint8), labels, groups[rows], clipped)


def _random(model: Model, seed: int) -> Windows:
    """Random inputs, or random counts of the front end's sensor; as windows they stand as the network sees them."""
    source, scale, frontend = model.network.network.input, model.network.activations["input"], model.c.frontend
    rng, groups = np.random.default_rng(seed), np.arange(RANDOM_WINDOWS)
    if frontend is None:
        inputs = rng.integers(-128, 128, (1, RANDOM_WINDOWS, source.length, source.channels)).astype(np.int8)
        sent, flags = inputs, np.zeros(inputs.shape[:2], np.uint8)
    else:
        shape = (1, RANDOM_WINDOWS, frontend.raw_samples, frontend.sensor.channels)
        sent = rng.integers(-32768, 32768, shape).astype(np.int16)
        inputs, flags = _through(frontend, sent)
    copies = WindowCopies(scale.dequantize(inputs).transpose(0, 1, 3, 2), (RANDOM,), {}, None)
    return Windows(copies, sent, inputs, flags, None, groups, 0.0)


def _through(frontend: FrontEndSpec, counts: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inputs and flags of counts (transforms, n, raw samples, channels)."""
    chain = FrontEnd.from_spec(frontend)
    return np.stack([chain.quantized_windows(x) for x in counts]), np.stack([chain.flags(x) for x in counts])


def golden_of(where: str, file: Path, model: Model, windows: Windows) -> Golden:
    """The windows with TFLite Micro's answers."""
    shape = windows.inputs.shape[:2]
    inputs = windows.inputs.reshape(-1, *windows.inputs.shape[2:])
    names = [model.logits] if model.features is None else [model.logits, model.features]
    logits, *features = foreign.outputs(where, file, inputs, names)
    crc32 = [zlib.crc32(np.ascontiguousarray(x).tobytes()) for x in inputs]
    labels = np.full(shape[1], UNKNOWN) if windows.labels is None else windows.labels
    return Golden(
        counts=windows.sent,
        features=features[0].reshape(*shape, -1) if features else np.zeros((*shape, 0), np.int8),
        logits=logits.reshape(*shape, -1),
        input_crc32=np.array(crc32, np.uint32).reshape(shape),
        flags=windows.flags,
        labels=np.broadcast_to(labels, shape).astype(np.int64),
        groups=windows.groups,
        rows=np.arange(shape[1]),
        thresholds=None,
        rotation=windows.copies.parameters.get("rotation"),
        shift=windows.copies.parameters.get("shift"),
    )
