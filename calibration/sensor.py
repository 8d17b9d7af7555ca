"""Sensor calibration: what a count means in SI units, and what one unit's bias, scale and misalignment are.

list                 sensor files that ship
show SENSOR          a sensor file, in SI units
still FILE           accelerometer bias, scale and misalignment, and the gyroscope's bias, from a capture in which the
device was put down in 12 poses or more for some seconds each; the still stretches are found, whatever the poses are
six-position FILE    the same from a capture of six square positions, each named by --position; without misalignment
unless they were true (a jig)
gyroscope FILE       the gyroscope's bias alone, from any still capture
"""

import argparse
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calibration.capture import read_captured, read_positions
from calibration.gyroscope import MOST_BIAS, GyroscopeBias, gyroscope_bias
from calibration.many_poses import MG, calibrate
from calibration.poses import accelerometer, find_poses
from calibration.six_position import check_square, solve, uncertainty
from calibration.still import LEAST_S, find, nominal
from calibration.unit import Correction, six_figures, still_figures, unit_calibration
from scl.answers import Answer, Document
from scl.arguments import FORMATS, Parser, number
from scl.artifacts import InputError, check_own, command, sha256_file, write_artifact
from scl.artifacts.calibration import AccelerometerFigures, UnitCalibration
from scl.artifacts.capture import POSITIONS, Capture
from scl.frontend.sensor import DPS, INT16, Sensor, load_sensor, shipped
from scl.text import say


