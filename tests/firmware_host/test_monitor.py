"""The monitor without a page: how windows are turned and shifted, what is played, asked, answered, shown and kept."""

import io
import json
import math
import threading
from contextlib import contextmanager
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from firmware_host import monitor
from firmware_host.board import Board
from firmware_host.link import Link
from firmware_host.messages import LiveAnswer, Result
from firmware_host.monitoring import terminal
from firmware_host.monitoring.answers import Pairs, Reading, invariant_size, shares_of
from firmware_host.monitoring.asking import ask
from firmware_host.monitoring.driver import Driver
from firmware_host.monitoring.kept import Kept
from firmware_host.monitoring.messages import Activity, Position, Press, Shift, Turn, parse
from firmware_host.monitoring.own import Own
from firmware_host.monitoring.own_state import about_own, state_own, verdict
from firmware_host.monitoring.server import Door, Page, View, listening, serve
from firmware_host.monitoring.session import Session
from firmware_host.monitoring.shared import LATE_S
from firmware_host.monitoring.source import BundleWindows, Recording
from firmware_host.monitoring.state import about, state
from firmware_host.monitoring.strips import strips_of
from firmware_host.own_sensor import Block
from firmware_host.port_errors import PortLostError
from scl.artifacts import InputError, write_npz
from scl.artifacts.bundle import hashes, read_bundle, write_manifest
from scl.artifacts.capture import Capture, capture_bytes, parse_capture, write_capture
from scl.artifacts.golden import read_golden
from scl.artifacts.run import TransformationInfo
from scl.frontend.counts import from_counts, replay, to_counts, turned
from scl.frontend.sensor import Part, Sensor
from scl.partition import Partition
from scl.transforms import random_rotations, rotate, rotation_matrices
from tests.bundles import LABELS, SAMPLES, network
from tests.firmware_host.fake_board import fake_board
from tests.manifests import manifest, network_manifest
from tests.scl.frontend.designs import front_end_spec

ODD = Sensor(
    "odd",
    50.0,
    (
        Part(
            "accelerometer", 3, 0.0047, (0.2, -0.1, 0.4), ((1.02, 0.01, 0), (0, 0.97, -0.02), (0.01, 0, 1)), "m/s^2", ""
        ),
        Part("ecg", 1, 0.001, (0.5,), ((1.0,),), "mV", ""),
        Part("gyroscope", 3, 0.00107, (0.0, 0.01, 0.0), ((1, 0, 0), (0, 1, 0), (0, 0, 1)), "rad/s", ""),
    ),
)


class Clock:
    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def bundle(fake_bundle):
    return read_bundle(fake_bundle)


@pytest.fixture
def session(bundle):
    return Session(BundleWindows(bundle), [bundle.manifest], Clock())


def reading(code=0, features=(1.0, 0.0, 0.0, 0.0, 0.0), share=0.5):
    shares = np.full(3, (1 - share) / 2)
    shares[max(code, 0)] = share
    name, confidence = (LABELS[code], share) if code >= 0 else ("abstained", None)
    return Reading(code, name, confidence, shares, shares, np.array(features), False, False)


def about_axis(axis, degrees):
    half = math.radians(degrees) / 2
    return Turn("turn", (math.cos(half), *(math.sin(half) * part for part in axis)))


def slowly_turned(counts, rotation, sensor):
    """One sample, one sensor and one axis after the other, in Python's own float64."""
    out = counts.tolist()
    for part, rows in zip(sensor.parts, sensor.slices.values(), strict=True):
        if part.axes != 3:
            continue
        undo = np.linalg.inv(np.array(part.alignment)).tolist()
        for t in range(len(counts)):
            off = [float(counts[t, rows][j]) * part.unit_per_count - part.bias[j] for j in range(3)]
            si = [sum(part.alignment[i][j] * off[j] for j in range(3)) for i in range(3)]
            new = [sum(float(rotation[i][j]) * si[j] for j in range(3)) for i in range(3)]
            for i in range(3):
                value = (sum(undo[i][j] * new[j] for j in range(3)) + part.bias[i]) / part.unit_per_count
                out[t][rows.start + i] = min(32767, max(-32768, round(value)))
    return out


