"""WISDM Smartphone and Smartwatch Activity and Biometrics 2019 (doi:10.24432/C5HK59): 18 activities at 20 Hz,
accelerometer in m/s^2 with gravity, gyroscope in rad/s.

Reads the official zip, the outer zip it is downloaded in, or a folder with the extracted files. Rows are
`subject,activity,timestamp,x,y,z;` with timestamps in nanoseconds of a device clock. Parts of the streams run at
100 Hz, so every block is resampled by timestamp; a step of more than one second is a gap and ends a block.
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np

from scl.artifacts import InputError, sha256_bytes
from train.data.archive import Archive, names_in
from train.data.cache import cached
from train.data.data_set import DataSet, Options, needed, rate_option, text_option, texts_option
from train.data.recordings import Block, Recordings
from train.data.resample import check_rate, resample, segments
from train.data.wisdm_text import Rows, activity_names, read_rows

DEVICES = ("watch", "phone")
SENSORS = {"accel": ("accelerometer", "m/s^2", "a"), "gyro": ("gyroscope", "rad/s", "g")}
SUBJECTS = range(1600, 1651)
KEY = "activity_key.txt"
DOWNLOADED = "wisdm-uci-507.zip"  # as train.data.download names it
ROWS = re.compile(r"(^|/)raw/(watch|phone)/(accel|gyro)/data_\d+_")
GAP_S = 1.0
RATE_HZ, WINDOW_S = 20.0, 10.0
MOST_INNER_BYTES = 1 << 29  # of the zip in a zip: it has 300 MB
MOST_TEXT_BYTES = 1 << 26
ADVICE = "expected the official wisdm-dataset.zip or its extracted folder; python -m train.imu --download fetches it"


class _Source:
    """The files below wisdm-dataset/ of a folder, a zip, or the zip in a zip, by their paths there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.archive = Archive(path, ADVICE)
        self.inner: bytes | None = None
        inner = next((n for n in self.archive.names if n.endswith("wisdm-dataset.zip")), None)
        if self.archive.zip is not None and inner is not None:
            self.inner = self.archive.read(inner, MOST_INNER_BYTES)
            self.archive = Archive(path, ADVICE, self.inner)
        self.names = {n.split("wisdm-dataset/", 1)[-1]: n for n in self.archive.names}

    def read(self, name: str) -> bytes:
        return self.archive.read(self.names[name], MOST_TEXT_BYTES)

    def files(self, device: str, sensor: str) -> dict[int, str]:
        pattern = re.compile(rf"raw/{device}/{sensor}/data_([1-9]\d{{,8}})_{sensor}_{device}\.txt")
        return {int(m[1]): n for n in self.names if (m := pattern.fullmatch(n))}

    def checksum(self, names: Iterable[str]) -> str:
        """Of wisdm-dataset.zip, or of the files' checksums if the source is a folder."""
        if self.inner is not None:
            return sha256_bytes(self.inner)
        # In the order of the paths below wisdm-dataset/, which is that of the paths.
        return self.archive.checksum(self.names[name] for name in names)


@dataclass
class _Amiss:
    """What is wrong with the files, for the report."""

    malformed_rows: int = 0
    rows_out_of_order: int = 0
    rows_of_unknown_activities: int = 0
    missing_subjects: list[int] = field(default_factory=list)
    missing_activities: list[str] = field(default_factory=list)
    fast_blocks: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)

    def add_steps(self, block: str, steps: np.ndarray, rate_hz: float) -> None:
        """Of a block's timestamps, in seconds."""
        if (steps < 0.5 / rate_hz).mean() > 0.01:
            self.fast_blocks.append(block)
        self.gaps += [f"{block} {step:.1f} s" for step in steps if step > GAP_S]


def load(
    path: str | Path,
    device: str = "watch",
    sensors: tuple[str, ...] = ("accel", "gyro"),
    rate_hz: float = RATE_HZ,
) -> Recordings:
    """Loads one device's sensors, joined on their timestamps, as blocks at a uniform rate.

    Args:
        path: zip or folder.
        device: "watch" or "phone".
        sensors: "accel", "gyro" or both, in channel order.
        rate_hz: of the result, at most 20.

    Raises:
        InputError: missing, truncated or damaged files; more than 1 % malformed rows in a file; no subject with all
            sensors, or no timestamp that they share; a rate beyond 20 Hz.
    """
    check_rate("WISDM", rate_hz, RATE_HZ)
    if device not in DEVICES or not sensors or any(s not in SENSORS for s in sensors):
        raise InputError(f"WISDM has no {device} {'+'.join(sensors)}; devices: {DEVICES}, sensors: {tuple(SENSORS)}")
    source = _Source(Path(path))
    files = [source.files(device, sensor) for sensor in sensors]
    subjects = sorted(set.intersection(*(set(f) for f in files)))
    if not subjects:
        raise InputError(
            f"{path}: no subject has files raw/{device}/<{'|'.join(sensors)}>/data_<subject>_*_{device}.txt; {ADVICE}"
        )
    if KEY not in source.names:
        raise InputError(f"{path}: has no {KEY}; {ADVICE}")
    sha256 = source.checksum([KEY, *(n for f in files for n in f.values())])
    key: dict[str, object] = {"sha256": sha256, "device": device, "sensors": list(sensors), "rate_hz": rate_hz}
    return cached(f"wisdm-{device}", key, lambda: _parse(source, files, subjects, sha256, device, sensors, rate_hz))


