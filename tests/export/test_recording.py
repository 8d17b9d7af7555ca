"""Labels of a recording that is written as a capture file."""

import numpy as np

from export.recording import labels_of
from scl.artifacts.architecture import Architecture
from scl.artifacts.run import RunInfo, WindowInfo
from scl.partition import Partition
from tests.run_info import run_info
from tests.train.data.beats import recordings
from train.data.recordings import Block


def strips() -> RunInfo:
    """A run of 2 s strips at 10 Hz."""
    window = WindowInfo(20, 10.0, ("ecg",), ("mV",))
    return run_info(Architecture((8,), (2,), 3), Partition(4, 4, 8), window, ("N", "S", "V"), task="strip")


def test_a_strip_is_labelled_where_it_ends() -> None:
    data = recordings(groups=(1,), samples=100)
    block = Block(1, -1, data.blocks[0].x, np.array([[30, 0], [60, 2]]))
    found = labels_of(strips(), data, block, 100, 10.0, 0)
    assert found[:20] == [""] * 20 and found[31:50] == ["N"] * 19 and found[61:80] == ["V"] * 19
    assert set(found[20:30]) == {""} and set(found[81:]) == {""}


def test_a_stretch_without_beats_has_no_label() -> None:
    """As where a record is divided by invalid samples; its label of -1 is not the last class."""
    data = recordings(groups=(1,), samples=100)
    assert labels_of(strips(), data, Block(1, -1, data.blocks[0].x), 100, 10.0, 0) == [""] * 100
    assert labels_of(strips(), data, Block(1, 1, data.blocks[0].x), 7, 10.0, 0) == ["S"] * 7
