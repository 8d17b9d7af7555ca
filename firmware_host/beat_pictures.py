"""What is drawn of a validation of heartbeats: eight seconds of ECG and the intervals of a record, as the board said.

Whether the board was right has no part in the choice of either.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from firmware_host.beat_lines import UNCLASSIFIABLE
from firmware_host.beats import BeatRecord
from firmware_host.messages import ABSTAIN
from scl.artifacts.golden_beats import GoldenBeats
from scl.artifacts.manifest import BundleManifest
from scl.ec57.beats import CLASSES
from scl.frontend.beats import RATE_HZ
from scl.frontend.counts import from_counts
from scl.pages.beat_charts import Stretch, Tachogram

STRETCH_S = 8.0
LEAD_S = 1.0  # before the beat that a stretch begins with
DIGITS = 3  # of millivolts and seconds
RHYTHM = {CLASSES.index(name) for name in "NSV"}


@dataclass(frozen=True)
class Pictures:
    """Both of them."""

    stretch: Stretch
    intervals: Tachogram


def pictures(
    golden: GoldenBeats, answered: Sequence[Sequence[BeatRecord]], manifest: BundleManifest
) -> Pictures | None:
    """Of the stretches that were played; None without a beat.

    The ECG is the first eight seconds, from a second before an annotated beat on, in which most of N, S and V are
    annotated. The intervals are those of the recording in which the board names S and V most often: the rarer of the
    two counts, then both.
    """
    if not any(answered):
        return None
    rate_hz = manifest.sensor.rate_hz
    labels = [[_label(record, manifest) for record in records] for records in answered]
    stretch, first = _richest([golden.truth(i) for i in range(len(answered))], rate_hz)
    counted = [Counter(names) for names in labels]
    both = [(min(names["S"], names["V"]), names["S"] + names["V"]) for names in counted]
    most = both.index(max(both))
    return Pictures(
        _stretch(golden, stretch, answered[stretch], labels[stretch], max(first, 0.0), manifest),
        Tachogram(
            record=str(golden.groups[most]),
            seconds=int(golden.lengths[most]) / rate_hz,
            beats=tuple(
                (round(r.sample / rate_hz, DIGITS), round(r.interval / RATE_HZ, DIGITS), label)
                for r, label in zip(answered[most], labels[most], strict=True)
                if r.interval
            ),
        ),
    )


def _label(record: BeatRecord, manifest: BundleManifest) -> str:
    return UNCLASSIFIABLE if record.predicted == ABSTAIN else manifest.labels[record.predicted]


def _richest(truth: Sequence[tuple[np.ndarray, np.ndarray]], rate_hz: float) -> tuple[int, float]:
    """Stretch and begin in seconds of the first eight seconds in which most of N, S and V are annotated."""
    best = (0, 0, 0.0)
    for stretch, (samples, classes) in enumerate(truth):
        at, last = samples / rate_hz, 0
        for first in range(len(at)):
            begin = float(at[first]) - LEAD_S
            while last < len(at) and at[last] < begin + STRETCH_S:
                last += 1
            count = len(set(classes[first:last].tolist()) & RHYTHM)
            if count > best[0]:
                best = (count, stretch, begin)
    return best[1], best[2]


def _stretch(
    golden: GoldenBeats,
    stretch: int,
    records: Sequence[BeatRecord],
    labels: Sequence[str],
    begin_s: float,
    manifest: BundleManifest,
) -> Stretch:
    rate_hz = manifest.sensor.rate_hz
    begin = round(begin_s * rate_hz)
    counts = golden.part(stretch)[begin : begin + round(STRETCH_S * rate_hz)]
    end = begin + len(counts)
    truth = zip(*(values.tolist() for values in golden.truth(stretch)), strict=True)
    beats = [(record.sample, label) for record, label in zip(records, labels, strict=True)]
    annotated = [(sample, CLASSES[place]) for sample, place in truth]
    inside = [
        tuple((round(sample / rate_hz, DIGITS), label) for sample, label in series if begin <= sample < end)
        for series in (beats, annotated)
    ]
    signal = from_counts(np.asarray(counts)[None], manifest.sensor)[0, 0]
    return Stretch(
        record=str(golden.groups[stretch]),
        begin_s=round(begin / rate_hz, DIGITS),
        rate_hz=rate_hz,
        millivolts=tuple(round(float(value), DIGITS) for value in signal),
        beats=inside[0],
        annotated=inside[1],
    )
