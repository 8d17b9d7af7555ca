"""Labels that a board can say."""

from pathlib import Path

import pytest

from export.model import check_labels
from scl.artifacts import InputError


@pytest.mark.parametrize("labels", [["x"] * 256, ["long" * 100] * 3, ["two\nlines"]])
def test_labels_that_no_frame_holds_are_refused(labels):
    with pytest.raises(InputError, match="expected at most 255 labels of one line, 920 bytes"):
        check_labels(Path("runs/a"), labels)
    check_labels(Path("runs/a"), ["walking", "jogging"])


def test_a_mask_holds_fifteen_labels():
    check_labels(Path("runs/a"), list("abcdefghijklmno"), multilabel=True)
    with pytest.raises(InputError, match="has 16 labels that hold together, expected at most 15"):
        check_labels(Path("runs/a"), list("abcdefghijklmnop"), multilabel=True)
