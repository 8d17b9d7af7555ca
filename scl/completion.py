"""What a shell needs to complete `scl`: commands, options, their values and files. argcomplete answers the shell.

bash:  eval "$(scl completion bash)"              in ~/.bashrc
zsh:   eval "$(scl completion zsh)"               in ~/.zshrc, behind compinit
fish:  scl completion fish > ~/.config/fish/completions/scl.fish
"""

import argparse
import os
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import NoReturn

import argcomplete
from argcomplete.lexers import split_line
from argcomplete.shell_integration import shellcode

from scl.arguments import Parser
from scl.artifacts.errors import command
from scl.text import put

SHELLS = ("bash", "zsh", "fish")
ASKED = "_ARGCOMPLETE"  # in the environment of a program that a shell asks; which of its words is the program


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m scl.completion`."""
    options = Parser(prog="python -m scl.completion", description=__doc__, examples=SHELLS)
    options.add_argument("shell", choices=SHELLS, help="prints what it runs at its start")
    return options


def main(argv: Sequence[str]) -> int:
    put(shellcode(["scl"], shell=parser().parse_args(argv).shell).rstrip() + "\n")
    return 0


def complete(modules: Mapping[str, str]) -> NoReturn:
    """Answers a shell that completes `scl ...`, and exits.

    Args:
        modules: where the parser of each command is, by its name of one or two words.
    """
    typed = split_line(os.environ["COMP_LINE"], int(os.environ["COMP_POINT"]))[3][1:]
    name = next((name for name in (" ".join(typed[:2]), *typed[:1]) if name in modules), None)
    if name is not None:
        before, options = len(name.split()), _parser_of(modules[name])
    else:
        group = [one.split()[1] for one in modules if typed and one.startswith(f"{typed[0]} ")]
        before, options = int(bool(group)), Parser(prog="scl")
        options.add_argument("command", choices=sorted(group or {one.split()[0] for one in modules}))
    os.environ[ASKED] = str(1 + before)
    argcomplete.autocomplete(options, always_complete_options=name is not None)
    raise SystemExit(1)  # which autocomplete does itself


def _parser_of(module: str) -> argparse.ArgumentParser:
    made = import_module(module)
    options: argparse.ArgumentParser = (made.parser if hasattr(made, "parser") else made._parser)()
    return options


if __name__ == "__main__":
    command(main)
