"""A folder of anybody's IMU recordings: CSV files with a dataset.toml, Edge Impulse's, captures, or arrays.

Everything becomes blocks in SI units at one rate, each of one person and one class, never across a gap. Without a rate
in dataset.toml the model's is the recordings' own as people say it (50 for 49.97), or a whole fraction of it up to
104 Hz: movement of a body ends below 20 Hz, accelerometers of wearables commonly run at 100 or 104, and every sample
of a window costs the board instructions and memory.
"""

import math
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import fields
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, shortened
from scl.artifacts.fields import MOST_GROUPS, MOST_LABELS
from scl.text import folded
from train.data.cache import cached
from train.data.data_set import DataSet, Options, needed, rate_option, texts_option
from train.data.guesses import plain_rate
from train.data.imu_contents import OPTION_KINDS, Part, parts
from train.data.imu_source import ImuSource, find_source
from train.data.imu_stretches import Counts
from train.data.imu_table import KINDS
from train.data.plausibility import doubts
from train.data.recordings import Block, Recordings
from train.data.resample import check_rate

FASTEST_MODEL_HZ = 104.0
WINDOWS_S = (4.0, 3.0, 2.5, 2.0, 1.5, 1.0, 0.75, 0.5)
HOLDS = 0.9  # of the recordings' seconds are to lie in stretches that hold a window


def load(path: str | Path, rate_hz: float | None = None, sensors: tuple[str, ...] | None = None) -> Recordings:
    """Loads a folder.

    Args:
        rate_hz: of the result; None: dataset.toml's, or the recordings' own.
        sensors: "accel", "gyro" or both; None: those that there are.

    Raises:
        InputError: no dataset.toml and no known convention, a file that cannot be read, a clock that cannot be in its
            unit, files with different sensors, no row with a class.
    """
    if sensors is not None and (not sensors or set(sensors) - set(OPTION_KINDS)):
        raise InputError(f"data option sensors is {shortened(sensors)}, expected some of {', '.join(OPTION_KINDS)}")
    source = find_source(Path(path))
    sha256 = source.checksum()
    key: dict[str, object] = {"sha256": sha256, "rate_hz": rate_hz, "sensors": list(sensors or ())}
    return cached("imu-folder", key, lambda: assembled(source, list(parts(source, sensors)), sha256, rate_hz))


def assembled(source: ImuSource, files: list[Part], sha256: str, rate_hz: float | None) -> Recordings:
    """The blocks of all files at one rate. Raises InputError without any row that has a class."""
    own = [(part, s) for part in files for s in part.cut.stretches if s.label]
    if not own:
        raise InputError(f"{source.folder}: no row has a class; {_where_classes_come_from(source)}")
    labels, label_of = merged(s.label for _, s in own)
    people, person_of = merged(part.owner(s) for part, s in own)
    if len(labels) > MOST_LABELS or len(people) > MOST_GROUPS:
        raise InputError(
            f"{source.folder}: has {len(labels)} classes and {len(people)} people, expected at most {MOST_LABELS} and "
            f"{MOST_GROUPS}; is [label] another column's?"
        )
    wanted = rate_hz or source.description.rate_hz
    rate_hz = wanted or own_rate(files) / math.ceil(own_rate(files) / FASTEST_MODEL_HZ)
    if wanted:
        check_rate(str(source.folder), wanted, own_rate(files))
    blocks = tuple(
        Block(person_of[part.owner(s)], label_of[s.label], s.at(rate_hz, part.cut.rate_hz, part.fixed_hz is not None))
        for part, s in own
    )
    lengths = [block.x.shape[1] for block in blocks]
    window_s = source.description.window_s or default_window(lengths, rate_hz, source.convention == "arrays")
    kinds = files[0].kinds
    rates = Counter(f"{plain_rate(part.figures.rate_hz):g}" for part in files)
    spellings = sorted({s.label for _, s in own} - set(labels)) + sorted(
        {part.owner(s) for part, s in own} - set(people)
    )
    return Recordings(
        name="imu-folder",
        rate_hz=rate_hz,
        window_s=window_s,
        channels=tuple(KINDS[kind][0] + axis for kind in kinds for axis in "xyz"),
        units=tuple(KINDS[kind][1] for kind in kinds for _ in "xyz"),
        sensors=tuple((kind, (3 * i, 3 * i + 1, 3 * i + 2)) for i, kind in enumerate(kinds)),
        labels=labels,
        blocks=blocks,
        sha256=sha256,
        report={
            "convention": source.convention,
            "files": len(source.names),
            "rates_hz": dict(rates),
            "warnings": doubts([part.figures for part in files], source, window_s),
            "amiss": _amiss(files) | {"other_spellings": spellings},
        },
        group_names=people,
    )


