"""--json: which commands take it, and that stdout holds a whole document or nothing."""

import argparse
import json
import sys
from dataclasses import dataclass

import pytest

from scl import commands
from scl.answers import Answer, Document
from scl.artifacts import InputError, command
from scl.text import say
from tests.scl.test_arguments import parser_of

NO_FIGURES = {  # and why
    "scl.completion": "prints a shell's code",
    "firmware_host.monitor": "shows them on a page while they change; scl validate prints those that count",
    "firmware_host.probe": "writes an npz file for export.profile --port, which prints what is in it",
}


@dataclass(frozen=True)
class Example(Document):
    text: str
    value: float = 1.0

    kind = "example"
    schema = 7


def leaves(parser):
    """The parser, or those of its subcommands."""
    inner = [
        one
        for action in parser._actions
        if isinstance(action, argparse._SubParsersAction)
        for one in action.choices.values()
    ]
    return inner or [parser]


@pytest.mark.parametrize("module", [module for module, _ in commands.COMMANDS.values()])
def test_every_command_that_prints_figures_takes_json(module):
    takes = ["--json" in parser._option_string_actions for parser in leaves(parser_of(module))]
    assert all(takes) if module not in NO_FIGURES else not any(takes)


def test_the_exceptions_are_commands():
    assert NO_FIGURES.keys() <= {module for module, _ in commands.COMMANDS.values()}


def test_all_else_goes_to_stderr(capsys):
    with Answer(True) as answer:
        say("a table")
        answer.give(Example("first"))
        say("more")
        answer.give(Example('é\x1b[31m\x7f"'))
    said = capsys.readouterr()
    assert json.loads(said.out) == {"kind": "example", "schema": 7, "text": 'é\x1b[31m\x7f"', "value": 1.0}
    assert said.out.isascii() and all(c.isprintable() or c == "\n" for c in said.out)
    assert said.err == "a table\nmore\n"


def test_without_json_nothing_changes(capsys):
    with Answer(False) as answer:
        say("a table")
        answer.give(Example("x"))
    assert capsys.readouterr().out == "a table\n"


@pytest.mark.parametrize("error", [InputError("it fails"), KeyboardInterrupt(), OSError(5, "it fails"), ValueError()])
def test_a_command_that_fails_leaves_stdout_empty(capsys, monkeypatch, error):
    def main(argv):
        with Answer(True) as answer:
            say("a table")
            answer.give(Example("x"))
            raise error

    monkeypatch.setattr(sys, "argv", ["main"])
    with pytest.raises(SystemExit) as end:
        command(main)
    said = capsys.readouterr()
    assert end.value.code in (2, 70, 130) and said.out == "" and said.err.startswith("a table\n")


def test_a_number_that_json_has_not_is_no_half_of_a_document(capsys):
    with pytest.raises(ValueError, match="not JSON compliant"), Answer(True) as answer:
        answer.give(Example("x", float("nan")))
    assert capsys.readouterr().out == ""


def test_a_command_in_a_command_speaks_for_itself(capsys):
    with Answer(True) as outer:
        with Answer(False) as inner:
            say("inner")
            inner.give(Example("inner"))
        outer.give(Example("outer"))
    said = capsys.readouterr()
    assert json.loads(said.out)["text"] == "outer" and said.err == "inner\n"
