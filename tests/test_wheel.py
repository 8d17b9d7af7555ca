"""The wheel by itself, away from the checkout: licence, types, and all that builds, runs and packages boards."""

import os
import shutil
import subprocess
import sys
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    offline = ("--quiet", "--no-deps", "--no-build-isolation")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *offline, "-w", folder, ROOT], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    (path,) = folder.glob("*.whl")
    return path


def test_the_wheel_carries_licence_types_and_firmware(wheel: Path) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    assert project["license"] == "Apache-2.0" and project["authors"] and project["urls"]
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        text = archive.read(next(name for name in names if name.endswith("LICENSE"))).decode()
    assert "Apache License" in text and "Version 2.0, January 2004" in text
    assert text == (ROOT / "LICENSE").read_text("utf-8")
    assert {f"{name}/py.typed" for name in ("scl", "train", "calibration", "export", "firmware_host")} <= names
    pages = (ROOT / "firmware_host" / "monitoring" / "page").iterdir()
    assert {f"firmware_host/monitoring/page/{path.name}" for path in pages} <= names
    listed = subprocess.run(["git", "ls-files", "firmware"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert set(listed.stdout.split()) == {name for name in names if name.startswith("firmware/")}


def test_the_source_package_is_the_checkout(tmp_path: Path) -> None:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    tracked = set(filter(None, listed.stdout.split("\0")))
    for name in tracked:
        (tmp_path / "tree" / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / name, tmp_path / "tree" / name)
    code = f"from setuptools import build_meta; build_meta.build_sdist({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path / "tree", capture_output=True, check=True)
    (path,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(path) as archive:
        names = {member.name.partition("/")[2] for member in archive if member.isfile()}
    made = {name for name in names if name.startswith("scl_wearable.egg-info/")} | {"PKG-INFO", "setup.cfg"}
    assert names - made == tracked - {".ci/run", ".gitignore"}


@pytest.mark.usefixtures("board_tools")
def test_away_from_the_checkout(wheel: Path, bundle_folder: Path, tmp_path: Path) -> None:
    """Installed into a folder of its own, and run in another one."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    here = tmp_path / "elsewhere"
    here.mkdir()

    def scl(*words: str | Path) -> str:
        command = [sys.executable, "-c", "from scl.commands import main; main()", *words]
        done = subprocess.run(
            command, cwd=here, env=os.environ | {"PYTHONPATH": str(tmp_path / "site")}, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    place = "import firmware_host, scl.machines; print(firmware_host.__file__, scl.machines.FIRMWARE)"
    command = [sys.executable, "-c", place]
    environment = os.environ | {"PYTHONPATH": str(tmp_path / "site")}
    done = subprocess.run(command, cwd=here, env=environment, capture_output=True, text=True, check=True)
    assert all(path.startswith(str(tmp_path / "site")) for path in done.stdout.split())
    for port in ("native", "emulator"):
        report = scl("validate", bundle_folder, "--port", port, "--limit", "2", "--out", port)
        assert "passed: exact" in report
        assert (here / port / "validation.html").is_file()
    scl("package", bundle_folder, "--for", "cmake", "--out", "packaged")
    assert (here / "packaged" / "LICENSE").read_text("utf-8") == (ROOT / "LICENSE").read_text("utf-8")
    scl("ports")