def _where_classes_come_from(source: ImuSource) -> str:
    if source.convention == "captures":
        return "capture with --label, or give it in a dataset.toml"
    return (
        f"{source.where} has no [label]: add it" if source.description.label is None else "fill the column of [label]"
    )


def _amiss(files: list[Part]) -> dict[str, int]:
    """What was left out and repaired, over all files."""
    names = {
        "missing": "rows_with_missing_values",
        "repeated": "rows_that_repeat_a_time",
        "late": "rows_that_come_late",
        "set_back": "times_that_a_clock_was_set_back",
        "unlabelled": "rows_without_a_class",
        "without_subject": "rows_of_nobody",
    }
    counts = {"malformed_rows": sum(part.malformed for part in files)}
    for field in fields(Counts):
        if field.name in names:
            counts[names[field.name]] = sum(getattr(part.cut.counts, field.name) for part in files)
    counts["gaps"] = sum(len(part.cut.counts.gaps) for part in files)
    counts["samples_that_the_link_lost"] = sum(part.lost for part in files)
    return counts


def merged(names: Iterable[str]) -> tuple[tuple[str, ...], dict[str, int]]:
    """Names in order, those that differ in case and blanks alone taken for one, in the first spelling; and the number
    of every spelling.
    """
    spellings = sorted(set(names))
    first: dict[str, str] = {}
    for name in spellings:
        first.setdefault(folded(name), name)
    order = sorted(first, key=_natural)
    return tuple(first[one] for one in order), {name: order.index(folded(name)) for name in spellings}


def _natural(name: str) -> list[tuple[str, int]]:
    """Sorts p2 before p10."""
    return [(text, int(digits or 0)) for text, digits in re.findall(r"(\D*)(\d{0,18})", name)]


def own_rate(files: list[Part]) -> float:
    """The rate of most hours, as people say it."""
    seconds: dict[float, float] = {}
    for part in files:
        rate = plain_rate(part.figures.rate_hz)
        seconds[rate] = seconds.get(rate, 0.0) + part.figures.duration
    return max(seconds, key=lambda rate: (seconds[rate], -rate))


def default_window(lengths: list[int], rate_hz: float, whole: bool) -> float:
    """4 s, or the longest window that stretches with nine tenths of all seconds hold; `whole`: that of the shortest."""
    samples = np.array(lengths)
    if whole:
        return float(samples.min()) / rate_hz
    for window_s in WINDOWS_S:
        if samples[samples >= round(window_s * rate_hz)].sum() >= HOLDS * samples.sum():
            return window_s
    return WINDOWS_S[-1]


def _from_options(path: Path | None, options: Options) -> Recordings:
    rate_hz = None if options.get("rate_hz") is None else rate_option(options, 0.0)
    path = needed(path, "imu-folder")
    recordings = load(path, rate_hz, texts_option(options, "sensors", None))
    activities = texts_option(options, "activities", None)
    return recordings if activities is None else recordings.only(activities)


DATA_SET = DataSet(
    name="imu-folder",
    signal="imu",
    load=_from_options,
    sensor="replay-imu",
    places=("imu-folder",),
    owns=Path.is_dir,
)
