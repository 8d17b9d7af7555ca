"""Streams the windows that travel with a bundle, one behind the other: for models without a front end, of whose int8
input there are no recordings.
"""

import argparse
from dataclasses import dataclass

import numpy as np

from firmware_host.board import open_board
from firmware_host.model import class_name
from firmware_host.playing import play
from firmware_host.streamed import StreamedWindows, WindowAnswer
from scl.answers import Answer
from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.golden import read_golden
from scl.artifacts.manifest import BundleManifest
from scl.text import say


@dataclass(frozen=True)
class Windows:
    """Samples (n, values) int8 of windows behind each other."""

    counts: np.ndarray
    rate_hz: float | None = None


def stream_windows(bundle: Bundle[BundleManifest], options: argparse.Namespace, out: Answer) -> int:
    """Plays the windows that travel with a bundle one behind the other, a class for each; 1 if one is another than
    TFLite Micro's.

    Raises InputError for options of a sensor's recording.
    """
    for name in ("record", "hop", "bout", "unsure", "calibration", "annotations"):
        if getattr(options, name) is not None:
            raise InputError(
                f"--{name}: {bundle.path} has no front end, so it takes no sensor's counts; leave --{name} out, "
                "and the windows in the bundle are played"
            )
    golden, manifest = read_golden(bundle), bundle.manifest
    windows = Windows(golden.counts[0].reshape(-1, manifest.values))
    window, right, answers = 0, 0, []
    with open_board(bundle, options.port, options.baud, options.trace, options.wait, trust=options.trust) as board:
        for answer in play(board, bundle, windows, manifest.window_samples):
            expected, label = int(golden.predictions[0, window]), int(golden.labels[0, window])
            predicted, truth = class_name(manifest, answer.predicted), None
            if manifest.labelled:
                truth = class_name(manifest, label)
            say(f"window {window:5}  {predicted}" + (f"  (label {truth})" if manifest.labelled else ""))
            answers.append(WindowAnswer(window, predicted, class_name(manifest, expected), truth))
            window, right = window + 1, right + (answer.predicted == expected)
        board.check(board.hello.calibration_hash, f"after {window} of {len(golden.groups)} windows")
    say(f"{right} of {window} classes are TFLite Micro's")
    out.give(StreamedWindows(tuple(answers), right))
    return int(right < window)
