"""Streaming: stop and wait, no class lost on a bad line, the sensor's pace, and what does not fit is refused."""

import hashlib
import struct
from contextlib import contextmanager
from dataclasses import asdict, replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from firmware_host import stream
from firmware_host.board import Board
from firmware_host.calibration_file import nominal, read_calibration
from firmware_host.link import Link
from firmware_host.messages import ABSTAIN, UNSURE_CODE, Hop
from firmware_host.playing import Due, Pace, play
from firmware_host.protocol import ANSWER, Type
from firmware_host.stream import check_record
from scl.artifacts import InputError, write_artifact
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.calibration import PartCalibration, UnitCalibration
from scl.artifacts.capture import Capture, write_capture
from scl.frontend.resampler import Resampler
from tests.documents import document

CHANNELS = ("ax", "ay", "az", "gx", "gy", "gz")
WINDOW, TOTAL = 200, 1003


@pytest.fixture
def bundle(fake_bundle):
    return read_run_bundle(fake_bundle)


def record(**changes):
    counts = np.random.default_rng(2).integers(-3000, 3000, (TOTAL, 6), np.int16)
    return Capture(**{"sensor": "bmi270", "rate_hz": 20.0, "channels": CHANNELS, "counts": counts} | changes)


def listen(board, bundle, hop, pace=None):
    on = Board(Link(board, board.now), board.hello, emulated=False, baud=None)
    return list(play(on, bundle, record(), hop, pace))


@pytest.mark.parametrize("hop", [1, 3, 50, 200])
@pytest.mark.parametrize("fault", ["none", "to_board", "to_host"])
def test_every_hop_is_reported_once(make_board, bundle, hop, fault):
    """Every third frame is lost; the board classifies after 200, 200 + hop, ... samples, and each class is seen."""
    faults = {} if fault == "none" else {fault: lambda n, frame: [] if n % 3 == 2 else [frame]}
    answers = listen(make_board(**faults), bundle, hop)
    assert [answer.end for answer in answers] == list(range(WINDOW, TOTAL + 1, hop))
    assert [answer.hops for answer in answers] == list(range(1, len(answers) + 1))
    assert [answer.predicted for answer in answers] == [answer.hops % 3 for answer in answers]


def test_the_pace_is_the_sensors(make_board, bundle):
    """No sample is sent before its time, and the last one exactly then."""
    clock, sent = [0.0], []
    board = make_board()
    take = board.take_samples
    board.take_samples = lambda payload: (
        sent.append((clock[0], *struct.unpack_from("<I", payload), len(payload))),
        take(payload),
    )[1]

    def wait(seconds):
        clock[0] += seconds

    listen(board, bundle, 50, Pace(lambda: clock[0], wait))
    for at, start, size in sent:
        assert at == pytest.approx((start + (size - 4) // 12) / 20.0)
        assert (size - 4) // 12 <= 5  # a quarter of a second
    assert clock[0] == pytest.approx(TOTAL / 20.0)


def test_a_stream_that_another_program_began_anew(make_board, bundle):
    board = make_board()
    take = board.take_samples

    def forget(payload):
        if board.stream[1] > 300:
            board.stream[1:] = [0, 0, 0]
        return take(payload)

    board.take_samples = forget
    with pytest.raises(InputError, match=r"port fake: the board wants sample 0, \d+ comes next; another program"):
        listen(board, bundle, 50)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"rate_hz": 100.0}, "rate in Hz is 100.0, .* was exported for 20.0"),
        ({"sensor": "lsm6ds3"}, "sensor is lsm6ds3, .* was exported for bmi270"),
        ({"channels": CHANNELS[::-1]}, "channels is .* was exported for"),
    ],
)
def test_a_recording_of_something_else(bundle, changes, message):
    check_record(record(), bundle, "walk.csv")
    with pytest.raises(InputError, match=f"walk.csv: {message}.*export the model again"):
        check_record(record(**changes), bundle, "walk.csv")


