"""`make .venv/ready` with a python that only notes what it is asked: which torch is installed from where, and who is
refused.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
CPU_INDEX = "https://download.pytorch.org/whl/cpu"
PYTHON = """#!/bin/sh
echo "$*" >> {log}
case "$*" in
  "-c "*) echo {version} ;;
  "-m venv "*) mkdir -p "$3/bin"; cp "$0" "$3/bin/python" ;;
  *--report*) printf '{{"install": [{{"metadata": {{"name": "torch"}}}}{more}]}}\\n' ;;
  *--index-url*) exit {status} ;;
esac
"""
CUDA = ', {"metadata": {"name": "nvidia-cublas-cu12"}}'


@pytest.fixture
def made(tmp_path: Path):
    """made(more, arguments, ...): how make ended, and what its python was asked, where torch brings `more`."""
    for name in ("Makefile", "requirements.lock", "pyproject.toml"):
        shutil.copyfile(ROOT / name, tmp_path / name)

    def run(more: str, *arguments: str, version: str = "3.13", status: int = 0):
        fake, log = tmp_path / "python", tmp_path / "log"
        fake.write_text(PYTHON.format(log=log, version=version, more=more, status=status))
        fake.chmod(0o755)
        done = subprocess.run(
            ["make", ".venv/ready", f"PYTHON={fake}", *arguments], cwd=tmp_path, env=os.environ, capture_output=True,
            text=True, check=False,
        )  # fmt: skip
        return done, [line for line in log.read_text().splitlines() if "pip install" in line]

    return run


def test_an_index_with_cuda_is_passed_over_for_torch_alone(made) -> None:
    done, asked = made(CUDA)
    assert done.returncode == 0, done.stderr
    places = [place for place, line in enumerate(asked) if f"--index-url {CPU_INDEX} torch==" in line]
    (locked,) = [place for place, line in enumerate(asked) if line.endswith("-r requirements.lock")]
    assert len(places) == 1 and places[0] < locked and "--no-deps" in asked[places[0]]


@pytest.mark.parametrize(("more", "arguments"), [("", ()), (CUDA, ("CUDA=1",))])
def test_else_torch_is_a_package_like_others(made, more: str, arguments: tuple[str, ...]) -> None:
    done, asked = made(more, *arguments)
    assert done.returncode == 0 and not any("--index-url" in line for line in asked)
    assert any(line.endswith("-r requirements.lock") for line in asked)


def test_another_index_and_one_that_has_none(made) -> None:
    done, asked = made(CUDA, "TORCH_INDEX=https://mirror.example/cpu", status=1)
    assert any("--index-url https://mirror.example/cpu torch==" in line for line in asked)
    assert done.returncode and not any(line.endswith("-r requirements.lock") for line in asked)
    assert "no CPU build of torch at https://mirror.example/cpu. Run: make setup TORCH_INDEX=URL, or" in done.stderr


@pytest.mark.parametrize("version", ["3.10", "3.14"])
def test_another_python_is_refused(made, version: str) -> None:
    done, asked = made("", version=version)
    assert done.returncode and not asked and f"is Python {version}; 3.11 to 3.13 is needed" in done.stderr
