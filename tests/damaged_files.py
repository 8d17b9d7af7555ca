"""Every prefix and random mutations of the files that make a run, a bundle and a capture: read, or refused by name.

    python tests/damaged_files.py FOLDER FILE... [--every BYTES] [--mutations COUNT] [--case ID]

A case's id is `prefix-BYTES` or `mutation-SEED`; with `--case` that one alone is run. It is also in FOLDER/case while
it runs, for one that ends the program. Where a file's hash is named by another, it is named anew, so that what reads
the file meets the damage. Prints for each file how many cases were read and refused, the seconds of CPU that the
slowest took, and the gigabytes that the program had at its peak.
"""

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

if (
    __name__ == "__main__"
):  # tests has folders named like the product's, and some library installs a package of its name
    sys.path[0] = str(Path(__file__).parents[1])
    sys.modules["tests"] = ModuleType("tests")
    sys.modules["tests"].__path__ = [str(Path(__file__).parent)]

import numpy as np

from scl.artifacts import InputError, sha256_file, write_artifact, write_npz
from scl.artifacts.architecture import Architecture
from scl.artifacts.bundle import MANIFEST, hashes, read_bundle, read_run_bundle, write_manifest
from scl.artifacts.calibration import AccelerometerFigures, HeldOut, PartCalibration, UnitCalibration
from scl.artifacts.capture import Capture, read_capture, write_capture
from scl.artifacts.golden import read_golden
from scl.artifacts.ranges import Ranges, read_ranges
from scl.artifacts.run import WindowInfo, run_hash
from scl.partition import Partition
from tests.bundles import write_bundle
from tests.manifests import network_manifest
from tests.run_info import run_info

FIXTURE = Path(__file__).parent / "firmware" / "fixture_model"


@dataclass(frozen=True)
class Damaged:
    """A file, what a command does with it, and the file that names its hash, if one does."""

    path: Path
    read: Callable[[], object]
    named_in: Path | None = None


def bundle(folder: Path, name: str) -> Damaged:
    """A file of a bundle of one window, whose C is the fixture's, as validate, package and the build read it."""
    from export.package import described
    from firmware_host.calibration_file import nominal
    from scl.model_source import c_folder

    path = write_bundle(folder / "bundle")
    manifest = read_run_bundle(path).manifest
    (path / MANIFEST).unlink()
    (path / "c").mkdir()
    for file in ("model_data.c", "model_data.h"):
        (path / "c" / file).write_bytes((FIXTURE / file).read_bytes())
    pairs, sizes = (3, 1), (manifest.frontend.raw_samples, len(manifest.window.channels))
    write_npz(
        path / "golden.npz", counts=np.zeros((*pairs, *sizes), np.int16), features=np.zeros((*pairs, 5), np.int8),
        logits=np.zeros((*pairs, 3), np.int8), input_crc32=np.zeros(pairs, np.uint32), flags=np.zeros(pairs, np.uint8),
        rotation=np.tile(np.eye(3), (*pairs, 1, 1)),
    )  # fmt: skip
    write_npz(path / "evaluation.npz", labels=np.zeros(pairs, np.int64), groups=np.zeros(1, np.int64))
    write_artifact(path / MANIFEST, type(manifest)(**vars(manifest) | {"files": hashes(path)}))

    if name.startswith("c/"):
        return Damaged(path / name, lambda: c_folder(read_run_bundle(path)), path / MANIFEST)

    def read() -> None:
        held = read_run_bundle(path)
        assert read_golden(held).limited(2).predictions.shape[0] == len(held.manifest.transforms)
        nominal(held)
        described(held.manifest, "zephyr")

    return Damaged(path / name, read, None if name == MANIFEST else path / MANIFEST)


