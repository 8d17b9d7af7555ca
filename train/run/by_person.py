"""A run on other recordings: who of them it knows, and its figures on everybody else, without any training."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import torch

from scl.artifacts import InputError
from scl.artifacts.run import RunInfo
from scl.decision import decide
from scl.frontend.beats import BeatSpec
from train.data.data_set import DataSet
from train.data.fitting import at_rate, with_channels
from train.data.mitdb import RHYTHM
from train.data.recordings import Recordings, WindowSet
from train.data.strips import Strips, strips
from train.data.tasks import TASKS
from train.run.class_figures import ClassesFigures, class_figures, own_figures
from train.run.evaluate import Evaluation, evaluate, predict
from train.run.evaluate_strips import evaluate_strips
from train.run.metrics_json import METRICS, read_metrics
from train.run.people import Part, People, Reason, recognized
from train.run.transfer_file import (
    CopiesOfTransfer,
    DataOfTransfer,
    OtherClass,
    PeopleOfPart,
    RunOfTransfer,
    Transfer,
)
from train.run.transfer_notes import notes_on
from train.transformations import Disturbance, from_info, headline
from train.transformations.base import Transformation

if TYPE_CHECKING:
    from train.run.folder import Run


@dataclass(frozen=True, eq=False)
class _Judged:
    """All windows of the recordings, with what the run says of them untouched.

    Attributes:
        names: of the recordings' classes.
        place: the run's number of each of them, -1 where it has none.
        classes: (n,) predicted.
        part: (n,) what the run did with each window's person.
        strips: the same as strips by their worst beat, where the run is of those; then windows hold no samples.
    """

    windows: WindowSet
    names: tuple[str, ...]
    place: np.ndarray
    classes: np.ndarray
    part: np.ndarray
    strips: Strips | None = None

    def rows(self, *parts: Part) -> np.ndarray:
        return np.isin(self.part, parts)

    @property
    def labels(self) -> np.ndarray:
        """The run's class of each window, -1 where it has none, also where a shift brings that."""
        labels = np.asarray(self.place[self.windows.labels])
        if self.windows.labels_at is None:
            return labels
        return np.where((self.place[self.windows.labels_at] >= 0).all(axis=1), labels, -1)


def transferred(
    run: "Run", source: DataSet, recordings: Recordings, own: Recordings | None, draws: int, seed: int
) -> Transfer:
    """Figures of recordings of `source`, of the classes that they share with the run by name; only consistency and
    similarity where they share none.

    Args:
        own: the run's own recordings, if they are at hand.
        draws: transformed copies of each window.

    Raises InputError if the recordings do not fit the run, or hold no window.
    """
    info, metrics = run.info, read_metrics(run.path)
    _check_labels(run, recordings)
    fitted = with_channels(recordings, info.window)
    comparable = fitted if own is None or fitted.rate_hz <= own.rate_hz else at_rate(fitted, own.rate_hz)
    people = recognized(info, comparable, source, own)
    transformation = from_info(info.transformation)
    if isinstance(transformation, Disturbance):
        transformation = transformation.fitting(fitted)
    judged = _judged(run, fitted, people, transformation)
    shared = tuple(label for k, label in enumerate(info.labels) if k in judged.labels)
    new = judged.rows("new", "test")
    evaluation = _evaluated(run, judged, transformation, bool(shared), draws, seed)
    return Transfer(
        run=RunOfTransfer(info.name, info.task, info.weights_sha256, info.data.name, info.data.sha256),
        data=DataOfTransfer(
            *(source.name, recordings.name, recordings.sha256, people.same_archive, people.compared),
            rate_hz=recordings.rate_hz,
        ),
        group=TASKS[info.task].group,
        seed=seed,
        people=_listed(people),
        windows=int(new.sum()),
        persons=len(np.unique(judged.windows.groups[new])),
        classes=shared,
        absent=tuple(label for label in info.labels if label not in shared),
        own=own_figures(metrics, run.path / METRICS, info.labels, shared) if shared else None,
        new=_figures(info, judged, shared, "new", "test"),
        trained=_figures(info, judged, shared, "train"),
        validated=_figures(info, judged, shared, "validation"),
        copies=_copies(info, evaluation, transformation, bool(shared), draws, metrics) if evaluation else None,
        other_classes=_others(info, judged),
        notes=notes_on(info, recordings, own, people, {int(group) for group in judged.windows.groups}),
    )


def _check_labels(run: "Run", recordings: Recordings) -> None:
    for where, several in ((str(run.path), run.info.multilabel), (recordings.name, recordings.multilabel)):
        if several:
            raise InputError(
                f"{where}: its labels may hold together, expected one class a window, whose recall can be counted; "
                "give a run and recordings of such classes"
            )


