"""Test recordings of heartbeats as an export evaluates them: every beat with its copies as the network's input, and
whole recordings as a sensor counts them, with what a board must answer.
"""

from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

import numpy as np

from export.proof.runtimes import Outputs
from scl.artifacts.golden_beats import GoldenBeats, write_golden_beats
from scl.artifacts.manifest import Int8Figures
from scl.decision import LOST, decide
from scl.ec57.beats import CLASSES, inside
from scl.ec57.matching import match, match_window
from scl.frontend.beats import Beats
from scl.frontend.chain import FrontEnd
from scl.frontend.counts import to_counts
from scl.frontend.flags import LEAD_OFF, flags_at
from scl.frontend.quantization import quantized
from scl.frontend.resampler import to_rate
from scl.frontend.rhythm import rhythms
from scl.frontend.spec import FrontEndSpec
from scl.robustness import robustness
from train.data.recordings import Block, Recordings, WindowSet

RHYTHM_CLASSES = 3  # N, S and V, of "NSVFQ"


@dataclass(frozen=True, eq=False)
class Played:
    """A stretch of recording as a board sees it.

    Attributes:
        counts: int16 (samples, channels).
        found: its beats.
        inputs: int8 (beats, 1, features).
        annotated: int64 (annotations, 2), sample of the sensor and class, a place in "NSVFQ", outside of flutter.
        flutter: int64 (spans, 2), first and last sample of the sensor in ventricular flutter.
    """

    group: int
    counts: np.ndarray
    found: Beats
    inputs: np.ndarray
    annotated: np.ndarray
    flutter: np.ndarray


@dataclass(frozen=True, eq=False)
class EvaluatedBeats:
    """Beats of a test set as recorded and in their copies, and the recordings that travel with the bundle.

    Attributes:
        test: all test beats, x (n, features, transforms).
        frontend: the board's.
        played: the recordings.
    """

    test: WindowSet
    frontend: FrontEndSpec
    played: tuple[Played, ...]

    @property
    def transforms(self) -> int:
        return int(self.test.x.shape[2])

    @property
    def labels(self) -> np.ndarray:
        """(transforms, beats)."""
        return np.broadcast_to(self.test.labels, (self.transforms, len(self.test)))

    @property
    def groups(self) -> np.ndarray:
        """(beats,)."""
        return self.test.groups

    @property
    def flags(self) -> np.ndarray:
        """(transforms, beats): a beat by itself has none."""
        return np.zeros(self.labels.shape, np.uint8)

    @property
    def flat(self) -> np.ndarray:
        """The network's inputs int8 (transforms * beats, 1, features)."""
        x = self.test.x.transpose(2, 0, 1).reshape(-1, 1, self.test.x.shape[1])
        spec = self.frontend
        return quantized(x, spec.mean, spec.std, spec.inv_input_scale, spec.input_zero_point)

    @property
    def golden_inputs(self) -> np.ndarray:
        """Inputs int8 (beats, 1, features) of the recordings that travel."""
        return inputs_of(self.played)

    def views(self) -> list[np.ndarray]:
        """What the float model takes, float32 (beats, features, 1) of each transform."""
        return [np.ascontiguousarray(self.test.x[:, :, t : t + 1]) for t in range(self.transforms)]

    def proven(self, least: int) -> np.ndarray:
        """The golden inputs, joined by copies if there are fewer than `least`."""
        golden = self.golden_inputs
        return np.concatenate([golden, self.flat[: max(least - len(golden), 0)]])

    @property
    def names(self) -> tuple[str, ...]:
        """Of the recordings as they travel: no copies do."""
        return ("as recorded",)

    def gathered(self, classes: np.ndarray) -> np.ndarray:
        """Classes (transforms, beats) of those of `flat`, in its order: the same."""
        return classes

    def store(self, folder: Path, outputs: Outputs, thresholds: tuple[int, ...] | None) -> Int8Figures:
        """Writes the golden set into a bundle folder; its figures, over beats that are annotated N, S or V."""
        golden = self.golden(outputs)
        write_golden_beats(folder, golden)
        labels, classes, groups = matched(golden, self.frontend.sensor.rate_hz)
        figures = robustness(labels[None], classes[None], groups)
        return Int8Figures(len(labels), 0, figures.accuracy, None, figures.macro_f1, None, None)

    def golden(self, outputs: Outputs) -> GoldenBeats:
        """The golden set, of `outputs` int8 (beats, size) for `golden_inputs`."""
        return golden_of(self.frontend, self.played, outputs)


