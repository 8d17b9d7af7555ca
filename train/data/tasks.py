"""What is classified: how recordings are cut into the windows of a task's parts."""

from collections.abc import Callable
from dataclasses import dataclass

from scl.artifacts.fields import TaskName
from scl.artifacts.run import InputSteps, Split, WindowInfo
from scl.frontend.beats import BeatSpec
from train.data import beats, ecg
from train.data.fitting import at_rate
from train.data.mitdb import RHYTHM
from train.data.recordings import Recordings, WindowSet, windows
from train.data.splits import split_windows
from train.transformations import Disturbance, Transformation
from train.transformations.shift import Shift

Cut = Callable[[Recordings, Split, str, WindowInfo, InputSteps, Transformation], WindowSet]
CutAll = Callable[[Recordings, WindowInfo, InputSteps, Transformation], tuple[WindowSet, tuple[str, ...]]]


@dataclass(frozen=True)
class WindowTask:
    """One of the tasks.

    Attributes:
        group: what splits divide and intervals are clustered by.
        cut: the windows of a part ("train", "validation" or "test") of recordings as they were loaded.
        cut_all: every window of recordings of any set that have the window's channels, none overlapping, and the names
            of their labels, which need not be the run's.
        streams: whether a stream of windows can be classified; windows around beats need the beats first.
        sensitivity: whether reports give sensitivity and precision of each class.
    """

    name: TaskName
    group: str
    cut: Cut
    cut_all: CutAll
    streams: bool = True
    sensitivity: bool = True


def _imu(
    recordings: Recordings,
    split: Split,
    part: str,
    window: WindowInfo,
    steps: InputSteps,
    transformation: Transformation,
) -> WindowSet:
    return split_windows(recordings, split, part, window.samples / window.rate_hz)


def _all_imu(
    recordings: Recordings, window: WindowInfo, steps: InputSteps, transformation: Transformation
) -> tuple[WindowSet, tuple[str, ...]]:
    same = at_rate(recordings, window.rate_hz)
    return windows(same, same.groups, window.samples / window.rate_hz, 0.0), recordings.labels


def _all_strips(
    recordings: Recordings, window: WindowInfo, steps: InputSteps, transformation: Transformation
) -> tuple[WindowSet, tuple[str, ...]]:
    assert isinstance(transformation, Shift)
    behind = ecg.prepared(recordings, window.rate_hz)
    cut = ecg.strips(behind, behind.groups, transformation, window.samples / window.rate_hz)
    return cut, ecg.task_labels(recordings)


def _all_beats(
    recordings: Recordings, window: WindowInfo, steps: InputSteps, transformation: Transformation
) -> tuple[WindowSet, tuple[str, ...]]:
    if steps.beats is not None:
        found = _measured(recordings, steps.beats, transformation)
        return beats.windows(found, recordings.groups, recordings.labels), recordings.labels
    assert isinstance(transformation, Shift)
    behind = ecg.prepared(recordings, window.rate_hz)
    return ecg.beats(behind, behind.groups, transformation, recordings.labels), recordings.labels


def _measured(recordings: Recordings, spec: BeatSpec, transformation: Transformation) -> beats.Versions:
    assert isinstance(transformation, Disturbance)  # what measured beats are trained under
    return beats.versions(recordings, spec, transformation.kinds)


def _ecg(name: str) -> Cut:
    def cut(
        recordings: Recordings,
        split: Split,
        part: str,
        window: WindowInfo,
        steps: InputSteps,
        transformation: Transformation,
    ) -> WindowSet:
        if steps.beats is not None:
            found = _measured(recordings, steps.beats, transformation)
            return beats.windows(found, split.part(part), RHYTHM)
        assert isinstance(transformation, Shift)  # what other ECG is trained under
        return ecg.split_windows(ecg.prepared(recordings, window.rate_hz), split, part, name, transformation)

    return cut


TASKS: dict[str, WindowTask] = {
    task.name: task
    for task in (
        WindowTask("imu", "subject", _imu, _all_imu, sensitivity=False),
        WindowTask("strip", "record", _ecg("strip"), _all_strips),
        WindowTask("beat", "record", _ecg("beat"), _all_beats, streams=False),
    )
}
