"""What is classified: how recordings are cut into the windows of a task's parts."""

from collections.abc import Callable
from dataclasses import dataclass

from scl.artifacts.fields import TaskName
from scl.artifacts.run import Split, WindowInfo
from train.data import ecg
from train.data.recordings import Recordings, WindowSet
from train.data.splits import split_windows
from train.transformations import Transformation
from train.transformations.shift import Shift

Cut = Callable[[Recordings, Split, str, WindowInfo, Transformation], WindowSet]


@dataclass(frozen=True)
class WindowTask:
    """One of the tasks.

    Attributes:
        group: what splits divide and intervals are clustered by.
        cut: the windows of a part ("train", "validation" or "test") of recordings as they were loaded.
        streams: whether a stream can be classified; single beats are found by nobody.
        sensitivity: whether reports give sensitivity and precision of each class.
    """

    name: TaskName
    group: str
    cut: Cut
    streams: bool = True
    sensitivity: bool = True


def _imu(
    recordings: Recordings, split: Split, part: str, window: WindowInfo, transformation: Transformation
) -> WindowSet:
    return split_windows(recordings, split, part, window.samples / window.rate_hz)


def _ecg(name: str) -> Cut:
    def cut(
        recordings: Recordings, split: Split, part: str, window: WindowInfo, transformation: Transformation
    ) -> WindowSet:
        assert isinstance(transformation, Shift)  # what ECG is trained under
        return ecg.split_windows(ecg.prepared(recordings, window.rate_hz), split, part, name, transformation)

    return cut


TASKS: dict[str, WindowTask] = {
    task.name: task
    for task in (
        WindowTask("imu", "subject", _imu, sensitivity=False),
        WindowTask("strip", "record", _ecg("strip")),
        WindowTask("beat", "record", _ecg("beat"), streams=False),
    )
}