def run(folder: Path, name: str) -> Damaged:
    """A file of a run, as calibration and export read it."""
    import torch

    from train.model.encoder import Classifier
    from train.run.folder import load_run, write_run

    partition, architecture = Partition(2, 1, 1), Architecture((4, 2), (2, 2), 3)
    model = Classifier(architecture, partition, channels=3, samples=20, classes=2, std=torch.ones(3))
    info = run_info(architecture, partition, WindowInfo(20, 10.0, ("x", "y", "z"), ("m/s^2",) * 3), ("a", "b"))
    write_run(folder, info, model)
    ranges = {"input": (-1.0, 2.0), "logits": (0.0, 1.5)}
    write_artifact(folder / "ranges.json", Ranges(run_hash(folder), "range", 1, 1, "rotation", 0, (1,), ranges))
    read = {"ranges.json": read_ranges}.get(name, load_run)
    return Damaged(folder / name, lambda: read(folder), folder / "run.json" if name == "model.safetensors" else None)


def checkpoint(folder: Path, name: str) -> Damaged:
    """What an interrupted run goes on from."""
    import torch

    from train.run.checkpoint import Checkpoint

    model = torch.nn.Linear(3, 2)
    optimizer = torch.optim.AdamW(model.parameters())
    model(torch.ones(1, 3)).sum().backward()  # type: ignore[no-untyped-call]
    optimizer.step()
    made = Checkpoint(folder, model, optimizer, {"windows": torch.Generator()})
    made.save(3)
    return Damaged(folder / name, made.load)


def log(folder: Path, name: str) -> Damaged:
    """The figures of its epochs."""
    from train.run.log import read_log

    (folder / name).write_text('{"epoch": 1, "loss": 0.5}\n{"epoch": 2, "loss": 0.25, "val_accuracy": null}\n')
    return Damaged(folder / name, lambda: read_log(folder / name))


def network(folder: Path, name: str) -> Damaged:
    """The manifest of a network from a file."""
    (folder / "model.tflite").write_bytes(b"x")
    write_manifest(folder, network_manifest(folder))
    return Damaged(folder / name, lambda: read_bundle(folder))


def calibration(folder: Path, name: str) -> Damaged:
    """One unit's calibration, for the sensor of the bundle."""
    from firmware_host.calibration_file import read_calibration

    held = read_run_bundle(write_bundle(folder / "bundle"))
    eye = ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
    parts = tuple(PartCalibration(part.kind, (0.1, 0.0, -0.2), eye) for part in held.manifest.frontend.sensor.parts)
    scale, angles = ((1.0, 1.0, 1.0), (0.01, 0.01, 0.01)), ((0.1, 0.0, -0.1), (0.2, 0.2, 0.2))
    figures = AccelerometerFigures("still", 20, *scale, *angles, True, 2.5, HeldOut(14.0, 2.5))
    unit = UnitCalibration("bmi270", parts, figures, "ab" * 32)
    write_artifact(folder / name, unit)
    return Damaged(folder / name, lambda: read_calibration(folder / name, held))


def capture(folder: Path, name: str) -> Damaged:
    """A recording of counts."""
    counts = np.arange(-12, 12, dtype=np.int16).reshape(8, 3) * 1000
    columns = {"position": ("+x", "-z") * 4, "label": ("still", "to walk") * 4}
    write_capture(folder / name, Capture("bmi270", 100.0, ("ax", "ay", "az"), counts, **columns, dropped=3))
    return Damaged(folder / name, lambda: read_capture(folder / name))


def sensor(folder: Path, name: str) -> Damaged:
    """A sensor file."""
    from scl.frontend.sensor import FOLDER, load_sensor

    (folder / name).write_bytes((FOLDER / "bmi270.toml").read_bytes())
    return Damaged(folder / name, lambda: load_sensor(folder / name))


def options(folder: Path, name: str) -> Damaged:
    """A file of options, read as a sweep's: what options mean is not looked at before a run."""
    from train.run.sweep_file import read

    (folder / name).write_text(
        'command = "train.imu"\nout = "x"\n[grid]\nbeta = [1.0, 2e-3]\nseed = [0, 0x10]\n'
        "[random]\ntrials = 2\neps = {low = 0.1, high = 1, log = true}\n"
    )
    return Damaged(folder / name, lambda: read(folder / name))


