"""Transformed copies of windows that came without the recordings around them: what a model from elsewhere is validated
under. Transform 0 is the identity.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from scl.artifacts import InputError
from scl.artifacts.run import TransformationInfo
from scl.transforms import random_rotations, rotate

AXES = 3
# A mirror turns the x axis round. Acceleration follows it; an angular rate, which has a sense of turning, does not
# along x and turns its sign along y and z.
MIRRORED = ((-1, 1, 1), (1, -1, -1))


@dataclass(frozen=True, eq=False)
class WindowCopies:
    """Windows and their copies.

    Attributes:
        windows: float32 (transforms, n, channels, samples).
        names: of the transforms, for reports.
        parameters: what golden.npz has of the transformation: rotation (transforms, n, 3, 3), or shift (transforms,).
        info: None without copies.
    """

    windows: np.ndarray
    names: tuple[str, ...]
    parameters: dict[str, np.ndarray]
    info: TransformationInfo | None


@dataclass(frozen=True)
class Kind:
    """A transformation: what it does in words, and a function of where the windows are from, the windows (n, channels,
    samples), the samples that the model takes, the number of copies and a seed.
    """

    sentence: str
    make: Callable[[str, np.ndarray, int, int, int], WindowCopies]


def rotation(where: str, windows: np.ndarray, samples: int, draws: int, seed: int) -> WindowCopies:
    """Rotations uniform on SO(3), one for each window and copy, the same for each of its 3-axis sensors."""
    x = _of_axes(where, _as_long(where, windows, samples), "rotation")
    turns = random_rotations(draws * len(x), np.random.default_rng(seed)).reshape(draws, len(x), AXES, AXES)
    turned = [np.asarray(rotate(x.astype(np.float64), turn)).astype(np.float32) for turn in turns]
    all_turns = np.concatenate([np.broadcast_to(np.eye(AXES), (1, *turns.shape[1:])), turns])
    names = [f"rotation {draw}" for draw in range(1, 1 + draws)]
    return _copies("rotation", x, turned, names, rotation=all_turns)


def mirror(where: str, windows: np.ndarray, samples: int, draws: int, seed: int) -> WindowCopies:
    """The mirror image of an accelerometer's windows, or of an accelerometer's and a gyroscope's: one copy."""
    x = _of_axes(where, _as_long(where, windows, samples), "mirror")
    sensors = x.shape[1] // AXES
    if sensors > len(MIRRORED):
        raise InputError(
            f"{where}: windows have {x.shape[1]} channels, expected 3 (an accelerometer) or 6 (and a gyroscope behind "
            "it) for --transformation mirror; use rotation"
        )
    signs = np.array(MIRRORED[:sensors], np.float32).reshape(1, -1, 1)
    return _copies("mirror", x, [x * signs], ["mirrored"])


def shift(where: str, windows: np.ndarray, samples: int, draws: int, seed: int) -> WindowCopies:
    """Cut again later, never rolled round: `draws` shifts, evenly spaced to the end of windows that are longer."""
    most = windows.shape[2] - samples
    if most < draws:
        raise InputError(
            f"{where}: windows have {windows.shape[2]} samples, the model takes {samples}; --transformation shift cuts "
            f"{draws} copies later: give windows of {samples + draws} samples or more, or lower --draws"
        )
    shifts = [round(most * number / draws) for number in range(draws + 1)]
    cuts = [windows[:, :, first : first + samples] for first in shifts]
    names = [f"shift +{first} samples" for first in shifts[1:]]
    return _copies("shift", cuts[0], cuts[1:], names, shift=np.array(shifts, np.int32))


KINDS = {
    "rotation": Kind("3-D rotation of the sensor", rotation),
    "mirror": Kind("a mirror image of the sensor", mirror),
    "shift": Kind("a shift of the window", shift),
}


def window_copies(
    where: str, windows: np.ndarray, samples: int, name: str | None, draws: int, seed: int
) -> WindowCopies:
    """Windows (n, channels, samples) and their copies under one of KINDS, or None; `where` names their file in errors.

    Raises InputError if the windows are too short or too long, or have not the channels that it needs.
    """
    if name is None:
        return _copies(None, _as_long(where, windows, samples), [], [])
    return KINDS[name].make(where, windows, samples, draws, seed)


def _copies(
    name: str | None, x: np.ndarray, copies: Sequence[np.ndarray], names: Sequence[str], **parameters: Any
) -> WindowCopies:
    info = None if name is None else TransformationInfo(name, {}, KINDS[name].sentence)
    return WindowCopies(np.stack([x, *copies]), ("as recorded", *names), parameters, info)


def _as_long(where: str, windows: np.ndarray, samples: int) -> np.ndarray:
    if windows.shape[2] != samples:
        raise InputError(
            f"{where}: windows have {windows.shape[2]} samples, expected {samples}, which the model takes (longer ones "
            "are for --transformation shift); cut them again"
        )
    return windows


def _of_axes(where: str, windows: np.ndarray, name: str) -> np.ndarray:
    if windows.shape[1] % AXES:
        raise InputError(
            f"{where}: windows have {windows.shape[1]} channels, expected a multiple of 3, whole 3-axis sensors, for "
            f"--transformation {name}; leave the option out, or use shift"
        )
    return windows
