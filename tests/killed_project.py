"""A small project in which every command has run, and what its artefacts say: for tests that kill the commands."""

import hashlib
import json
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from firmware_host.validation import Validation
from scl.artifacts import read_artifact
from scl.artifacts.bundle import read_run_bundle
from scl.artifacts.export_report import read_report
from scl.artifacts.golden import read_golden
from scl.artifacts.ranges import read_ranges
from tests.file_faults import COUNT, Fault
from tests.tiny_wisdm import write_archive
from tests.warm import Ended, Warm
from train.run.folder import load_run
from train.run.working_folder import WorkingFolder

PRELOAD = (
    "torch", "calibration.ranges", "export.package", "export.recording", "firmware_host.validate",
    "firmware_host.validation_page", "jinja2", "rich.table", "safetensors.torch",
    "tensorboard.summary.writer.record_writer",
    "train.imu", "train.data.watch", "train.data.wisdm", "train.run.evaluate", "train.run.event_file",
    "train.run.session", "train.run.summary", "train.run.task",
)  # fmt: skip
DATA = ("--data", "wisdm-dataset.zip")
TRAINING = ("--epochs", "2", "--batch-size", "16", "--draws", "1", "--force")
# By name: the module, what it writes, its arguments for the artefact that was there, those for the new one.
COMMANDS = {
    "train": ("train.imu", "runs/a", ("--seed", "0"), ("--seed", "1")),
    "ranges": ("calibration.ranges", "runs/a/ranges.json", ("--seed", "0"), ("--seed", "1")),
    "export": ("export.quantize", "bundles/a", ("--windows", "8"), ("--windows", "6")),
    "package": ("export.package", "packages/a", ("--for", "cmake"), ("--for", "arduino")),
    "recording": ("export.recording", "walk.csv", ("--seconds", "3"), ("--seconds", "2")),
    "validate": ("firmware_host.validate", "reports/a", ("--limit", "3"), ("--limit", "2")),
}
FIXED = {
    "train": (*DATA, *TRAINING, "--out", "runs/a"),
    "ranges": ("runs/a", *DATA),
    "export": ("runs/a", *DATA, "--max-loss", "100", "--out", "bundles/a"),
    "package": ("bundles/a", "--out", "packages/a"),
    "recording": ("runs/a", *DATA, "--out", "walk.csv"),
    "validate": ("bundles/a", "--port", "native", "--out", "reports/a"),
}


@dataclass
class Project:
    """A folder in which every command has run once, and what each makes when nothing happens to it.

    Attributes:
        former, new: what `identity` says of either artefact, by command.
        left: what lies in the new one and beside it.
        seconds: that the command takes.
    """

    warm: Warm
    folder: Path
    former: dict[str, str] = field(default_factory=dict)
    new: dict[str, str] = field(default_factory=dict)
    left: dict[str, list[str]] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def run(
        self, name: str, place: Path, which: int, after_s: float | None = None, fault: Fault | None = None
    ) -> Ended:
        """Runs a command for the former (0) or the new (1) artefact; training goes on where it can."""
        module, _, *more = COMMANDS[name]
        resume = ("--resume",) if name == "train" and WorkingFolder(place / "runs/a").interrupted else ()
        return self.warm.run(
            module, *FIXED[name], *more[which], *resume, cwd=place, after_s=after_s, fault=fault
        )  # fmt: skip

    def operations(self, name: str, place: Path, kind: str = COUNT) -> int:
        """How many file operations a command has, run in a copy of the project; COPY: see `Fault`."""
        lines = place.with_name(f"{place.name} at")
        ended = self.run(name, self.copy(place), 1, fault=Fault(str(place), kind, lines=str(lines)))
        assert ended.status == 0, ended.output
        return len(lines.read_text().splitlines())

    def copy(self, place: Path) -> Path:
        return shutil.copytree(self.folder, place)

    def prepare(self, names: tuple[str, ...]) -> None:
        """Runs the commands for the former artefacts, then in a copy for the new ones."""
        for name in names:
            ended = self.run(name, self.folder, 0)
            assert ended.status == 0, ended.output
            self.former[name] = identity(name, self.folder)
        for name in names:
            place = self.copy(self.folder.with_name(f"new {name}"))
            ended = self.run(name, place, 1)
            assert ended.status == 0, ended.output
            self.new[name], self.left[name] = identity(name, place), neighbours(name, place)
            self.seconds[name] = ended.seconds
            assert self.new[name] != self.former[name]

    def check(self, name: str, place: Path) -> str:
        """Raises an exception unless the former or the new artefact is there, whole; returns which."""
        return {self.former[name]: "former", self.new[name]: "new"}[identity(name, place)]

    def go_on(self, name: str, place: Path) -> None:
        """The next command works, makes the new artefact, and leaves nothing else."""
        again = self.run(name, place, 1)
        assert again.status == 0, again.output
        assert self.check(name, place) == "new"
        assert neighbours(name, place) == self.left[name], again.output


def neighbours(name: str, place: Path) -> list[str]:
    """What lies in the artefact and beside it."""
    out = place / COMMANDS[name][1]
    below = out.rglob("*") if out.is_dir() else ()
    return sorted(
        [path.name for path in out.parent.iterdir()] + [path.name for path in below if "events" not in path.name]
    )


def identity(name: str, place: Path) -> str:
    """A hash of what the artefact says, without times. Raises an exception unless it is whole and readable."""
    out = place / COMMANDS[name][1]
    said: list[object]
    if name == "train":
        said = [load_run(out).info.weights_sha256, json.loads((out / "metrics.json").read_text())]
        said.append((out / "metrics.jsonl").read_text())
    elif name == "ranges":
        said = [read_ranges(out.parent)]
    elif name == "export":
        bundle = read_run_bundle(out)
        read_report(bundle)
        read_golden(bundle)
        said = [file for path, file in bundle.manifest.files.items() if not path.startswith("export_report.")]
    elif name == "validate":
        validation = read_artifact(out / "validation.json", Validation)
        rows = (out / "windows.csv").read_text().splitlines()
        assert "</html>" in (out / "validation.html").read_text() and len(rows) == validation.sent + 1
        said = [validation.windows, validation.verdict]
    else:
        files = sorted(path for path in out.rglob("*") if path.is_file()) if out.is_dir() else [out]
        assert name != "package" or json.loads((out / "scl_package.json").read_text())["kind"] == "package"
        said = [[str(path.relative_to(place)), path.read_bytes().hex()] for path in files]
    return hashlib.sha256(repr(said).encode()).hexdigest()


def make_project(folder: Path, preload: tuple[str, ...], names: tuple[str, ...]) -> Iterator[Project]:
    (folder / "former").mkdir()
    (folder / "tmp").mkdir()
    write_archive(folder / "former" / "wisdm-dataset.zip")
    warm = Warm(preload, {"SCL_CACHE_DIR": str(folder / "cache"), "TMPDIR": str(folder / "tmp")})
    project = Project(warm, folder / "former")
    project.prepare(names)
    yield project
    warm.close()
