"""Two validation reports side by side: pairs by samples, differences counted again row by row, damage is named."""

import csv
import itertools
import json
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from firmware_host import comparison_page, report, validate
from firmware_host.board import Board
from firmware_host.breakdown_types import AngleBin
from firmware_host.comparison import Comparison
from firmware_host.link import Link
from scl import metrics
from scl.artifacts import InputError, read_artifact
from tests.browser import PHONE, scrolls_sideways, violations
from tests.documents import document


@pytest.fixture
def make_report(monkeypatch, make_board, fake_bundle, tmp_path):
    """make_report(name, *arguments, **options of the board): a report folder."""

    def make_report(name, *arguments, **options):
        board = make_board(**options)

        @contextmanager
        def open_fake(*_options, **_named):
            link = Link(board, board.now)
            yield Board(link, link.greet(), False, None)

        monkeypatch.setattr(validate, "open_board", open_fake)
        validate.main([str(fake_bundle), "--port", "fake", "--out", str(tmp_path / name), *arguments])
        return tmp_path / name

    return make_report


@pytest.fixture
def other_answers(make_board):
    """An answer of a board with another network: about half the windows get the first class."""
    honest = make_board().answer

    def answer(counts):
        features, logits, crc = honest(counts)
        return features, np.array([127, 0, 0], np.int8) if logits[0] > 0 else logits, crc

    return answer


def compared(tmp_path, a, b) -> Comparison:
    assert report.main([str(a), str(b), "--out", str(tmp_path / "compared")]) == 0
    return read_artifact(tmp_path / "compared" / "compare.json", Comparison)


def rows_of(folder: Path) -> list[dict[str, str]]:
    with (folder / "windows.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_a_report_and_itself_do_not_differ(make_report, tmp_path, capsys):
    a = make_report("a")
    found = compared(tmp_path, a, a)
    assert found.paired and found.same_answers == 36 and found.why.startswith("paired over all 36 windows and copies")
    assert {(row.difference, row.difference_ci95, row.beyond) for row in found.differences} == {(0, (0, 0), False)}
    v = json.loads((a / "validation.json").read_text())
    values = {row.name: row.a for row in found.differences}
    assert values["Accuracy, as recorded"] == pytest.approx(v["accuracy"])
    assert values["Accuracy, transformed"] == pytest.approx(v["accuracy_transformed"])
    assert values["Consistency"] == pytest.approx(v["consistency"])
    assert values["Similarity, invariant features"] == pytest.approx(v["similarity_invariant"], abs=1e-5)
    assert values["Macro F1, as recorded"] == pytest.approx(v["macro_f1"])
    assert all(fact.same for fact in found.facts)
    assert "compare.html" in capsys.readouterr().out.replace("\n", "")


def test_json_is_the_file(make_report, tmp_path, capsys):
    a = make_report("a")
    capsys.readouterr()
    assert report.main([str(a), str(a), "--json", "--out", str(tmp_path / "compared")]) == 0
    assert document(capsys.readouterr().out) == json.loads((tmp_path / "compared" / "compare.json").read_text())


def test_differences_are_paired_and_clustered(make_report, other_answers, tmp_path):
    """Against a count of the rows, and all 27 ways to draw three groups."""
    a, b = make_report("a"), make_report("b", answer=other_answers)
    found = compared(tmp_path, a, b)
    assert found.paired and {fact.name for fact in found.facts if not fact.same} >= {"Verdict"}
    pairs = list(zip(rows_of(a), rows_of(b), strict=True))
    assert found.same_answers == sum(x["predicted"] == y["predicted"] for x, y in pairs) < 36
    for name, column, copies in (
        ("Accuracy, as recorded", "correct", False),
        ("Accuracy, transformed", "correct", True),
        ("Consistency", "consistent", True),
    ):
        chosen = [(x, y) for x, y in pairs if (x["transform"] != "0") == copies]
        steps = [int(y[column]) - int(x[column]) for x, y in chosen]
        (row,) = [row for row in found.differences if row.name == name]
        assert row.difference == pytest.approx(np.mean(steps)) and row.rows == (len(steps),) * 2
        by_group = [[s for s, (x, _) in zip(steps, chosen, strict=True) if x["group"] == str(g)] for g in range(3)]
        ways = sorted(np.mean(sum((by_group[g] for g in way), [])) for way in itertools.product(range(3), repeat=3))
        assert row.difference_ci95 == (pytest.approx(ways[0]), pytest.approx(ways[-1]))  # 1 in 27 is beyond 2.5 %
        assert row.beyond == (not ways[0] <= 0 <= ways[-1])
    for row in found.classes:
        own = [
            int(y["correct"]) - int(x["correct"]) for x, y in pairs if x["label"] == row.name and x["transform"] != "0"
        ]
        assert row.difference == pytest.approx(np.mean(own))


def test_windows_that_both_have_are_paired_whatever_their_place(make_report, other_answers, tmp_path):
    a, b = make_report("a"), make_report("b", "--limit", "5", answer=other_answers)
    found = compared(tmp_path, a, b)
    assert found.why == "paired over the 15 windows and copies that both have, of 36 in A and 15 in B"
    v = json.loads((b / "validation.json").read_text())
    assert {row.name: row.b for row in found.differences}["Consistency"] == pytest.approx(v["consistency"])


def test_other_windows_are_compared_apart_and_the_reason_is_said(make_report, other_answers, tmp_path, capsys):
    a, b = make_report("a"), make_report("b", answer=other_answers)
    text = (b / "windows.csv").read_text()
    for row in rows_of(b):
        text = text.replace(row["sha256"], row["sha256"][::-1])
    (b / "windows.csv").write_text(text)
    found = compared(tmp_path, a, b)
    assert not found.paired and found.same_answers is None and "not paired: no window of A" in found.why
    assert "not paired" in capsys.readouterr().out
    (row,) = [row for row in found.differences if row.name == "Consistency"]
    groups = np.tile(np.repeat([0, 1, 2], 4), 2)
    values = [np.array([int(x["consistent"]) for x in rows_of(path) if x["transform"] != "0"]) for path in (a, b)]
    assert row.difference == pytest.approx(values[1].mean() - values[0].mean())
    alone = metrics.cluster_interval(values[1], groups)
    assert row.difference_ci95[1] - row.difference_ci95[0] >= alone[1] - alone[0]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: "", "windows.csv: has no column window"),
        (lambda text: text.replace("sha256", "hash"), "windows.csv: has no column sha256"),
        (lambda text: text.rsplit("\n", 2)[0] + "\n", "windows.csv: has 35 rows, validation.json says 36"),
        (lambda text: text.replace("\n0,1,", "\n77,1,"), "windows.csv: holds .*77.* where a number"),
        (lambda text: text.replace("\n0,0,0,", "\n0,0,nobody,"), "windows.csv: holds .*nobody.* where a number"),
    ],
)
def test_a_damaged_table_is_named(make_report, tmp_path, change, message):
    a = make_report("a")
    path = a / "windows.csv"
    path.write_text(change(path.read_text()))
    with pytest.raises(InputError, match=message) as caught:
        report.main([str(a), str(a), "--out", str(tmp_path / "compared")])
    assert "validate again with" in str(caught.value) and not (tmp_path / "compared").exists()