def test_turning_equals_a_slow_rotation_and_saturates():
    rng = np.random.default_rng(1)
    counts = rng.integers(-32768, 32768, (40, 7)).astype(np.int16)
    saturated = False
    for rotation in random_rotations(5, rng):
        found = turned(counts, rotation, ODD)
        assert found.dtype == np.int16 and found.tolist() == slowly_turned(counts, rotation, ODD)
        assert np.array_equal(found[:, 3], counts[:, 3])  # one axis is not turned
        saturated |= (found == 32767).any() and (found == -32768).any()
    assert saturated
    np.testing.assert_array_equal(turned(counts, np.eye(3), ODD), counts)


def test_si_units_and_counts_undo_each_other():
    counts = np.random.default_rng(2).integers(-32768, 32768, (3, 30, 7)).astype(np.int16)
    x = from_counts(counts, ODD)
    assert x.shape == (3, 7, 30) and x.dtype == np.float64
    back, saturated = to_counts(x, ODD)
    np.testing.assert_array_equal(back, counts)
    assert not saturated.any()


def test_a_turned_window_is_the_copy_that_an_export_makes_but_for_its_first_rounding():
    """export turns the recording itself, which the counts hold to half a count of each axis."""
    spec = front_end_spec(replace(ODD.select(["accelerometer", "gyroscope"]), rate_hz=20.0), 50, 20.0)
    rng = np.random.default_rng(3)
    windows, rotations = rng.normal(0, 5, (4, 6, 50)), random_rotations(4, rng)
    plain, exported = replay(windows, spec)[0], replay(rotate(windows, rotations), spec)[0]
    for counts, rotation, copy in zip(plain, rotations, exported, strict=True):
        assert np.abs(turned(counts, rotation, spec.sensor).astype(int) - copy).max() <= 2


def test_quaternions_turn_as_rotations_about_their_axis():
    a = math.radians(30)
    (matrix,) = rotation_matrices(np.array([[2 * math.cos(a / 2), 0, 0, 2 * math.sin(a / 2)]]))
    expected = [[math.cos(a), -math.sin(a), 0], [math.sin(a), math.cos(a), 0], [0, 0, 1]]
    np.testing.assert_allclose(matrix, expected, atol=1e-12)


def test_the_windows_of_a_bundle_come_with_their_labels(bundle):
    source, golden = BundleWindows(bundle), read_golden(bundle)
    assert (source.count, source.interval_s, source.shifts) == (12, 50 / 20, (0, 0))
    for number in range(12):
        step = source.step(number)
        np.testing.assert_array_equal(step.window(SAMPLES), golden.counts[0, number])
        assert (step.label, step.place) == (LABELS[number % 3], f"window {number + 1} of 12")


def test_a_recording_is_played_hop_by_hop(bundle, tmp_path):
    counts = np.random.default_rng(4).integers(-999, 999, (430, 6)).astype(np.int16)
    labels = ("walking",) * 300 + ("sitting",) * 130
    path = tmp_path / "walk.csv"
    write_capture(path, Capture("bmi270", 20.0, bundle.manifest.channels, counts, label=labels))
    source = Recording(path, bundle)
    assert (source.count, source.interval_s) == (5, 2.5)
    for number in range(5):
        step, begin = source.step(number), 50 * number
        np.testing.assert_array_equal(step.window(SAMPLES), counts[begin : begin + SAMPLES])
        assert step.label == ("walking" if begin + SAMPLES <= 300 else "sitting")
        assert step.fresh == (50 if number else SAMPLES)
    assert source.step(4).place == "20.0 s of 21.5 s"
    write_capture(path, Capture("bmi270", 20.0, bundle.manifest.channels, counts[:199]))
    with pytest.raises(InputError, match=r"walk\.csv: holds 199 samples, .* take 200 \(10\.0 s\): record for longer"):
        Recording(path, bundle)
    write_capture(path, Capture("bmi270", 50.0, bundle.manifest.channels, counts))
    with pytest.raises(InputError, match="rate in Hz is 50.0, .* was exported for 20.0"):
        Recording(path, bundle)


