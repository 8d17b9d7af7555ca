"""Makes a capture file of a recording: numbers in the units of people become the counts of a sensor, at its rate.

Columns, units and times are guessed where names or values tell them, and the command says what it took.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from export.recorded.rate import ratio_of
from scl.answers import Answer
from scl.arguments import FORMATS, Parser, line, number
from scl.artifacts import InputError, check_writable, command, complain, shortened
from scl.artifacts.bundle import read_front_end_bundle
from scl.artifacts.capture import Capture, write_capture
from scl.artifacts.captured import captured
from scl.frontend.sensor import G, Sensor, load_sensor
from scl.text import say
from scl.units import ISO, NAMES, NS, unit_of

if TYPE_CHECKING:
    from export.recorded.conversion import Counts
    from export.recorded.reading import Recording

WORN_G = (0.5, 2.0)  # of the median acceleration of a sensor that is worn; outside, a unit is probably wrong


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m export.capture`."""
    options = Parser(
        prog="python -m export.capture",
        description=__doc__,
        figures=True,
        examples=("walk.csv --sensor bmi270 --out capture.csv --columns ax,ay,az --unit g --time ms",),
    )
    options.add_argument("recording", type=Path, metavar="FILE", help="CSV with a column for each channel")
    options.add_argument(
        "--sensor",
        required=True,
        help=f"sensor file ({FORMATS}), or a shipped one's name, or a bundle: its sensor, rate and channels",
    )
    options.add_argument(
        "--out", type=Path, required=True, metavar="CAPTURE", help=f"capture file to write ({FORMATS})"
    )
    options.add_argument(
        "--columns",
        type=line,
        metavar="A,B,...",
        help="columns of the channels, in their order, by name or by number from 1 (default: by name, else by order)",
    )
    options.add_argument(
        "--unit",
        type=_units,
        default=(),
        metavar="UNIT,...",
        help=f"of the channels, one for each kind of sensor: {', '.join(NAMES)} (default: by names and values)",
    )
    when = options.add_mutually_exclusive_group()
    when.add_argument(
        "--time", choices=(*NS, ISO), help="unit of the column of times (default: by its name or its step)"
    )
    when.add_argument("--rate", type=number(0.01, 1e6), metavar="HZ", help="rows a second; times are not read")
    options.add_argument("--time-column", metavar="NAME", help="column of times (default: by name)")
    options.add_argument("--label-column", metavar="NAME", help="column of labels (default: by name, if there is one)")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        _convert(arguments, answer)
    return 0


def _convert(arguments: argparse.Namespace, answer: Answer) -> None:
    # With them come the data sets.
    from export.recorded.conversion import convert
    from export.recorded.described import with_description
    from export.recorded.reading import Hints, read_recording

    path, out = arguments.recording, arguments.out
    check_writable(out)
    if out.exists() and path.exists() and out.samefile(path):
        raise InputError(f"--out {out}: is the recording itself; name another file")
    sensor, channels = _sensor(arguments.sensor)
    hints = Hints(
        _names(arguments.columns),
        arguments.unit,
        arguments.time,
        arguments.rate,
        arguments.time_column,
        arguments.label_column,
    )
    hints, where = with_description(path, sensor, hints)
    recording = read_recording(path, sensor, hints)
    missing = [part.kind for part in sensor.parts if part not in recording.sensor.parts]
    if missing and channels:
        raise InputError(f"{path}: has no {' and no '.join(missing)}, which {arguments.sensor} needs; see --columns")
    say(f"{path}: {recording.taken}" + f"; by {where}" * (where is not None))
    ratio = ratio_of(path, recording.timing.rate_hz, sensor.rate_hz)
    made = convert(path, recording, ratio)
    _report(path, recording, made, resampled=ratio != 1)
    names = channels or recording.sensor.channel_names
    capture = Capture(sensor.name, sensor.rate_hz, names, made.counts, (), made.label, made.dropped, hints.subject)
    write_capture(out, capture)
    answer.give(captured(out, capture))
    labels = len(set(made.label) - {""})
    say(
        f"{out}: {len(made.counts)} samples of {sensor.name} at {sensor.rate_hz:g} Hz, {', '.join(names)}"
        + f", {labels} label{'s' * (labels != 1)}" * bool(made.label)
        + f"; the sensor's {' and '.join(missing)} is not in it" * bool(missing)
    )


