"""The page of heartbeats in headless Chromium, on the real firmware: a native board behind a real server."""

import os
import re
import signal
import threading
from contextlib import contextmanager
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest
from playwright.sync_api import expect

from firmware_host import board as board_module
from firmware_host.board import open_board
from firmware_host.monitoring.disturbance import Disturbance
from firmware_host.monitoring.driver import Driver
from firmware_host.monitoring.heart_own import OwnHeart, listen
from firmware_host.monitoring.heart_played import PlayedHeart, play
from firmware_host.monitoring.heart_source import BundleStretches
from firmware_host.monitoring.heart_state import about_heart, state_heart
from firmware_host.monitoring.messages import Press
from firmware_host.monitoring.server import Page, View, listening, serve
from firmware_host.polarity import points_down
from tests.browser import PHONE, opened, scrolls_sideways, violations
from tests.firmware_host.monitoring.test_page import children

SHOWN = re.compile(r"(\S+) at ([\d.]+) s")


@contextmanager
def served(session, driver):
    """A running monitor; the address of its page."""
    with listening(None) as listener:
        driver.start()
        driver.opened()
        view = View(partial(about_heart, session), partial(state_heart, session))
        page = Page(session, view, listener.getsockname()[1])
        server = threading.Thread(target=serve, args=(page, listener, lambda: None))
        server.start()
        yield page.url
        session.end()
        server.join(20)
        driver.join(20)
        assert not server.is_alive() and session.fault is None


@pytest.fixture(scope="module")
def running(heart, board_tools, tmp_path_factory):
    """Paused at the start of the first recording, and fast; the board comes back only while `gate` is set."""
    session = PlayedHeart(BundleStretches(heart.bundle), heart.bundle.manifest)
    session.pace_hz = 20_000
    session.order(Press("press", "pause"))
    gate = threading.Event()
    gate.set()

    @contextmanager
    def opened():
        assert gate.wait(60)
        with open_board(heart.bundle, "native") as board:
            yield board

    driver = Driver(session, 0, opened, partial(play, session, heart.bundle))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(board_module, "BUILD", tmp_path_factory.mktemp("build"))
        before = children()
        with served(session, driver) as url:
            (process,) = children() - before
            yield SimpleNamespace(session=session, gate=gate, process=process, url=url)


@pytest.fixture
def page(running, browser):
    """The page, paused at the start of the first recording, undisturbed."""
    with opened(browser) as page:
        page.goto(running.url)
        expect(page.locator("#heart")).to_be_visible()
        page.locator("#undisturbed").click()
        page.locator("#chosen").select_option("0")
        page.locator("#restart").click()
        expect(page.locator("#place")).to_contain_text("0.0 s of")
        yield page


def stepped(page, running, seconds):
    """Plays so many seconds, and waits until the page shows them."""
    session, due = running.session, running.session.position + seconds * 360
    for _ in range(seconds):
        page.locator("#step").click()
    with session.changed:
        assert session.changed.wait_for(lambda: session.position == due, 20)
    expect(page.locator("#place")).to_contain_text(f"{due / 360:.1f} s of")


def marks(page, row):
    """Beats of a row in the picture: class and second."""
    said = dict(
        zip(
            ("board", "annotated"), page.locator("#signal").get_attribute("aria-label").split("Annotated:"), strict=True
        )
    )
    return [(name, float(second)) for name, second in SHOWN.findall(said[row])]


def due(records, end):
    """Marks of what the desktop says after so many samples, those in the picture."""
    first = max(0, end - 8 * 360)
    names = ["NSV"[b.predicted] if b.predicted < 3 else "abstained" for b in records]
    shown = zip(records, names, strict=True)
    return [(name, round(b.sample / 360, 2)) for b, name in shown if b.end <= end and b.sample >= first]