def test_cuts_join_to_the_strip_they_were_cut_from():
    strip = np.random.default_rng(5).integers(-99, 99, (3, 500, 2)).astype(np.int16)
    starts = [100, 160, 40, 220, 101]
    cuts = np.stack([strip[:, start : start + 200] for start in starts])
    nearly = np.array([0, 60.4, -59.3, 119.2, 0.8])
    joined = strips_of(cuts, nearly)
    assert joined.shifts == (-60, 120)
    for samples, first, whole in zip(joined.samples, joined.first, strip, strict=True):
        np.testing.assert_array_equal(samples, whole[40:420])
        assert first == 60
    cuts[3, 1, 0] += 1  # where cut 3 lies over another one
    apart = strips_of(cuts, nearly)
    assert apart.shifts == (0, 0)
    np.testing.assert_array_equal(apart.samples, cuts[0])


@pytest.fixture
def shifting(tmp_path):
    """A bundle of one lead whose windows travel as recorded and up to 30 samples later."""
    folder = tmp_path / "ecg"
    folder.mkdir()
    strips = np.random.default_rng(6).integers(-999, 999, (4, 130, 1)).astype(np.int16)
    counts = np.stack([strips[:, start : start + 100] for start in (0, 10, 20, 30)])
    zeros = {"features": np.zeros((4, 4, 5), np.int8), "logits": np.zeros((4, 4, 3), np.int8)}
    write_npz(
        folder / "golden.npz",
        counts=counts,
        **zeros,
        input_crc32=np.zeros((4, 4), np.uint32),
        flags=np.zeros((4, 4), np.uint8),
        shift=np.array([0, 20, 40, 60], np.int32),  # of a source with twice the rate
    )
    write_npz(folder / "evaluation.npz", labels=np.zeros((4, 4), np.int64), groups=np.arange(4))
    lead = Sensor("ad8232", 180.0, (Part("ecg", 1, 0.001, (0.0,), ((1.0,),), "mV", ""),))
    spec = front_end_spec(lead, 100, 180.0, 0.05)
    info = TransformationInfo("shift", {"least": 0, "most": 30, "samples": 100, "source_samples": 2.0}, "a shift")
    made = manifest(
        folder, front_end_spec(ODD.select(["accelerometer", "gyroscope"]), 100, 50.0), LABELS, Partition(3, 4, 2)
    )
    window = replace(made.window, samples=100, rate_hz=180.0, channels=("ecg",), units=("mV",))
    shapes = replace(made.input, shape=(1, 1, 100, 1), scale=0.05)
    names = ("as recorded", "shift +20 samples", "shift +40 samples", "shift +60 samples")
    write_manifest(
        folder,
        replace(
            made, task="strip", frontend=spec, input=shapes, window=window, transformation=info, transforms=names,
            files=hashes(folder),
        ),
    )  # fmt: skip
    return read_bundle(folder), strips


def test_a_window_is_shifted_along_its_strip(shifting, tmp_path):
    bundle, strips = shifting
    session = Session(BundleWindows(bundle), [bundle.manifest], Clock())
    assert session.source.shifts == (0, 30) and not session.turns
    assert session.job(0, 0).moved is None
    session.order(Shift("shift", 17))
    job = session.job(0, 1)
    np.testing.assert_array_equal(job.plain, strips[0, :100])
    np.testing.assert_array_equal(job.moved, strips[0, 17:117])
    session.order(Shift("shift", 9999))
    assert session.shift == 30
    session.order(about_axis((0, 0, 1), 90))  # a lead has no axes to turn
    assert session.job(0, 3).serial == 4 and session.quaternion == (1, 0, 0, 0)
    path = tmp_path / "heart.csv"
    write_capture(path, Capture("ad8232", 180.0, ("ecg",), strips[1]))
    recorded = Recording(path, bundle)
    assert (recorded.shifts, recorded.count) == ((0, 30), 1)
    np.testing.assert_array_equal(recorded.step(0).window(100, 30), strips[1, 30:])


def test_a_turned_watch_sees_the_same_world_from_its_own_axes(session):
    """Turned by 90 degrees about z, the watch's x axis points where its y axis did, so x reads what y has read."""
    assert session.job(0, 0).moved is None
    session.order(about_axis((0, 0, 1), 90))
    job = session.job(0, 1)
    for first in (0, 3):
        np.testing.assert_array_equal(job.moved[:, first], job.plain[:, first + 1])
        np.testing.assert_array_equal(job.moved[:, first + 1], -job.plain[:, first])
        np.testing.assert_array_equal(job.moved[:, first + 2], job.plain[:, first + 2])
    session.order(Turn("turn", (-1.0, 0.0, 0.0, 0.0)))
    assert session.job(0, 2).moved is None