def _judged(run: "Run", recordings: Recordings, people: People, transformation: Transformation) -> _Judged:
    steps = run.info.frontend
    if run.info.task == "strip" and steps.beats is not None:
        return _judged_strips(run, recordings, people, steps.beats)
    cut, names = TASKS[run.info.task].cut_all(recordings, run.info.window, run.info.frontend, transformation)
    x, y = torch.from_numpy(cut.x), torch.from_numpy(cut.targets)
    classes = decide(predict(run.model, transformation.identity(x, y)[0])[1])
    return _placed(run, people, cut, names, classes)


def _judged_strips(run: "Run", recordings: Recordings, people: People, spec: BeatSpec) -> _Judged:
    """Strips by their worst beat."""
    cut = strips(recordings, spec, recordings.groups)
    logits = predict(run.model, torch.from_numpy(np.ascontiguousarray(cut.x)))[1]
    without = np.zeros((len(cut.groups), 1, 1), np.float32)
    windows = WindowSet(without, cut.labels[0], cut.groups, np.ascontiguousarray(cut.labels.T))
    return replace(
        _placed(run, people, windows, RHYTHM, cut.answers(decide(logits))[0]),
        strips=cut,
    )


def _placed(run: "Run", people: People, cut: WindowSet, names: tuple[str, ...], classes: np.ndarray) -> _Judged:
    labels = run.info.labels
    place = np.array([labels.index(name) if name in labels else -1 for name in names])
    part = {person.group: person.part for person in people.persons}
    return _Judged(cut, names, place, classes, np.array([part[group] for group in cut.groups.tolist()]))


def _evaluated(
    run: "Run", judged: _Judged, transformation: Transformation, shared: bool, draws: int, seed: int
) -> Evaluation | None:
    """Of the new people's windows of shared classes, or of all of them, labelled with what the run says of them;
    None with fewer than two, which have no similarity.
    """
    rows = judged.rows("new", "test") & ((judged.labels >= 0) | (not shared))
    if rows.sum() < 2:
        return None
    if judged.strips is not None:
        return evaluate_strips(run.model, judged.strips.take(rows))
    cut = judged.windows.take(rows)
    labels, labels_at = judged.labels[rows], cut.labels_at
    if labels_at is not None:
        labels_at = judged.place[labels_at]
    if not shared:
        labels = judged.classes[rows]
        labels_at = None if labels_at is None else np.repeat(labels[:, None], labels_at.shape[1], axis=1)
    return evaluate(run.model, replace(cut, labels=labels, labels_at=labels_at), transformation, draws, seed)


def _figures(info: RunInfo, judged: _Judged, shared: tuple[str, ...], *parts: Part) -> ClassesFigures | None:
    """None without a window of these parts."""
    rows = judged.rows(*parts) & (judged.labels >= 0)
    if not rows.any():
        return None
    names = {info.labels.index(label): label for label in shared}
    return class_figures(judged.labels[rows], judged.classes[rows], judged.windows.groups[rows], names)


def _copies(
    info: RunInfo,
    evaluation: Evaluation,
    transformation: Transformation,
    shared: bool,
    draws: int,
    metrics: dict[str, object],
) -> CopiesOfTransfer:
    figures = evaluation.transformed.headline
    return CopiesOfTransfer(
        transformation=evaluation.name,
        draws=draws,
        accuracy=figures.accuracy if shared else None,
        macro_f1=figures.macro_f1 if shared else None,
        consistency=figures.consistency,
        consistency_ci95=figures.consistency_ci95,
        consistency_by_construction=transformation.by_construction(info.frontend),
        similarity=figures.similarity,
        negative_similarity=evaluation.negative_similarity,
        effective_rank=evaluation.effective_rank,
        own_consistency=headline(metrics).consistency,
    )


def _others(info: RunInfo, judged: _Judged) -> tuple[OtherClass, ...]:
    """Where the new people's windows of classes go that the run does not have."""
    new, found = judged.rows("new", "test"), []
    for number, name in enumerate(judged.names):
        rows = new & (judged.windows.labels == number)
        if judged.place[number] < 0 and rows.any():
            counts = np.bincount(judged.classes[rows], minlength=len(info.labels)).tolist()
            taken: Mapping[str, int] = dict(zip(info.labels, counts, strict=True))
            found.append(OtherClass(name, int(rows.sum()), dict(taken)))
    return tuple(found)


def _listed(people: People) -> tuple[PeopleOfPart, ...]:
    """Those of one part that were recognized in the same way, together."""
    names: dict[tuple[Part, Reason | None], list[str]] = {}
    for person in people.persons:
        names.setdefault((person.part, person.reason), []).append(person.name)
    return tuple(PeopleOfPart(part, reason, tuple(chosen)) for (part, reason), chosen in names.items())
