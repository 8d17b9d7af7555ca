"""One lead for the whole set; records that lack it are named."""

import pytest

from scl.artifacts import InputError
from train.data.ecg_leads import choose
from train.data.ecg_record import Listed, matched, natural

TWELVE = ("I", "II", "III", "AVR", "AVL", "AVF", "V1", "V2", "V3", "V4", "V5", "V6")


def listed(*leads: tuple[str, ...]) -> list[Listed]:
    return [Listed(f"r{index}", names) for index, names in enumerate(leads)]


@pytest.mark.parametrize(
    ("leads", "expected", "index"),
    [
        ([("MLII", "V5"), ("V5", "MLII"), ("V5", "V2")], "V5", {"r0": 1, "r1": 0, "r2": 0}),
        ([("V1", "MLII"), ("MLII", "V1")], "MLII", {"r0": 1, "r1": 0}),
        ([TWELVE], "II", {"r0": 1}),
        ([("RESP", "ECG"), ("ECG", "SpO2")], "ECG", {"r0": 1, "r1": 0}),
        ([("ECG II",), ("ii",)], "ECG II", {"r0": 0, "r1": 0}),
    ],
)
def test_the_usual_lead(leads: list[tuple[str, ...]], expected: str, index: dict[str, int]) -> None:
    """That of most records; of several, the one that shows the rhythm best."""
    found = choose(listed(*leads), None, "set")
    assert (found.wanted, found.index, found.lacking) == (expected, index, ())


def test_records_that_lack_it_are_named() -> None:
    records = listed(("MLII", "V5"), ("V5", "V2"), ("mlii",))
    assert choose(records, "MLII", "set").lacking == ("r1",)
    assert choose(records, "mlii", "set").index == {"r0": 0, "r2": 0}
    assert choose(records, 1, "set").index == {"r0": 1, "r1": 1}
    assert choose(records, "1", "set").lacking == ("r2",)  # as --lead gives it
    assert choose(listed(("0", "1"), ("1",)), "1", "set").index == {"r0": 1, "r1": 0}  # a name first


@pytest.mark.parametrize(
    ("leads", "wanted", "expected"),
    [
        ([("MLII",), ("V5", "MLII")], "V9", r"set: no record has lead 'V9'; choose one with --lead: 'MLII \(2\), V5"),
        ([("MLII",)], 3, "set: no record has lead 'number 3'; choose one with --lead: 'MLII"),
        ([("RESP",), ("ABP",)], None, "set: none of its signals is known as an ECG lead; choose one with --lead, or"),
    ],
)
def test_no_such_lead(leads: list[tuple[str, ...]], wanted: str | int | None, expected: str) -> None:
    with pytest.raises(InputError, match=expected):
        choose(listed(*leads), wanted, "set")


def test_names_of_records() -> None:
    names = ["a/1", "b/1", "b/2"]
    assert (matched("b/1", names, "t"), matched("2", names, "t"), matched("3", names, "t")) == ("b/1", "b/2", None)
    with pytest.raises(InputError, match="t: '1' may be a/1 or b/1; write the path, such as a/1"):
        matched("1", names, "t")
    assert sorted(["p10", "p9", "p9a", "p", "10", "9", "p\u00b2"], key=natural) == [
        *("9", "10", "p", "p9", "p9a", "p10", "p\u00b2"),
    ]
