"""What the page and the terminal are shown of heartbeats: JSON objects, by their keys."""

from typing import Literal, TypedDict

from firmware_host.monitoring.shown import LinkShown, PairsShown, RecordingShown

Mark = list[float | str]  # seconds, class


class HeartAbout(TypedDict):
    """What stays the same for as long as the monitor runs.

    Attributes:
        source: what is played; empty: the board's own sensor.
        recordings: names of those that are played; none of a board's own sensor, which nobody can disturb.
        notice: that the board is no medical device.
        shown_s: seconds of ECG in the picture.
    """

    kind: Literal["about"]
    heart: Literal[True]
    model: str
    labels: list[str]
    source: str
    recordings: list[str]
    notice: str
    shown_s: float


class TraceShown(TypedDict):
    """The newest stretch of ECG as the board got it: second of the first value and behind the last, and from one value
    to the next, mV.
    """

    start: float
    end: float
    step: float
    values: list[float]


class BeatShown(TypedDict):
    """A heartbeat of the board; times in seconds."""

    seconds: float
    name: str
    confidence: float
    interval_s: float | None
    latency_s: float
    flags: str


class RhythmShown(TypedDict):
    """Behind the latest beat; `worst`: the class of ten seconds; `downward`: the usual R peak points down, None where
    the polarity is corrected.
    """

    heart_rate: float | None
    rmssd_ms: int | None
    irregular: float
    pauses: int
    couplets: int
    runs: int
    longest_run: int
    downward: bool | None
    worst: str


class ClassShown(TypedDict):
    """Known beats of a class, and how many of them the board gave the same one."""

    name: str
    known: int
    same: int


class AgreementShown(TypedDict):
    """The board's beats beside annotated ones."""

    known: int
    same: int
    classes: list[ClassShown]
    missed: int
    extra: int
    others: int


class DisturbanceShown(TypedDict):
    """How the lead is changed before it goes to the board."""

    gain: float
    wander: float
    inverted: bool


class HeartState(TypedDict):
    """What is shown now.

    Attributes:
        recording_number: which recording is played.
        beats: the board's, those in the picture, and the latest one.
        truth: annotated ones in the picture.
        agreement: with the annotated ones; None without any.
        kept: beats that were sent disturbed, which have the class that the desktop gives them as recorded; None where
            it says nothing.
        median_latency_s: from an R peak to its answer, in the ECG's time.
    """

    kind: Literal["state"]
    place: str
    label: str
    paused: bool
    recording_number: int
    boards: list[LinkShown]
    recording: RecordingShown
    trace: TraceShown
    beats: list[BeatShown]
    truth: list[Mark]
    answers: int
    rhythm: RhythmShown | None
    agreement: AgreementShown | None
    kept: PairsShown | None
    median_latency_s: float | None
    disturbance: DisturbanceShown
