"""The rooms of firmware/src: who may include whom, and names that stay apart in one flat folder."""

import re
from pathlib import Path

import pytest

from scl import toolchain

SOURCES = toolchain.FIRMWARE / "src"
MAY_INCLUDE = {
    "engine": {"engine"},
    "frontend": {"frontend", "engine"},
    "link": {"link"},
    "sensors": {"sensors"},
    "app": {"app", "link", "frontend", "engine"},
}
GENERATED = "model_data.h"  # the application's alone: engine and front end are compiled without a model


def includes(path: Path) -> list[str]:
    return re.findall(r'^#include "(.*)"$', path.read_text(), re.MULTILINE)


def test_these_are_all_rooms():
    assert {path.name for path in SOURCES.iterdir()} == set(toolchain.ROOMS) == set(MAY_INCLUDE)


def test_no_two_files_have_one_name():
    """A package holds all of them, the generated files and its own in one folder."""
    names = [path.name for path in (*SOURCES.glob("*/*"), *(toolchain.FIRMWARE / "boards").glob("*.c"))]
    names += toolchain.MODEL_FILES
    assert len(names) == len(set(names)) > 40


@pytest.mark.parametrize("room", toolchain.ROOMS)
def test_a_room_includes_those_below_it_only(room):
    rooms = {path.name: path.parent.name for path in SOURCES.glob("*/*.h")}
    files = sorted((SOURCES / room).iterdir())
    assert files
    for path in files:
        for name in includes(path):
            if name == GENERATED:
                assert room == "app", path
            else:
                assert rooms[name] in MAY_INCLUDE[room], f"{path.name} includes {name}"
