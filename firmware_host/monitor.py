"""`python -m firmware_host.monitor BUNDLE --port PORT`: shows live what a board answers while you turn the sensor.

Windows of the bundle, or a recording, are played to the board as they are and as they would be, had the watch been
turned as you turn it on the page (or, of an ECG model, had the window begun later). With --live the board classifies
its own sensor instead, and the page asks for one activity in six positions. The page is on this computer alone, at the
address that is printed; Ctrl-C ends it.
"""

import argparse
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_host.board import add_port_options, open_board
from firmware_host.model import check_streams
from firmware_host.played_sensor import add_play_option, sensor_arguments
from firmware_host.reopening import SerialPort
from scl.arguments import FORMATS, Parser, whole
from scl.artifacts import InputError, command
from scl.artifacts.bundle import Bundle, read_bundle, read_front_end_bundle
from scl.artifacts.manifest import BundleManifest
from scl.extras import require
from scl.text import say

if TYPE_CHECKING:
    from firmware_host.monitoring.driver import Driver
    from firmware_host.monitoring.server import View
    from firmware_host.monitoring.shared import Shared

JOIN_S = 5.0  # for a board to be let go
HERE = ("native", "emulator")
MOST_PORT = 65535


def main(argv: Sequence[str]) -> int:
    options = _parser().parse_args(argv)
    require("starlette", "uvicorn", "websockets")
    session, view, drivers = (_own if options.live else _played)(options)
    try:
        with suppress(KeyboardInterrupt):
            _run(options, session, view, drivers)
    finally:
        session.end()
        for driver in drivers:
            driver.join(JOIN_S)
    if session.fault is not None:
        raise session.fault
    return 0


def _played(options: argparse.Namespace) -> "tuple[Shared, View, list[Driver]]":
    """A session in which windows or a recording are played."""
    from firmware_host.monitoring.asking import ask
    from firmware_host.monitoring.driver import Driver
    from firmware_host.monitoring.server import View
    from firmware_host.monitoring.session import Session
    from firmware_host.monitoring.source import BundleWindows, Recording
    from firmware_host.monitoring.state import about, state

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
    return session, View(partial(about, session), partial(state, session)), drivers


def _own(options: argparse.Namespace) -> "tuple[Shared, View, list[Driver]]":
    """A session in which the board classifies its own sensor. InputError for options of a recording."""
    from firmware_host.monitoring.driver import Driver
    from firmware_host.monitoring.own import Own, listen
    from firmware_host.monitoring.own_state import about_own, state_own
    from firmware_host.monitoring.server import View

    for name in ("record", "compare", "tui"):
        if getattr(options, name):
            raise InputError(f"--{name}: is for recordings that are played, not for --live; leave one of them out")
    bundle = read_front_end_bundle(options.bundle)
    check_streams(bundle)
    session = Own(bundle.manifest)
    port, more = _port(options.port, options.baud), sensor_arguments(options, bundle)
    opened = partial(open_board, bundle, port, options.baud, options.trace, more=more, trust=options.trust)
    drivers = [Driver(session, 0, opened, partial(listen, session, bundle), options.wait)]
    return session, View(partial(about_own, session), partial(state_own, session)), drivers


def _run(options: argparse.Namespace, session: "Shared", view: "View", drivers: "Sequence[Driver]") -> None:
    """Opens the boards, then shows the session until Ctrl-C or its end."""
    from firmware_host.monitoring.session import Session

    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.opened()
    if options.tui:
        from firmware_host.monitoring.terminal import show

        assert isinstance(session, Session)
        show(session)
        return
    from firmware_host.monitoring.server import Page, listening, serve

    with listening(options.http_port) as listener:
        page = Page(session, view, listener.getsockname()[1])
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
            "bundles/imu --port /dev/ttyACM0 --live",
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
    parser.add_argument(
        "--live",
        action="store_true",
        help="the board classifies its own sensor; the page asks for one activity in six positions",
    )
    add_play_option(parser)
    parser.add_argument("--http-port", type=whole(1, MOST_PORT), metavar="N", help="of the page (default: a free one)")
    parser.add_argument(
        "--tui", action="store_true", help="show it in the terminal, turned slowly by itself, and serve no page"
    )
    return parser


if __name__ == "__main__":
    command(main)
