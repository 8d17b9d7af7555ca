"""A board that lies: in every field of HELLO and in every answer, shortened, lengthened and changed byte by byte.

Each command ends in bounded time, with a typed error or as it would without the lie, and never with a traceback.
"""

import struct
import tracemalloc

import pytest

from firmware_host.hello import Hello
from firmware_host.link import Link
from firmware_host.message_error import MessageError
from firmware_host.messages import BoardError, ErrorCode, Probe, Stats, bench_ticks
from firmware_host.probe import MOST_BYTES, probed
from firmware_host.protocol import ANSWER, MAX_PAYLOAD, Type
from scl.artifacts import InputError
from tests.bundles import CHANNELS, CLASSES, FEATURES, LABELS, SAMPLES
from tests.firmware_host.fake_board import OPERATORS
from tests.firmware_host.test_resets import Run

LONGEST_RUN_S = 400.0  # of the board's clock, which moves only while the host waits


@pytest.fixture
def run(monkeypatch, make_board, fake_bundle, tmp_path):
    return Run(monkeypatch, make_board, fake_bundle, tmp_path)


def greeted(make_board, change=lambda payload: payload, **fields):
    """What the host makes of a board whose HELLO has these fields, or whose answer is changed."""
    board = make_board(**fields)
    honest = board.respond
    board.respond = lambda frame: [(kind, change(payload)) for kind, payload in honest(frame)]
    return Link(board, board.now).greet()


U16 = (0, 1, 2, 3, 4, 15, 16, 255, 256, 300, 1030, 1031, 32_767, 65_535)
IMPOSSIBLE = {
    "raw_samples": (0,),
    "channels": (0, 514, 32_767, 65_535),  # no frame holds one sample of so many
    "window": (0,),
    "classes": (0, 1, 2, 4, 255, 256, 300, 1011, 1012, 65_535),  # three labels are there
    "features": (1009, 1030, 65_535),
    "max_payload": (0, 1, 4, 15, 1031, 65_535),
    "tick_hz": (0,),
}


@pytest.mark.parametrize(
    ("name", "value"), [(name, value) for name, values in IMPOSSIBLE.items() for value in values], ids=str
)
def test_a_hello_that_cannot_be(make_board, name, value):
    with pytest.raises(
        MessageError, match=r"the board sent a HELLO answer in which .* is .*; .* expected; flash firmware built from"
    ):
        greeted(make_board, **{name: value})


def test_what_was_wrong_is_said(make_board):
    for fields, text in (
        ({"max_payload": 15}, r"max_payload is 15; 16 to 1030 expected"),
        ({"tick_hz": 0}, "tick_hz is 0; 1 to 4294967295 expected"),
        ({"classes": 1012}, "classes is 1012; 1 to 1011 expected"),
        ({"classes": 4}, "the number of labels is 3; 4 or none expected"),
    ):
        with pytest.raises(MessageError, match=text):
            greeted(make_board, **fields)


TRUTH = {
    "raw_samples": SAMPLES, "channels": CHANNELS, "window": SAMPLES, "features": FEATURES, "classes": CLASSES,
}  # fmt: skip


@pytest.mark.parametrize("command", ["validate", "stream", "probe", "capture", "live"])
@pytest.mark.parametrize("name", TRUTH)
def test_a_hello_of_another_model(run, command, name):
    """Possible, and not the bundle's: compared with the manifest before anything is sent."""
    for value in U16:
        if value != TRUTH[name]:
            with pytest.raises(InputError, match="the board sent a HELLO answer|the board describes its model as"):
                getattr(run, command)(**{name: value})
            assert not run.out.exists() and run.board.stats[0] == 1


@pytest.mark.parametrize("value", [16, 17, 27, 28, 255, 256, 1029, 1030])
def test_small_frames_are_no_lie(run, value):
    """From one sample in a frame on everything works."""
    assert run.validate(max_payload=value)[0] == 0
    assert run.stream(max_payload=value) == 0


NAMES = "\n".join(("fake", "0.0", *LABELS)).encode()


