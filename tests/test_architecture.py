"""The import rules of the architecture, read from the source and tried in a fresh interpreter."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
HOST_COMMANDS = ("validate", "report", "monitor", "stream", "capture", "ports", "probe", "replay")
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
# What each folder of a package may import of its package, besides itself: folders, modules, or single names of them.
# No folder imports a command but where it says so.
ROOMS = {
    # A bundle's manifest holds the front end's own description, and the front end reads the fields of a run.
    "scl.artifacts": {
        "scl.frontend",
        "scl.partition",
        "scl.decision",
        "scl.belief",
        "scl.text",
        "scl.extras",
        "scl.robustness",
        "scl.ec57",
        "scl.lazy",
        "scl.__version__",
    },
    "scl.frontend": {"scl.artifacts"},
    # Figures of beats, from arrays.
    "scl.ec57": {"scl.robustness"},
    # Pages show what the reports hold.
    "scl.pages": {"scl.artifacts", "scl.ec57", "scl.robustness", "scl.text", "scl.extras"},
    "train.data": {"train.transformations"},
    "train.transformations": {"train.transformations.nuisances"},
    "train.transformations.nuisances": set(),
    # Blocks mix windows behind the normalization, and see the whole batch under torchrun.
    "train.model": {"train.augment.cutmix", "train.run.parallel"},
    # Options of a run; SCL's own experimental options (negatives, schedules) are asked from its method.
    "train.methods": {
        "train.run.config",
        "train.run.parallel",
        "train.experimental.negatives",
        "train.experimental.schedules",
    },
    "train.augment": set(),
    # Experiments take the place of parts of a run, so they and the loop that offers those places know each other.
    "train.experimental": {
        "train.data",
        "train.transformations",
        "train.model",
        "train.methods",
        "train.augment",
        "train.run",
    },
    "train.run": {
        "train.data",
        "train.transformations",
        "train.model",
        "train.methods",
        "train.augment",
        "train.experimental",
    },
    "export.network": set(),
    # The error of a failed export is defined where most of them are raised.
    "export.writers": {"export.network", "export.proof.gates.ExportError"},
    # A bundle's layers are compared on the emulated core that counts instructions, and the report names its board.
    "export.proof": {"export.network", "export.cost.instructions"},
    "export.cost": {"export.network", "export.proof.gates.ExportError"},
    "export.golden": {"export.proof.runtimes"},
    "export.recorded": set(),
    # It drives boards as the commands do, and what it plays is checked as a stream is.
    "firmware_host.monitoring": {
        "firmware_host.beat_lines",
        "firmware_host.beats.BeatRecord",
        "firmware_host.board.Board",
        "firmware_host.calibration_file",
        "firmware_host.flight.Flight",
        "firmware_host.hello.NO_DEVICE",
        "firmware_host.link",
        "firmware_host.messages",
        "firmware_host.model",
        "firmware_host.own_beats",
        "firmware_host.own_sensor",
        "firmware_host.playing",
        "firmware_host.playing_beats",
        "firmware_host.port_errors",
        "firmware_host.stream.check_record",
    },
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


def imported_in_full(path: Path) -> set[str]:
    """Dotted names of what a file imports when it runs; imports for the type checker alone do not count."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    typing_only = [node for node in ast.walk(tree) if isinstance(node, ast.If) and "TYPE_CHECKING" in _names(node.test)]
    left_out = {id(node) for block in typing_only for statement in block.body for node in ast.walk(statement)}
    names = set()
    for node in ast.walk(tree):
        if id(node) in left_out:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.module and not node.level, f"{path.relative_to(ROOT)}: a relative import"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def _names(test: ast.expr) -> set[str]:
    return {node.id for node in ast.walk(test) if isinstance(node, ast.Name)}


def test_every_folder_of_a_package_has_its_rule() -> None:
    folders = {".".join(path.parent.relative_to(ROOT).parts) for p in OURS for path in (ROOT / p).rglob("*.py")}
    assert folders - OURS == set(ROOMS)


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_rooms_import_one_way(room: str) -> None:
    package = room.split(".")[0]
    allowed = ROOMS[room] | {room}
    for path in sorted((ROOT / room.replace(".", "/")).rglob("*.py")):
        names = {name for name in imported_in_full(path) if name.split(".")[0] == package}
        wrong = {name for name in names if not any(f"{name}.".startswith(f"{one}.") for one in allowed)}
        assert not wrong, f"{path.relative_to(ROOT)} imports {sorted(wrong)}"


@pytest.mark.parametrize("room", sorted(ROOMS))
def test_no_rule_is_looser_than_the_code(room: str) -> None:
    files = sorted((ROOT / room.replace(".", "/")).rglob("*.py"))
    names = {f"{name}." for path in files for name in imported_in_full(path)}
    idle = {one for one in ROOMS[room] if not any(name.startswith(f"{one}.") for name in names)}
    assert not idle, f"{room} may import {sorted(idle)}, and does not: leave it out of ROOMS"


HEAVY = ("torch", "tensorflow", "onnx")


@pytest.mark.parametrize(
    ("modules", "absent"),
    [
        ("scl, scl.partition, scl.transforms, scl.metrics, scl.artifacts", HEAVY),
        ("scl.artifacts.bundle, scl.artifacts.run, scl.frontend.chain, scl.frontend.counts", (*HEAVY, "scipy")),
        *((f"firmware_host.{command}", (*HEAVY, "scipy")) for command in HOST_COMMANDS),
        ("train.imu, train.ecg, calibration.ranges, calibration.sensor, export.quantize", HEAVY),
    ],
)
def test_commands_start_without_the_heavy_libraries(modules: str, absent: tuple[str, ...]) -> None:
    code = f"import sys, {modules}; print([m for m in {absent!r} if m in sys.modules])"
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


def test_no_onnx_file_is_opened() -> None:
    """One may name other files for its weights, anywhere. ONNX Runtime gets the bytes that were just written, or those
    of a file that was read here before, which names no others.
    """
    for package in OURS:
        for path in (ROOT / package).rglob("*.py"):
            text = path.read_text(encoding="utf-8")
            assert not re.search(r"\bonnx\.(load|load_model|external_data_helper)\b|\bload_from_", text), path
            found = re.findall(r"InferenceSession\((\w+)", text)
            assert found == (["onnx", "onnx"] if path == ROOT / "export" / "proof" / "runtimes.py" else []), path
