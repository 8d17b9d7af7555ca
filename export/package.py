"""Makes a source package of a bundle for a build system: kernels, model and link, an example, and a README."""

import argparse
import json
import math
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import distribution, metadata
from pathlib import Path
from string import Template

from export.package_file import PackageFacts, PackageFolder
from export.package_input import input_text
from export.package_sensor import LIVE, own_sensor
from scl import artifacts
from scl.answers import Answer
from scl.arguments import Parser
from scl.artifacts import command
from scl.artifacts.bundle import Bundle, read_bundle
from scl.artifacts.manifest import BundleManifest
from scl.machines import DEFAULT, FIRMWARE, settings
from scl.model_source import c_folder
from scl.text import markdown, say
from scl.toolchain import MODEL_FILES, ROOMS, headers, sources


@dataclass(frozen=True)
class Target:
    """A build system: templates in firmware/packages of its name, and what the command and README say of them."""

    port: str  # an example
    contents: tuple[tuple[str, str], ...]
    sources: str = "src/scl"  # as its build file names them
    also: tuple[tuple[str, str], ...] = ()  # templates from elsewhere in firmware/packages, and their places


HEADER = ("header.h", "src/$name.h")  # for build systems that find a library by its header
TARGETS = {
    "arduino": Target(
        "/dev/ttyACM0",
        (
            ("library.properties", "an Arduino library; its header is called as it is"),
            ("examples/link/link.ino", "a sketch that speaks the link over Serial"),
        ),
        also=(HEADER,),
    ),
    "cmake": Target(
        "socket://127.0.0.1:5555",
        (
            ("CMakeLists.txt", "libraries scl::model and scl::link, and an application of both"),
            ("cmake/mps2-an386.cmake", "toolchain file for the Cortex-M4F that QEMU emulates"),
        ),
    ),
    "esp-idf": Target(
        "/dev/ttyUSB0",
        (
            ("idf_component.yml", "a component for ESP-IDF"),
            ("examples/link/", "an application that speaks the link over UART0"),
        ),
    ),
    "platformio": Target(
        "/dev/ttyACM0",
        (
            ("library.json", "a PlatformIO library; its header is called as it is"),
            ("examples/link/", "a project that speaks the link over Arduino's Serial"),
        ),
        also=(
            HEADER,
            ("arduino/src/scl/serial_port.h", "src/scl/serial_port.h"),
            ("arduino/examples/link/link.ino", "examples/link/src/main.cpp"),
        ),
    ),
    "zephyr": Target(
        "/dev/ttyACM0",
        (
            ("zephyr/", "a module with CONFIG_SCL_MODEL and CONFIG_SCL_MODEL_LINK"),
            ("samples/link/", "an application that speaks the link over the console's UART"),
        ),
        sources="../src/scl",  # its build file lies in zephyr/
    ),
}
CONTENTS = (
    ("src/scl/model.h", "scl_model_init, scl_model_push_sample, scl_model_run"),
    ("README.md", "what the model takes and says, how to build, how to check the board"),
)
TEMPLATES = FIRMWARE / "packages"
DISTRIBUTION = "scl-wearable"
QUOTED = (".json", ".yml")  # templates whose values stand in quotes
MOST_NAME = 63  # characters that Arduino lets a library's name have
API = ("decision.c", "input.c", "model.c", "rhythm.c")  # the files of the application that the model's library has
NO_SENSOR = "boards/no_sensor.c"  # for examples; a program with a sensor of its own leaves it out
# Of the CMake package's application.
CORTEX_M = (
    *("startup.c", "port.c", "cmsdk_uart.c", "cmsdk_timer.c", "cortex_m.h", "uart.h", "timer.h"),
    *("board.ld", "sections.ld"),
)


def parser() -> argparse.ArgumentParser:
    """Flags of `python -m export.package`."""
    options = Parser(
        prog="python -m export.package",
        description=__doc__,
        figures=True,
        examples=("bundles/imu --for arduino --out packages/imu",),
    )
    options.add_argument("bundle", type=Path, metavar="BUNDLE", help="bundle folder (python -m export.quantize)")
    options.add_argument("--for", dest="target", choices=TARGETS, required=True, help="the build system")
    options.add_argument("--out", type=Path, required=True, metavar="FOLDER", help="package folder to write")
    return options


def main(argv: Sequence[str]) -> int:
    arguments = parser().parse_args(argv)
    with Answer(arguments.json) as answer:
        facts = package(read_bundle(arguments.bundle), arguments.target, arguments.out)
        sizes = [path.stat().st_size for path in arguments.out.rglob("*") if path.is_file()]
        answer.give(PackageFolder(str(arguments.out), facts, len(sizes), sum(sizes)))
        say(f"package for {arguments.target}: {arguments.out}, {len(sizes)} files, {sum(sizes):,} bytes")
        for name, what in (*TARGETS[arguments.target].contents, *CONTENTS):
            say(f"  {name:<26}{what}")
    return 0


