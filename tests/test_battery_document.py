"""docs/BATTERY.md has a row for each nuisance, as the code has it."""

from pathlib import Path

from train.transformations.nuisances import NUISANCES

PAGE = Path(__file__).parents[1] / "docs" / "BATTERY.md"


def test_the_table_is_the_codes() -> None:
    rows = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    expected = []
    for nuisance in NUISANCES.values():
        strengths = ", ".join(f"{strength:g}" for strength in nuisance.ladder) if nuisance.unit else "there or not"
        expected.append(f"| `{nuisance.name}` | {nuisance.sentence} | {strengths} | {nuisance.unit} |")
    assert rows == expected
