"""RAM that a model takes: its front end has no more than it uses."""

import subprocess
from pathlib import Path

from export.cost import size

FIXTURE = Path(__file__).parent / "fixture_model"
ARENA_BYTES = 340


def bss(elf: Path) -> int:
    table = subprocess.run(["arm-none-eabi-size", elf], check=True, capture_output=True, text=True).stdout
    return int(table.splitlines()[1].split()[2])


def test_the_delay_line_is_as_long_as_the_filter(board_tools, ecg, ecg_folder, make_firmware, tmp_path):
    """As the exporter measures it, and in the firmware; without resampling there is none."""
    delay_bytes = 4 * ecg.PHASE_TAPS * ecg.model.CHANNELS
    plain, resampling = size.measure(FIXTURE), size.measure(ecg_folder)
    assert resampling.ram_bytes - plain.ram_bytes == delay_bytes
    assert plain.ram_bytes - ARENA_BYTES < 400
    elves = [make_firmware("mps2-an386", folder, tmp_path / folder.name) for folder in (FIXTURE, ecg_folder)]
    assert bss(elves[1]) - bss(elves[0]) == delay_bytes