FILES: dict[str, Callable[[Path, str], Damaged]] = {
    **dict.fromkeys((MANIFEST, "golden.npz", "evaluation.npz", "c/model_data.c", "c/model_data.h"), bundle),
    **dict.fromkeys(("run.json", "model.safetensors", "ranges.json"), run),
    "checkpoint.safetensors": checkpoint,
    "metrics.jsonl": log,
    "network/manifest.json": network,
    "calibration.json": calibration,
    "walk.csv": capture,
    "sensor.toml": sensor,
    "options.toml": options,
}
INTERESTING = (
    b"\0",
    b"\xff" * 8,
    b"-1",
    b"1e999",
    b"9" * 40,
    b"NaN",
    b"null",
    b"[" * 300,
    b'"',
    b"\n",
    b"{}",
    b"../x",
    b"\xef\xbb\xbf",
)


def cases(data: bytes, every: int, count: int) -> Iterator[str]:
    """Ids: each `every`-th prefix, and `count` mutations."""
    yield from (f"prefix-{length}" for length in range(0, len(data), every))
    yield from (f"mutation-{seed}" for seed in range(count))


def damaged(data: bytes, case: str) -> bytes:
    """What a case makes of a file's bytes: a prefix, or one to four places changed, taken out, doubled or put in."""
    kind, _, number = case.partition("-")
    if kind == "prefix":
        return data[: int(number)]
    draw, changed = random.Random(int(number)), bytearray(data)
    for _ in range(draw.randint(1, 4)):
        at, length = draw.randrange(len(changed) + 1), draw.choice((1, 1, 1, 4, 40))
        span = bytes(changed[at : at + length])
        flipped = bytes([span[0] ^ 1 << draw.randrange(8)]) + span[1:] if span else b""
        changed[at : at + length] = draw.choice(
            (flipped, flipped, draw.randbytes(len(span)), b"", span + span, draw.choice(INTERESTING))
        )
    return bytes(changed)


def tried(file: Damaged, whole: bytes, case: str) -> bool:
    """Whether what a case makes of the file is read; False if it is refused. Anything else is raised."""
    data = damaged(whole, case)
    file.path.write_bytes(data)
    if file.named_in is not None:
        listing = file.named_in.read_text()
        file.path.write_bytes(whole)
        before = sha256_file(file.path)
        file.path.write_bytes(data)
        assert before in listing
        file.named_in.write_text(listing.replace(before, sha256_file(file.path)))
    try:
        file.read()
    except InputError as error:
        assert len(str(error)) < 2000, f"{len(str(error))} characters: {error}"
        return False
    else:
        return True
    finally:
        if file.named_in is not None:
            file.named_in.write_text(listing)


def peak_gigabytes() -> float:
    """Of this program alone: getrusage would count what its parent had, too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("VmHWM:"))) / 2**20


def run_cases(name: str, folder: Path, every: int, count: int, only: str | None) -> None:
    """Prints what became of a file's cases. An exception that is no refusal ends them, with the case in the message."""
    folder.mkdir(parents=True)
    file = FILES[name](folder, name.removeprefix("network/"))
    whole, slowest, counts = file.path.read_bytes(), 0.0, [0, 0]
    file.read()
    for case in [only] if only else cases(whole, every, count):
        (folder / "case").write_text(case)
        start = time.process_time()
        try:
            counts[tried(file, whole, case)] += 1
        except BaseException as error:
            error.add_note(f"again: python tests/damaged_files.py FOLDER {name} --case {case}")
            raise
        slowest = max(slowest, time.process_time() - start)
    print(name, counts[1], counts[0], f"{slowest:.3f}", f"{peak_gigabytes():.3f}", flush=True)


def main(argv: Sequence[str]) -> None:
    parser = argparse.ArgumentParser(prog="python tests/damaged_files.py", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("files", nargs="+", choices=FILES)
    parser.add_argument("--every", type=int, default=1)
    parser.add_argument("--mutations", type=int, default=2000)
    parser.add_argument("--case")
    given = parser.parse_args(argv)
    for index, name in enumerate(given.files):
        run_cases(name, given.folder / f"{index}", given.every, given.mutations, given.case)


if __name__ == "__main__":
    main(sys.argv[1:])
