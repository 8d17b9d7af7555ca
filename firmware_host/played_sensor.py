"""A file that stands in for a sensor of the native board's own: the option --play."""

import argparse
from pathlib import Path

from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest


def add_play_option(parser: argparse.ArgumentParser) -> None:
    """The flag --play."""
    parser.add_argument(
        "--play",
        type=Path,
        metavar="FILE",
        help="with --port native: int16 counts, little endian, that stand in for the sensor",
    )


def native_arguments(options: argparse.Namespace, bundle: Bundle[BundleManifest]) -> list[str]:
    """Arguments of the native firmware that make it play the file of --play as its sensor; none without that option.

    Raises InputError for another port, and for a file that holds no whole samples.
    """
    if options.play is None:
        return []
    if options.port != "native":
        raise InputError(
            f"--play {options.play}: only --port native plays a file; "
            "leave it out for boards that have a sensor of their own"
        )
    if not options.play.is_file():
        raise InputError(f"{options.play}: no such file; give int16 counts, little endian, sample by sample")
    size, sample = options.play.stat().st_size, 2 * len(bundle.manifest.channels)
    if size == 0 or size % sample:
        raise InputError(
            f"{options.play}: has {size} bytes, expected whole samples of {sample} bytes, one at least; give "
            "int16 counts, little endian, sample by sample"
        )
    rate_hz = bundle.manifest.sensor.rate_hz
    return ["--sensor", str(options.play.resolve()), "--sensor-rate", str(rate_hz)]