def test_a_folder_that_is_no_report_is_named(make_report, fake_bundle, tmp_path):
    a = make_report("a")
    with pytest.raises(
        InputError, match="bundle: is a bundle, expected a validation report; python -m firmware_host.val"
    ):
        report.main([str(fake_bundle), str(a)])
    with pytest.raises(InputError, match="nowhere: is no validation report .no validation.json."):
        report.main([str(a), str(tmp_path / "nowhere")])
    (a / "windows.csv").unlink()
    with pytest.raises(InputError, match="windows.csv: cannot be read"):
        report.main([str(a), str(a)])
    path = a / "validation.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"schema": 5}))
    with pytest.raises(InputError, match="validation schema 5, this version reads schema 7; validate again"):
        report.main([str(a), str(a)])


def test_a_report_is_not_replaced(make_report, tmp_path):
    a = make_report("a")
    with pytest.raises(InputError, match="holds a report .validation.json., which a comparison would replace"):
        report.main([str(a), str(a), "--out", str(a)])


def test_reports_with_other_bins_have_no_table_by_angle(make_report, tmp_path):
    """A read report may have any bins; each row of the table is of one bin of both."""
    a = make_report("a")
    found = compared(tmp_path, a, a)
    bins = tuple(AngleBin(9, 1.0, None, None, low, low + 90) for low in (0, 90))
    equal = replace(found, a=replace(found.a, by_angle=bins), b=replace(found.b, by_angle=bins))
    assert "By rotation angle" in comparison_page.page(equal)
    for other in (bins[:1], (bins[0], replace(bins[1], low_deg=100))):
        assert "By rotation angle" not in comparison_page.page(replace(equal, b=replace(equal.b, by_angle=other)))


def test_the_page_in_a_browser(make_report, other_answers, tmp_path, browser):
    """Its figures are the file's; axe finds nothing in light and dark, and a phone shows all of it."""
    a, b = make_report("a"), make_report("b", answer=other_answers)
    found = compared(tmp_path, a, b)
    page = browser.new_page(viewport={"width": 1000, "height": 1000})
    page.goto((tmp_path / "compared" / "compare.html").as_uri())
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        assert violations(page) == "", scheme
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert not scrolls_sideways(page)
    rows = page.locator("h2:has-text('Overall') + table tbody tr").all()
    assert len(rows) == len(found.differences)
    for row, difference in zip(rows, found.differences, strict=True):
        text = " ".join(row.inner_text().split())
        low, high = difference.difference_ci95
        assert text == (
            f"{difference.name} {100 * difference.a:.2f} % of {difference.rows[0]} {100 * difference.b:.2f} % of "
            f"{difference.rows[1]} {100 * difference.difference:+.2f} {100 * low:+.2f} to {100 * high:+.2f} "
            f"{'yes' if difference.beyond else 'no'}"
        )
    page.close()