def package(bundle: Bundle[BundleManifest], target: str, out: Path) -> PackageFacts:
    """Writes the package `out` for one of TARGETS; returns what its scl_package.json says.

    Raises InputError if `out` holds something else than such a package.
    """
    c_files, words = c_folder(bundle), described(bundle.manifest, target)
    with artifacts.folder(out, "package") as folder:
        flat = folder / "src" / "scl"
        flat.mkdir(parents=True)
        for path in (*headers(), *sources(*ROOMS), FIRMWARE / NO_SENSOR):
            shutil.copyfile(path, flat / path.name)
        for name in MODEL_FILES:
            shutil.copyfile(c_files / name, flat / name)
        (folder / "LICENSE").write_text(licence(), encoding="utf-8")
        templates = TEMPLATES / target
        for path in (path for path in sorted(templates.rglob("*")) if path.is_file() and path.name != "README.md"):
            _fill(path, folder / path.relative_to(templates), words)
        _fit_sensor(bundle.manifest, target, folder, words)
        for name, place in TARGETS[target].also:
            _fill(TEMPLATES / name, folder / Template(place).substitute(words), words)
        (folder / "README.md").write_text(readme(words, target), encoding="utf-8")
        if target == "cmake":
            (folder / "example" / "boards" / "cortex-m").mkdir(parents=True)
            for name in (f"boards/cortex-m/{name}" for name in CORTEX_M):
                shutil.copyfile(FIRMWARE / name, folder / "example" / name)
        facts = PackageFacts(words["name"], target, words["hash"])
        artifacts.write_artifact(folder / "scl_package.json", facts)
    return facts


def _fit_sensor(manifest: BundleManifest, target: str, folder: Path, words: dict[str, str]) -> None:
    """Gives the example with a sensor of the board's own its part, or takes it away where it is not for this sensor."""
    sensor = own_sensor(manifest)
    if target not in LIVE:
        return
    if not sensor.fits(target):
        shutil.rmtree(folder / LIVE[target])
    elif target == "arduino":
        _fill(TEMPLATES / "parts" / f"{sensor.driver}.h", folder / LIVE[target] / "part.h", words)
        if sensor.imu:
            _fill(TEMPLATES / "parts" / "wire_bus.h", folder / LIVE[target] / "wire_bus.h", words)


def licence() -> str:
    """The project's, as it was installed with it."""
    (path,) = [path for path in distribution(DISTRIBUTION).files or () if path.name == "LICENSE"]
    return path.read_text(encoding="utf-8")


def described(manifest: BundleManifest, target: str) -> dict[str, str]:
    """What the templates say, by the names that they use."""
    place, about, given = TARGETS[target].sources, metadata(DISTRIBUTION), input_text(manifest)
    logits = manifest.outputs.logits
    name = re.sub(r"\W", "_", f"scl_{manifest.name}", flags=re.ASCII)[:MOST_NAME]
    model = [*API, *(path.name for path in sources("engine", "frontend")), "model_data.c"]
    link = [path.name for path in sources("link", "sensors", "app") if path.name not in API]
    return {
        "name": name,
        "version": about["Version"],
        "authors": about["Author"],
        "url": about["Project-URL"].split(", ")[1],
        "bundle": manifest.name,
        "sentence": given.sentence,
        "hash": manifest.model_hash,
        "sensor": given.sensor,
        "input_table": given.table,
        "value": given.value,
        "values": given.values,
        "labels": answers_of(manifest),
        "outputs": f"`logits` of the result, int8: {logits.size} values, value = {logits.scale:.9g} x (q - "
        f"({logits.zero_point}))",
        "abstain": "with labels that may hold together, bit i is label i."
        if manifest.thresholds
        else "`SCL_ABSTAIN`: none.",
        "memory": f"{_model_bytes(manifest):,}",
        "port": TARGETS[target].port,
        **board_words(),
        **own_sensor(manifest).words(),
        "one_model": _filled(TEMPLATES / "one_model.cmake", {"name": name}).rstrip(),
        "model_sources": "\n  ".join(f"{place}/{name}" for name in model),
        "link_sources": "\n  ".join(f"{place}/{name}" for name in link),
    }


def _model_bytes(manifest: BundleManifest) -> int:
    """Of an scl_model: what the manifest counts, and the window's ring beside it; with heartbeats all is counted."""
    if manifest.frontend is not None and manifest.frontend.beats is not None:
        return manifest.cost.ram_bytes
    return manifest.cost.ram_bytes + math.prod(manifest.input.shape)


def answers_of(manifest: BundleManifest) -> str:
    """The classes by number and, where they have one, by name."""
    if not manifest.labels:
        return f"0 to {manifest.classes - 1}, without names"
    return ", ".join(f"{index} {label}" for index, label in enumerate(manifest.labels))


def board_words(board: str = DEFAULT) -> dict[str, str]:
    """Of a board, by default the one that the CMake package's application is for, what its board.mk sets: compiler
    flags, definitions and the linker's.
    """
    given = settings(FIRMWARE, board)
    regions = {name: given[name].split() for name in ("FLASH", "RAM")}
    symbols = [
        f"{name}_{part}={value}"
        for name in regions
        for part, value in zip(("START", "SIZE"), regions[name], strict=True)
    ]
    return {
        "board_core": given["CORE"],
        "board_definitions": " ".join(word.removeprefix("-D") for word in given["DEFINES"].split()),
        "board_memory": " ".join(f"-Wl,--defsym={symbol}" for symbol in symbols),
    }


def readme(words: dict[str, str], target: str) -> str:
    """README.md, in which the names that a bundle brings stand for themselves."""
    names = {name: markdown(words[name]) for name in ("bundle", "labels")}
    text = _filled(TEMPLATES / target / "README.md", words | names).rstrip()
    return _filled(TEMPLATES / "README.md", words | names | {"target_text": text})


def _filled(path: Path, words: dict[str, str]) -> str:
    if path.suffix in QUOTED:
        words = {name: json.dumps(word)[1:-1] for name, word in words.items()}
    return Template(path.read_text(encoding="utf-8")).substitute(words)


def _fill(path: Path, target: Path, words: dict[str, str]) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_filled(path, words), encoding="utf-8")


if __name__ == "__main__":
    command(main)
