"""Several boards at once: one report each, a table of all, and none that stops another."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from firmware_host import validate
from firmware_host.boards import LONGEST_FOLDER_NAME, Run, folder_names
from firmware_host.boards_table import print_comparison
from scl.artifacts import InputError
from tests.bundles import network
from tests.documents import document
from tests.firmware_host.pulled_board import PulledBoard


@pytest.fixture
def compare(fake_bundle, tmp_path, capfd):
    """Exit status, what is printed and the reports, by the port's name, of a validation on several ports."""

    def run(ports, *arguments):
        options = [argument for port in ports for argument in ("--port", str(port))]
        status = validate.main([str(fake_bundle), *options, "--out", str(tmp_path / "out"), *arguments])
        reports = {
            path.parent.name: json.loads(path.read_text()) for path in sorted(tmp_path.glob("out*/validation.json"))
        }
        return status, capfd.readouterr(), reports

    return run


def one_step_off(counts):
    features, logits, crc = network(counts)
    return (features ^ 1).astype(np.int8), logits, crc


def test_names_of_folders():
    ports = ["/dev/ttyACM0", "/dev/serial/by-id/usb-STM_A7-if02", "native", "emulator:netduinoplus2", "COM3"]
    assert folder_names(ports) == ["ttyACM0", "usb-STM_A7-if02", "native", "emulator-netduinoplus2", "COM3"]
    assert folder_names(["socket://localhost:5000", "socket://[::1]:5000"]) == [
        "socket-localhost-5000",
        "socket-1-5000",
    ]
    assert folder_names(["native", "native", "/a/x", "/b/X"]) == ["native-1", "native-2", "x-1", "X-2"]
    assert folder_names(["a", "a", "a-1"]) == ["a-1-1", "a-2", "a-1-2"]


@pytest.mark.parametrize(
    "port",
    [
        "",
        "/",
        "..",
        ".",
        "../../etc",
        "a/../..",
        "\0",
        "\x1b[31m",
        "x" * 500,
        " ",
        "-rf",
        "spy://a?file=/x",
        "\u202e",
        "é",
    ],
)
def test_every_name_is_safe(port):
    """Letters of ASCII, digits, _ and - only, not too long, no two equal on any system, however hostile the ports."""
    names = folder_names([port, port, port.upper(), "port", "ttyACM0"])
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*", name) for name in names)
    assert max(map(len, names)) <= LONGEST_FOLDER_NAME + 4
    assert len({name.lower() for name in names}) == 5


def test_one_report_each(make_board, compare, tmp_path):
    """A board that is off by a step is missed, the other one exact; the worst status counts."""
    paths = tmp_path / "ttyACM0", tmp_path / "ttyACM1"
    with PulledBoard(make_board(), paths[0]), PulledBoard(make_board(answer=one_step_off, board="other"), paths[1]):
        status, printed, reports = compare(paths, "--limit", "3")
    assert status == 1
    assert reports["out-ttyACM0"]["verdict"] == "exact" and reports["out-ttyACM1"]["verdict"] == "missed"
    assert all(report["windows"] == 3 for report in reports.values())
    for row in ("┃ +┃ ttyACM0 +┃ ttyACM1 +┃", "│ board +│ fake +│ other +│", "│ verdict +│ exact +│ missed +│"):
        assert re.search(row, printed.out)
    assert f"ttyACM1 ({paths[1]}): 9 windows differ from TFLite Micro's answers" in printed.out
    assert "ttyACM0: 9 windows to send" in printed.err and "ttyACM1: 9 of 9 windows" in printed.err


def test_json_has_all_of_them(make_board, compare, tmp_path):
    paths = tmp_path / "ttyACM0", tmp_path / "ttyACM1"
    with PulledBoard(make_board(), paths[0]), PulledBoard(make_board(board="other"), paths[1]):
        status, said, _reports = compare(paths, "--limit", "2", "--json")
    found = document(said.out)["boards"]
    assert status == 0 and [one["port"] for one in found] == [str(path) for path in paths]
    assert [one["validation"]["board"] for one in found] == ["fake", "other"]
    assert "boards side by side" in said.err