EYE = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
ACCELEROMETER = PartCalibration(
    "accelerometer", (0.1, -0.2, 0.3), ((1.0, 0.01, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 0.99))
)
GYROSCOPE = PartCalibration("gyroscope", (0.0,) * 3, EYE)
SENSORS = (ACCELEROMETER, GYROSCOPE)


def unit(path, sensors=SENSORS, sensor="bmi270"):
    write_artifact(path, UnitCalibration(sensor, sensors, None, capture_sha256="0" * 64))
    return path


def test_a_units_calibration_on_the_wire(make_board, bundle, tmp_path):
    """Hash, then per sensor bias and alignment by rows, in float32."""
    board = make_board()
    read_calibration(unit(tmp_path / "unit.json"), bundle).send(Link(board, board.now))
    values = struct.pack("<24f", 0.1, -0.2, 0.3, 1, 0.01, 0, 0, 1, 0, 0, 0, 0.99, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert board.calibration == hashlib.sha256(values).digest()[:8] + values


def test_the_nominal_calibration_has_hash_zero(make_board, bundle):
    board = make_board()
    nominal(bundle).send(Link(board, board.now))
    eye = (0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1)
    assert board.calibration == bytes(8) + struct.pack("<24f", *eye, *eye)


@pytest.mark.parametrize(
    ("sensors", "message"),
    [
        (SENSORS[:1], r"calibrates accelerometer \(3 axes\), .* for accelerometer \(3 axes\), gyroscope \(3 axes\)"),
        (SENSORS[::-1], r"calibrates gyroscope \(3 axes\), accelerometer"),
        (
            (ACCELEROMETER, PartCalibration("gyroscope", (0.0,), ((1.0,),))),
            r"calibrates .*gyroscope \(1 axes\), .* for",
        ),
        ((replace(ACCELEROMETER, bias=(0.0, 0.0, 1e39)), GYROSCOPE), "too large for single precision; calibrate"),
    ],
)
def test_a_calibration_that_does_not_fit(bundle, tmp_path, sensors, message):
    with pytest.raises(InputError, match=f"unit.json: .*{message}"):
        read_calibration(unit(tmp_path / "unit.json", sensors), bundle)


def test_a_calibration_of_another_sensor(bundle, tmp_path):
    path = unit(tmp_path / "unit.json", sensor="lsm6ds3")
    with pytest.raises(InputError, match="unit.json: is of sensor lsm6ds3, .* was exported for bmi270; calibrate"):
        read_calibration(path, bundle)


@settings(deadline=None)
@given(st.integers(1, 9), st.integers(1, 40), st.integers(1, 30), st.integers(1, 30))
def test_when_classes_are_due(up, more, window, hop):
    """By the resampler itself, sample by sample: a class whenever it has made a window, then a hop more."""
    down = up + more if up > 1 else more
    x = np.zeros((1, 200, 1), np.float32)
    resampler = Resampler(up, down, np.ones((up, 0 if up == down else 3), np.float32))
    made = [0] + [resampler.apply(x[:, :n]).shape[1] for n in range(1, 201)]
    due, ends = Due(window, hop, up, down), []
    for samples in range(201):
        classes = len(range(window, made[samples] + 1, hop))
        ends += [samples] * (classes - len(ends))
        assert due.after(samples) == classes
    assert [due.end(number) for number in range(1, len(ends) + 1)] == ends


def lying(make_board, position, **fields):
    """A board whose answer to the samples that end at `position` has other fields."""
    board = make_board()
    take = board.take_samples

    def lie(payload):
        ((kind, answer),) = take(payload)
        honest = Hop.parse(answer)
        return [(kind, replace(honest, **fields).pack() if honest.next == position else answer)]

    board.take_samples = lie
    return board


U32, U16, U8 = st.integers(0, 0xFFFFFFFF) | st.integers(0, TOTAL + 10), st.integers(0, 0xFFFF), st.integers(0, 255)
FIELDS = {"next": U32, "hops": U32, "end": U32, "predicted": U16 | st.sampled_from([ABSTAIN, 2, 3]), "flags": U8}
FIELDS["decided"] = U16 | st.sampled_from([ABSTAIN, UNSURE_CODE, 2, 3])
FIELDS["confidence"] = U16
FREE = ("flags",)  # no value is known to be wrong


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, TOTAL // 5), st.sampled_from(sorted(FIELDS)), st.data())
def test_no_field_of_an_answer_is_believed_unseen(make_board, bundle, index, field, data):
    """Any value but the one that is due ends the stream with its cause, behind the classes of before."""
    position, hop = 5 * index, 50
    hops = len(range(WINDOW, position + 1, hop))
    honest = Hop(position, hops, WINDOW + (hops - 1) * hop if hops else 0, hops % 3, 0, hops % 3, 0)
    value = data.draw(FIELDS[field])
    known = value == asdict(honest)[field]
    if field == "predicted":
        known = not hops or value < 3 or value == ABSTAIN  # another class of the model's may be right
    if field == "decided":
        known = not hops or value < 3 or value in (ABSTAIN, UNSURE_CODE)
    if field == "confidence":
        known = value <= 1 << 15
    board = lying(make_board, position, **{field: value})
    answers = []
    try:
        for answer in play(Board(Link(board, board.now), board.hello, False, None), bundle, record(), hop):
            answers.append(answer.end)
    except InputError as error:
        assert not (known or field in FREE) and str(error).startswith("port fake: the board ")
        assert str(value) in str(error) and str(honest.end if field in ("predicted", "decided") else position) in str(
            error
        )
        assert answers == list(range(WINDOW, position, hop))
    else:
        assert known or field in FREE
        assert answers == list(range(WINDOW, TOTAL + 1, hop))


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"predicted": 77}, "the board says class 77 after 250 samples, the model has 3 classes; flash the firmware"),
        (
            {"hops": 1},
            "after 250 samples it has classified 1 times, the latest after 250; 2 were due",
        ),
        ({"end": 4_000_000_000}, "2 times, the latest after 4000000000; 2 were due, the latest after 250: flash"),
        ({"end": 251}, "2 times, the latest after 251; 2 were due"),
        ({"next": 4_000_000_000}, "the board wants sample 4000000000, 250 comes next; another program"),
    ],
)
def test_a_lie_is_named(make_board, bundle, fields, message):
    with pytest.raises(InputError, match=f"port fake: .*{message}"):
        listen(lying(make_board, 250, **fields), bundle, 50)


