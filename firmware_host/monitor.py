"""`python -m firmware_host.monitor BUNDLE --port PORT`: shows live what a board answers while you turn the sensor.

Windows of the bundle, or a recording, are played to the board as they are and as they would be, had the watch been
turned as you turn it on the page (or, of an ECG model, had the window begun later). With --live the board classifies
its own sensor instead, and the page asks for one activity in six positions. Of a model of heartbeats the page shows the
ECG, which you disturb, and the beats that the board finds in it. The page is on this computer alone, at the address
that is printed; Ctrl-C ends it.
"""

import argparse
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from firmware_host.board import Board, add_port_options, open_board
from firmware_host.model import check_streams, finds_beats
from firmware_host.played_sensor import add_play_option, sensor_arguments
from firmware_host.reopening import SerialPort
from firmware_host.wfdb_record import wfdb_path
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
    session, view, drivers = _session(options)
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


def _session(options: argparse.Namespace) -> "tuple[Shared, View, list[Driver]]":
    """What the options ask for. InputError where they do not go together."""
    if not options.live:
        if options.play is not None:
            raise InputError(f"--play {options.play}: stands in for the board's own sensor; give --live with it")
        bundle = read_bundle(options.bundle)
        return (_played_heart if finds_beats(bundle.manifest) else _played)(options, bundle)
    for name in ("record", "compare", "tui"):
        if getattr(options, name):
            raise InputError(f"--{name}: is for recordings that are played, not for --live; leave one of them out")
    bundle = read_front_end_bundle(options.bundle)
    return (_own_heart if finds_beats(bundle.manifest) else _own)(options, bundle)


def _played(options: argparse.Namespace, bundle: Bundle[BundleManifest]) -> "tuple[Shared, View, list[Driver]]":
    """A session in which windows or a recording are played."""
    from firmware_host.monitoring.asking import ask
    from firmware_host.monitoring.driver import Driver
    from firmware_host.monitoring.server import View
    from firmware_host.monitoring.session import Session
    from firmware_host.monitoring.source import BundleWindows, Recording
    from firmware_host.monitoring.state import about, state

    bundles = [bundle]
    if options.compare is not None:
        bundles.append(read_bundle(options.compare))
        check_comparable(*bundles)
    source = BundleWindows(bundle) if options.record is None else Recording(options.record, bundle)
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


def _own(options: argparse.Namespace, bundle: Bundle[BundleManifest]) -> "tuple[Shared, View, list[Driver]]":
    """A session in which the board classifies its own sensor."""
    from firmware_host.monitoring.driver import Driver
    from firmware_host.monitoring.own import Own, listen
    from firmware_host.monitoring.own_state import about_own, state_own
    from firmware_host.monitoring.server import View

    check_streams(bundle)
    session = Own(bundle.manifest)
    driver = Driver(session, 0, _opened(options, bundle), partial(listen, session, bundle), options.wait)
    return session, View(partial(about_own, session), partial(state_own, session)), [driver]


def _played_heart(options: argparse.Namespace, bundle: Bundle[BundleManifest]) -> "tuple[Shared, View, list[Driver]]":
    """A session in which recordings are played to a board that finds heartbeats."""
    from firmware_host.monitoring.driver import Driver
    from firmware_host.monitoring.heart_played import PlayedHeart, play
    from firmware_host.monitoring.heart_source import BundleStretches, CapturedStretch
    from firmware_host.monitoring.heart_state import about_heart, state_heart
    from firmware_host.monitoring.server import View

    if options.record is not None and wfdb_path(options.record) is not None:
        raise InputError(
            f"--record {options.record}: is a WFDB record, which firmware_host.stream plays; give a capture file, "
            "which python -m export.recording makes"
        )
    if options.compare is not None:
        raise InputError(f"--compare {options.compare}: is for models of windows, not of heartbeats; leave it out")
    session = PlayedHeart(
        BundleStretches(bundle) if options.record is None else CapturedStretch(options.record, bundle),
        bundle.manifest,
    )
    driver = Driver(session, 0, _opened(options, bundle), partial(play, session, bundle), options.wait)
    return session, View(partial(about_heart, session), partial(state_heart, session)), [driver]


def _own_heart(options: argparse.Namespace, bundle: Bundle[BundleManifest]) -> "tuple[Shared, View, list[Driver]]":
    """A session in which the board finds heartbeats in its own sensor's samples."""
    from firmware_host.monitoring.driver import Driver
    from firmware_host.monitoring.heart_own import OwnHeart, listen
    from firmware_host.monitoring.heart_state import about_heart, state_heart
    from firmware_host.monitoring.server import View

    session = OwnHeart(bundle.manifest)
    driver = Driver(session, 0, _opened(options, bundle), partial(listen, session, bundle), options.wait)
    return session, View(partial(about_heart, session), partial(state_heart, session)), [driver]


def _opened(
    options: argparse.Namespace, bundle: Bundle[BundleManifest]
) -> "Callable[[], AbstractContextManager[Board]]":
    """Opens the only board, each time anew."""
    port, more = _port(options.port, options.baud), sensor_arguments(options, bundle)
    return partial(open_board, bundle, port, options.baud, options.trace, more=more, trust=options.trust)


def _run(options: argparse.Namespace, session: "Shared", view: "View", drivers: "Sequence[Driver]") -> None:
    """Opens the boards, then shows the session until Ctrl-C or its end."""
    for driver in drivers:
        driver.start()
    for driver in drivers:
        driver.opened()
    if options.tui:
        _show(session)
        return
    from firmware_host.monitoring.server import Page, listening, serve

    with listening(options.http_port) as listener:
        page = Page(session, view, listener.getsockname()[1])
        serve(page, listener, lambda: say(f"open {page.url}  (Ctrl-C ends it)"))


def _show(session: "Shared") -> None:
    """In the terminal."""
    from firmware_host.monitoring.heart_played import PlayedHeart
    from firmware_host.monitoring.heart_terminal import show_heart
    from firmware_host.monitoring.session import Session
    from firmware_host.monitoring.terminal import show

    if isinstance(session, PlayedHeart):
        show_heart(session)
    else:
        assert isinstance(session, Session)
        show(session)


def check_comparable(bundle: Bundle[BundleManifest], other: Bundle[BundleManifest]) -> None:
    """InputError unless both models take the same windows of the same sensor."""
    one, two = bundle.manifest, other.manifest
    names = "samples of a window", "channels", "sensor", "rate in Hz"
    for name, expected, value in zip(names, _taken(one), _taken(two), strict=True):
        if value != expected:
            raise InputError(
                f"--compare {other.path}: {name} is {value}, of {bundle.path} it is {expected}; both get the same "
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
