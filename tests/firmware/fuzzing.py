"""Builds fuzz_link.c around a model, with clang's libFuzzer and sanitizers, and says how it is run."""

import importlib.util
import subprocess
from pathlib import Path

from scl import toolchain
from tests.firmware import beat_model, streaming_model
from tests.firmware.fuzz_corpus import CORPUS

HERE = Path(__file__).parent
FIXTURE = HERE / "fixture_model"
MODELS = ("imu", "ecg", "streaming", "beats")
FLAGS = ("-std=c99", "-g", "-O1", "-fno-math-errno", "-fsanitize=fuzzer,address,undefined", "-fno-sanitize-recover=all")
INCLUDES = tuple(f"-I{path}" for path in (*(toolchain.FIRMWARE / "src" / room for room in toolchain.ROOMS), HERE))
SOURCES = tuple(path for path in toolchain.sources(*toolchain.ROOMS) if path.name != "main.c")
LONGEST = 4096  # bytes of an input
INPUT_S = 10  # one that takes longer is a finding
MEMORY_MB = 512  # so is one that takes more


def write_model(name: str, folder: Path) -> None:
    """The C of one of MODELS: the fixture model, that one behind an ECG's front end, one that keeps columns, and one of
    heartbeats.
    """
    if name == "streaming":
        streaming_model.write(folder)
    elif name == "beats":
        beat_model.BeatModel.of(beat_model.recording(0.3), "both").write(folder)
    elif name == "ecg":
        spec = importlib.util.spec_from_file_location("make_ecg_model", FIXTURE / "make_ecg_model.py")
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        module.write(folder)
    else:
        for file in toolchain.MODEL_FILES:
            (folder / file).write_bytes((FIXTURE / file).read_bytes())


def build(name: str, folder: Path, sources: tuple[Path, ...] = SOURCES) -> Path:
    """`folder`/fuzz_link around one of MODELS, whose C goes there, too. CalledProcessError if it cannot be built."""
    write_model(name, folder)
    tests = [HERE / "fuzz_board.c", HERE / "fuzz_link.c", folder / "model_data.c"]
    program = folder / "fuzz_link"
    subprocess.run(["clang", *FLAGS, *INCLUDES, f"-I{folder}", *sources, *tests, "-o", program], check=True)
    return program


def command(program: Path, *limits: str) -> list[str | Path]:
    """Fuzzes from the corpus; what is found and an input that fails are written beside the program."""
    found = program.parent / "found"
    found.mkdir(exist_ok=True)
    settings = [f"-max_len={LONGEST}", f"-timeout={INPUT_S}", f"-artifact_prefix={program.parent}/", *limits]
    # libFuzzer's own limit goes by the peak of the process before exec, which is the test run's.
    memory = ("env", f"ASAN_OPTIONS=hard_rss_limit_mb={MEMORY_MB}")
    return [*memory, program, found, CORPUS, "-rss_limit_mb=0", *settings]
