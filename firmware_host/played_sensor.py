"""A file that stands in for a sensor of the native or an emulated board's own: the option --play."""

import argparse
from pathlib import Path

from scl.artifacts import InputError
from scl.artifacts.bundle import Bundle
from scl.artifacts.manifest import BundleManifest
from scl.machines import DEFAULT, clock_hz, sensor_base

MAGIC = 0x314C4353  # "SCL1": firmware/boards/cortex-m/played_sensor.c has the layout
HEADER_BYTES = 16
MOST_EMULATED_BYTES = (16 << 20) - HEADER_BYTES  # of the memory there
MOST_TICKS = 1 << 24  # of the processor's clock between two samples: SysTick counts 24 bits


def add_play_option(parser: argparse.ArgumentParser) -> None:
    """The flag --play."""
    parser.add_argument(
        "--play",
        type=Path,
        metavar="FILE",
        help="with --port native or emulator: int16 counts, little endian, that stand in for the sensor",
    )


def sensor_arguments(options: argparse.Namespace, bundle: Bundle[BundleManifest]) -> list[str]:
    """Arguments of the native firmware or of QEMU that make the board play the file of --play as its sensor, at the
    bundle's rate; none without that option.

    Raises InputError for another port, for a file that holds no whole samples, and for what the emulated board cannot
    play: too many samples, or a period that its timer does not reach.
    """
    if options.play is None:
        return []
    kind, _, machine = (options.port or "").partition(":")
    base = sensor_base(machine or DEFAULT) if kind == "emulator" else None
    if options.port != "native" and base is None:
        raise InputError(
            f"--play {options.play}: only --port native and --port emulator play a file; "
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
    if _is_text(options.play):
        raise InputError(
            f"{options.play}: is text, expected int16 counts, little endian, sample by sample; give a capture file "
            "to firmware_host.stream or firmware_host.monitor with --record, which need no sensor"
        )
    rate_hz = bundle.manifest.sensor.rate_hz
    if base is None:
        return ["--sensor", str(options.play.resolve()), "--sensor-rate", str(rate_hz)]
    if size > MOST_EMULATED_BYTES:
        raise InputError(
            f"{options.play}: has {size} bytes, the emulated board has room for {MOST_EMULATED_BYTES}; cut it, or use "
            "--port native"
        )
    period_us, ticks_per_us = round(1e6 / rate_hz), (clock_hz(machine or DEFAULT) or 0) // 1_000_000
    if period_us * ticks_per_us > MOST_TICKS:
        raise InputError(
            f"--play {options.play}: the bundle's sensor has {rate_hz:g} Hz, the emulated board's timer needs "
            f"{1e6 * ticks_per_us / MOST_TICKS:.2f} Hz at least; use --port native"
        )
    return loaded(options.play, size // sample, period_us, base)


def _is_text(path: Path) -> bool:
    """True if a file begins with characters alone, as no counts do but by design."""
    with path.open("rb") as file:
        return all(32 <= byte < 127 or byte in b"\t\r\n" for byte in file.read(64))


def loaded(counts: Path, samples: int, period_us: int, base: int) -> list[str]:
    """QEMU's arguments that put a sensor's samples into an emulated board's memory from `base` on."""
    file = str(counts.resolve()).replace(",", ",,")
    header = MAGIC | samples << 32, period_us
    return [
        *("-device", f"loader,addr={base},data={header[0]},data-len=8"),
        *("-device", f"loader,addr={base + 8},data={header[1]},data-len=8"),
        *("-device", f"loader,addr={base + HEADER_BYTES},file={file},force-raw=on"),
    ]
