"""The flags that name a board's port."""

import argparse

import pytest

from firmware_host.board import LONGEST_WAIT_S, add_port_options


def parsed(*arguments, several=False):
    parser = argparse.ArgumentParser()
    parser.add_argument("bundle")
    add_port_options(parser, several)
    return parser.parse_args(["bundle", *arguments])


def test_without_any():
    options = parsed()
    assert (options.port, options.baud, options.wait, options.trace) == (None, 115_200, 0.0, None)


def test_a_trace_goes_to_stderr_or_a_file():
    assert parsed("--trace").trace == "-" == parsed("--trace", "--port", "native").trace
    assert parsed("--trace", "board.trace").trace == "board.trace"


def test_several_ports():
    assert parsed("--port", "a", "--port", "b", several=True).port == ["a", "b"]
    assert parsed("--port", "a", "--port", "b").port == "b"


@pytest.mark.parametrize("seconds", ["0.5", "60", "86400"])
def test_a_wait(seconds):
    assert parsed("--wait", seconds).wait == float(seconds) <= LONGEST_WAIT_S


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "-inf", "1e9", "soon", ""])
def test_waits_that_are_none(seconds, capsys):
    with pytest.raises(SystemExit, match="2"):
        parsed(f"--wait={seconds}")
    assert "argument --wait: " in capsys.readouterr().err
