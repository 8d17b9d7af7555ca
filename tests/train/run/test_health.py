"""Warnings before a run's figures are trusted."""

import numpy as np

from scl.partition import Partition
from train.run.evaluate import Evaluation
from train.run.health import health_warnings
from train.transformations.rotation import RotationFigures

LABELS = np.array([0] * 6 + [1] * 4)
WHOLE = Partition(32, 32, 64)


def warnings(
    rank: float = 12.0, variant: float = 0.5, accuracy: float = 0.9, partition: Partition = WHOLE, classes: int = 6
) -> list[str]:
    transformed = RotationFigures(accuracy, 0.9, 1, 1.0, None, {})
    figures = Evaluation("rotation", 10, 1, 0.9, 0.9, transformed, 0.0, rank)
    return health_warnings(figures, LABELS, {"d_variant": variant}, partition, classes)


def test_each_warning_has_its_cause() -> None:
    assert warnings() == []
    assert [w.split(" of ")[0] for w in warnings(rank=3.9)] == ["effective rank"]
    assert [w.split(" (")[0] for w in warnings(variant=0.04)] == ["variant features hardly vary"]
    assert "0.600 is no better than a constant class's 0.600" in warnings(accuracy=0.6)[0]


def test_dimensions_that_are_not_there_are_not_warned_about() -> None:
    assert warnings(rank=0.0, partition=Partition(0, 64, 64)) == []
    assert warnings(variant=0.0, partition=Partition(32, 0, 96)) == []
    assert warnings(rank=2.0, partition=Partition(2, 2, 4)) == []


def test_few_classes_need_few_directions() -> None:
    """Normal, premature and ventricular beats make a plane; nothing is asked beyond it, and less is a collapse."""
    narrow = Partition(8, 8, 8)
    assert warnings(rank=2.1, partition=narrow, classes=3) == []
    (text,) = warnings(rank=1.9, partition=narrow, classes=3)
    assert "is 1.9, 2 at least was expected of 8 dimensions and 3 classes" in text and "give --method vicreg" in text
    assert warnings(rank=1.1, classes=2) == [] != warnings(rank=0.0, classes=2)
