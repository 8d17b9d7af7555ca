"""A session of heartbeats: what goes to the board, when, and what is said of its answers."""

import io
import json
import math
from types import SimpleNamespace

import numpy as np
import pytest
from rich.console import Console

from firmware_host.board import Board
from firmware_host.link import Link
from firmware_host.monitoring import heart_terminal
from firmware_host.monitoring.disturbance import Disturbance
from firmware_host.monitoring.heart_played import PlayedHeart, play
from firmware_host.monitoring.heart_source import BundleStretches, CapturedStretch
from firmware_host.monitoring.heart_state import about_heart, state_heart
from firmware_host.monitoring.messages import Disturb, Play, Press
from firmware_host.port_errors import PortLostError
from firmware_host.protocol import Type
from scl.artifacts.capture import Capture, write_capture
from tests.firmware_host.beat_board import BeatBoard
from tests.firmware_host.monitoring.parts import Clock


@pytest.fixture
def session(heart):
    return PlayedHeart(BundleStretches(heart.bundle), heart.bundle.manifest, Clock())


def board_of(heart, records, before=lambda _payload: None):
    """A made-up board that answers these records; `before(counts)` sees what it gets."""

    def lie(kind, payload):
        return payload

    line = BeatBoard(records, heart.model.spec.inputs, heart.model.spec.raw_samples, lie=lie)
    answer = line.answer

    def seen(frame):
        if frame.type == Type.SAMPLES:
            before(np.frombuffer(frame.payload, "<i2", offset=4))
        return answer(frame)

    line.answer = seen
    link = Link(line, line.now)
    return Board(link, link.greet(), False, None)


def run(session, heart, board, stop):
    """Plays as fast as the board goes; returns what was known whenever there was news, until `stop(session)`."""
    news, session.pace_hz = [], math.inf

    def listen():
        if not session.ended:
            known = session.number, session.position, list(session._beats), session.truth, session.held
            news.append(
                SimpleNamespace(**dict(zip(("number", "position", "beats", "truth", "held"), known, strict=True)))
            )
            if stop(session):
                session.end()

    end = session.listen(listen)
    play(session, heart.bundle, board)
    end()
    return news


def test_a_recording_is_played_to_its_end_and_the_next_one_begins(session, heart):
    sent = []
    board = board_of(heart, heart.beats[0], sent.append)
    session.order(Press("press", "record"))
    news = run(session, heart, board, lambda s: s.number == 1)
    last = [one for one in news if one.number == 0][-1]
    np.testing.assert_array_equal(np.concatenate(sent), heart.counts[0][:, 0])
    np.testing.assert_array_equal(session.capture().counts, heart.counts[0])
    assert max(map(len, sent)) == 36  # .1 s
    assert [beat.at for beat in last.beats] == [b.sample for b in heart.beats[0] if b.end <= last.position]
    assert last.held.known == 0 and last.truth.others == 1
    assert (last.truth.missed, last.truth.extra) == (1, 1)
    lost = sum(beat.predicted > 2 for beat in heart.beats[0][:-1])
    assert last.truth.known - last.truth.same in (1 + 1, 1 + 1 + lost)  # V by mistake and the one that is not there
    assert session.position == 0 and session.truth.known == 0


def test_samples_come_at_their_time(session, heart, monkeypatch):
    """Each chunk when it is due; a pause delays all that comes; a step is a second."""
    clock, part = session.now, session.begin()

    def wait(seconds=None):
        if seconds is None:
            session.end()
        else:
            clock.seconds += seconds

    monkeypatch.setattr(session.changed, "wait", wait)
    for first in range(0, 360, 36):
        assert session.prepare(part, first, first + 36)
        session.take(part, first + 36, [])
        assert clock.seconds == pytest.approx(first / 360)
    session.order(Press("press", "pause"))
    clock.seconds += 60
    session.order(Press("press", "play"))
    assert session.prepare(part, 360, 396) and clock.seconds == pytest.approx(60.9)
    session.take(part, 396, [])
    session.order(Press("press", "step"))
    for first in range(396, 756, 50):
        stop = min(first + 50, 756)
        assert session.prepare(part, first, first + 50) == stop  # no sample beyond the second
        session.take(part, stop, [])
    assert session.prepare(part, 756, 792) is None and session.ended


def test_buttons_begin_another_stream(session):
    part = session.begin()
    assert (part.turn, part.base) == (1, 0)
    assert session.prepare(part, 0, 36)
    session.take(part, 36, [])
    assert session.begin().base == 36  # a board that came back goes on where the lost one was
    session.order(Play("recording", 1))
    assert not session.prepare(part, 36, 72) and session.begin().base == 0 and session.number == 1
    session.order(Play("recording", 7))
    assert session.number == 1
    session.order(Press("press", "restart"))
    assert session.begin().turn == 3
    session.take(part, 72, [])  # an answer to what is over
    assert session.position == 0


def test_what_goes_out_is_disturbed_from_the_next_chunk_on(session, heart):
    sent = []

    def seen(counts):
        sent.append(counts)
        if len(sent) == 20:
            session.order(Disturb("disturb", 0.5, 0.0, True))

    run(session, heart, board_of(heart, [], seen), lambda s: s.position > 1500)
    got = np.concatenate(sent)[:, None]
    begin = sum(map(len, sent[:20]))
    np.testing.assert_array_equal(got[:begin], heart.counts[0][:begin])
    halved = Disturbance(0.5, 0.0, True).applied(heart.counts[0][begin : len(got)], begin, session.manifest.sensor)
    np.testing.assert_array_equal(got[begin:], halved)
    assert (got[begin:] != heart.counts[0][begin : len(got)]).any()


