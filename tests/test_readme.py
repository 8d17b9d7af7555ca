"""The commands of README and docs exist and take the options they are given, and what a page names is where it says;
test_pipeline.py runs the main job in miniature.
"""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
FOLDERS = "docs|firmware|firmware_host|calibration|export|train|scl|tests|benchmarks"
SHELL_PAGES = [README, *((ROOT / "docs" / f"{name}.md").read_text("utf-8") for name in ("COMMANDS", "COST", "BOARDS"))]
SHELL_BLOCKS = [block for page in SHELL_PAGES for block in re.findall(r"```sh\n(.*?)```", page, re.DOTALL)]
LINES = [line for block in SHELL_BLOCKS for line in block.replace("\\\n", " ").splitlines() if line.strip()]
COMMANDS = [shlex.split(line, comments=True) for line in LINES]
MODULES = sorted({tuple(c) for c in COMMANDS if c[:2] == ["python", "-m"]})
TARGETS = sorted({c[1] for c in COMMANDS if c[0] == "make" and "-C" not in c})


def test_readme_names_the_main_commands() -> None:
    modules = {command[2] for command in MODULES}
    assert {"train.imu", "calibration.ranges", "export.quantize", "firmware_host.validate"} <= modules
    assert {"demo", "test"} <= set(TARGETS)


@pytest.mark.parametrize("command", MODULES, ids=" ".join)
def test_module_command_is_known_to_help(command: tuple[str, ...]) -> None:
    module, arguments = command[2], list(command[3:])
    subcommand = [a for a in arguments[:1] if re.fullmatch(r"[a-z-]+", a) and module == "calibration.sensor"]
    done = subprocess.run(
        [sys.executable, "-m", module, *subcommand, "--help"], cwd=ROOT, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    for option in (a.split("=")[0] for a in arguments if a.startswith("--")):
        assert re.search(rf"{option}\b", done.stdout), f"{module} --help does not name {option}"


@pytest.mark.parametrize("target", TARGETS)
def test_make_target_is_listed(target: str) -> None:
    done = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert re.search(rf"^\s+{target}\s", done.stdout, re.MULTILINE), f"make help does not list {target}"


def test_the_method_alone_runs() -> None:
    import torch

    (block,) = re.findall(r"```python\n(.*?)```", "".join(SHELL_PAGES), re.DOTALL)
    names = {"z": torch.randn(8, 128), "z_t": torch.randn(8, 128), "task": torch.tensor(1.0)}
    exec(block, names)
    assert torch.isfinite(names["loss"]) and names["loss"] > 1


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_paths_named_in_a_page_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path in re.findall(rf"`((?:{FOLDERS})/[\w./-]*)`", text):
        assert (ROOT / path).exists(), f"{page.name} names {path}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_of_a_page_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\((?!https?:)([^)#\s]+)", page.read_text(encoding="utf-8")):
        assert (page.parent / link).exists(), f"{page.name} links to {link}, which is not there"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_modules_named_in_a_page_exist(page: Path) -> None:
    for name in re.findall(r"`((?:calibration|export|firmware_host|scl|train)(?:\.\w+)+)`", page.read_text("utf-8")):
        module = next((m for m in _shortened(name) if (ROOT / m).with_suffix(".py").exists()), None)
        assert module or (ROOT / name.replace(".", "/")).is_dir(), f"{page.name} names {name}, which is not there"


def _shortened(name: str) -> list[str]:
    """The paths that a dotted name may be in, with what it may name of a module left out."""
    parts = name.split(".")
    return ["/".join(parts[:count]) for count in range(len(parts), 1, -1)]