def test_a_board_that_fails_does_not_stop_another(make_board, compare, tmp_path):
    """One is not there, one is no board, one goes away: each is named, and the good one has its report."""
    good, pulled, file = tmp_path / "good", tmp_path / "pulled", tmp_path / "file"
    file.write_text("")
    with PulledBoard(make_board(), good), PulledBoard(make_board(), pulled, lives=(20_000,), gap_s=100):
        status, printed, reports = compare((good, tmp_path / "missing", file, pulled))
    assert status == 2
    assert reports["out-good"]["verdict"] == "exact" and "out-missing" not in reports and "out-file" not in reports
    assert re.search(r"missing \(.*\): exit status 2: error: port .*/missing: no such port", printed.out)
    assert re.search(r"file \(.*\): exit status 2: error: port .*/file: is a regular file", printed.out)
    assert re.search(r"pulled \(.*\): .*port .*/pulled: was pulled out", printed.out)


def test_an_earlier_report_is_not_taken_for_this_run_s(make_board, compare, tmp_path):
    path = tmp_path / "ttyACM0"
    with PulledBoard(make_board(), path):
        _status, _printed, before = compare((path, tmp_path / "a"))
    status, printed, after = compare((path, tmp_path / "a"))
    assert status == 2 and before == after and list(after) == ["out-ttyACM0"]
    assert printed.out.count("not measured") == 2


def test_traces_have_their_own_files(make_board, compare, tmp_path):
    paths = tmp_path / "ttyACM0", tmp_path / "ttyACM1"
    with PulledBoard(make_board(), paths[0]), PulledBoard(make_board(), paths[1]):
        status, _printed, _reports = compare(paths, "--limit", "1", "--trace", str(tmp_path / "board.trace"))
    assert status == 0
    for path in paths:
        assert f"# port: {path}\n" in (tmp_path / f"board-{path.name}.trace").read_text()


def test_the_table_of_many_boards_is_whole(capsys, tmp_path):
    """Sixteen columns with long names on a terminal of 80 characters."""
    names = [f"usb-a-long-name-of-a-board-{number:02d}" for number in range(16)]
    print_comparison([Run(name, name, tmp_path / name, 2, None, "error: it is not there") for name in names])
    printed = capsys.readouterr().out
    assert all(f" {name} ┃" in printed for name in names) and "…" not in printed
    assert printed.count("exit status 2: error: it is not there") == 16


def test_a_board_named_twice(compare, tmp_path):
    os.symlink("/dev/null", tmp_path / "link")
    for ports in (("/dev/ttyACM0", "/dev/ttyACM0"), (tmp_path / "link", "/dev/null"), ("socket://a:1", "socket://a:1")):
        with pytest.raises(InputError, match="named 2 times; name each board once"):
            compare(ports)


def test_ctrl_c_ends_all_of_them(make_board, fake_bundle, tmp_path):
    """Two boards that never answer: no process is left, and no report."""
    paths = tmp_path / "ttyACM0", tmp_path / "ttyACM1"
    silent = [make_board(to_board=lambda n, data: []) for _ in paths]
    ports = [argument for path in paths for argument in ("--port", str(path))]
    command = [sys.executable, "-m", "firmware_host.validate", str(fake_bundle), *ports, "--out", str(tmp_path / "out")]
    with PulledBoard(silent[0], paths[0]), PulledBoard(silent[1], paths[1]):
        process = subprocess.Popen(
            command,
            start_new_session=True,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # a shell's background jobs ignore it
        )
        while not all(board.writes for board in silent):
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGINT)
        assert process.wait(10) == 130
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)
    assert not list(tmp_path.glob("out*"))
