"""From logits to classes, against loops."""

import numpy as np
import pytest

from scl.decision import decide

LOGITS = np.array([[3, 9, 9], [-5, -5, -6], [4, 5, 6]], np.int8)


def test_the_largest_logit_and_the_lowest_index_on_a_tie() -> None:
    assert decide(LOGITS).tolist() == [1, 0, 2]
    assert decide(LOGITS[None].repeat(2, axis=0)).tolist() == [[1, 0, 2]] * 2


@pytest.mark.parametrize("make", [tuple, list, np.array])
def test_the_labels_that_reach_their_thresholds(make: type) -> None:
    for logits, thresholds in ((LOGITS, [3, 10, 9]), (LOGITS / 4, [0.75, 1.25, 2.0])):
        expected = [
            sum(1 << i for i, (logit, least) in enumerate(zip(row, thresholds, strict=True)) if logit >= least)
            for row in logits
        ]
        assert decide(logits, make(thresholds)).tolist() == expected


def test_one_threshold_for_each_class() -> None:
    for thresholds in ((1, 2), (1, 2, 3, 4), ((1, 2, 3),), 1, ()):
        with pytest.raises(ValueError, match=r"thresholds have shape .*, expected \(3,\), one for each class"):
            decide(LOGITS, thresholds)
