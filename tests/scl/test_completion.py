"""What a shell gets when it asks `scl` to complete a line, by argcomplete's protocol, in processes of its own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from scl import commands

ROOT = Path(__file__).parents[2]


def completed(line: str, folder: Path) -> list[str]:
    """What stands for the last word of the line."""
    answer = folder / "answer"
    asked = {"_ARGCOMPLETE": "1", "COMP_LINE": line, "COMP_POINT": str(len(line)), "_ARGCOMPLETE_IFS": "\n"}
    place = {"_ARGCOMPLETE_STDOUT_FILENAME": str(answer), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from scl.commands import main; main()"],
        env=os.environ | asked | place, cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip
    modules = {line.rpartition("|")[2].strip().partition(".")[0] for line in done.stderr.splitlines() if "|" in line}
    assert "scl" in modules and not modules & {"torch", "tensorflow", "onnx", "pandas", "rich"}
    return sorted(word.strip() for word in answer.read_text().split("\n"))


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("scl ", sorted({name.split()[0] for name in commands.COMMANDS})),
        ("scl train ", ["ecg", "fusion", "imu", "probe", "sweep", "transfer"]),
        ("scl train imu --method v", ["vicreg"]),
        ("scl validate --min-", ["--min-accuracy", "--min-consistency"]),
        ("scl sensor s", ["show", "six-position", "still"]),
        ("scl package b --for ard", ["arduino"]),
        ("scl nothing ", []),
    ],
)
def test_a_line_is_completed(tmp_path, line, expected):
    (tmp_path / "ignored").mkdir()
    assert [word for word in completed(line, tmp_path) if word] == expected


def test_files_are_completed(tmp_path):
    (tmp_path / "bundles").mkdir()
    (tmp_path / "walk.csv").touch()
    assert completed("scl validate bun", tmp_path) == ["bundles/"]


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_a_shell_runs_at_its_start_names_scl(capsys, shell):
    assert commands._main(["completion", shell]) == 0
    said = capsys.readouterr().out
    assert "_ARGCOMPLETE" in said and " scl" in said


def test_bash_takes_it(tmp_path):
    """The code, in a real shell: `scl` is registered with a function of the code's own."""
    code = subprocess.run(
        [sys.executable, "-m", "scl.completion", "bash"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    done = subprocess.run(["bash", "-c", f"{code}\ncomplete -p scl"], capture_output=True, text=True, check=True)
    assert "-F _python_argcomplete" in done.stdout and done.stdout.rstrip().endswith(" scl")
