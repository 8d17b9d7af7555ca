"""Traces: what is written, that it is read back, and that no damaged one gets through."""

import os
import random
import signal
import subprocess
import sys

import pytest

from firmware_host.link import Link
from firmware_host.port_errors import PortLostError
from firmware_host.trace import FIRST_LINE, LINE_BYTES, Record, Traced, read_head, read_trace, tracing
from scl.artifacts import InputError


def records(path, *lines):
    path.write_text("\n".join((FIRST_LINE, *lines)) + "\n")
    return list(read_trace(path))


class Pipe:
    """A transport that hands out what it is given."""

    name = "pipe"

    def __init__(self, *reads):
        self.reads = list(reads)

    def read(self, timeout_s):
        data = self.reads.pop(0)
        if isinstance(data, Exception):
            raise data
        return data

    def write(self, data):
        pass

    def close(self):
        pass


def test_every_byte_of_a_greeting_is_in_it(make_board, tmp_path):
    board, path = make_board(), tmp_path / "trace"
    with tracing(str(path), "fake", 115_200) as emit:
        link = Link(Traced(board, emit, board.now), board.now)
        link.greet()
    sent = b"".join(record.data for record in read_trace(path) if record.kind == ">")
    received = b"".join(record.data for record in read_trace(path) if record.kind == "<")
    assert len(sent) == link.traffic.bytes_sent
    assert len(received) == link.traffic.bytes_received and b"walking" in received


def test_what_is_written_is_read_back(tmp_path):
    """Records of every length around a line's, with reads that ended by their time-out, and a remark."""
    rng, path, clock = random.Random(0), tmp_path / "trace", iter(n / 100 for n in range(1000))
    sizes = [0, 1, LINE_BYTES - 1, LINE_BYTES, LINE_BYTES + 1, 2 * LINE_BYTES, 1043, 65_536, 0, 0]
    reads = [rng.randbytes(size) for size in sizes]
    error = PortLostError("port x: gone\x1b[31m\nforged line \u202e")
    with tracing(str(path), "pipe", None) as emit:
        traced = Traced(Pipe(*reads, error), emit, lambda: next(clock))
        for data in reads:
            traced.write(data[::-1])
            assert traced.read(1.0) == data
        with pytest.raises(PortLostError):
            traced.read(1.0)
    found = list(read_trace(path))
    assert [(record.kind, record.data) for record in found[:-1]] == [
        pair for data in reads for pair in ((">", data[::-1]), ("<", data))
    ]
    assert [record.seconds for record in found] == [round(n / 100, 6) for n in range(1, 22)]
    assert (found[-1].kind, found[-1].remark) == (
        "!",
        r"read PortLostError: 'port x: gone\x1b[31m\nforged line \u202e'",
    )
    assert path.read_bytes().isascii()
    assert max(map(len, path.read_text().splitlines()[6:-1])) == 11 + 3 + 3 * LINE_BYTES - 1


def test_the_head(tmp_path, monkeypatch):
    path = tmp_path / "trace"
    monkeypatch.setattr(sys, "argv", ["validate", "bundles/\nforged"])
    with tracing(str(path), "/dev/ttyACM0", 9600):
        pass
    head = read_head(path)
    assert (head["port"], head["baud"]) == ("/dev/ttyACM0", "9600")
    assert head["command"].endswith(r"bundles/\nforged'") and list(head)[-1] == "command"


def test_stderr(capsys):
    with tracing("-", "pipe", None) as emit:
        Traced(Pipe(), emit, lambda: 0.0).write(b"\1\2")
    assert capsys.readouterr().err == "   0.000000 > 01 02\n"