def test_disturbed_beats_are_held_against_the_desktop_s(session, heart):
    """The board is made to answer as if nothing was disturbed, but for one beat that it does not have."""
    session.order(Disturb("disturb", 1.0, 0.1, False))
    news = run(session, heart, board_of(heart, heart.beats[0]), lambda s: s.position > 4000)
    last = news[-1]
    settled = [b for b in heart.beats[0] if b.sample < last.beats[-1].at - 54]
    assert last.held.known == last.held.same == len([b for b in settled if b.predicted < 3]) > 5
    assert (last.held.missed, last.held.extra) == (0, 0)


def test_a_lost_board_goes_on_as_a_new_stream(session, heart):
    def gone(_counts):
        if session.position > 2000:
            raise PortLostError("port fake: was pulled out; plug it in")

    with pytest.raises(PortLostError, match="pulled out"):
        run(session, heart, board_of(heart, heart.beats[0], gone), lambda _s: False)
    position = session.position
    assert position > 2000 and session.beats
    sent = []
    run(session, heart, board_of(heart, [], sent.append), lambda s: s.position > position + 500)
    got = np.concatenate(sent)
    np.testing.assert_array_equal(got, heart.counts[0][position : position + len(got), 0])
    assert session.base == position and not session.beats and session.truth.missed == 0


def test_states_are_json(session, heart):
    facts = json.loads(json.dumps(about_heart(session), allow_nan=False))
    assert facts["recordings"] == ["recording 100", "recording 232"] and "Not a medical device" in facts["notice"]
    empty = json.loads(json.dumps(state_heart(session), allow_nan=False))
    assert empty["rhythm"] is None and empty["beats"] == [] and empty["trace"]["values"] == []
    session.greeted(0, "fake")
    run(session, heart, board_of(heart, heart.beats[0]), lambda s: s.position > 9000)
    now = json.loads(json.dumps(state_heart(session), allow_nan=False))
    end = session.position
    shown = [b for b in heart.beats[0] if end - 8 * 360 <= b.sample and b.end <= end]
    assert [beat["seconds"] for beat in now["beats"]] == [b.sample / 360 for b in shown]
    assert [beat["latency_s"] for beat in now["beats"]] == [round((b.end - b.sample) / 360, 4) for b in shown]
    last = shown[-1].rhythm
    assert now["rhythm"]["heart_rate"] == last.heart_rate / 10 and now["rhythm"]["rmssd_ms"] == (last.rmssd or None)
    assert now["rhythm"]["worst"] == "NSV"[last.worst] and now["rhythm"]["irregular"] == last.irregular / 100
    waits = [(b.end - b.sample) / 360 for b in heart.beats[0] if b.end <= end][-64:]
    assert now["median_latency_s"] == round(float(np.median(waits)), 4)
    trace = now["trace"]
    assert trace["end"] == end / 360 and trace["step"] == 2 / 360
    places = np.rint(trace["start"] * 360).astype(int) + 2 * np.arange(len(trace["values"]))
    assert places[0] % 2 == 0 and end - 2880 <= places[0] <= end - 2879 and end - 2 <= places[-1] < end
    np.testing.assert_allclose(trace["values"], heart.counts[0][places, 0] / 200 - 5.12, atol=6e-4)
    assert now["truth"] == [[b.sample / 360 + 3 / 360, "NSV"[min(b.predicted, 2)]] for b in shown] or now["truth"]
    assert len(now["trace"]["values"]) == 1440


def test_a_capture_has_no_truth(heart, tmp_path):
    sensor, path = heart.bundle.manifest.sensor, tmp_path / "ecg.csv"
    write_capture(path, Capture(sensor.name, sensor.rate_hz, heart.bundle.manifest.channels, heart.counts[0]))
    session = PlayedHeart(CapturedStretch(path, heart.bundle), heart.bundle.manifest, Clock())
    run(session, heart, board_of(heart, heart.beats[0]), lambda s: s.position > 3000)
    now = state_heart(session)
    assert now["beats"] and now["truth"] == [] and now["agreement"] is None and now["kept"] is None


def test_the_terminal(session, heart):
    session.greeted(0, "fake")
    run(session, heart, board_of(heart, heart.beats[0]), lambda s: s.position > 9000)
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(heart_terminal.rendered_heart(session))
    text, rhythm = console.export_text(), session.beats[-1].record.rhythm
    parts = "Not a medical device", "recording 100, ", f"{rhythm.heart_rate / 10:.1f}/min", f"{rhythm.rmssd} ms"
    assert all(part in text for part in parts) and f"{session.truth.extra} extra" in text
    session.lost(0, "port fake: gone")
    console.print(heart_terminal.rendered_heart(session))
    assert "lost: port fake: gone" in console.export_text()


def test_the_terminal_disturbs_the_lead_by_itself():
    ways = [heart_terminal.way(15.0 * number + 1) for number in range(6)]
    assert ways[0] == ways[5] == Disturb("disturb", 1.0, 0.0, False)
    assert len({(one.gain, one.wander, one.inverted) for one in ways}) == 5 and ways[4].inverted