def test_the_marks_are_the_desktop_s_beats(page, running, heart):
    for _ in range(3):
        stepped(page, running, 5)
        end = running.session.position
        expected = due(heart.beats[0], end)
        expect(page.locator("#heart")).to_have_attribute("data-answers", re.compile(r"\d+"))
        assert marks(page, "board") == expected and len(expected) > 2
        last = [b for b in heart.beats[0] if b.end <= end][-1]
        expect(page.locator("#heart-class")).to_have_text(expected[-1][0])
        expect(page.locator("#heart-rate")).to_have_text(f"{last.rhythm.heart_rate / 10:.1f} a minute")
        expect(page.locator("#heart-irregular")).to_contain_text(f"{last.rhythm.irregular} % of")
        expect(page.locator("#heart-pauses")).to_have_text(str(last.rhythm.pauses))
        expect(page.locator("#heart-couplets")).to_have_text(str(last.rhythm.couplets))
        expect(page.locator("#heart-runs")).to_have_text(
            re.compile(rf"{last.rhythm.runs}(, the longest of \d+ beats)?")
        )
        expect(page.locator("#heart-points")).to_have_text(
            re.compile("^down" if points_down(last, heart.bundle.manifest) else "^up$")
        )
        expect(page.locator("#heart-worst")).to_have_text("NSV"[last.rhythm.worst])
        rows = page.locator("#beats tr")
        expect(rows.first.locator("th")).to_have_text(f"{expected[-1][1]:.2f} s")
        expect(rows.first.locator("td").first).to_have_text(expected[-1][0])
        late = (last.end - last.sample) / 360
        expect(page.locator("#heart-latency")).to_contain_text(f"{late:.2f} s of ECG, ")
    truth = running.session.stretch.truth.within(end - 8 * 360, end)
    assert marks(page, "annotated") == [
        (name, round(at / 360, 2)) for at, name in zip(truth.at.tolist(), truth.names, strict=True)
    ]
    one = running.session.truth
    expect(page.locator("#heart-agreement")).to_contain_text(f"; {one.missed} missed, {one.extra} extra")
    assert (one.missed, one.extra, one.others) == (1, 1, 1)
    expect(page.locator("#notice")).to_contain_text("Not a medical device")


def test_sliders_disturb_what_the_board_gets(page, running, heart):
    """The marks are the desktop's beats of the disturbed counts."""
    page.locator("#gain").fill("-0.5")
    page.locator("#wander").fill("0.4")
    page.locator("#inverted").check()
    way = Disturbance(2**-0.5, 0.4, True)
    session = running.session
    with session.changed:
        assert session.changed.wait_for(lambda: session.disturbance == way, 20)
    page.locator("#record").click()
    expect(page.locator("#record")).to_have_text("Stop recording")
    stepped(page, running, 12)
    end = session.position
    sent = way.applied(heart.counts[0][:end], 0, heart.model.spec.sensor)
    np.testing.assert_array_equal(session.capture().counts, sent)
    expected = due(heart.model.expected(sent), end)
    assert marks(page, "board") == expected and len(expected) > 3
    expect(page.locator("#heart-kept")).to_have_text(
        re.compile(rf"\d+ % \({session.held.same} of {session.held.known}\)")
    )
    assert session.held.known > 3
    page.locator("#record").click()
    page.locator("#undisturbed").click()
    with session.changed:
        assert session.changed.wait_for(lambda: session.disturbance == Disturbance(), 20)


def test_another_recording_is_chosen(page, running):
    page.locator("#chosen").select_option("1")
    expect(page.locator("#label")).to_have_text("recording 232")
    stepped(page, running, 2)
    expect(page.locator("#heart-class")).to_have_text(re.compile("N|S|V|abstained|no beat yet"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_readable_by_everybody(page, running, scheme):
    page.emulate_media(color_scheme=scheme)
    stepped(page, running, 8)
    assert violations(page) == ""
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert not scrolls_sideways(page)
    assert violations(page) == ""


def test_a_lost_board_is_said_until_it_is_back(page, running):
    """It goes on where the lost one was."""
    stepped(page, running, 3)
    banner, position = page.locator("#banner"), running.session.position
    expect(banner).to_be_hidden()
    running.gate.clear()
    os.kill(running.process, signal.SIGKILL)
    page.locator("#step").click()
    expect(banner).to_contain_text("The board is lost: ")
    expect(banner).to_contain_text("ended with status -9")
    running.gate.set()
    expect(banner).to_be_hidden()
    expect(page.locator("#place")).to_contain_text(f"{position / 360 + 1:.1f} s of")
    stepped(page, running, 5)
    assert running.session.base == position and marks(page, "board")


def test_the_board_s_own_sensor(running, heart, browser, tmp_path):
    played = tmp_path / "sensor.bin"
    played.write_bytes(heart.counts[0].astype("<i2").tobytes())
    session = OwnHeart(heart.bundle.manifest)
    opened = partial(open_board, heart.bundle, "native", more=["--sensor", str(played), "--sensor-rate", "5000"])
    driver = Driver(session, 0, opened, partial(listen, session, heart.bundle))
    seen = []
    session.listen(lambda: seen.extend(session.beats))
    with served(session, driver) as url:
        page = browser.new_page(viewport={"width": PHONE, "height": 1400})
        page.goto(url)
        expect(page.locator("#heart-rate")).to_have_text(re.compile(r"\d+\.\d a minute"))
        expect(page.locator("#disturbing")).to_be_hidden()
        expect(page.locator("#pause")).to_be_hidden()
        assert violations(page) == "" and not scrolls_sideways(page)
        page.close()
    found = {beat.at for beat in seen if beat.at < len(heart.counts[0])}
    peaks = np.array([b.sample for b in heart.beats[0]])  # of a stream that began with the first sample
    assert len(found) > 8 and np.mean([np.abs(peaks - at).min() <= 3 for at in found]) > 0.8