def _report(path: Path, recording: "Recording", made: "Counts", resampled: bool) -> None:
    """Says rate, gaps and clipped values, what harms the recording as a warning."""
    timing, sensor = recording.timing, recording.sensor
    how = f"resampled to {sensor.rate_hz:g} Hz" if resampled else f"taken as the sensor's {sensor.rate_hz:g} Hz"
    even = "" if timing.even else ", read at even times"
    say(
        f"{path}: {len(recording.x)} rows, {timing.rate_hz:.4g} Hz, times within {round(timing.wander_s * 1000, 3):g} "
        f"ms of even ones{even}, {how}"
    )
    if resampled and timing.rate_hz < sensor.rate_hz:
        _warn(
            path,
            f"was recorded at {timing.rate_hz:.4g} Hz, slower than the sensor's {sensor.rate_hz:g} Hz, and is "
            f"upsampled: there is nothing above {timing.rate_hz / 2:.4g} Hz in it, where a sensor measures up to "
            f"{sensor.rate_hz / 2:g} Hz",
        )
    if recording.malformed:
        _warn(path, f"{recording.malformed} rows are malformed (too long, or text for a number) and are left out")
    if recording.left_out:
        _warn(path, f"{recording.left_out} rows lack a number in a channel and are left out")
    if timing.bridged:
        _warn(path, f"{timing.bridged} samples are missing one at a time, and are filled in on straight lines")
    if timing.gaps:
        begin, length = max(timing.gaps, key=lambda gap: gap[1])
        total = sum(length for _, length in timing.gaps)
        _warn(
            path,
            f"has {len(timing.gaps)} gap{'s' * (len(timing.gaps) > 1)}, {total:.4g} s together, the longest "
            f"{length:.4g} s after {begin:.4g} s; what follows a gap stands right behind what was before, and "
            f"{made.dropped} samples count as dropped",
        )
    for part in sensor.parts:
        if made.clipped[part.kind]:
            share = made.clipped[part.kind] / (len(made.counts) * part.axes)
            _warn(
                path,
                f"{made.clipped[part.kind]} values of the {part.kind} ({share:.2%}) are beyond the sensor's range "
                f"{part.range or part.count_range} and are clipped",
            )
    _check_gravity(path, recording)


def _check_gravity(path: Path, recording: "Recording") -> None:
    """A warning where the acceleration is not that of anything worn."""
    for part in recording.sensor.parts:
        if part.si_unit == "m/s^2" and part.axes == 3:
            x = recording.x[:, recording.sensor.slices[part.kind]]
            length = float(np.median(np.linalg.norm(x, axis=1))) / G
            if not WORN_G[0] <= length <= WORN_G[1]:
                _warn(
                    path,
                    f"the median acceleration is {length:.3g} g, expected about 1 g with gravity: check --unit and "
                    "--columns, and whether gravity was removed",
                )


def _warn(path: Path, text: str) -> None:
    complain("warning", f"{path}: {text}")


def _sensor(name: str) -> tuple[Sensor, tuple[str, ...] | None]:
    """A sensor, and the names of its channels where a bundle says them."""
    if not Path(name).is_dir():
        return load_sensor(name), None
    manifest = read_front_end_bundle(name).manifest
    return manifest.sensor, manifest.channels


def _names(text: str | None) -> tuple[str, ...] | None:
    """Names of columns, separated by commas."""
    if text is None:
        return None
    names = tuple(name.strip() for name in text.split(","))
    if not all(names):
        raise InputError(f"--columns {shortened(text)}: expected names of columns; give them as in ax,ay,az")
    return names


def _units(text: str) -> tuple[str, ...]:
    """Units, in any of their spellings, separated by commas."""
    names = [name.strip() for name in text.split(",")]
    units = tuple(unit for name in names if (unit := unit_of(name)))
    if len(units) < len(names):
        unknown = next(name for name in names if unit_of(name) is None)
        raise argparse.ArgumentTypeError(f"{shortened(unknown)} is not a unit, choose from {', '.join(NAMES)}")
    return units


if __name__ == "__main__":
    command(main)