def _parse(
    source: _Source,
    files: list[dict[int, str]],
    subjects: list[int],
    sha256: str,
    device: str,
    sensors: tuple[str, ...],
    rate_hz: float,
) -> Recordings:
    names = activity_names(source.read(KEY), f"{source.path}: {KEY}")
    codes = sorted(names)
    rows_of: dict[str, Counter[str]] = {sensor: Counter() for sensor in sensors}
    amiss = _Amiss(missing_subjects=sorted(set(SUBJECTS).union(*files) - set(subjects)))
    joined_blocks = joined_rows = 0
    blocks = []
    for subject in subjects:
        tables: list[Rows] = []
        for sensor, table in zip(sensors, files, strict=True):
            name = table[subject]
            rows = read_rows(source.read(name), subject, f"{source.path}: {name}")
            counts = {c.decode(): int(n) for c, n in zip(*np.unique(rows.codes, return_counts=True), strict=True)}
            rows_of[sensor].update(counts)
            amiss.rows_of_unknown_activities += sum(n for c, n in counts.items() if c not in names)
            amiss.malformed_rows += rows.malformed
            tables.append(rows)
        for label, code in enumerate(codes):
            joined = _join([rows.of(code) for rows in tables], amiss)
            if joined is None:
                amiss.missing_activities.append(f"{subject}{code}")
                continue
            times, values = joined
            joined_blocks, joined_rows = joined_blocks + 1, joined_rows + len(times)
            amiss.add_steps(f"{subject}{code}", np.diff(times), rate_hz)
            blocks += [
                Block(subject, label, resample(times[s], values[s], rate_hz))
                for s in segments(times, GAP_S)
                if s.stop - s.start > 1
            ]
    if not blocks:
        raise _nothing_to_join(source, sensors)
    return Recordings(
        name=f"wisdm-{device}",
        rate_hz=rate_hz,
        window_s=WINDOW_S,
        channels=tuple(SENSORS[s][2] + axis for s in sensors for axis in "xyz"),
        units=tuple(SENSORS[s][1] for s in sensors for _ in "xyz"),
        sensors=tuple((SENSORS[s][0], (3 * i, 3 * i + 1, 3 * i + 2)) for i, s in enumerate(sensors)),
        labels=tuple(names[c] for c in codes),
        blocks=tuple(blocks),
        sha256=sha256,
        report={
            "rows": {sensor: dict(rows) for sensor, rows in rows_of.items()},
            "joined_rows": joined_rows,
            "subjects": len(subjects),
            "blocks": joined_blocks,
            "amiss": asdict(amiss),
        },
    )


def _nothing_to_join(source: _Source, sensors: tuple[str, ...]) -> InputError:
    shared = f" with timestamps that {' and '.join(sensors)} share" if len(sensors) > 1 else ""
    advice = "load one sensor alone (--sensors)" if shared else f"give recordings of what {KEY} names"
    return InputError(f"{source.path}: no activity of {KEY} has two rows at most {GAP_S:g} s apart{shared}; {advice}")


def _join(streams: list[tuple[np.ndarray, np.ndarray]], amiss: _Amiss) -> tuple[np.ndarray, np.ndarray] | None:
    """Times (n,) in seconds from the first and values (n, 3 * streams) at the timestamps that all streams share."""
    ordered = []
    for times, values in streams:
        # A row that does not advance the clock repeats or contradicts one before it.
        forward = np.ones(len(times), dtype=bool)
        forward[1:] = times[1:] > np.maximum.accumulate(times)[:-1]
        amiss.rows_out_of_order += int((~forward).sum())
        ordered.append((times[forward], values[forward]))
    shared = ordered[0][0]
    for times, _ in ordered[1:]:
        shared = np.intersect1d(shared, times, assume_unique=True)
    if len(shared) < 2:
        return None
    values = np.concatenate([v[np.searchsorted(t, shared)] for t, v in ordered], axis=1)
    return (shared - shared[0]) * 1e-9, values


def _from_options(path: Path | None, options: Options) -> Recordings:
    sensors = texts_option(options, "sensors", tuple(SENSORS))
    device, rate_hz = text_option(options, "device", "watch"), rate_option(options, RATE_HZ)
    recordings = load(needed(path, "wisdm"), device, sensors or (), rate_hz)
    activities = texts_option(options, "activities", None)
    return recordings if activities is None else recordings.only(activities)


def owns(path: Path) -> bool:
    """Whether a zip or folder has WISDM's layout, or the zip in it."""
    return any(KEY in name or name.endswith("wisdm-dataset.zip") or ROWS.search(name) for name in names_in(path))


DATA_SET = DataSet(
    name="wisdm",
    signal="imu",
    load=_from_options,
    sensor="replay-imu",
    places=tuple(f"wisdm/{name}" for name in ("wisdm-dataset.zip", "wisdm-dataset", DOWNLOADED)),
    rate_hz=RATE_HZ,
    window_s=WINDOW_S,
    owns=owns,
)
