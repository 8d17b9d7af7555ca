"""Traces in words, and traces of validation runs put through the host once more."""

import random
import re
from contextlib import contextmanager, suppress
from dataclasses import replace

import pytest

from firmware_host import replay, validate
from firmware_host.board import Board
from firmware_host.link import Link
from firmware_host.measure import measure
from firmware_host.port_errors import PortReopenedError
from firmware_host.protocol import Frame, Type, encode
from firmware_host.recorded_board import ReplayError
from firmware_host.trace import FIRST_LINE, Traced, tracing
from scl.artifacts import InputError
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.golden import read_golden
from tests.documents import document
from tests.firmware_host.test_resets import nth


@pytest.fixture
def bundle(fake_bundle):
    return read_run_bundle(fake_bundle)


def unsteady(now):
    """A clock by which up to 20 ms pass between two looks at it, as on a busy computer."""
    rng, late = random.Random(0), 0.0

    def later():
        nonlocal late
        late += rng.choice((0.0, 1e-7, rng.expovariate(1000), rng.uniform(0, 0.02)))
        return now() + late

    return later


@pytest.fixture
def record(make_board, bundle, tmp_path):
    """Runs a validation on a made-up board with a trace: what was measured, or the error, and the trace."""

    def run(transport=lambda board: board, **options):
        board, path = make_board(**options), tmp_path / "board.trace"
        with tracing(str(path), "fake", None) as emit:
            traced = Traced(transport(board), emit, unsteady(board.now))
            link = run.link = Link(traced, traced.now)
            try:
                hello = link.greet()
                measured = measure(Board(link, hello, False, None), bundle, read_golden(bundle))[0]
            except InputError as error:
                return error, path
        return measured, path

    return run


def without_seconds(measured):
    """Latency is of the clock, which a trace keeps to a microsecond; the rate of bytes is of the wall."""
    use = replace(measured.link, seconds=0.0, sent_bytes_per_s=0.0, received_bytes_per_s=0.0)
    return replace(measured, link=use, latency=None)


def damaging(seed, percent):
    rng = random.Random(seed)

    def damage(_number, data):
        kept = bytes(byte ^ (rng.random() < percent / 100 and rng.randrange(1, 256)) for byte in data)
        return [kept] * (1 if rng.random() > 0.01 else rng.choice((0, 2)))

    return damage


@pytest.mark.parametrize("seed", range(6))
def test_a_run_over_a_bad_line_is_measured_again(record, bundle, seed):
    """Time-outs, repetitions and doubled frames included, the host comes to the same figures."""
    rng = random.Random(seed)
    delays = {n: rng.expovariate(50) for n in range(0, 2000, 7)}
    measured, path = record(to_board=damaging(seed, 0.05), to_host=damaging(-seed, 0.05), delay_s=delays)
    assert measured.retried and record.link.errors
    assert without_seconds(replay.replay(path, bundle)) == without_seconds(measured)


def test_a_run_over_resets_is_measured_again(record, bundle):
    measured, path = record(reset_before=nth(Type.WINDOW, 40))
    assert measured.resets == 1
    assert without_seconds(replay.replay(path, bundle)) == without_seconds(measured)


def test_a_run_over_a_pulled_cable_is_measured_again(record, bundle):
    """The error of the port is raised at the same point."""

    class Pulled:
        name = "fake"

        def __init__(self, board):
            self.board, self.reads = board, 0

        def read(self, timeout_s):
            self.reads += 1
            if self.reads == 40:
                self.board.reset()
                raise PortReopenedError("port fake: went away and came back")
            return self.board.read(timeout_s)

        def write(self, data):
            self.board.write(data)

    measured, path = record(transport=Pulled)
    assert measured.resets == 1
    assert "! read PortReopenedError: port fake" in path.read_text()
    assert without_seconds(replay.replay(path, bundle)) == without_seconds(measured)


def test_a_greeting_that_fails_fails_again(record, bundle):
    error, path = record(to_host=lambda n, data: [b"boot> what?\r\n"])
    assert "which are text and no answer" in str(error)
    with pytest.raises(InputError, match=re.escape(str(error))):
        replay.replay(path, bundle)


def test_the_command_prints_the_table(record, fake_bundle, capsys):
    _measured, path = record()
    assert replay.main([str(path), str(fake_bundle)]) == 0
    printed = capsys.readouterr().out
    assert "exact" in printed and "report:" not in printed  # none is written
    assert replay.main([str(path), str(fake_bundle), "--json"]) == 0
    assert document(capsys.readouterr().out)["parity"]["max_lsb"] == 0


def test_json_counts_what_passed(record, capsys):
    measured, path = record()
    assert replay.main([str(path), "--json"]) == 0
    found = document(capsys.readouterr().out)
    assert found["head"]["port"] == "fake" and len(found["sessions"]) == 1
    assert found["from_board"]["bytes"] >= measured.link.bytes_received > 0
    assert found["to_board"]["damaged"] == found["malformed"] == 0 and found["unanswered"] == []


