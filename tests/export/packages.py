"""Packages in tests: made by the command, built by outside tools."""

import shutil
import subprocess
from contextlib import redirect_stdout
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

from export import package
from firmware_host import validate
from scl.artifacts import read_json
from scl.artifacts.bundle import read_run_bundle, write_manifest
from tests.documents import document, file

STUBS = Path(__file__).parent / "stubs"
CORE = ["-mcpu=cortex-m4", "-mthumb", "-mfpu=fpv4-sp-d16", "-mfloat-abi=hard"]


def made(bundle: Path, target: str, folder: Path) -> Path:
    with redirect_stdout(StringIO()) as printed:
        assert package.main([str(bundle), "--for", target, "--out", str(folder / target), "--json"]) == 0
    files = [path for path in (folder / target).rglob("*") if path.is_file()]
    assert document(printed.getvalue())["files"] == len(files)
    file(folder / target / "scl_package.json")
    return folder / target


def renamed(bundle: Path, folder: Path) -> Path:
    """A copy of a bundle, which names itself after its folder."""
    shutil.copytree(bundle, folder)
    (folder / "manifest.json").unlink()
    write_manifest(folder, replace(read_run_bundle(bundle).manifest, name=folder.name))
    return folder


def run(*command: str | Path) -> str:
    done = tried(*command)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


def tried(*command: str | Path) -> subprocess.CompletedProcess[str]:
    parts = [str(part) for part in command]
    return subprocess.run(parts, capture_output=True, text=True, check=False, timeout=120)


def validated(program: Path, bundle: Path, folder: Path) -> dict[str, Any]:
    """The report on a program that prints the port on which it waits for one client."""
    with subprocess.Popen([program], stdout=subprocess.PIPE, text=True) as process:
        try:
            port = f"socket://127.0.0.1:{process.stdout.readline().strip()}"
            assert validate.main([str(bundle), "--port", port, "--out", str(folder / "report")]) == 0
        finally:
            process.kill()
    return read_json(folder / "report" / "validation.json", "validation", 7)
