"""A package of a model of heartbeats: a program around its library finds what the board finds."""

import re
import subprocess
from pathlib import Path

import pytest

from scl.artifacts.bundle import write_manifest
from tests.export.packages import made
from tests.firmware.beat_model import BeatModel, recording

PROGRAM = r"""
#include <scl/model.h>
#include <stdio.h>

static scl_model model;

int main(void)
{
    int16_t count;
    scl_model_init(&model);
    while (fread(&count, sizeof count, 1, stdin) == 1) {
        if (scl_model_push_sample(&model, &count)) {
            const scl_result result = scl_model_run(&model);
            const scl_beat *beat = scl_model_beat(&model);
            const scl_rhythm_figures *rhythm = scl_model_rhythm(&model);
            printf("%lu %u %u ", (unsigned long)scl_model_beat_sample(&model), beat->interval, result.class_index);
            printf("%u %u %u\n", rhythm->heart_rate, rhythm->rmssd, rhythm->runs);
        }
    }
    return 0;
}
"""


@pytest.mark.parametrize("target", ["cmake", "arduino", "zephyr"])
def test_a_program_finds_every_beat(board_tools, tmp_path, target):
    counts = recording(0.5)
    model = BeatModel.of(counts, "features")
    bundle = tmp_path / "bundle"
    (bundle / "c").mkdir(parents=True)
    model.write(bundle / "c")
    write_manifest(bundle, model.manifest(bundle))
    folder = made(bundle, target, tmp_path)
    readme = (folder / "README.md").read_text()
    assert "| heartbeats | found by the model; `scl_model_beat` has" in readme
    assert "| next class | with each beat, when the next one was measured" in readme
    (tmp_path / "main.c").write_text(PROGRAM)
    needed = sources(folder)
    flags = [
        "-std=c99",
        "-O2",
        "-Wall",
        "-Werror",
        "-ffp-contract=off",
        "-fno-math-errno",
        "-I",
        folder / "src",
        "-I",
        folder / "src" / "scl",
    ]
    subprocess.run(["gcc", *flags, tmp_path / "main.c", *needed, "-o", tmp_path / "program"], check=True)
    done = subprocess.run(
        [tmp_path / "program"], input=counts.astype("<i2").tobytes(), stdout=subprocess.PIPE, check=True
    )
    printed = [tuple(map(int, line.split())) for line in done.stdout.decode().splitlines()]
    expected = model.expected(counts)
    assert len(expected) > 20 and printed == [
        (each.sample, each.interval, each.predicted, each.rhythm.heart_rate, each.rhythm.rmssd, each.rhythm.runs)
        for each in expected
    ]


def sources(folder: Path) -> list[Path]:
    """Those of the model's library, as CMake's files list them; Arduino compiles all that there are."""
    flat = folder / "src" / "scl"
    for path in (folder / "CMakeLists.txt", folder / "zephyr" / "CMakeLists.txt"):
        if path.is_file():
            model = path.read_text().split("add_library(scl_link")[0].split("CONFIG_SCL_MODEL_LINK")[0]
            return [flat / name for name in re.findall(r"src/scl/(\w+\.c)", model)]
    outside = {
        "capture.c",
        "decide.c",
        "device.c",
        "kept_beats.c",
        "live.c",
        "main.c",
        "no_sensor.c",
        "own_sensor.c",
        "session.c",
    }
    return [path for path in sorted(flat.glob("*.c")) if path.name not in outside | {"link.c"}]
