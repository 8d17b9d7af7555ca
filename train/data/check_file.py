"""What `train.data.check --json` says of a folder of recordings."""

from collections.abc import Sequence
from dataclasses import dataclass

from scl.answers import Document
from train.data.imu_contents import Part


@dataclass(frozen=True)
class ImuFile:
    """A file of IMU recordings.

    Attributes:
        gaps: how many.
        rest: |a| at rest, or in the stillest tenth of a sensor that never rests, m/s^2 as described; None: unknown.
        peak: largest absolute value of each sensor, SI units.
    """

    name: str
    people: tuple[str, ...]
    classes: tuple[str, ...]
    seconds: float
    rate_hz: float
    jitter_ms: float
    gaps: int
    rest: float | None
    rests: bool
    peak: dict[str, float]


@dataclass(frozen=True)
class EcgFile:
    """A record of ECG: seconds at its own rate, beats of each class, and what its signal looks like, None: unknown."""

    name: str
    subject: str | None
    lead: str
    rate_hz: float
    seconds: float
    label: str | None
    beats: dict[str, int]
    beats_per_minute: float | None
    r_mv: float | None
    polarity: float | None


@dataclass(frozen=True)
class CheckedFolder(Document):
    """A folder of recordings: what each file holds, and what looks wrong.

    Attributes:
        written: the dataset.toml that was written, a first guess; None: it was there, or is not needed.
        lacking: what that file does not say yet; nothing is read then.
        wrong: what looks wrong, a sentence each.
    """

    folder: str
    signal: str
    written: str | None
    lacking: tuple[str, ...]
    imu: tuple[ImuFile, ...]
    ecg: tuple[EcgFile, ...]
    wrong: tuple[str, ...]

    kind = "checked_folder"
    schema = 1


def imu_files(parts: Sequence[Part]) -> tuple[ImuFile, ...]:
    """What --json says of the files that were read, in their order."""
    return tuple(
        ImuFile(
            name=f.name,
            people=tuple(sorted({person for person, _ in f.seconds} - {""})),
            classes=tuple(sorted({label for _, label in f.seconds} - {""})),
            seconds=float(f.duration),
            rate_hz=float(f.rate_hz),
            jitter_ms=float(f.jitter_ms),
            gaps=len(f.gaps),
            rest=None if f.rest is None else float(f.rest),
            rests=bool(f.rests),
            peak={kind: float(value) for kind, value in f.peak.items()},
        )
        for f in (part.figures for part in parts)
    )