def test_steps_come_at_their_time_and_by_buttons(session):
    clock = session.now
    first = session.job(0, 0)
    assert first.step.number == 0
    clock.seconds = 2.49
    session.order(about_axis((1, 0, 0), 10))
    assert session.job(0, first.serial).step.number == 0
    clock.seconds = 2.5
    assert session.job(0, 2).step.number == 1
    session.order(Press("press", "pause"))
    clock.seconds = 60.0
    assert session.job(0, 3).step.number == 1 and state(session)["paused"]
    session.order(Press("press", "step"))
    job = session.job(0, 4)
    assert (job.step.number, job.turn) == (2, 2)
    session.order(Press("press", "restart"))
    job = session.job(0, job.serial)
    assert (job.step.number, job.turn) == (0, 3)
    session.order(Press("press", "play"))
    for wanted in (*range(1, 12), 0):
        clock.seconds += 2.5
        job = session.job(0, job.serial)
        assert job.step.number == wanted
    session.end()
    assert session.job(0, 0) is None


def test_answers_add_up_to_a_consistency(session):
    job = session.job(0, 0)
    session.take(0, job, reading(0), None)
    assert state(session)["boards"][0]["pairs"] == {"equal": 0, "compared": 0}
    for code, plain in ((0, 0), (1, 0), (0, 0), (-1, -1)):  # of abstention nothing holds
        session.take(0, job, reading(plain), reading(code))
    board = state(session)["boards"][0]
    assert board["pairs"] == {"equal": 2, "compared": 4} and board["holds"] is False
    assert [point[3] for point in board["points"]] == [None, True, False, True, False]
    assert board["right"] == {"right": 1, "known": 1}  # once for each step
    session.take(0, job, reading(0), reading(0, features=(0.6, 0.8, 0.0, 5.0, -5.0)))
    assert invariant_size(session.manifest) == 3
    assert state(session)["boards"][0]["similarity"] == 0.6
    assert Pairs(4, 2) == Pairs(compared=4, equal=2)


def test_an_answer_in_words_and_shares(bundle):
    logits, features = np.array([30, -10, 29], np.int8), np.array([4, 14, -6, 4, 4], np.int8)
    found = Reading.of(Result(0, 1, 77, 7, features, logits), bundle.manifest)
    powers = [math.exp(0.1 * value) for value in (30, -10, 29)]
    np.testing.assert_allclose(found.shares, np.array(powers) / sum(powers))
    assert found.confidence == pytest.approx(powers[0] / sum(powers))
    assert (found.name, found.saturated, found.lead_off) == ("walking", True, False)
    np.testing.assert_allclose(found.features, [0.0, 1.0, -1.0, 0.0, 0.0])
    abstained = Reading.of(Result(0xFFFF, 2, 0, 7, features, logits), bundle.manifest)
    assert (abstained.name, abstained.confidence, abstained.lead_off) == ("abstained", None, True)
    masks = replace(bundle.manifest, thresholds=(0, 0, 0))
    np.testing.assert_allclose(
        shares_of(np.array([0.0, 2.0, -2.0]), masks), [0.5, 1 / (1 + math.exp(-2)), 1 / (1 + math.exp(2))]
    )
    assert Reading.of(Result(2, 0, 0, 7, features, logits), masks).name == "jogging"
    assert Reading.of(Result(2, 0, 0, 7, features, logits), masks).confidence is None
    assert shares_of(np.zeros(3), replace(bundle.manifest, labels=())).size == 0


def test_states_are_json_and_short(session):
    facts = json.loads(json.dumps(about(session), allow_nan=False))
    assert facts["turns"] and facts["shifts"] is None and facts["unmoved"] == ""
    assert [channel["unit"] for channel in facts["channels"]] == ["m/s^2"] * 3 + ["rad/s"] * 3
    now = json.loads(json.dumps(state(session), allow_nan=False))
    counts = session.current.plain
    np.testing.assert_allclose(now["signal"], 0.001 * counts.T, rtol=1e-3)
    assert now["label"] == "walking" and now["boards"][0]["link"] == "lost"