def test_a_killed_process_leaves_what_it_sent(tmp_path):
    path = tmp_path / "trace"
    code = (
        "import sys, time; from firmware_host.trace import Traced, tracing\n"
        "class Pipe:\n name = 'x'\n def write(self, data): print(1, flush=True); time.sleep(60)\n"
        "with tracing(sys.argv[1], 'x', None) as emit: Traced(Pipe(), emit).write(bytes(40))"
    )
    with subprocess.Popen([sys.executable, "-c", code, str(path)], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
    assert [record.data for record in read_trace(path)] == [bytes(40)]


def test_no_other_file_is_overwritten(tmp_path):
    """A trace takes the place of a trace or of an empty file only."""
    old, other, empty = tmp_path / "old", tmp_path / "model.tflite", tmp_path / "empty"
    records(old, "   0.000000 > 01")
    other.write_bytes(b"TFL3")
    empty.write_bytes(b"")
    for path in (old, empty):
        with tracing(str(path), "x", None):
            pass
        assert list(read_trace(path)) == []
    for path in (other, tmp_path):
        with pytest.raises(InputError, match="exists and is no trace, so it is not overwritten; name another"):
            tracing(str(path), "x", None).__enter__()
    assert other.read_bytes() == b"TFL3"


@pytest.mark.parametrize("name", ["no/such/folder/trace", "x" * 300, "/proc/trace"])
def test_a_trace_that_cannot_be_written(tmp_path, name):
    with pytest.raises(InputError, match=r"the trace cannot be written \(.*\); .*, or choose another file for --trace"):
        tracing(os.path.join(tmp_path, name), "x", None).__enter__()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="the system has no /dev/full")
def test_a_full_disk(tmp_path):
    (tmp_path / "trace").symlink_to("/dev/full")
    with pytest.raises(InputError, match="trace: .*; name a"):
        tracing(str(tmp_path / "trace"), "x", None).__enter__()


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("0.000000 > 0", "line 2: .*hex bytes are expected"),
        ("0.000000 > xy", "line 2: .*hex bytes are expected"),
        ("0.000000 ? 00", "line 2: .*seconds, one of < > ! and hex bytes are expected"),
        ("zero > 00", "line 2: .*seconds, one of"),
        ("nan > 00", "line 2: .*seconds, one of"),
        ("1e999 > 00", "line 2: .*seconds, one of"),
        ("-1.000000 > 00", "line 2: .*seconds, one of"),
        ("          > 00", "line 2: .*a time is expected"),
        ("          ! text", "line 2: .*a time is expected"),
        ("0.000000 > 00\n          < 00", "line 3: .*a time is expected"),
        ("0.000000 > 00\n\n0.100000 < 0g", "line 4: .*hex bytes"),
        ("0.000000 > " + "00 " * 2000, "line 2: .*no line of a trace has more than 4096 characters"),
        ("\x00\x01", "line 2"),
    ],
)
def test_a_damaged_line_is_named(tmp_path, line, text):
    with pytest.raises(InputError, match=f"{tmp_path}/trace, {text}.*send it as a file"):
        records(tmp_path / "trace", line)


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"hello\n", b"\x1f\x8b\x08", b"# scl-wearable trace 2\n", b"x" * 10_000]
)
def test_what_is_no_trace(tmp_path, content):
    path = tmp_path / "trace"
    path.write_bytes(content)
    if not content:
        assert list(read_trace(path)) == []
        return
    with pytest.raises(InputError, match="line 1: .*a trace begins with|line 1: .*more than"):
        list(read_trace(path))


def test_a_record_without_end(tmp_path):
    with pytest.raises(InputError, match=r"line \d+: .*no record has more than"):
        records(tmp_path / "trace", "0.000000 > 00", *["          > " + "00 " * 1000] * 1100)


def test_a_last_line_that_was_cut(tmp_path):
    path = tmp_path / "trace"
    path.write_text(f"{FIRST_LINE}\n   0.000000 > 01\n   0.100000 < 0")
    assert list(read_trace(path)) == [Record(2, 0.0, ">", b"\1")]


@pytest.mark.parametrize("name", ["", "none", "/proc/self/mem"])
def test_a_trace_that_cannot_be_read(tmp_path, name):
    with pytest.raises(InputError, match="cannot be read .*; name a file that --trace has written"):
        list(read_trace(tmp_path / name))


def test_random_damage_is_named_or_harmless(tmp_path):
    rng, path = random.Random(3), tmp_path / "trace"
    lines = "# port: x", "0.000000 > 01 02", f"0.010000 < {'aa ' * 32}", "         < bb", "3.000000 <", ""
    good = "\n".join((FIRST_LINE, *lines)).encode()
    for _ in range(500):
        data = bytearray(good)
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(len(data))] = rng.randrange(256)
        path.write_bytes(data[: rng.randrange(len(data) + 1)])
        try:
            assert len(list(read_trace(path))) <= 5
        except InputError as error:
            assert ", line " in str(error)
