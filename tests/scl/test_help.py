"""--help, --version and a wrong option are answered before anything large is imported. Its time is in
benchmarks/help_time.py; what it depends on is here.
"""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NEEDLESS = {
    *("torch", "tensorflow", "tflite_micro", "ai_edge_litert", "onnx", "onnxruntime", "onnxscript", "ray", "joblib"),
    *("scipy", "sklearn", "pandas", "matplotlib", "wfdb", "edfio", "neurokit2", "seglearn", "pooch", "tqdm"),
    *("pydantic", "rich", "jinja2", "argcomplete", "unittest"),
}
# numpy alone takes a third of the 0.3 s of CPU time that help may take.
WITHOUT_NUMPY = ("scl.completion", "firmware_host.ports")
ALL = """
import contextlib, io, json, sys
from scl import commands
needed = {}
for name in commands.COMMANDS:
    for words in (["--help"], ["--no-such-option"], []):
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(io.StringIO()):
            with contextlib.redirect_stderr(io.StringIO()):
                if words or name not in ("ports", "train imu", "train ecg", "train fusion"):
                    commands._main([*name.split(), *words])
    needed[name] = sorted({module.partition(".")[0] for module in sys.modules})
print(json.dumps(needed))
"""


def test_no_help_and_no_refusal_needs_a_large_library():
    """In one process, so each command is seen with what those before it needed; the last one tells of all."""
    done = subprocess.run([sys.executable, "-c", ALL], cwd=ROOT, capture_output=True, text=True, check=True)
    for name, modules in json.loads(done.stdout).items():
        needless = (NEEDLESS - {"argcomplete"} if name == "completion" else NEEDLESS) & set(modules)
        assert not needless, name


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("train imu --method nothing", "invalid choice: 'nothing'"),
        ("train ecg --batch-size 0", "batch_size is 0, expected 2 or more"),
        ("calibrate nowhere", "nowhere: is not a run folder"),
        ("train transfer nowhere --eval-data x", "nowhere: is not a run folder"),
        ("train probe nowhere", "nowhere: is not a run folder"),
        ("export nowhere --out b --budget x", "--budget"),
    ],
)
def test_options_are_checked_before_torch_is_imported(words, message):
    code = f"""
import sys
from scl import commands
try:
    commands._main({words.split()!r})
finally:
    print({{"torch", "tensorflow"}} & set(sys.modules))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stdout == "set()\n" and message in done.stderr.splitlines()[-1]


@pytest.mark.parametrize("module", WITHOUT_NUMPY)
def test_light_commands_do_without_numpy(module):
    code = f"import sys, {module}; print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