def test_models_from_elsewhere_play_their_windows(tmp_path):
    folder = tmp_path / "net"
    folder.mkdir()
    counts = np.random.default_rng(7).integers(-128, 128, (1, 4, 48, 3)).astype(np.int8)
    write_npz(
        folder / "golden.npz",
        counts=counts,
        features=np.zeros((1, 4, 0), np.int8),
        logits=np.zeros((1, 4, 3), np.int8),
        input_crc32=np.zeros((1, 4), np.uint32),
        flags=np.zeros((1, 4), np.uint8),
    )
    write_npz(folder / "evaluation.npz", labels=np.full((1, 4), -1, np.int64), groups=np.arange(4))
    write_manifest(folder, network_manifest(folder))
    bundle = read_bundle(folder)
    session = Session(BundleWindows(bundle), [bundle.manifest], Clock())
    session.order(about_axis((1, 0, 0), 90))
    job = session.job(0, 0)
    np.testing.assert_array_equal(job.plain, counts[0, 0])
    assert job.moved is None and "nothing can be turned" in about(session)["unmoved"] and not about(session)["records"]
    session.take(0, job, reading(1, features=()), None)
    assert state(session)["boards"][0]["similarity"] is None and state(session)["label"] == ""
    with pytest.raises(ValueError, match="without a front end"):
        session.capture()
    with pytest.raises(InputError, match="--record: .* has no front end"):
        Recording(tmp_path / "walk.csv", bundle)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"kind": "turn"}',
        '{"kind": "turn", "quaternion": [1, 0, 0]}',
        '{"kind": "turn", "quaternion": [0, 0, 0, 0]}',
        '{"kind": "turn", "quaternion": [1, 0, 0, 2]}',
        '{"kind": "turn", "quaternion": [1, 0, 0, NaN]}',
        '{"kind": "turn", "quaternion": ["x", 0, 0, 0]}',
        '{"kind": "shift", "samples": 0.5}',
        '{"kind": "shift", "samples": 99999999}',
        '{"kind": "shift", "samples": true}',
        '{"kind": "shift", "samples": "5"}',
        '{"kind": "turn", "quaternion": ["1", 0, 0, 0]}',
        '{"kind": "position", "number": true}',
        '{"kind": "press", "button": "format"}',
        '{"kind": "press", "button": "play", "more": 1}',
        '{"kind": "run", "code": "1"}',
        '{"kind": "shift", "samples": ' + "1" * 2000 + "}",
    ],
)
def test_what_no_page_sends_is_refused(text):
    with pytest.raises(ValueError, match="a message"):
        parse(text)


def test_orders_of_a_page():
    assert parse('{"kind": "turn", "quaternion": [1, 0, 0, 0]}') == Turn("turn", (1.0, 0.0, 0.0, 0.0))
    assert parse('{"kind": "shift", "samples": -4}') == Shift("shift", -4)
    assert parse('{"kind": "press", "button": "step"}') == Press("press", "step")


def request(path, **headers):
    named = [(name.encode(), value.encode()) for name, value in headers.items()]
    return {"type": "http", "path": path, "headers": named}


def test_the_door_opens_for_the_token_whatever_the_path_is():
    door = Door(None, "secret", frozenset(("127.0.0.1:80",)))
    assert door.opens(request("/secret/", host="127.0.0.1:80"))
    assert not door.opens(request("/secret/", host="localhost:80"))
    for path in ("*", "", "/", "secret", "//secret", "/secre", "/secret\u20ac"):
        assert not door.opens(request(path, host="127.0.0.1:80"))


def test_a_session_that_has_ended_is_not_served(session):
    """It may have ended before the server listens to it."""
    session.end()
    view = View(partial(about, session), partial(state, session))
    with listening(None) as listener:
        page = Page(session, view, listener.getsockname()[1])
        server = threading.Thread(target=serve, args=(page, listener, lambda: None), daemon=True)
        server.start()
        server.join(20)
    assert not server.is_alive()


