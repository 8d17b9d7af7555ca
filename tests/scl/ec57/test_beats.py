import numpy as np
import pytest

from scl.ec57.beats import AAMI, CLASSES, Series, inside, of_symbols


def test_every_symbol_has_its_class_and_others_are_no_beats() -> None:
    symbols = "".join(AAMI.values()) + '+~|!x"='
    series = of_symbols(np.arange(len(symbols)), list(symbols))
    assert "".join(CLASSES[number] for number in series.classes) == "NNNNNNN" + "SSSS" + "VVV" + "F" + "QQQQ"
    assert series.at.tolist() == list(range(19))


def test_every_beat_of_wfdb_has_a_class() -> None:
    """By wfdb's own table of QRS complexes, to which it counts flutter waves: EC57 leaves those out."""
    from wfdb.io.annotation import ann_label_table, is_qrs

    table = zip(ann_label_table["label_store"], ann_label_table["symbol"], strict=True)
    beats = {symbol for code, symbol in table if is_qrs[code]}
    assert beats - {"!"} == set("".join(AAMI.values()))


def test_flutter_goes_from_bracket_to_bracket_and_holds_no_beats() -> None:
    series = of_symbols(np.array([1, 10, 12, 20, 30, 40, 50]), ["N", "[", "!", "]", "V", "[", "N"])
    assert series.at.tolist() == [1, 30] and series.flutter[0].tolist() == [10, 20]
    assert series.flutter[1, 0] == 40 and inside(np.array([39, 40, 10**15]), series.flutter).tolist() == [0, 1, 1]


def test_inside_counts_both_ends() -> None:
    spans = np.array([[3, 5], [8, 8]])
    assert np.flatnonzero(inside(np.arange(12), spans)).tolist() == [3, 4, 5, 8]


@pytest.mark.parametrize(
    ("series", "text"),
    [
        (([1, 2], [0]), "same"),
        (([2, 1], [0, 0]), "in order of time"),
        (([1], [5]), "classes 5 to 5, expected 0 to 4"),
        (([1], [0], [1, 2]), "spans"),
        (([1], [0], [[5, 3]]), "spans"),
    ],
)
def test_what_is_no_series_is_refused(series: tuple[list[int], ...], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        Series(*(np.array(part) for part in series))
