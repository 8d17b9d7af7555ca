"""The pairs and figures of benchmarks/change_of_wear.py, on made-up windows."""

import numpy as np
import pytest

from tests.documents import drawn_anew

CODE = """
import json, numpy as np, change_of_wear as c
from train.data.recordings import WindowSet
blocks = np.repeat([0, 1, 2], [7, 12, 5])
x, starts = np.zeros((24, 6, 4), np.float32), np.arange(24)[::-1]
windows = WindowSet(x, blocks % 2, blocks // 2, blocks=blocks, starts=starts)
rows = c.together(windows)
rng = np.random.default_rng(0)
labels, subjects = rng.integers(0, 2, 80), np.repeat([0, 1], 40)
found = rng.normal(size=(80, 3))
turn = np.array([[0, -1, 0], [1, 0, 0], [0, 0, 1]])
views = c.Views({0: {"gravity": found}, 90: {"gravity": found @ turn.T}}, labels, subjects)
same, every = c.pairs(views, True), c.pairs(views, False)
scores = {angle: rng.normal(size=50) + angle / 50 for angle in (0, *c.ANGLES)}
print(json.dumps({
    "rows": rows.tolist(), "labels": labels.tolist(), "subjects": subjects.tolist(), "found": found.tolist(),
    "same": [x.tolist() for x in same], "any": [x.tolist() for x in every],
    "distances": c.distances(views, "gravity", 90, *same).tolist(),
    "scores": [x.tolist() for x in scores.values()], "areas": c.areas(scores),
    "mean": views.averaged(2).features[0]["gravity"].tolist(),
}))
"""


@pytest.fixture(scope="module")
def made() -> dict:
    return drawn_anew(CODE)


def test_whole_sixes_of_a_block_in_order_of_time(made: dict) -> None:
    """Blocks of 7, 12 and 5 windows whose starts fall: one is left over of the first, all of the last."""
    assert made["rows"] == [6, 5, 4, 3, 2, 1, *range(18, 6, -1)]


@pytest.mark.parametrize("kind", ["same", "any"])
def test_pairs_are_of_one_subject(made: dict, kind: str) -> None:
    labels, subjects, (before, after) = np.array(made["labels"]), np.array(made["subjects"]), map(np.array, made[kind])
    assert (subjects[before] == subjects[after]).all() and (before != after).all()
    assert (labels[before] == labels[after]).all() == (kind == "same")
    assert (np.bincount(after) == 4).all() and len({*zip(before, after, strict=True)}) == len(before)


def test_the_second_window_is_the_one_that_was_turned(made: dict) -> None:
    found, (before, after) = np.array(made["found"]), made["same"]
    for i, j, distance in zip(before, after, made["distances"], strict=True):
        turned = [-found[j][1], found[j][0], found[j][2]]
        cosine = np.dot(found[i], turned) / np.linalg.norm(found[i]) / np.linalg.norm(turned)
        assert distance == pytest.approx(1 - cosine)
    np.testing.assert_allclose(made["mean"], found.reshape(40, 2, 3).mean(axis=1))


def test_areas_are_shares_of_pairs_in_order(made: dict) -> None:
    unturned, *turned = map(np.array, made["scores"])
    expected = [np.mean([high > low for high in scores for low in unturned]) for scores in turned]
    assert made["areas"] == pytest.approx(expected)
