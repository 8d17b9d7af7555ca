"""One unit's own bias and alignment as the CALIBRATION frame carries them, and back to nominal."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from firmware_host.bundle import Bundle
from firmware_host.link import Link
from firmware_host.protocol import Type
from scl.artifacts import InputError, read_json

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


def nominal(bundle: Bundle) -> Calibration:
    """The sensor that the bundle was made for."""
    return Calibration(_values(bundle.sensor["sensors"]), NOMINAL_HASH)


def read_calibration(path: Path, bundle: Bundle) -> Calibration:
    """A unit's calibration.json, as `python -m calibration.sensor` writes it.

    Its hash is the first 8 bytes of SHA-256 of the values as sent. Raises InputError if its sensors are not the
    bundle's or a number is not finite.
    """
    calibration = read_json(path, "calibration", 1)
    if calibration.get("sensor") != bundle.sensor["name"]:
        raise InputError(
            f"{path}: is of sensor {calibration.get('sensor')}, {bundle.path} was exported for "
            f"{bundle.sensor['name']}; calibrate that sensor, "
            "or export the model again with `python -m export.quantize --sensor FILE`"
        )
    found = calibration.get("sensors", [])
    axes = [int(sensor["axes"]) for sensor in bundle.sensor["sensors"]]
    try:
        shapes = [(np.shape(sensor["bias"]), np.shape(sensor["alignment"])) for sensor in found]
        values = _values(found)
    except (KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"{path}: each of `sensors` needs bias [axes] and alignment [axes][axes] in numbers ({error!r})"
        ) from error
    expected = [((n,), (n, n)) for n in axes]
    if shapes != expected:
        raise InputError(
            f"{path}: bias and alignment have shapes {shapes}, the sensors of {bundle.path} need {expected}"
        )
    if not np.isfinite(np.frombuffer(values, "<f4")).all():
        raise InputError(f"{path}: holds a number that is not finite; calibrate the sensor again")
    return Calibration(values, hashlib.sha256(values).digest()[:8])


def _values(sensors: list[dict[str, Any]]) -> bytes:
    parts = [np.ravel(sensor[key]) for sensor in sensors for key in ("bias", "alignment")]
    with np.errstate(over="ignore"):  # becomes infinite, which is refused
        return np.concatenate([np.zeros(0), *parts]).astype("<f4").tobytes()
