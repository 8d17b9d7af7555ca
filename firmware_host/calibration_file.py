"""One unit's own bias and alignment as the CALIBRATION frame carries them, and back to nominal."""

import argparse
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from firmware_host.link import Link
from firmware_host.protocol import Type
from scl.artifacts import InputError, read_artifact
from scl.artifacts.bundle import Bundle
from scl.artifacts.calibration import PartCalibration, UnitCalibration
from scl.artifacts.manifest import BundleManifest
from scl.frontend.sensor import Part

NOMINAL_HASH = bytes(8)


@dataclass(frozen=True)
class Calibration:
    values: bytes  # float32, per sensor bias[axes] then alignment[axes][axes]
    hash: bytes  # 8 bytes

    def send(self, link: Link) -> None:
        """Puts it on the board.

        Raises InputError if the board does not confirm this very calibration.
        """
        answer = link.request(Type.CALIBRATION, self.hash + self.values)
        if answer.payload != self.hash:
            raise InputError(
                f"port {link.name}: the board confirmed calibration {answer.payload.hex()}, {self.hash.hex()} was "
                "sent; reset the board and run the command again"
            )


def nominal(bundle: Bundle[BundleManifest]) -> Calibration:
    """The sensor that a bundle with a front end was made for."""
    assert bundle.manifest.frontend is not None
    return Calibration(_values(bundle.manifest.frontend.sensor.parts), NOMINAL_HASH)


def add_calibration_option(parser: argparse.ArgumentParser) -> None:
    """The flag --calibration, for `calibration_of`."""
    parser.add_argument(
        "--calibration", type=Path, metavar="FILE", help="the unit's calibration.json (default: the nominal sensor)"
    )


def calibration_of(path: Path | None, bundle: Bundle[BundleManifest]) -> "Calibration":
    """What --calibration names, or the nominal sensor. Raises InputError as `read_calibration`."""
    return nominal(bundle) if path is None else read_calibration(path, bundle)


def read_calibration(path: Path, bundle: Bundle[BundleManifest]) -> Calibration:
    """A unit's calibration.json, as `python -m calibration.sensor` writes it.

    Its hash is the first 8 bytes of SHA-256 of the values as sent. Raises InputError if its sensors are not the
    bundle's or a number is too large for single precision.
    """
    calibration, sensor = read_artifact(path, UnitCalibration), bundle.manifest.sensor
    if calibration.sensor != sensor.name:
        raise InputError(
            f"{path}: is of sensor {calibration.sensor}, {bundle.path} was exported for {sensor.name}; calibrate that "
            "sensor, or export the model again with `python -m export.quantize --sensor FILE`"
        )
    measured = [(part.kind, len(part.bias)) for part in calibration.sensors]
    expected = [(part.kind, part.axes) for part in sensor.parts]
    if measured != expected:
        raise InputError(
            f"{path}: calibrates {_listed(measured)}, {bundle.path} was exported for {_listed(expected)}; calibrate "
            "that sensor"
        )
    values = _values(calibration.sensors)
    if not np.isfinite(np.frombuffer(values, "<f4")).all():
        raise InputError(f"{path}: holds a number that is too large for single precision; calibrate the sensor again")
    return Calibration(values, hashlib.sha256(values).digest()[:8])


def _listed(kinds: Sequence[tuple[str, int]]) -> str:
    return ", ".join(f"{kind} ({axes} axes)" for kind, axes in kinds)


def _values(parts: Sequence[Part | PartCalibration]) -> bytes:
    numbers = [np.ravel(values) for part in parts for values in (part.bias, part.alignment)]
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        return np.concatenate(numbers).astype("<f4").tobytes()
