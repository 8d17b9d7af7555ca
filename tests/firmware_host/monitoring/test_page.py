"""The monitor's page in headless Chromium, on the real firmware: two native boards behind a real server."""

import json
import os
import re
import signal
import struct
import threading
import urllib.error
import urllib.request
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import expect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from firmware_host import board as board_module
from firmware_host.board import open_board
from firmware_host.monitoring.asking import ask
from firmware_host.monitoring.driver import Driver
from firmware_host.monitoring.messages import Press
from firmware_host.monitoring.own import Own, listen
from firmware_host.monitoring.own_state import about_own, state_own
from firmware_host.monitoring.server import REFUSED, Page, View, listening, serve
from firmware_host.monitoring.session import AS_WORN, Session
from firmware_host.monitoring.source import BundleWindows
from firmware_host.monitoring.state import about, state
from firmware_host.protocol import Decoder, Type
from firmware_host.trace import read_trace
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.capture import read_capture
from scl.artifacts.golden import read_golden
from scl.frontend.counts import turned
from scl.transforms import rotation_matrices
from tests.board_bundle import CHANNELS, LABELS, WINDOW, WINDOWS, write_board_bundle
from tests.browser import PHONE, opened, scrolls_sideways, violations

COUNT_ORDERS = """
window.orders = 0;
const send = WebSocket.prototype.send;
WebSocket.prototype.send = function (data) { window.orders += 1; return send.call(this, data); };
"""
# An order goes out with the next picture.
ORDERS_SENT = """
() => new Promise((resolve) => {
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(window.orders)));
})
"""


@pytest.fixture(scope="module")
def running(tmp_path_factory, board_tools):
    """A monitor in this process with two native boards of one bundle; the first comes back only while `gate` is set."""
    root = tmp_path_factory.mktemp("monitor")
    bundle = read_run_bundle(write_board_bundle(root / "small", seed=10))
    session = Session(BundleWindows(bundle), [bundle.manifest] * 2)
    session.order(Press("press", "pause"))
    shared = SimpleNamespace(orders=0, order=session.order)

    def counted(message):
        shared.order(message)
        with session.changed:
            shared.orders += 1
            session.changed.notify_all()

    session.order = counted
    gate, trace = threading.Event(), root / "board.trace"
    gate.set()

    @contextmanager
    def first():
        assert gate.wait(60)
        with open_board(bundle, "native", trace=str(trace)) as board:
            yield board

    opened = (first, partial(open_board, bundle, "native"))
    drivers = [Driver(session, seat, opened[seat], partial(ask, session, seat, bundle)) for seat in range(2)]
    with pytest.MonkeyPatch.context() as patch, listening(None) as listener:
        patch.setattr(board_module, "BUILD", root / "build")
        before = children()
        drivers[0].start()
        drivers[0].opened()
        (process,) = children() - before
        drivers[1].start()
        drivers[1].opened()
        view = View(partial(about, session), partial(state, session))
        page = Page(session, view, listener.getsockname()[1])
        server = threading.Thread(target=serve, args=(page, listener, lambda: None))
        server.start()
        vars(shared).update(page=page, session=session, golden=read_golden(bundle), bundle=bundle)
        vars(shared).update(trace=trace, process=process, gate=gate)
        yield shared
        session.end()
        server.join(20)
        for driver in drivers:
            driver.join(20)
        assert not server.is_alive() and session.fault is None and not children() - before


def children():
    """Numbers of this process' children that run a native board."""
    numbers = set()
    for path in Path("/proc/self/task").glob("*/children"):
        for number in path.read_text().split():
            with Path(f"/proc/{number}/cmdline").open("rb") as file:
                if b"native" in file.read():
                    numbers.add(int(number))
    return numbers


@pytest.fixture
def page(running, browser):
    """The page as it is first seen, paused at window 0, as worn."""
    with opened(browser) as page:
        page.add_init_script(COUNT_ORDERS)
        running.before = running.orders  # of the pages of other tests
        page.goto(running.page.url)
        expect(page.locator("#watch")).to_be_visible()
        page.locator("#reset").click()
        page.locator("#restart").click()
        settled(page, running)
        yield page