@pytest.mark.parametrize(
    "text",
    [
        b"", b"\n", b"fake", b"fake\n", b"\n0.0\nwalking\njogging\nsitting", b"fake\n0.0\nwalking",
        NAMES + b"\nmore", NAMES + b"\n", NAMES[:-1] + b"\xff", b"\xc3", NAMES.replace(b"fake", b"\xed\xa0\x80"),
        NAMES.replace(b"fake", b"x" * 65), NAMES.replace(b"0.0", b"9" * 900), b"\n" * 960, b"x" * 966,
        "\n".join(("\u00fc" * 400, "0.0", *LABELS)).encode(),
    ],
)  # fmt: skip
def test_text_of_a_hello_that_cannot_be(make_board, text):
    with pytest.raises(MessageError, match="the board sent a HELLO answer .* expected; flash") as caught:
        greeted(make_board, lambda payload: payload[:64] + text)
    assert len(str(caught.value)) < 300 and str(caught.value).isprintable()


def test_labels_that_are_not_the_models(run):
    for labels in (("walking", "jogging", "standing"), ("jogging", "walking", "sitting"), ("", "jogging", "sitting")):
        with pytest.raises(InputError, match="the board describes its model as"):
            run.validate(labels=labels)


def test_every_byte_of_a_hello(make_board, fake_bundle):
    """Each set to 0 and 255 and flipped bit by bit: what is parsed packs into the same bytes, or is refused."""
    payload = make_board().hello.pack()
    for at in range(len(payload)):
        for value in {0, 255, *(payload[at] ^ (1 << bit) for bit in range(8))}:
            changed = payload[:at] + bytes([value]) + payload[at + 1 :]
            try:
                assert Hello.parse(changed).pack() == changed
            except MessageError as error:
                assert "expected; flash" in str(error)
    for size in range(MAX_PAYLOAD + 1):
        cut = (payload + bytes(MAX_PAYLOAD))[:size]
        try:
            assert Hello.parse(cut).pack() == cut
        except MessageError as error:
            assert "expected; flash" in str(error)


def lies(payload):
    """The answer cut at every length, longer, of one value, with each byte flipped."""
    yield from (payload[:size] for size in range(len(payload)))
    yield from (payload + b"\0", payload + bytes(MAX_PAYLOAD - len(payload)))
    yield from (bytes([value]) * len(payload) for value in (0, 1, 0x7F, 0x80, 255))
    for at in range(len(payload)):
        for mask in (1, 0x80, 0xFF):
            yield payload[:at] + bytes([payload[at] ^ mask]) + payload[at + 1 :]


COMMANDS = {
    Type.BENCH: "validate",
    Type.STATS: "validate",
    Type.WINDOW: "validate",
    Type.CALIBRATION: "validate",
    Type.HELLO: "validate",
    Type.STREAM: "stream",
    Type.SAMPLES: "stream",
    Type.PROBE: "probe",
    Type.CAPTURE: "capture",
    Type.LIVE: "live",
}
ONCE = (Type.CALIBRATION, Type.STREAM, Type.CAPTURE, Type.LIVE)  # in a run
WHERE = [(kind, since) for kind in COMMANDS for since in (0, 1) if not (since and kind in ONCE)]
IDS = [f"{kind.name}-{since}" for kind, since in WHERE]
OPTIONS = {Type.CALIBRATION: {"calibration_hash": b"unit0001"}}


def lie(run, kind, since, number, monkeypatch):
    """Runs the kind's command on a board that tells its `number`-th lie in that answer, from the `since`-th one on.

    False when there is no such lie.
    """
    made, told = [], []
    make_board = run.make_board

    def make(**options):
        board = make_board(**options)
        honest = board.respond

        def respond(frame):
            board.clock += 0.005  # a line takes its time
            if frame.type == Type.PROBE and int.from_bytes(frame.payload[:2], "little") >= OPERATORS:
                return [(Type.ERROR, BoardError(ErrorCode.BAD_VALUE, 0, OPERATORS).pack())]
            answers = honest(frame)
            if frame.type != kind:
                return answers
            made.append(frame.type)
            if len(made) <= since:
                return answers
            changed = []
            for answer, payload in answers:
                choice = next((one for n, one in enumerate(lies(payload)) if n == number), None)
                told.append(choice is not None)
                changed.append((answer, payload if choice is None else choice))
            return changed

        board.respond = respond
        return board

    monkeypatch.setattr(run, "make_board", make)
    try:
        getattr(run, COMMANDS[kind])(**OPTIONS.get(kind, {}))
    except InputError as error:
        assert ";" in str(error)
    finally:
        monkeypatch.setattr(run, "make_board", make_board)
        for path in run.folder.glob("out*"):
            if path.is_file():
                path.unlink()
    assert run.board.clock < LONGEST_RUN_S, f"lie {number} in {kind.name} from {since} on took {run.board.clock:.0f} s"
    return any(told)


