"""`python -m firmware_host.monitor BUNDLE --port PORT`: shows live what a board answers while you turn the sensor.

Windows of the bundle, or a recording, are played to the board as they are and as they would be, had the watch been
turned as you turn it on the page (or, of an ECG model, had the window begun later). The page is on this computer alone,
at the address that is printed; Ctrl-C ends it.
"""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_host.board import add_port_options, open_board
from firmware_host.reopening import SerialPort
from scl.arguments import FORMATS, Parser, whole
from scl.artifacts import InputError, command
from scl.artifacts.bundle import Bundle, read_bundle
from scl.artifacts.manifest import BundleManifest
from scl.extras import require
from scl.text import say

if TYPE_CHECKING:
    from firmware_host.monitoring.driver import Driver
    from firmware_host.monitoring.session import Session

JOIN_S = 5.0  # for a board to be let go
HERE = ("native", "emulator")
MOST_PORT = 65535


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    require("starlette", "uvicorn", "websockets")
    from firmware_host.monitoring.asking import ask
    from firmware_host.monitoring.driver import Driver
    from firmware_host.monitoring.session import Session
    from firmware_host.monitoring.source import BundleWindows, Recording

    bundles = [read_bundle(options.bundle)]
    if options.compare is not None:
        bundles.append(read_bundle(options.compare))
        check_comparable(*bundles)
    source = BundleWindows(bundles[0]) if options.record is None else Recording(options.record, bundles[0])
    session = Session(source, [bundle.manifest for bundle in bundles])
    ports = (_port(options.port, options.baud), _beside(options.port))
    traces = (options.trace, None)
    drivers = [
        Driver(
            *(session, seat),
            partial(open_board, bundle, ports[seat], options.baud, traces[seat], trust=options.trust),
            partial(ask, session, seat, bundle),
            options.wait,
        )
        for seat, bundle in enumerate(bundles)
    ]
    try:
        with suppress(KeyboardInterrupt):
            _run(options, session, drivers)
    finally:
        session.end()
        for driver in drivers:
            driver.join(JOIN_S)
    if session.fault is not None:
        raise session.fault
    return 0


def _run(options: argparse.Namespace, session: "Session", drivers: "Sequence[Driver]") -> None:
    """Opens the boards, then shows the session until Ctrl-C or its end."""
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.opened()
    if options.tui:
        from firmware_host.monitoring.terminal import show

        show(session)
        return
    from firmware_host.monitoring.server import Page, listening, serve

    with listening(options.http_port) as listener:
        page = Page(session, listener.getsockname()[1])
        serve(page, listener, lambda: say(f"open {page.url}  (Ctrl-C ends it)"))


def check_comparable(bundle: Bundle[BundleManifest], other: Bundle[BundleManifest]) -> None:
    """InputError unless both models take the same windows of the same sensor."""
    one, two = bundle.manifest, other.manifest
    names = "samples of a window", "channels", "sensor", "rate in Hz"
    for name, wanted, value in zip(names, _taken(one), _taken(two), strict=True):
        if value != wanted:
            raise InputError(
                f"--compare {other.path}: {name} is {value}, of {bundle.path} it is {wanted}; both get the same "
                "counts: export it for the same sensor and window"
            )


def _taken(manifest: BundleManifest) -> tuple[object, ...]:
    sensor = None if manifest.frontend is None else manifest.frontend.sensor
    return (
        manifest.raw_samples,
        manifest.values,
        "none" if sensor is None else sensor.name,
        None if sensor is None else sensor.rate_hz,
    )


def _beside(port: str | None) -> str:
    """The port of the second board: another one like the first, where it is started here."""
    return port if port is not None and port.partition(":")[0] in HERE else "native"


def _port(port: str | None, baud: int) -> "SerialPort | str":
    """A real port stays the same one for as long as the monitor runs, be it under another name."""
    return port if port is not None and port.partition(":")[0] in HERE else SerialPort(port, baud)


def _parser() -> argparse.ArgumentParser:
    parser = Parser(
        prog="python -m firmware_host.monitor",
        description=__doc__,
        examples=(
            "bundles/imu --port emulator",
            "bundles/imu --port /dev/ttyACM0 --record walk.csv",
            "bundles/scl --port emulator --compare bundles/baseline",
            "bundles/imu --port emulator --tui",
        ),
    )
    parser.add_argument("bundle", type=Path, help="bundle folder, from export.quantize")
    add_port_options(parser)
    parser.add_argument(
        "--record",
        type=Path,
        metavar="FILE",
        help=f"capture file to play, over and over, at its own rate ({FORMATS}; default: the bundle's windows)",
    )
    parser.add_argument(
        "--compare",
        type=Path,
        metavar="BUNDLE",
        help="another bundle, whose answers to the same windows stand beside; its board is emulated or native",
    )
    parser.add_argument("--http-port", type=whole(1, MOST_PORT), metavar="N", help="of the page (default: a free one)")
    parser.add_argument(
        "--tui", action="store_true", help="show it in the terminal, turned slowly by itself, and serve no page"
    )
    return parser


if __name__ == "__main__":
    command(main)
