"""What memory the boards have, as their linker scripts say, and what is said where it is too little."""

import pytest

from scl.machines import MACHINES
from scl.memory import memory, overflows
from scl.toolchain import FIRMWARE


@pytest.mark.parametrize("board", MACHINES)
def test_every_emulated_board_has_a_wearable_s_memory(board):
    assert memory(FIRMWARE, board) == {"FLASH": 512 * 1024, "RAM": 128 * 1024}


def test_this_computer_has_no_linker_script():
    assert memory(FIRMWARE, "native") == {}


def test_sizes_in_bytes_and_megabytes(tmp_path):
    folder = tmp_path / "boards" / "own"
    folder.mkdir(parents=True)
    (folder / "board.mk").write_text("CORE := -mcpu=cortex-m4\nLINKER_SCRIPT := boards/own/board.ld\n")
    (folder / "board.ld").write_text(
        "MEMORY\n{\n  FLASH (rx) : ORIGIN = 0x00000000, LENGTH = 2M\n  RAM (rw) : ORIGIN = 0x20000000, LENGTH = 65536\n"
    )
    assert memory(tmp_path, "own") == {"FLASH": 2 << 20, "RAM": 65536}
    said = "ld: region `FLASH' overflowed by 10 bytes\nld: region `RAM' overflowed by 4464 bytes\n"
    flash, ram = overflows(tmp_path, "own", said)
    assert flash.startswith("own has 2,097,152 bytes of FLASH, this model needs 2,097,162: fewer channels or shorter")
    assert ram.startswith("own has 65,536 bytes of RAM, this model needs 70,000: a shorter window, a larger stride or")


def test_other_errors_of_the_linker_are_none_of_memory():
    assert overflows(FIRMWARE, "mps2-an386", "undefined reference to `scl_conv'") == []