def settled(page, running):
    """Waits until all that the page ordered is answered by both boards, and shown."""
    sent = page.evaluate(ORDERS_SENT)
    session = running.session
    with session.changed:
        assert session.changed.wait_for(lambda: running.orders - running.before == sent and answered(session), 20)
        serial = session.current.serial
    for card in page.locator(".card").all():
        expect(card).to_have_attribute("data-serial", str(serial))


def answered(session):
    return all(seat.answered.serial == session.current.serial for seat in session.seats)


def moved(page, running, act):
    """Acts, and waits for what comes of it."""
    act()
    settled(page, running)


def windows_sent(trace):
    """Windows (raw samples, channels) in the order in which the board got their last samples."""
    decoder, parts, windows = Decoder(), {}, []
    for record in read_trace(trace):
        if record.kind != ">":
            continue
        for frame in decoder.feed(record.data):
            if frame.type == Type.WINDOW:
                number, start = struct.unpack_from("<HH", frame.payload)
                counts = np.frombuffer(frame.payload, "<i2", offset=4).reshape(-1, len(CHANNELS))
                window = parts.setdefault(number, np.zeros((WINDOW, len(CHANNELS)), np.int16))
                window[start : start + len(counts)] = counts
                if start + len(counts) == WINDOW:
                    windows.append(window)
    return windows


def drag(page, x, y):
    """Drags the middle of the watch by so many pixels."""
    place = page.locator("#watch").bounding_box()
    middle = place["x"] + place["width"] / 2, place["y"] + place["height"] / 2
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + x, middle[1] + y, steps=4)
    page.mouse.up()


def picture(page, canvas):
    return page.locator(canvas).evaluate("canvas => canvas.toDataURL()")


def test_the_class_and_the_signal_follow_the_recording(page, running):
    golden, pictures = running.golden, set()
    for window in range(4):
        expected = LABELS[golden.predictions[0, window]]
        for card in page.locator(".card").all():
            expect(card.locator(".class")).to_have_text(expected)
            expect(card.locator("h3")).to_have_text("small on native")
            expect(card.locator(".right")).to_have_text(re.compile(r"\d+ % \(\d+ of \d+ answers\)"))
        expect(page.locator("#place")).to_have_text(f"window {window + 1} of {WINDOWS}")
        expect(page.locator("#label")).to_have_text(f"Label: {LABELS[golden.labels[0, window]]}")
        pictures.add(picture(page, "#signal"))
        np.testing.assert_array_equal(windows_sent(running.trace)[-1], golden.counts[0, window])
        moved(page, running, page.locator("#step").click)
    assert len(pictures) == 4 and len({LABELS[code] for code in golden.predictions[0, :4]}) > 1


def test_dragging_changes_the_counts_that_the_board_gets(page, running):
    before = picture(page, "#signal"), picture(page, "#watch"), page.locator("#orientation").text_content()
    moved(page, running, lambda: drag(page, 90, 30))
    w, *vector = running.session.quaternion
    assert running.session.quaternion != AS_WORN
    back = rotation_matrices(np.array([[w, *(-part for part in vector)]]))[0]
    plain = running.golden.counts[0, 0]
    expected = turned(plain, back, running.bundle.manifest.sensor)
    np.testing.assert_array_equal(windows_sent(running.trace)[-1], expected)
    assert np.abs(expected.astype(int) - plain).max() > 1000
    after = picture(page, "#signal"), picture(page, "#watch"), page.locator("#orientation").text_content()
    assert all(one != other for one, other in zip(before, after, strict=True))
    assert re.fullmatch(r"Turned by \d+° about the axis .*", after[2])
    card = page.locator(".card").first
    expect(card.locator(".verdict")).to_have_text(re.compile(r"holds|flips \(\w+ as recorded\)"))
    pairs = running.session.seats[0].answered.pairs
    expect(card.locator(".consistency")).to_contain_text(f"({pairs.equal} of {pairs.compared} kept their class)")
    expect(card.locator(".similarity")).to_have_text(f"{running.session.seats[0].answered.similarity:.3f}")


