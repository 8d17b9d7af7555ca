"""Records of several segments: joined they are the record that they were cut from; what is wrong is named."""

import re
from pathlib import Path

import numpy as np
import pytest

from firmware_host.wfdb_lead import read_lead
from scl.artifacts import InputError
from tests.firmware.beat_model import recording
from tests.firmware_host.test_wfdb_record import write

wfdb = pytest.importorskip("wfdb")
COUNTS = recording(0.1)
CUT, GAP = 700, 90
WANTED = ("II", "MLII")


def joined(folder: Path, header: str, **of_second: object) -> Path:
    """e1 of two halves, p1 and p2, the second one written with other options."""
    write(folder, COUNTS[:CUT], "p1")
    write(folder, COUNTS[CUT:], "p2", **of_second)
    (folder / "e1.hea").write_text(header.format(total=len(COUNTS), rest=len(COUNTS) - CUT, gap=len(COUNTS) + GAP))
    return folder / "e1"


def test_the_segments_are_the_record(tmp_path: Path) -> None:
    whole = read_lead(write(tmp_path, COUNTS, "whole"), WANTED)
    both = read_lead(joined(tmp_path, "e1/2 2 360 {total}\np1 700\np2 {rest}\n"), WANTED)
    assert np.array_equal(both.x, whole.x) and (both.which, both.rate_hz) == ("lead MLII of V5, MLII", 360.0)
    assert np.allclose(whole.x, (COUNTS[:, 0] - 1024) / 200)


def test_a_gap_is_no_sample(tmp_path: Path) -> None:
    found = read_lead(joined(tmp_path, "e1/3 2 360 {gap}\np1 700\n~ 90\np2 {rest}\n"), WANTED).x
    assert np.isnan(found[CUT : CUT + GAP]).all() and len(found) == len(COUNTS) + GAP
    assert np.allclose(np.delete(found, range(CUT, CUT + GAP)), (COUNTS[:, 0] - 1024) / 200)


def test_a_variable_layout_and_leads_that_change_places(tmp_path: Path) -> None:
    """The second segment has them the other way round; the third lacks the lead."""
    write(tmp_path, COUNTS[:CUT], "p3", sig_name=["V5", "aVR"])
    (tmp_path / "l.hea").write_text("l 2 360 0\n~ 0 200 16 1024 0 0 0 V5\n~ 0 200 16 1024 0 0 0 MLII\n")
    text = f"e1/4 2 360 {len(COUNTS) + CUT}\nl 0\np1 700\np2 {{rest}}\np3 700\n"
    found = read_lead(joined(tmp_path, text, sig_name=["MLII", "V5"]), WANTED)
    assert np.allclose(found.x[:CUT], (COUNTS[:CUT, 0] - 1024) / 200)
    assert np.allclose(found.x[CUT : len(COUNTS)], (COUNTS[CUT:][::-1, 0] - 1024) / 200)  # V5 is played backwards
    assert np.isnan(found.x[len(COUNTS) :]).all() and found.which == "lead MLII of V5, MLII, aVR"


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("e1/2 2 360 {gap}\np1 700\np2 {rest}\n", r"e1.hea: names 2 segments of [\d,]+ samples .* says 2 of [\d,]+;"),
        ("e1/2 2 360 {total}\np1 701\np2 {rest}\n", r"e1.hea: names 2 segments of [\d,]+ samples together"),
        ("e1/1 2 360 600\np1 600\n", r"p1.hea: has 700 samples at 360 Hz, .*e1.hea says 600 at 360 Hz; download"),
        ("e1/1 2 250 700\np1 700\n", r"p1.hea: has 700 samples at 360 Hz, .*e1.hea says 700 at 250 Hz; download"),
        ("e1/1 2 360 700\n../p1 700\n", r"e1.hea: names a segment '../p1', expected one beside it|cannot be read"),
        ("e1/1 2 360 90\n~ 90\n", "e1.hea: names no segment with samples; give another record"),
        ("e1/1 2 360 99999999999\n~ 99999999999\n", r"1 to 67,108,864 samples: download"),
        ("e1/1 2 360 700\np9 700\n", "p9.hea"),
    ],
)
def test_wrong_segments_are_named(header: str, text: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as error:
        read_lead(joined(tmp_path, header), WANTED)
    assert re.search(text, str(error.value)), error.value