def test_what_was_sent_is_kept_once_for_each_step(session, tmp_path):
    """The last sending of a step counts; of windows that overlap, the newest samples alone."""
    kept, counts = Kept(), np.arange(40, dtype=np.int16).reshape(20, 2)
    kept.add(0, counts, 20, "before it is on")
    assert kept.samples == 0
    kept.start()
    kept.add(1, counts, 5, "a")  # the first window whole
    kept.add(2, counts + 100, 5, "a")
    kept.add(2, counts + 200, 5, "a")
    kept.add(3, counts + 300, 5, "b, c")
    capture = kept.capture(session.manifest.sensor, ("x", "y"))
    assert kept.samples == len(capture.counts) == 30
    np.testing.assert_array_equal(capture.counts, np.concatenate([counts, counts[15:] + 200, counts[15:] + 300]))
    assert capture.label == ("a",) * 25 + ("b, c",) * 5
    read = parse_capture(tmp_path / "x.csv", capture_bytes(tmp_path / "x.csv", capture))
    np.testing.assert_array_equal(read.counts, capture.counts)
    assert (read.label, read.sensor, read.rate_hz) == (capture.label, "bmi270", 20.0)
    with pytest.raises(ValueError, match="nothing was recorded"):
        session.capture()


def fake_open(bundles, asked=None):
    """Opens one made-up board after the other; an InputError in their place is raised."""
    boards = iter(bundles)

    @contextmanager
    def open_next():
        board = next(boards)
        if isinstance(board, Exception):
            raise board
        link = Link(board, board.now)
        yield Board(link, link.greet(), False, None)

    return open_next


def driver_of(session, bundle, boards):
    return Driver(session, 0, fake_open(boards), partial(ask, session, 0, bundle))


def test_a_board_is_asked_lost_and_asked_again(bundle, session):
    sent, lost = [], []

    def remembered(counts):
        sent.append(counts)
        if len(sent) == 3:
            raise PortLostError("port fake: was pulled out; plug it in")
        return network(counts)

    boards = [
        fake_board(answer=remembered),
        PortLostError("port fake: is not back; plug it in"),
        fake_board(answer=remembered),
    ]
    driver = driver_of(session, bundle, boards)
    session.order(Press("press", "pause"))
    session.listen(lambda: lost.append(session.seats[0].cause))
    driver.start()
    driver.opened()
    wait_for(session, lambda: session.seats[0].answered.serial == 2)
    assert len(sent) == 1  # as worn: sent once
    session.order(about_axis((0, 0, 1), 90))
    wait_for(session, lambda: len(sent) == 2)
    session.order(about_axis((0, 0, 1), 180))
    wait_for(session, lambda: session.seats[0].answered.serial == 4)
    session.end()
    driver.join(10)
    plain = read_golden(bundle).counts[0, 0]
    np.testing.assert_array_equal(sent[1][:, 0], plain[:, 1])
    np.testing.assert_array_equal(sent[-2], plain)  # the new board is asked both
    np.testing.assert_array_equal(sent[-1][:, :2], -plain[:, :2])
    assert {"port fake: was pulled out; plug it in", "port fake: is not back; plug it in"} <= set(lost)
    assert session.seats[0].cause is None and session.seats[0].losses == 1
    answered = session.seats[0].answered
    assert answered.plain.code == int(network(plain)[1].argmax())


def test_a_board_that_cannot_be_opened_ends_the_command(bundle, session):
    driver = driver_of(session, bundle, [InputError("port fake: no board; plug one in")])
    driver.start()
    with pytest.raises(InputError, match="no board"):
        driver.opened()
    assert session.ended and session.fault is None


def test_a_fault_of_a_thread_is_the_commands(bundle, session):
    driver = driver_of(session, bundle, [ZeroDivisionError()])
    driver.start()
    driver.opened()
    assert session.ended and isinstance(session.fault, ZeroDivisionError)


def test_a_late_answer_is_said(session):
    session.greeted(0, "fake")
    assert state(session)["boards"][0]["link"] == "ok"
    session.job(0, 0)
    session.now.seconds = LATE_S + 1
    board = state(session)["boards"][0]
    assert (board["link"], board["cause"]) == ("late", "no answer for 4 s")
    session.take(0, session.current, reading(), None)
    assert state(session)["boards"][0]["link"] == "ok"


def wait_for(session, holds):
    with session.changed:
        assert session.changed.wait_for(holds, 20)


def test_bundles_that_take_other_windows_are_not_compared(bundle):
    monitor.check_comparable(bundle, bundle)
    other = replace(bundle, manifest=network_manifest(bundle.path))
    with pytest.raises(
        InputError, match="samples of a window is 48, of .* it is 200; both get the same counts: export"
    ):
        monitor.check_comparable(bundle, other)


