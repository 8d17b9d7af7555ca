"""A part of the proof in a process of its own: whatever ends it is an error, and never ours."""

import os
import signal
from pathlib import Path

import pytest

from export.proof import child
from export.proof.gates import ExportError
from scl.artifacts import InputError

ROOT = Path(__file__).resolve().parents[3]
PROGRAM = """
import sys
from export.proof import child
from export.proof.gates import ExportError
from scl.artifacts import InputError

def main(arguments):
    child.about_to("run operator 0, CONV_2D")
    child.about_to("run operator 7, SOFTMAX")
    {does}

child.task(main)
"""


@pytest.fixture
def program(tmp_path, monkeypatch):
    """program(does): a module whose main does that, by its name."""
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}{os.pathsep}{ROOT}")

    def write(does: str) -> str:
        (tmp_path / "program_of_a_test.py").write_text(PROGRAM.format(does=does))
        return "program_of_a_test"

    return write


def test_its_answer(program):
    assert child.ask(program("return {'values': [1, 2], 'given': arguments}"), "x.tflite", "a b", "") == {
        "values": [1, 2],
        "given": ["a b", ""],
    }


@pytest.mark.parametrize("name", ["SIGABRT", "SIGFPE", "SIGSEGV", "SIGBUS", "SIGILL", "SIGKILL"])
def test_a_signal_is_named_with_what_it_was_to_do(program, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    say = "print('CHECK failed\\x1b[0m', file=sys.stderr, flush=True)"
    kill = f"import os; {say}; os.kill(os.getpid(), {int(signal.Signals[name])})"
    with pytest.raises(InputError) as caught:
        child.ask(program(kill), "x.tflite")
    message = str(caught.value)
    assert message.startswith(
        f"x.tflite: TFLite Micro ended with {name} when it was to run operator 7, SOFTMAX (it said "
    )
    assert "'CHECK failed\\x1b[0m'" in message and message.isprintable()
    assert message.endswith(
        "; convert the model again, with a representative data set of real recordings, or leave out what it was to run"
    )
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["program_of_a_test.py"]  # no core file


def test_an_end_without_an_answer(program):
    with pytest.raises(InputError, match="TFLite Micro ended with the exit status 0 when it was to run operator 7"):
        child.ask(program("import os; os._exit(0)"), "x.tflite")


def test_an_exception_is_said_by_its_last_line(program):
    with pytest.raises(InputError, match=r"ended with the exit status 1 .* \(it said 'ValueError: odd'\)"):
        child.ask(program("raise ValueError('odd')"), "x.tflite")


def test_its_errors_keep_their_kind(program):
    with pytest.raises(InputError, match="^x.tflite: to run operator 7, SOFTMAX: TFLite Micro does not take it$"):
        child.ask(program("raise InputError('model.tflite: TFLite Micro does not take it')"), "x.tflite")
    with pytest.raises(ExportError, match="^the C differs from TFLite Micro in layer 3$"):
        child.ask(program("raise ExportError('the C differs\\nfrom TFLite Micro in layer 3')"), "x.tflite")
