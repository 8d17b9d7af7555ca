"""Arguments that no command should take: each number has a range, and what is outside it is refused before anything."""

import argparse
import importlib
from pathlib import Path

import pytest

from export.pipeline import Options
from firmware_host.beat_lines import annotation_path
from scl.arguments import BAUD, FRACTION, SEED, line, number, whole
from scl.artifacts import InputError
from tests.scl.test_text import HOSTILE, acting
from train.run.config import TrainConfig

COMMANDS = (
    "calibration.ranges",
    "calibration.sensor",
    "export.capture",
    "export.package",
    "export.profile",
    "export.quantize",
    "export.recording",
    "firmware_host.capture",
    "firmware_host.probe",
    "firmware_host.stream",
    "firmware_host.validate",
    "train.ecg",
    "train.fusion",
    "train.imu",
    "train.probe",
    "train.sweep",
    "train.transfer",
)
# Their ranges are looked at by what takes them, whichever way they come: from flags, a file or another program.
LATER = {
    *((command, "--" + name.replace("_", "-")) for command in COMMANDS for name, *_ in TrainConfig.options()),
    ("export.quantize", "--windows"),
    ("export.quantize", "--draws"),
    ("export.recording", "--subject"),
    ("train.ecg", "--records"),
}
NONSENSE = ("nan", "inf", "-inf", "1e400", "-5", "1e12", "", "many", "0x10", "9" * 26, "9" * 5000, "\x1b[2J")


def parser_of(command):
    module = importlib.import_module(command)
    return module.parser() if hasattr(module, "parser") else module._parser()


def actions_of(parser):
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for sub in action.choices.values():
                yield from actions_of(sub)
        else:
            yield action


NUMBERS = [
    (command, action)
    for command in COMMANDS
    for action in actions_of(parser_of(command))
    if action.type not in (None, Path, str, line, annotation_path) and (command, action.option_strings[-1]) not in LATER
]


def test_commands_have_numbers():
    flags = {(command, action.option_strings[-1]) for command, action in NUMBERS}
    assert {("firmware_host.capture", "--seconds"), ("firmware_host.stream", "--hop")} < flags
    assert {(command, "--baud") for command in COMMANDS if command.startswith("firmware_host")} < flags
    assert not [action.option_strings for _, action in NUMBERS if action.type in (int, float)]


@pytest.mark.parametrize(("command", "action"), NUMBERS, ids=lambda value: getattr(value, "dest", value))
def test_a_number_has_a_range(command, action):
    """The refusal says what is expected, and shows what was found so that it cannot act on a terminal."""
    refusals = []
    for text in NONSENSE:
        try:
            action.type(text)
        except argparse.ArgumentTypeError as error:
            assert " is not a " in str(error) and len(str(error)) < 200 and not acting(str(error))
            refusals.append(text)
    # The least of --max-loss is negative.
    assert set(NONSENSE) - set(refusals) <= ({"-5"} if action.dest == "max_loss" else set())


@pytest.mark.parametrize("value", [10**26, 2**63, 1 << 33])
def test_no_whole_number_of_a_training_is_without_bound(value):
    """They come from flags, a file or another program; each is refused before anything is loaded."""
    names = [name for name, _, field in TrainConfig.options() if field.type is int]
    assert {"epochs", "batch_size", "seed", "draws"} <= set(names)
    for name in names:
        with pytest.raises(ValueError, match=f"{name} is {value}, expected .* at most"):
            TrainConfig().changed(**{name: value})
    with pytest.raises(ValueError, match="partition 99999/0/1 has 100000 dimensions, expected 65,535 at most"):
        TrainConfig().changed(partition="99999/0/1")
    for name in ("windows", "draws"):
        with pytest.raises(InputError, match=f"--{name} is {value}, expected 1 to 1"):
            Options(**{name: value})


@pytest.mark.parametrize(
    ("command", "arguments", "message"),
    [
        ("capture", ["--out", "o", "--seconds", "nan"], "--seconds: 'nan' is not a number from 0.001 to 1e+06"),
        ("capture", ["--out", "o", "--seconds=-1"], "--seconds: '-1' is not a number from"),
        ("capture", ["--out", "o", "--seconds", "1e12"], "--seconds: '1e12' is not a number from"),
        ("stream", ["--record", "r", "--hop", "0"], "--hop: '0' is not a whole number from 1 to 65535"),
        ("stream", ["--record", "r", "--hop=-5"], "--hop: '-5' is not a whole number from 1 to 65535"),
        ("stream", ["--record", "r", "--hop", "70000"], "--hop: '70000' is not a whole number from 1 to 65535"),
        ("validate", ["--limit", "0"], "--limit: '0' is not a whole number from 1 to 1000000000"),
        ("validate", ["--min-accuracy", "nan"], "--min-accuracy: 'nan' is not a number from 0 to 1"),
        ("probe", ["--out", "o", "--baud", "4000000000"], "--baud: '4000000000' is not a whole number from 1 to"),
    ],
)
def test_a_command_refuses_it(command, arguments, message, capsys):
    with pytest.raises(SystemExit) as status:
        importlib.import_module(f"firmware_host.{command}").main(["bundle", *arguments])
    assert status.value.code == 2 and f"error: argument {message}" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("parse", "text", "value"),
    [
        (whole(1, 65535), "1", 1),
        (whole(1, 65535), "65535", 65535),
        (whole(0, 10**30), "0", 0),
        (whole(0, 10**30), str(10**30), 10**30),
        (number(0.001, 1e6), "0.001", 0.001),
        (number(0.001, 1e6), "1e6", 1e6),
        (number(-100, 100), "-100", -100.0),
        (FRACTION, "1", 1.0),
        (BAUD, "115200", 115200),
        (SEED, "4294967295", 2**32 - 1),
    ],
)
def test_the_ends_of_a_range_belong_to_it(parse, text, value):
    assert parse(text) == value


@pytest.mark.parametrize("text", ["walking fast", "歩く", "a,b", "[/bold]", "=1+1", "x" * 255])
def test_a_line_of_text(text):
    assert line(text) == text


@pytest.mark.parametrize("text", ["", "x" * 256, *(text for text in HOSTILE if acting(text))])
def test_no_line_of_text(text):
    with pytest.raises(argparse.ArgumentTypeError, match="is not one line that can be printed, of 1 to 255"):
        line(text)
