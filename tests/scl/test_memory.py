"""What memory the boards have, as their board.mk says, and what is said where it is too little."""

from scl.machines import MACHINES
from scl.memory import memory, overflows
from scl.toolchain import FIRMWARE
from tests.firmware import boards_page


def test_the_page_lists_every_board_with_its_memory():
    """The table of firmware/boards/README.md; HELLO's ticks are compared with it in tests/firmware/test_boards.py."""
    table = boards_page.table()
    assert sorted(table) == sorted(("native", *MACHINES))
    assert {board: memory(FIRMWARE, board) for board in table} == {board: row.memory for board, row in table.items()}


def test_this_computer_sets_no_memory():
    assert memory(FIRMWARE, "native") == {}


def test_sizes_in_bytes_and_megabytes(tmp_path):
    folder = tmp_path / "boards" / "own"
    folder.mkdir(parents=True)
    text = "CORE := -mcpu=cortex-m4\nFLASH := 0x00000000 2M\nRAM := 0x20000000  65536 # all\n"
    (folder / "board.mk").write_text(text)
    assert memory(tmp_path, "own") == {"FLASH": 2 << 20, "RAM": 65536}
    said = "ld: region `FLASH' overflowed by 10 bytes\nld: region `RAM' overflowed by 4464 bytes\n"
    flash, ram = overflows(tmp_path, "own", said)
    assert flash.startswith("own has 2,097,152 bytes of FLASH, this model needs 2,097,162: fewer channels or shorter")
    assert ram.startswith("own has 65,536 bytes of RAM, this model needs 70,000: a shorter window, a larger stride or")


def test_other_errors_of_the_linker_are_none_of_memory():
    assert overflows(FIRMWARE, "mps2-an386", "undefined reference to `scl_conv'") == []