@pytest.mark.parametrize("payload", [b"", b"\x32", b"\x33\x00", b"\x32\x00\x00"])
def test_another_hop_confirmed(make_board, bundle, payload):
    board = make_board()
    respond = board.respond
    board.respond = lambda frame: [(frame.type | ANSWER, payload)] if frame.type == Type.STREAM else respond(frame)
    with pytest.raises(InputError, match=f"port fake: the board confirmed hop {payload.hex()}, 3200 was asked for"):
        listen(board, bundle, 50)


def labels(label, samples):
    """One for every sample, or those given."""
    return (label,) * samples if isinstance(label, str) and label else tuple(label)


@pytest.fixture
def run(monkeypatch, make_board, fake_bundle, tmp_path):
    """run(samples, arguments, label=..., board options): the command, at most speed, on a fake board `run.board`."""

    def run(samples, *arguments, label="", **options):
        run.board = make_board(**options)

        @contextmanager
        def open_board(*_options, **_named):
            link = Link(run.board, run.board.now)
            yield Board(link, link.greet(), emulated=False, baud=None)

        monkeypatch.setattr(stream, "open_board", open_board)
        path = tmp_path / "walk.csv"
        write_capture(path, record(counts=record().counts[:samples], label=labels(label, samples)))
        return stream.main([str(fake_bundle), "--record", str(path), "--speed", "max", *arguments])

    return run


