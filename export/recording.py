"""Writes a subject's recording as a capture file: the counts a sensor would have given, to be played to a board.

Each sample is labelled with what it belongs to; of ECG strips, with the label of the strip that ends there.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from scl.answers import Answer
from scl.arguments import FORMATS, Parser, number
from scl.artifacts import InputError, check_own, command
from scl.artifacts.capture import MARK, Capture, write_capture
from scl.artifacts.captured import captured
from scl.frontend.counts import to_counts
from scl.frontend.resampler import design, to_rate
from scl.text import say

if TYPE_CHECKING:
    from scl.artifacts.run import RunInfo
    from train.data.recordings import Block, Recordings


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m export.recording`."""
    options = Parser(
        prog="python -m export.recording",
        description=__doc__,
        figures=True,
        examples=("runs/imu --subject 1601 --out walk.csv",),
    )
    options.add_argument("run", type=Path, help="run folder; names the data set, the sensors and the test subjects")
    options.add_argument("--subject", type=int, help="whose recording (default: the first test subject)")
    options.add_argument(
        "--seconds", type=number(0.001, 1e6), default=30.0, help="of each activity or record (default 30)"
    )
    options.add_argument("--sensor", help=f"sensor file, as for export.quantize ({FORMATS})")
    options.add_argument("--data", type=Path, help="the recordings, if not below SCL_DATA_DIR")
    options.add_argument("--out", type=Path, required=True, help=f"capture file to write ({FORMATS})")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        _record(arguments, answer)
    return 0


def _record(arguments: argparse.Namespace, answer: Answer) -> None:
    from export.sensor import sensor_for
    from train.data.stored import recordings_for_run
    from train.data.tasks import TASKS
    from train.run.folder import load_run

    check_own(arguments.out, MARK, "capture file")
    run = load_run(arguments.run)
    if not TASKS[run.info.task].streams and run.info.frontend.beats is None:
        raise InputError(f"{arguments.run}: classifies single beats, which a stream does not; give a run of strips")
    # Before minutes of reading: a sensor that is unfit is refused at once.
    sensor = sensor_for(run.info, arguments.sensor)
    resampler = design(sensor.rate_hz, run.info.window.rate_hz)
    recordings = recordings_for_run(run.info, arguments.data)
    subject = run.info.split.test[0] if arguments.subject is None else arguments.subject
    blocks = [block for block in recordings.blocks if block.group == subject]
    if not blocks:
        raise InputError(f"{recordings.name}: has no subject {subject}; there are {recordings.groups.tolist()}")
    samples = round(arguments.seconds * recordings.rate_hz)
    parts, labels = [], []
    for block in blocks:
        x = to_rate(block.x[None, :, :samples].astype(np.float64), recordings.rate_hz, sensor.rate_hz)
        of_block, _ = to_counts(x, sensor)
        parts.append(of_block[0])
        labels += labels_of(run.info, recordings, block, len(of_block[0]), sensor.rate_hz, resampler.delay)
    counts = np.concatenate(parts)
    channels = tuple(recordings.channels)
    capture = Capture(sensor.name, sensor.rate_hz, channels, counts, label=tuple(labels))
    write_capture(arguments.out, capture)
    answer.give(captured(arguments.out, capture))
    say(f"{arguments.out}: {len(labels)} samples of subject {subject}, {len(blocks)} recordings, {sensor.rate_hz:g} Hz")


def labels_of(
    info: "RunInfo", recordings: "Recordings", block: "Block", samples: int, rate_hz: float, delay: int
) -> list[str]:
    """What each of a block's first `samples` at the sensor's rate is labelled with; "" where there is no label yet."""
    if block.label >= 0:
        return [name_of(recordings, block.label)] * samples
    if info.frontend.beats is not None:
        return beat_labels(info.labels, recordings, block, samples, rate_hz)
    window_s = info.window.samples / info.window.rate_hz
    numbers = strip_labels(recordings, block, samples, rate_hz, window_s, delay)
    return [info.labels[number] if number >= 0 else "" for number in numbers]


def beat_labels(
    labels: tuple[str, ...], recordings: "Recordings", block: "Block", samples: int, rate_hz: float
) -> list[str]:
    """At each sensor sample, the class of the latest annotated beat; "" before the first and behind one of a class that
    the model has not.
    """
    order = np.argsort(block.beats[:, 0], kind="stable")
    at = block.beats[order, 0] * (rate_hz / recordings.rate_hz)
    names = ["", *(recordings.labels[label] for label in block.beats[order, 1].tolist())]
    latest = np.searchsorted(at, np.arange(samples), side="right")
    return [names[place] if names[place] in labels else "" for place in latest.tolist()]


def strip_labels(
    recordings: "Recordings", block: "Block", samples: int, rate_hz: float, window_s: float, delay: int
) -> np.ndarray:
    """At each sensor sample, the label (samples,) of the strip that a board has just completed; -1 before the first.

    The strip ends `delay` samples earlier, as the board's resampler lags behind.
    """
    from train.data.ecg import severest

    per_second = rate_hz / recordings.rate_hz
    ends = (np.arange(samples) - delay) / per_second
    starts = ends - window_s * recordings.rate_hz
    return np.where(starts < 0, -1, severest(block.beats, recordings.labels, starts, ends))


def name_of(recordings: "Recordings", label: int) -> str:
    """A block's label, or those of a mask joined by "+"."""
    if not recordings.multilabel:
        return recordings.labels[label]
    return "+".join(name for i, name in enumerate(recordings.labels) if label >> i & 1) or "none"


if __name__ == "__main__":
    command(main)
