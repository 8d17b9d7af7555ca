"""`scl` and what all commands have in common: examples that their parsers take, the nearest option, the version."""

import re
import shlex
import subprocess
import sys
import tomllib
from importlib.metadata import entry_points, packages_distributions, version
from pathlib import Path

import pytest

from scl import __version__, commands, extras
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
    folders = ("scl", "train", "calibration", "export", "firmware_host")
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
    status, _, err = run(capsys, "validate", "bundle", "--lim", "3")  # the beginning of one is none
    assert status == 2 and "unrecognized arguments: --lim 3; did you mean --limit?" in err


@pytest.mark.parametrize("words", [("ports", ""), ("validate", "bundle", "", "--limit", "2")])
def test_an_empty_argument_is_refused(capsys, words):
    status, _, err = run(capsys, *words)
    assert status == 2 and "error: unrecognized arguments: " in err and "did you mean" not in err


def without(package, code):
    """What a process says that lacks a package."""
    blocked = f"import sys; sys.modules[{package!r}] = None\n"
    return subprocess.run([sys.executable, "-c", blocked + code], capture_output=True, text=True, cwd=ROOT)


@pytest.mark.parametrize("package", extras.EXTRAS)
def test_a_missing_extra_is_named_with_the_command_that_installs_it(package):
    extra = extras.EXTRAS[package]
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"][extra]
    names = {re.split(r"[<>=\[]", one)[0].lower() for one in declared}
    assert {one.lower().replace("_", "-") for one in packages_distributions()[package]} & names
    error = extras.named(ModuleNotFoundError("gone", name=f"{package}.part"))
    assert str(error) == f"{package} is not installed; run python -m pip install 'scl-wearable[{extra}]'"


@pytest.mark.parametrize(
    ("package", "code"),
    [
        ("serial", "from scl import commands; sys.argv = ['scl', 'ports']; commands.main()"),
        ("onnxruntime", "from scl.artifacts import command; command(lambda argv: __import__('onnxruntime'))"),
    ],
)
def test_a_command_that_lacks_one_ends_with_it(package, code):
    done = without(package, code)
    assert done.returncode == 2
    assert done.stderr.splitlines() == [f"error: {extras.MissingExtraError(package)}"]


def test_another_missing_module_is_a_fault():
    done = without("nowhere", "from scl.artifacts import command; command(lambda argv: __import__('nowhere'))")
    assert done.returncode == 70 and "ModuleNotFoundError" in done.stderr


def test_a_sensor_is_calibrated_and_a_bundle_packaged_without_torch():
    code = "from scl import commands; sys.argv = ['scl', 'sensor', 'list']; commands.main()"
    assert "bmi270" in without("torch", code).stdout
    done = without("torch", "from scl import commands; sys.argv = ['scl', 'package', '--help']; commands.main()")
    assert done.returncode == 0