@pytest.mark.parametrize("samples", [1, 2, WINDOW - 1])
def test_a_recording_without_a_class(run, samples):
    with pytest.raises(InputError, match=rf"walk.csv: holds {samples} samples, {samples / 20:.2f} s; the first class "):
        run(samples)
    assert run.board.writes == 0  # the board was not touched


def test_a_recording_of_one_class(run, capsys):
    assert run(WINDOW, label="jogging") == 0
    assert capsys.readouterr().out == (
        "    10.00 s  jogging  (label jogging)\n1 of 1 labelled classes are right (100.0%)\n"
    )


def test_labels_that_the_model_does_not_know_stand_apart(run, capsys):
    """The board says jogging, sitting, walking, ... by turns, every 50 samples from the 200th on."""
    label = ("",) * 240 + ("sitting",) * 60 + ("swimming",) * 170 + ("jogging",) * 133 + ("rowing",) * 400
    assert run(TOTAL, "--hop", "50", label=label) == 0
    printed = """\
    10.00 s  jogging
    12.50 s  sitting  (label sitting)
    15.00 s  walking  (label sitting)
    17.50 s  jogging  (label swimming), which the model does not know
    20.00 s  sitting  (label swimming), which the model does not know
    22.50 s  walking  (label swimming), which the model does not know
    25.00 s  jogging  (label jogging)
    27.50 s  sitting  (label jogging)
    30.00 s  walking  (label jogging)
    32.50 s  jogging  (label rowing), which the model does not know
    35.00 s  sitting  (label rowing), which the model does not know
    37.50 s  walking  (label rowing), which the model does not know
    40.00 s  jogging  (label rowing), which the model does not know
    42.50 s  sitting  (label rowing), which the model does not know
    45.00 s  walking  (label rowing), which the model does not know
    47.50 s  jogging  (label rowing), which the model does not know
    50.00 s  sitting  (label rowing), which the model does not know
2 of 5 labelled classes are right (40.0%)
labels that the model does not know, counted neither as right nor as wrong:
  swimming: 8.5 s, 3 classes; the model said jogging 1, sitting 1, walking 1
  rowing: 20.0 s, 8 classes; the model said jogging 3, sitting 3, walking 2
"""
    assert capsys.readouterr().out == printed


def test_json_has_every_class(run, capsys):
    assert run(300, "--hop", "50", "--json", label=("",) * 240 + ("sitting",) * 20 + ("rowing",) * 40) == 0
    said = capsys.readouterr()
    found = document(said.out)
    assert said.err.startswith("    10.00 s  jogging\n")
    rows = [(row["seconds"], row["predicted"], row["label"], row["known"]) for row in found["answers"]]
    assert rows == [
        (10.0, "jogging", None, False), (12.5, "sitting", "sitting", True), (15.0, "walking", "rowing", False)
    ]  # fmt: skip
    assert (found["known"], found["right"], found["unknown"]) == (1, 1, {"rowing": {"walking": 1}})
    assert not any(row["saturated"] or row["lead_off"] for row in found["answers"])


def test_a_recording_whose_labels_are_all_unknown(run, capsys):
    assert run(WINDOW, label="swimming") == 0
    said = capsys.readouterr().out
    assert "are right" not in said and "%" not in said
    assert (
        "accuracy cannot be told: no class fell on a label that the model knows; it knows walking, jogging, sitting\n"
    ) in said


@pytest.mark.parametrize("label", ["[/bold]", "=1+1", "歩く", "a;b"])
def test_a_label_is_printed_as_it_is(run, capsys, label):
    assert run(WINDOW, label=label) == 0
    assert f"(label {label})" in capsys.readouterr().out


def test_a_board_that_stops_answering(run):
    """Each request is bounded in time, so the command is."""
    with pytest.raises(InputError, match="port fake: no answer to SAMPLES"):
        run(TOTAL, to_host=lambda n, frame: [frame] if n < 40 else [])
    assert run.board.clock < 60
