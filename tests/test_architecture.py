"""The import rules of the architecture, read from the source and tried in a fresh interpreter."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
RAY = "from ray.util.joblib import register_ray"
OURS = {"scl", "train", "calibration", "export", "firmware_host"}
MAY_IMPORT = {
    "scl": set(),
    "train": {"scl"},
    "calibration": {"scl", "train"},
    "export": {"scl", "calibration", "train"},
    "firmware_host": {"scl"},
}
NEVER = {
    "train": {"tensorflow"},
    "calibration": {"tensorflow"},
    "firmware_host": {"torch", "tensorflow", "scipy"},
}


def imported(path: Path) -> set[str]:
    """Top-level names of every import in a file, wherever it stands."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.split(".")[0])
    return names


@pytest.mark.parametrize("package", sorted(OURS))
def test_imports_go_one_way(package: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for path in files:
        names = imported(path)
        wrong = (names & OURS) - MAY_IMPORT[package] - {package} | names & NEVER.get(package, set())
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


@pytest.mark.parametrize(
    "modules",
    [
        "scl.partition, scl.transforms, scl.metrics, scl.artifacts",
        "firmware_host.validate, firmware_host.stream, firmware_host.ports, firmware_host.capture",
        "train.imu, calibration.ranges, calibration.sensor, export.quantize",
    ],
)
def test_commands_start_without_the_heavy_libraries(modules: str) -> None:
    code = f"import sys, {modules}; print([m for m in ('torch', 'tensorflow', 'onnx') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip() == "[]", done.stdout + done.stderr


def test_nothing_unpickles_but_the_restricted_reader() -> None:
    for package in OURS:
        for path in (ROOT / package).rglob("*.py"):
            if path.name != "watch.py":
                assert not imported(path) & {"pickle", "cloudpickle", "dill"}, path
            # joblib starts processes here; its load() would read pickles.
            found = [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if "import" in line]
            allowed = "from joblib import Parallel, delayed, parallel_config"
            assert not [line for line in found if "joblib" in line and line not in (allowed, RAY)], path
            assert "allow_pickle=True" not in path.read_text(encoding="utf-8"), path
            assert "torch.load(" not in path.read_text(encoding="utf-8"), path
