"""Sensor calibration: what a count means in SI units, and what one unit's bias and alignment are.

list                 sensor files that ship
show SENSOR          a sensor file, in SI units
six-position FILE    accelerometer scale, bias and alignment from a capture of six still positions; the gyroscope's
bias with it
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from calibration.capture import read_positions
from calibration.six_position import SixPosition, solve
from scl.arguments import Parser, number
from scl.artifacts import check_own, command, sha256_file, write_artifact
from scl.artifacts.calibration import PartCalibration, UnitCalibration
from scl.artifacts.capture import POSITIONS, Capture
from scl.frontend.sensor import INT16, G, Sensor, load_sensor, shipped
from scl.text import say


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m calibration.sensor`."""
    options = Parser(
        prog="python -m calibration.sensor", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = options.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="sensor files that ship")
    show = commands.add_parser("show", help="a sensor file in SI units")
    show.add_argument("sensor", help="name of a shipped sensor file, or a path")
    six = commands.add_parser("six-position", help="calibrate one unit from a capture file")
    six.add_argument("capture", type=Path, help="CSV written by firmware_host.capture")
    six.add_argument("--sensor", required=True, help="name of a shipped sensor file, or a path")
    six.add_argument("--out", type=Path, required=True, help="calibration.json to write")
    six.add_argument(
        "--placement-error",
        type=number(0, 45),
        default=2.0,
        metavar="DEG",
        help="how far the axis that points up may be from vertical: 2 (default) by hand, 0 in a true jig",
    )
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    if arguments.command == "list":
        for name in shipped():
            sensor = load_sensor(name)
            say(f"{name:12} {sensor.rate_hz:g} Hz  {', '.join(f'{p.kind} {p.range}' for p in sensor.parts)}")
    elif arguments.command == "show":
        sensor = load_sensor(arguments.sensor)
        say(f"{sensor.name}, {sensor.rate_hz:g} Hz")
        for part in sensor.parts:
            facts = [f"{part.axes} axes" if part.axes > 1 else "1 axis", part.range]
            facts.append(f"{part.unit_per_count:.6g} {part.si_unit} per count")
            facts += [f"shifted right by {part.shift} bits to fit 16"] * (part.shift > 0)
            facts += [f"rails at {part.count_range[0]} and {part.count_range[1]}"] * (part.count_range != INT16)
            facts += [f"lead off after {part.lead_off_s:g} s of one count"] * (part.lead_off_s > 0)
            say(f"  {part.kind}: {', '.join(facts)}")
    else:
        _six_position(arguments)
    return 0


def _six_position(arguments: argparse.Namespace) -> None:
    check_own(arguments.out, f'"kind": "{UnitCalibration.kind}"'.encode(), "calibration")
    sensor = load_sensor(arguments.sensor)
    capture = read_positions(arguments.capture, sensor)
    result = solve(accelerometer_means(capture, sensor), arguments.placement_error)
    write_artifact(arguments.out, unit_calibration(capture, sensor, result, sha256_file(arguments.capture)))
    say(f"bias {_row(result.bias / G * 1000, 1)} mg, scale {_row(result.scale)}, residual {_mg(result):.2f} mg")
    say(f"misalignment {_row(result.misalignment_deg, 2)} +- {result.uncertainty_deg:.2f} degrees")
    if not result.identifiable:
        say(
            "  not identifiable: it may be the placement, so the alignment stays diagonal. In a jig that holds the "
            "axes true, give its --placement-error"
        )
    say(f"calibration: {arguments.out}")


def accelerometer_means(capture: Capture, sensor: Sensor) -> np.ndarray:
    """Mean measurement (6, 3) in m/s^2, in the order of POSITIONS, with the nominal scale."""
    part = next(part for part in sensor.parts if part.kind == "accelerometer")
    counts = np.stack([capture.at(p)[:, sensor.slices["accelerometer"]].mean(axis=0) for p in POSITIONS])
    return np.asarray(counts * part.unit_per_count)


def unit_calibration(capture: Capture, sensor: Sensor, result: SixPosition, capture_sha256: str) -> UnitCalibration:
    """calibration.json: bias and alignment of every part, in the sensor's order; a part other than these two stays
    nominal.
    """
    parts = []
    for part in sensor.parts:
        bias, alignment = np.asarray(part.bias), np.asarray(part.alignment)
        if part.kind == "accelerometer":
            bias, alignment = result.bias, result.alignment
        elif part.kind == "gyroscope":
            bias = capture.counts[:, sensor.slices[part.kind]].mean(axis=0) * part.unit_per_count
        parts.append(PartCalibration(part.kind, tuple(bias.tolist()), tuple(map(tuple, alignment.tolist()))))
    return UnitCalibration(
        sensor=sensor.name,
        sensors=tuple(parts),
        scale=tuple(result.scale.tolist()),
        misalignment_deg=tuple(result.misalignment_deg.tolist()),
        misalignment_uncertainty_deg=result.uncertainty_deg,
        identifiable=result.identifiable,
        residual_mg=_mg(result),
        capture_sha256=capture_sha256,
    )


def _mg(result: SixPosition) -> float:
    return result.residual / G * 1000


def _row(values: np.ndarray, digits: int = 4) -> str:
    return "[" + ", ".join(f"{value:.{digits}f}" for value in values) + "]"


if __name__ == "__main__":
    command(main)