@dataclass(frozen=True)
class Sensors(Document):
    """Sensor files, in SI units."""

    sensors: tuple[Sensor, ...]

    kind = "sensors"
    schema = 1


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m calibration.sensor`."""
    options = Parser(
        prog="python -m calibration.sensor",
        description=__doc__,
        examples=("show bmi270", "still poses.csv --sensor bmi270 --out calibration.json"),
    )
    commands = options.add_subparsers(dest="command", required=True)
    commands.add_parser("list", figures=True, help="sensor files that ship")
    show = commands.add_parser("show", figures=True, help="a sensor file in SI units")
    show.add_argument("sensor", help=f"name of a shipped sensor file, or a path ({FORMATS})")
    for name, text in (
        ("still", "calibrate one unit from 12 still poses or more, which need no names"),
        ("six-position", "calibrate one unit from six square positions"),
        ("gyroscope", "the gyroscope's bias of one unit, from any still capture"),
    ):
        one = commands.add_parser(name, figures=True, help=text, description=text[0].upper() + text[1:] + ".")
        one.add_argument("capture", type=Path, help=f"CSV written by firmware_host.capture ({FORMATS})")
        one.add_argument("--sensor", required=True, help=f"name of a shipped sensor file, or a path ({FORMATS})")
        one.add_argument("--out", type=Path, required=True, help="calibration.json to write")
        if name == "six-position":
            one.add_argument(
                "--placement-error",
                type=number(0, 45),
                default=2.0,
                metavar="DEG",
                help="how far the axis that points up may be from vertical: 2 (default) by hand, 0 in a true jig",
            )
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        _run(arguments, answer)
    return 0


def _run(arguments: argparse.Namespace, answer: Answer) -> None:
    if arguments.command == "list":
        sensors = {name: load_sensor(name) for name in shipped()}
        answer.give(Sensors(tuple(sensors.values())))
        for name, sensor in sensors.items():
            say(f"{name:12} {sensor.rate_hz:g} Hz  {', '.join(f'{p.kind} {p.range}' for p in sensor.parts)}")
    elif arguments.command == "show":
        sensor = load_sensor(arguments.sensor)
        answer.give(Sensors((sensor,)))
        _show(sensor)
    else:
        sensor = load_sensor(arguments.sensor)
        check_own(arguments.out, f'"kind": "{UnitCalibration.kind}"'.encode(), "calibration")
        kinds = {"still": _still, "six-position": _six_position, "gyroscope": _gyroscope}
        answer.give(kinds[arguments.command](arguments, sensor))
        say(f"calibration: {arguments.out}")


def _show(sensor: Sensor) -> None:
    say(f"{sensor.name}, {sensor.rate_hz:g} Hz")
    for part in sensor.parts:
        facts = [f"{part.axes} axes" if part.axes > 1 else "1 axis", part.range]
        facts.append(f"{part.unit_per_count:.6g} {part.si_unit} per count")
        facts += [f"shifted right by {part.shift} bits to fit 16"] * (part.shift > 0)
        facts += [f"rails at {part.count_range[0]} and {part.count_range[1]}"] * (part.count_range != INT16)
        facts += [f"no signal after {part.lead_off_s:g} s of one count"] * (part.lead_off_s > 0)
        say(f"  {part.kind}: {', '.join(facts)}")


def _still(arguments: argparse.Namespace, sensor: Sensor) -> UnitCalibration:
    accelerometer(sensor)
    capture = read_captured(arguments.capture, sensor)
    poses, stretches = find_poses(arguments.capture, capture, sensor)
    result = calibrate(arguments.capture, poses)
    correction, figures = still_figures(result)
    gyroscope = gyroscope_bias(capture.counts, sensor, stretches.slices)
    unit = _write(arguments, sensor, correction, figures, gyroscope)
    seconds = sum(part.stop - part.start for part in stretches.slices) / capture.rate_hz
    say(f"{len(stretches.slices)} still poses found, {seconds:.0f} s in all")
    _say_accelerometer(correction, figures)
    say(
        f"poses that a calibration has not seen: {result.before_mg:.1f} mg off before, {result.after_mg:.1f} mg after "
        "(each pose by the calibration from the others)"
    )
    _say_gyroscope(gyroscope)
    for start in stretches.moved:
        say(f"  left out: the device turned slowly in the stretch at {start / capture.rate_hz:.1f} s")
    for note in result.notes:
        say(f"  {note}")
    return unit


def _six_position(arguments: argparse.Namespace, sensor: Sensor) -> UnitCalibration:
    accelerometer(sensor)
    capture = read_positions(arguments.capture, sensor)
    means, noise = _position_means(capture, sensor)
    result = solve(means, arguments.placement_error)
    check_square(arguments.capture, result)
    correction, figures = six_figures(result, uncertainty(means, noise, result))
    positions = np.array(capture.position)
    edges = [0, *(np.flatnonzero(positions[1:] != positions[:-1]) + 1).tolist(), len(positions)]
    gyroscope = gyroscope_bias(capture.counts, sensor, [slice(*ends) for ends in zip(edges, edges[1:], strict=False)])
    unit = _write(arguments, sensor, correction, figures, gyroscope)
    _say_accelerometer(correction, figures)
    if not result.identifiable:
        say(
            "  not identifiable: the misalignment may be the placement, so the alignment stays diagonal. In a jig that "
            "holds the axes true, give its --placement-error; else capture 12 poses, and use calibration.sensor still"
        )
    _say_gyroscope(gyroscope)
    return unit


def _gyroscope(arguments: argparse.Namespace, sensor: Sensor) -> UnitCalibration:
    path: Path = arguments.capture
    capture = read_captured(path, sensor)
    slices = find(capture.counts, sensor).slices
    if not slices:
        raise InputError(f"{path}: has no still stretch of {LEAST_S:g} s; capture again with the device put down")
    gyroscope = gyroscope_bias(capture.counts, sensor, slices)
    if gyroscope is None:
        raise InputError(f"sensor {sensor.name}: has no gyroscope of 3 axes; choose one that has")
    if np.abs(gyroscope.bias).max() > MOST_BIAS:
        raise InputError(
            f"{path}: the gyroscope measures {_row(gyroscope.bias / DPS, 1)} degrees per second, expected below "
            f"{MOST_BIAS / DPS:g} at rest; capture again with the device put down"
        )
    unit = _write(arguments, sensor, None, None, gyroscope)
    _say_gyroscope(gyroscope)
    return unit


def _write(
    arguments: argparse.Namespace,
    sensor: Sensor,
    correction: Correction | None,
    figures: AccelerometerFigures | None,
    gyroscope: GyroscopeBias | None,
) -> UnitCalibration:
    unit = unit_calibration(sensor, correction, figures, gyroscope, sha256_file(arguments.capture))
    write_artifact(arguments.out, unit)
    return unit


def _position_means(capture: Capture, sensor: Sensor) -> tuple[np.ndarray, np.ndarray]:
    """Mean measurement (6, 3) in m/s^2, in the order of POSITIONS, by the sensor file; and the noise (6,) of each."""
    part = accelerometer(sensor)
    values = [nominal(capture.at(p)[:, sensor.slices["accelerometer"]], part) for p in POSITIONS]
    noise = [value.std(axis=0).max() / np.sqrt(len(value)) for value in values]
    return np.array([value.mean(axis=0) for value in values]), np.array(noise)


def _say_accelerometer(correction: Correction, figures: AccelerometerFigures) -> None:
    say(f"bias {_row(correction.bias / MG, 1)} +- {_row(correction.uncertainty / MG, 1)} mg")
    say(f"scale {_row(figures.scale)} +- {_row(figures.scale_uncertainty)}")
    say(
        f"misalignment x-y, x-z, y-z {_row(figures.misalignment_deg, 2)} +- "
        f"{_row(figures.misalignment_uncertainty_deg, 2)} degrees"
    )
    say(f"residual {figures.residual_mg:.2f} mg in {figures.poses} poses")


def _say_gyroscope(gyroscope: GyroscopeBias | None) -> None:
    if gyroscope is None:
        return
    bias, spread = gyroscope.bias / DPS, gyroscope.uncertainty / DPS
    say(f"gyroscope bias {_row(bias, 3)} +- {_row(spread, 3)} degrees per second")
    if gyroscope.turned:
        say(f"  without {len(gyroscope.turned)} stretches in which the device turned about the vertical")


def _row(values: Sequence[float] | np.ndarray, digits: int = 4) -> str:
    return "[" + ", ".join(f"{value:.{digits}f}" for value in values) + "]"


if __name__ == "__main__":
    command(main)