def golden_of(spec: FrontEndSpec, parts: Sequence[Played], outputs: Outputs) -> GoldenBeats:
    """What a board must answer to stretches, of `outputs` int8 (beats, size) for their inputs."""
    counts = [len(part.found.at) for part in parts]
    logits = np.split(outputs["logits"], np.cumsum(counts)[:-1])
    ends = [spec.resampling.consumed(part.found.answered) for part in parts]
    flags = [
        flags_at(part.counts, spec.sensor, spec.lead_off_samples, spec.raw_samples, end)
        for part, end in zip(parts, ends, strict=True)
    ]
    rhythm = []
    for part, answers, flag in zip(parts, logits, flags, strict=True):
        classes = np.where(flag & LEAD_OFF, LOST, decide(answers))
        rhythm += [astuple(r) for r in rhythms(part.found.interval.tolist(), classes.tolist())]
    peaks = [spec.resampling.sensor_sample(part.found.at) for part in parts]
    annotated = [len(part.annotated) for part in parts]
    truth = np.concatenate([part.annotated for part in parts])
    flutter = np.concatenate([part.flutter for part in parts])
    return GoldenBeats(
        counts=np.concatenate([part.counts for part in parts]),
        lengths=np.array([len(part.counts) for part in parts], np.int64),
        groups=np.array([part.group for part in parts], np.int64),
        stretch=np.repeat(np.arange(len(parts)), counts),
        sample=np.concatenate(peaks),
        end=np.concatenate(ends),
        interval=np.concatenate([part.found.interval for part in parts]),
        flags=np.concatenate(flags),
        inputs=inputs_of(parts)[:, 0],
        features=outputs["features"],
        logits=outputs["logits"],
        rhythm=np.array(rhythm, np.int64),
        truth_stretch=np.repeat(np.arange(len(parts)), annotated),
        truth_sample=truth[:, 0],
        truth_class=truth[:, 1].astype(np.uint8),
        flutter_stretch=np.repeat(np.arange(len(parts)), [len(part.flutter) for part in parts]),
        flutter_first=flutter[:, 0],
        flutter_last=flutter[:, 1],
    )


def inputs_of(parts: Sequence[Played]) -> np.ndarray:
    """The network's inputs int8 (beats, 1, features) of stretches, one behind the other."""
    return np.concatenate([part.inputs for part in parts])


def matched(golden: GoldenBeats, rate_hz: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Class of the annotation, class of the answer and record of every beat that is annotated N, S or V and was found
    (n,).
    """
    labels, classes, groups = [], [], []
    for stretch, group in enumerate(golden.groups):
        (at, annotated), there = golden.truth(stretch), golden.stretch == stretch
        place = match(at, golden.sample[there], match_window(rate_hz))
        counts = (place >= 0) & (annotated < RHYTHM_CLASSES)
        labels.append(annotated[counts])
        classes.append(golden.predictions[there][place[counts]])
        groups.append(np.full(counts.sum(), group))
    return np.concatenate(labels), np.concatenate(classes), np.concatenate(groups)


def played(recordings: Recordings, groups: tuple[int, ...], spec: FrontEndSpec) -> tuple[Played, ...]:
    """The recordings of `groups`, as they were recorded, through the front end."""
    place = np.array([CLASSES.index(label) for label in recordings.labels])
    front_end = FrontEnd.from_spec(spec)

    def one(block: Block) -> Played:
        x = to_rate(block.x[None].astype(np.float64), recordings.rate_hz, spec.sensor.rate_hz)
        counts = to_counts(x, spec.sensor)[0][0]
        found = front_end.beats(counts)
        order = np.argsort(block.beats[:, 0], kind="stable")

        def sensor_sample(at: np.ndarray) -> np.ndarray:
            samples = np.rint(at * (spec.sensor.rate_hz / recordings.rate_hz)).astype(np.int64)
            return np.asarray(samples.clip(0, len(counts) - 1))

        flutter = sensor_sample(block.flutter)
        annotated = np.stack([sensor_sample(block.beats[order, 0]), place[block.beats[order, 1]]], axis=1)
        annotated = annotated[~inside(annotated[:, 0], flutter)]
        return Played(block.group, counts, found, front_end.quantized_beats(found), annotated, flutter)

    return tuple(one(block) for block in recordings.blocks if block.group in groups)
