"""`scl` and what all commands have in common: examples that their parsers take, the nearest option, the version."""

import re
import shlex
import subprocess
import sys
from importlib.metadata import entry_points, version
from pathlib import Path

import pytest

from scl import __version__, commands
from scl.artifacts import InputError
from tests.scl.test_arguments import parser_of

ROOT = Path(__file__).parents[2]
MODULES = [module for module, _ in commands.COMMANDS.values()]


def run(capsys, *words):
    """What `scl` prints and its exit status, in this process."""
    try:
        status = commands._main(words)
    except SystemExit as end:
        status = end.code
    return status or 0, *capsys.readouterr()


@pytest.fixture(autouse=True)
def own_program(monkeypatch):
    monkeypatch.setattr("scl.arguments.Parser.program", None)


def test_every_command_is_in_the_list():
    folders = ("train", "calibration", "export", "firmware_host")
    paths = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    runnable = [path for path in paths if "\n    command(main)\n" in path.read_text("utf-8")]
    assert sorted(MODULES) == sorted(".".join(path.relative_to(ROOT).with_suffix("").parts) for path in runnable)


@pytest.mark.parametrize("module", MODULES)
def test_examples_are_taken_and_stand_under_the_help(module):
    parser = parser_of(module)
    assert parser.examples
    for example in parser.examples:
        parser.parse_args(shlex.split(example))
        assert f"\n  python -m {module} {example}".rstrip() in parser.format_help()


@pytest.mark.parametrize("name", commands.COMMANDS)
def test_scl_runs_the_command_and_says_its_own_name(capsys, name):
    status, out, _ = run(capsys, *name.split(), "--help")
    assert status == 0 and out.startswith(f"usage: scl {name} ")


def test_the_console_script_is_installed():
    (script,) = [one for one in entry_points(group="console_scripts") if one.name == "scl"]
    assert script.load() is commands.main


@pytest.mark.parametrize("words", [("--version",), ("ports", "--version")])
def test_the_version_is_the_packages(capsys, words):
    assert run(capsys, *words)[1] == f"scl-wearable {__version__}\n" == f"scl-wearable {version('scl-wearable')}\n"


def test_a_list_without_a_command(capsys):
    assert run(capsys)[0] == 2
    status, out, _ = run(capsys, "--help")
    assert status == 0 and all(f"  {name} " in out for name in commands.COMMANDS)
    status, out, _ = run(capsys, "train")
    assert status == 2 and "train ecg" in out and "validate" not in out


@pytest.mark.parametrize(
    ("words", "nearest"), [("valdate b", "validate"), ("train imo", "train imu"), ("prots", "ports")]
)
def test_the_nearest_command_is_named(words, nearest):
    with pytest.raises(InputError, match=rf"is not a command, .*; run scl {nearest}$"):
        commands._main(words.split())


def test_the_nearest_option_is_named_beside_one_line_of_usage(capsys):
    status, _, err = run(capsys, "validate", "bundle", "--prot", "/dev/ttyACM0")
    assert status == 2
    assert err == (
        "usage: scl validate bundle [options]; scl validate --help lists them\n"
        "scl validate: error: unrecognized arguments: --prot /dev/ttyACM0; did you mean --port?\n"
    )
    _, _, err = run(capsys, "validate", "bundle", "--xyzzy")
    assert "did you mean" not in err


@pytest.mark.parametrize(
    ("module", "gone", "extra"),
    [
        ("firmware_host.ports", "serial", "host"),
        ("train.imu", "torch", "train"),
        ("export.quantize", "onnxruntime", "export"),
    ],
)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(module, gone, extra):
    code = f"""
import sys
from importlib import util
find = util.find_spec
util.find_spec = lambda name, package=None: None if name == {gone!r} else find(name, package)
from scl import commands
sys.argv = ["scl", *{next(name for name, (m, _) in commands.COMMANDS.items() if m == module).split()}]
commands.main()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT)
    assert done.returncode == 2
    assert re.fullmatch(
        rf"error: {gone} not installed; run python -m pip install 'scl-wearable\[{extra}\]'\n", done.stderr
    )