@pytest.mark.parametrize(("kind", "since"), WHERE, ids=IDS)
def test_a_few_lies_in_each_answer(run, kind, since, monkeypatch, capsys):
    for number in (0, 1, 3, 5, 11, 14, 17, 19, 20, 23):
        lie(run, kind, since, number, monkeypatch)


@pytest.mark.faults
@pytest.mark.parametrize(("kind", "since"), WHERE, ids=IDS)
def test_every_lie_in_each_answer(run, kind, since, monkeypatch, capsys):
    number = 0
    while lie(run, kind, since, number, monkeypatch):
        number += 1
    assert number > 10


@pytest.mark.parametrize("size", [0, 1, 3, 5, 1030])
def test_a_bench_answer_of_another_length(size):
    with pytest.raises(MessageError, match=f"a BENCH answer of {size} bytes; 4 expected; flash"):
        bench_ticks(bytes(size))


def test_a_stats_answer_of_another_length():
    for size in (*range(16), 17, 1030):
        with pytest.raises(MessageError, match=f"a STATS answer of {size} bytes; 16 expected; flash"):
            Stats.parse(bytes(size))


class LyingProbe:
    """Answers PROBE with the sizes that `sizes(number of the answer, operator, offset)` gives: size, operators, values.

    Its time is the number of answers.
    """

    def __init__(self, sizes):
        self.sizes, self.answers, self.name = sizes, 0, "liar"
        self.link = self.hello = self
        self.max_payload = MAX_PAYLOAD

    def request(self, kind, payload):
        operator, offset = struct.unpack("<HI", payload)
        size, operators, count = self.sizes(self.answers, operator, offset)
        self.answers += 1

        class Answer:
            payload = struct.pack("<IIH", 1, size, operators) + bytes(count)

        return Answer


@pytest.mark.parametrize(
    "sizes",
    [
        lambda n, operator, offset: (0xFFFFFFFF, 1, 1020),
        lambda n, operator, offset: (MOST_BYTES + 1, 1, 1020),
        lambda n, operator, offset: (100, 1, 50 + n),  # more than there is
        lambda n, operator, offset: (100 + n, 1, 10),  # another size each time
        lambda n, operator, offset: (2000 + (n > 2), 1, 1000),  # another size later
        lambda n, operator, offset: (10, 1 + n, 10),  # ever more operators
        lambda n, operator, offset: (10, 2 + operator, 10),  # the end goes away
        lambda n, operator, offset: (10, 0, 10),
        lambda n, operator, offset: (0, 1, 1),
        lambda n, operator, offset: (10, 1, 0),
        lambda n, operator, offset: (1 << 20, 1, 4),  # a million answers
        lambda n, operator, offset: (10, 65_535, 10),
        lambda n, operator, offset: (4 << 20, 65_535, 1020),
    ],
)
def test_a_probe_that_lies_about_sizes(sizes):
    """Ended after few answers and little memory."""
    liar = LyingProbe(sizes)
    tracemalloc.start()
    with pytest.raises(MessageError, match="the board sent a PROBE answer .*; flash"):
        probed(liar)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert liar.answers < 50_000 and peak < 100e6


def test_an_honest_probe_in_pieces():
    liar = LyingProbe(lambda n, operator, offset: (2500, 2, min(1020, 2500 - offset)))
    ticks, tensors = probed(liar)
    assert ticks == [1, 1] and [len(values) for values in tensors] == [2500, 2500]
    assert Probe.parse(struct.pack("<IIH", 1, 4, 1) + bytes(4)).size == 4


def test_answers_have_the_bit_of_answers():
    assert all(kind | ANSWER != kind for kind in COMMANDS)