def test_the_limit_is_that_of_the_command(make_board, fake_bundle, bundle, tmp_path, monkeypatch):
    board, path = make_board(), tmp_path / "board.trace"
    arguments = [str(fake_bundle), "--limit", "3", "--out", str(tmp_path / "out")]
    monkeypatch.setattr("sys.argv", ["validate", *arguments])

    @contextmanager
    def open_fake(*_options, **_named):
        with tracing(str(path), "fake", None) as emit:
            traced = Traced(board, emit, board.now)
            link = Link(traced, traced.now)
            yield Board(link, link.greet(), False, None)

    monkeypatch.setattr(validate, "open_board", open_fake)
    assert validate.main(arguments) == 0
    assert replay.replay(path, bundle).windows == 3


def test_a_trace_of_another_run(record, bundle, make_board):
    """Where the host does something else the line is named: here a byte that was sent is another one in the trace."""
    _measured, path = record()
    lines = path.read_text().splitlines()
    number = next(n for n in range(60, len(lines)) if " > " in lines[n] and lines[n][:11].strip())
    lines[number] = lines[number][:-2] + ("00" if lines[number][-2:] != "00" else "01")
    path.write_text("\n".join(lines) + "\n")
    with pytest.raises(
        ReplayError, match=rf"line {number + 1}: the host writes .* here, and wrote .*; use the version"
    ):
        replay.replay(path, bundle)


@pytest.mark.parametrize("lines", [20, 21, 60, 200])
def test_a_trace_that_ends_early(record, bundle, lines):
    """As one of a program that was killed."""
    _measured, path = record()
    path.write_text("\n".join(path.read_text().splitlines()[:lines]) + "\n   0.1")
    with pytest.raises(ReplayError, match="the trace ends at|line [0-9]+: the host"):
        replay.replay(path, bundle)


def words(path):
    return list(replay.explain(path))


def test_every_frame_is_explained(record):
    """Of a run over a bad line: frames, silence and damage, and the sums at the end."""
    _measured, path = record(to_board=damaging(5, 0.05), to_host=damaging(6, 0.2))
    text = words(path)
    assert text[0] == "scl-wearable trace 1" and text[1] == "port: fake"
    assert any(
        re.fullmatch(r" *0\.0\d{5} -> HELLO seq \d+: protocol \d, names session [0-9a-f]{8}", line) for line in text
    )
    assert any("<- HELLO answer seq" in line and "board 'fake'" in line for line in text)
    assert any(
        re.search(r"-> WINDOW seq \d+: window 3, from sample \d+ on, \d+ bytes of counts", line) for line in text
    )
    damaged = [line for line in text if "<- damaged frames: " in line]
    assert damaged[-1].endswith(f"({record.link.errors} so far)")
    assert any(line.startswith("from the board: ") for line in text[-8:])
    assert not any("malformed" in line for line in text)


def test_all_types_are_explained(tmp_path):
    """And every payload of them, however short: nothing is raised, and what is malformed is said and counted."""
    path = tmp_path / "trace"
    for payload in (*(bytes(size) for size in range(80)), b"\xff" * 61, bytes(1030), b"\x03" * 100):
        frames = [encode(Frame(kind, 7, payload)).hex(" ") for kind in range(256)]
        lines = [f"0.100000 {arrow} {frame}"[:4000] for frame in frames for arrow in "<>"]
        path.write_text("\n".join((FIRST_LINE, *lines)) + "\n")
        text = words(path)
        assert len(text) >= 256


def test_a_damaged_trace_is_explained_up_to_the_line(record, capsys):
    _measured, path = record()
    lines = path.read_text().splitlines()
    lines[100] = "garbage"
    path.write_text("\n".join(lines))
    with pytest.raises(InputError, match="line 101: 'garbage'"):
        replay.main([str(path)])
    printed = capsys.readouterr().out
    assert "HELLO answer" in printed and "from the board: " in printed.splitlines()[-3]


def test_no_damaged_trace_ends_in_a_traceback(record, bundle):
    """Prefixes, lines left out, doubled and exchanged, and random bytes: in words, and through the host."""
    _measured, path = record(to_board=damaging(7, 0.05))
    whole, rng = path.read_bytes(), random.Random(8)
    lines = whole.split(b"\n")
    for _ in range(8):
        at, other = rng.randrange(len(lines)), rng.randrange(len(lines))
        changed = bytearray(whole)
        for _ in range(rng.randrange(1, 5)):
            changed[rng.randrange(len(changed))] = rng.randrange(256)
        for content in (
            whole[: rng.randrange(len(whole))],
            b"\n".join(lines[:at] + lines[at + 1 :]),
            b"\n".join(lines[:at] + lines[at : at + 1] * 2 + lines[at + 1 :]),
            b"\n".join([*lines[:at], lines[other], *lines[at + 1 :]]),
            bytes(changed),
        ):
            path.write_bytes(content)
            for use in (words, lambda path: replay.replay(path, bundle)):
                with suppress(InputError, ReplayError):
                    use(path)