def test_a_model_of_beats_classifies_no_sensor_live(bundle, monkeypatch):
    beats = replace(bundle, manifest=replace(bundle.manifest, task="beat"))
    monkeypatch.setattr(monitor, "read_front_end_bundle", lambda _path: beats)
    with pytest.raises(InputError, match="nothing here finds beats; use validate"):
        monitor.main([str(bundle.path), "--port", "native", "--live"])


def test_the_terminal_turns_the_watch_by_itself(session):
    from rich.console import Console

    moves = terminal.orders(session)
    for number in (1, 2, 3):
        w, x, y, z = next(moves).quaternion
        assert x == y == z and 2 * math.degrees(math.acos(w)) == pytest.approx(15 * number)
    session.greeted(0, "fake")
    session.take(0, session.job(0, 0), reading(1, share=0.75), reading(2, share=0.5))
    console = Console(width=120, record=True, file=io.StringIO())
    console.print(terminal.rendered(session))
    text = console.export_text()
    assert all(part in text for part in ("jogging", "75%", "sitting", "50%", "flips", "0% (0 of 1)", "turns by itself"))
    assert "\\n" not in text and "jogging █████████···  75%" in text
    session.lost(0, "port fake: gone")
    console.print(terminal.rendered(session))
    assert "lost: port fake: gone" in console.export_text()


def answer(number, code, dropped=0):
    logits = np.zeros(3, np.int8)
    logits[code] = 30
    return LiveAnswer(number, 200 + 50 * number, dropped, code, 0, np.zeros(5, np.int8), logits)


def test_an_activity_in_six_positions(bundle):
    """Right answers by the named activity, kept ones by the first position; a verdict from two activities."""
    own = Own(bundle.manifest, Clock())
    own.greeted(0, "fake")
    own.take_answer(answer(0, 2), 0)  # no activity is named yet
    assert not own.repeated and own.reading.name == "sitting"
    own.order(Activity("activity", "flying"))
    assert own.activity == ""
    for label, given in (("walking", [[0, 0, 1], [0], [1, 1]]), ("sitting", [[2], [2, 0], []])):
        own.order(Activity("activity", label))
        assert "No verdict" in verdict(own)
        for position, codes in enumerate(given):
            own.order(Position("position", position))
            for code in codes:
                own.take_answer(answer(0, code), 3)
    walking, sitting = own.repeated["walking"], own.repeated["sitting"]
    assert (walking.answers, walking.right("Walking"), walking.kept) == (6, 3, (1, 3))
    assert (sitting.answers, sitting.right("sitting"), sitting.kept) == (3, 2, (1, 2))
    assert verdict(own) == (
        "Over 2 activities: 5 of 9 answers are right (56%), and 2 of 5 in the other positions are the first position's "
        "class (40%)."
    )
    shown = json.loads(json.dumps(state_own(own), allow_nan=False))
    assert shown["own"]["positions"] == ["sitting 1", "sitting 1, walking 1", "", "", "", ""]
    assert "10 answers, 3 lost on the line" in shown["place"]
    assert json.loads(json.dumps(about_own(own)))["own"] == 6
    own.order(Press("press", "restart"))
    assert not own.repeated


def test_the_sensors_samples_are_shown_and_kept(bundle):
    own = Own(bundle.manifest, Clock())
    own.greeted(0, "fake")
    own.order(Activity("activity", "jogging"))
    own.order(Press("press", "record"))
    counts = np.arange(16 * 6, dtype=np.int16).reshape(16, 6)
    own.take_block(Block(0, 0, counts))
    own.take_block(Block(16, 0, counts + 100))
    np.testing.assert_array_equal(own.counts, np.concatenate([counts, counts + 100]))
    capture = own.capture()
    np.testing.assert_array_equal(capture.counts, own.counts)
    assert set(capture.label) == {"jogging"}
    own.take_block(Block(40, 8, counts + 200))  # behind a gap the picture begins anew
    np.testing.assert_array_equal(own.counts, counts + 200)
    for number in range(20):
        own.take_block(Block(56 + 16 * number, 8, counts))
    assert len(own.counts) == SAMPLES