def test_other_ways_to_wear_it_and_keys(page, running):
    plain = running.golden.counts[0, 0]
    for name, axis in (("Face inside the wrist", 0), ("Both", 1), ("Other wrist", 2)):
        moved(page, running, page.get_by_role("button", name=name).click)
        quaternion = [0.0] * 4
        quaternion[1 + axis] = 1.0
        assert running.session.quaternion == tuple(quaternion)
    unbiased = turned(plain, np.diag([-1.0, -1.0, 1.0]), running.bundle.manifest.sensor)
    np.testing.assert_array_equal(windows_sent(running.trace)[-1], unbiased)
    moved(page, running, page.locator("#reset").click)
    assert running.session.quaternion == AS_WORN
    page.locator("#watch").focus()
    for _ in range(9):
        moved(page, running, lambda: page.keyboard.press("ArrowRight"))
    expect(page.locator("#orientation")).to_contain_text("Turned by 90°")
    for _ in range(9):
        moved(page, running, lambda: page.keyboard.press("ArrowLeft"))
    expect(page.locator("#orientation")).to_have_text("As worn in the recording.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_by_everybody(page, running, scheme):
    page.emulate_media(color_scheme=scheme)
    moved(page, running, lambda: drag(page, 90, 30))
    assert violations(page) == ""
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert not scrolls_sideways(page)
    assert violations(page) == ""


def test_it_plays_by_itself(page, running):
    expect(page.locator("#pause")).to_have_text("Go on")
    running.session.source.interval_s = 0.05
    page.locator("#pause").click()
    expect(page.locator("#pause")).to_have_text("Pause")
    expect(page.locator("#place")).not_to_have_text(f"window 1 of {WINDOWS}")
    page.locator("#pause").click()
    expect(page.locator("#pause")).to_have_text("Go on")


def test_what_was_sent_is_downloaded_as_a_recording(page, running, tmp_path):
    page.locator("#record").click()
    expect(page.locator("#record")).to_have_text("Stop recording")
    moved(page, running, page.locator("#step").click)
    moved(page, running, page.get_by_role("button", name="Other wrist").click)
    sent = windows_sent(running.trace)[-1]
    moved(page, running, page.locator("#step").click)
    sent = np.concatenate([sent, windows_sent(running.trace)[-1]])
    page.locator("#record").click()
    with page.expect_download() as download:
        page.locator("#download").click()
    download.value.save_as(tmp_path / "monitor.csv")
    capture = read_capture(tmp_path / "monitor.csv")
    np.testing.assert_array_equal(capture.counts[-2 * WINDOW :], sent)
    labels = [LABELS[running.golden.labels[0, window]] for window in (1, 2)]
    assert capture.label[-2 * WINDOW :] == (labels[0],) * WINDOW + (labels[1],) * WINDOW
    assert (capture.sensor, capture.rate_hz, capture.channels) == ("bench", 20.0, CHANNELS)


def test_a_lost_board_is_said_until_it_is_back(page, running):
    banner = page.locator("#banner")
    expect(banner).to_be_hidden()
    running.gate.clear()
    os.kill(running.process, signal.SIGKILL)
    page.locator("#step").click()
    expect(banner).to_be_visible()
    expect(banner).to_contain_text("The board is lost: ")
    expect(banner).to_contain_text("ended with status -9")
    assert violations(page) == ""
    running.gate.set()
    expect(banner).to_be_hidden()
    settled(page, running)
    assert running.session.seats[0].losses == 1


def refused(url, headers):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code


def test_whoever_has_no_token_or_comes_from_elsewhere_is_refused(running):
    url, port = running.page.url, running.page.url.split(":")[2].split("/")[0]
    other, own = url.replace(running.page.token, "A" * len(running.page.token)), f"http://127.0.0.1:{port}"
    for name in ("", "monitor.js", "recording.csv", "socket"):
        assert refused(other + name, {}) == 403
        assert refused(url + name, {"Origin": "http://evil.example"}) == 403
        assert refused(url + name, {"Host": "evil.example"}) == 403
        assert refused(url + name, {"Host": f"localhost:{port}"}) == 403
    assert refused(own, {}) == refused(own + "/favicon.ico", {}) == 403
    assert refused(url, {}) == refused(url, {"Origin": own}) == 200
    assert refused(url + "../x", {}) in (403, 404) and refused(url + "session.py", {}) == 404
    sockets = url.replace("http", "ws") + "socket", other.replace("http", "ws") + "socket"
    for address, origin in ((sockets[1], own), (sockets[0], "http://evil.example"), (sockets[0], None)):
        with pytest.raises(InvalidStatus, match="403"), connect(address, origin=origin):
            pass
    with urllib.request.urlopen(url, timeout=10) as answer:
        policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy and "*" not in policy


def test_a_message_that_no_page_sends_ends_the_socket(running):
    url = running.page.url
    key = json.dumps({"kind": "press", "button": "play", "\u20ac" * 200: 1}, ensure_ascii=False)
    for message in ("{}", '{"kind": "turn", "quaternion": [1, 0, 0, 9]}', "x" * 5000, b"\x00\xff", b"{}", key):
        with connect(url.replace("http", "ws") + "socket", origin=url.rsplit("/", 2)[0]) as socket:
            assert json.loads(socket.recv(10))["kind"] == "about"
            socket.send(message)
            with pytest.raises(ConnectionClosed) as closed:
                while True:
                    socket.recv(10)
            code, reason = closed.value.rcvd.code, closed.value.rcvd.reason
            assert code == 1009 if len(message) == 5000 else (code, reason) == (1008, REFUSED)
    assert running.session.fault is None


def test_a_boards_own_sensor_in_two_positions(running, browser, tmp_path):
    """The native board plays counts as its sensor; answers count for the activity and position that are named."""
    counts = running.golden.counts[0].reshape(-1, len(CHANNELS))
    played = tmp_path / "sensor.bin"
    played.write_bytes(np.tile(counts, (40, 1)).astype("<i2").tobytes())
    more = ["--sensor", str(played), "--sensor-rate", "2000"]  # a hundred times as fast as the bundle's
    session = Own(running.bundle.manifest)
    opened = partial(open_board, running.bundle, "native", more=more)
    driver = Driver(session, 0, opened, partial(listen, session, running.bundle))
    with listening(None) as listener:
        driver.start()
        driver.opened()
        view = View(partial(about_own, session), partial(state_own, session))
        served = Page(session, view, listener.getsockname()[1])
        server = threading.Thread(target=serve, args=(served, listener, lambda: None))
        server.start()
        page = browser.new_page(viewport={"width": PHONE, "height": 1400})
        page.goto(served.url)
        expect(page.locator("#own")).to_be_visible()
        expect(page.locator("#watch")).to_be_hidden()
        page.locator("#activity").select_option(LABELS[1])
        rows = page.locator("#positions tr")
        expect(rows.nth(0).locator("td")).to_contain_text(re.compile(r"\w+ \d+"))
        page.locator("#next").click()
        expect(rows.nth(1).locator("td")).to_contain_text(re.compile(r"\w+ \d+"))
        expect(page.locator("#verdict")).to_contain_text("No verdict from one activity")
        expect(page.locator(".card .consistency")).to_contain_text("are the first position's class")
        assert violations(page) == "" and not scrolls_sideways(page)
        page.close()
        session.end()
        server.join(20)
        driver.join(20)
    assert session.fault is None and not server.is_alive()
    repeated = session.repeated[LABELS[1]]
    assert all(set(position) <= set(LABELS) for position in repeated.classes)
    assert repeated.answers > 1 and repeated.classes[0] and repeated.classes[1] and not repeated.classes[2]
