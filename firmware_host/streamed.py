"""What --json of `firmware_host.stream` and `firmware_host.live` says: every class, and how they compare."""

from dataclasses import dataclass

from scl.answers import Document
from scl.ec57.comparison import RecordFigures


@dataclass(frozen=True)
class StreamAnswer:
    """A class of a stream.

    Attributes:
        seconds: from the recording's begin to the last sample of the window.
        predicted: the name of the window's class; None: the board abstained.
        decided: what the board decides, over time where the bundle says so: a class's name, "unsure", or "abstained".
        confidence: share of the likeliest class; None of a model without decisions.
        label: the recording's at that sample; None without one.
        known: whether the label is one of the model's.
    """

    seconds: float
    predicted: str | None
    decided: str
    confidence: float | None
    label: str | None
    known: bool
    saturated: bool
    lead_off: bool


@dataclass(frozen=True)
class Streamed(Document):
    """A recording's classes.

    Attributes:
        known, right: answers whose label the model knows, and those among them whose decision is right.
        unknown: of every other label what the model said, and how often.
    """

    answers: tuple[StreamAnswer, ...]
    known: int
    right: int
    unknown: dict[str, dict[str, int]]

    kind = "stream"
    schema = 2


@dataclass(frozen=True)
class WindowAnswer:
    """A window of a bundle: the board's class, TFLite Micro's, and the label (None where none is known)."""

    window: int
    predicted: str
    expected: str
    label: str | None


@dataclass(frozen=True)
class StreamedWindows(Document):
    """The classes of a bundle's windows.

    Attributes:
        right: how many are TFLite Micro's.
    """

    answers: tuple[WindowAnswer, ...]
    right: int

    kind = "stream_windows"
    schema = 1


@dataclass(frozen=True)
class LiveClass:
    """A class of the board's own sensor; the other fields are as in a `StreamAnswer`."""

    seconds: float
    predicted: str | None
    decided: str
    confidence: float | None
    saturated: bool
    lead_off: bool


@dataclass(frozen=True)
class LiveClasses(Document):
    """What a board said of its own sensor: classes that came, classes that the line lost, samples that it took, and
    samples that the board lost.
    """

    answers: tuple[LiveClass, ...]
    lost: int
    samples: int
    dropped: int

    kind = "live"
    schema = 2


@dataclass(frozen=True)
class BeatAnswer:
    """A heartbeat that a board answered.

    Attributes:
        seconds: of its R peak; from the recording's begin, or the sensor's start.
        predicted: the class's name; None: the board abstained.
        confidence: of the class against the second: 1 / (1 + exp(-margin)), the margin of the logits.
        interval_s: since the R peak before; None: there is none that it joins.
        heart_rate: beats a minute, of the latest 8 intervals; None without one.
        ten_seconds: the worst class of the ten seconds up to the beat; None: the board abstained throughout.
        points_down: the patient's usual R peak points down: an inverted lead, where it should point up. None where the
            bundle corrects the polarity, and does not see it.
    """

    seconds: float
    predicted: str | None
    confidence: float
    interval_s: float | None
    heart_rate: float | None
    ten_seconds: str | None
    saturated: bool
    lead_off: bool
    points_down: bool | None


@dataclass(frozen=True)
class RhythmAnswer:
    """The rhythm behind the last beat.

    Attributes:
        heart_rate: beats a minute; None: not known.
        rmssd_ms: of the latest 64 differences of intervals between normal beats; None: not known.
        irregular: share of the latest 64 differences that exceed 8 % of the median interval.
        pauses, couplets, runs: how many; a run is three ventricular beats or more.
        longest_run: beats.
        downward: share of all beats whose usual R peak points down; None where the polarity is corrected.
    """

    heart_rate: float | None
    rmssd_ms: int | None
    irregular: float
    pauses: int
    couplets: int
    runs: int
    longest_run: int
    downward: float | None


@dataclass(frozen=True)
class StreamedBeats(Document):
    """A recording's heartbeats.

    Attributes:
        rhythm: None without a beat.
        samples: of the sensor.
        compared: of a WFDB record with annotations, the board's beats against them; else None.
        compared_later: the same without the first five minutes; None where the record is no longer.
    """

    answers: tuple[BeatAnswer, ...]
    rhythm: RhythmAnswer | None
    samples: int
    compared: RecordFigures | None
    compared_later: RecordFigures | None

    kind = "stream_beats"
    schema = 2


@dataclass(frozen=True)
class LiveBeats(Document):
    """Heartbeats of the board's own sensor: those that came, those that the line lost, samples that it took, and
    samples that the board lost.
    """

    answers: tuple[BeatAnswer, ...]
    rhythm: RhythmAnswer | None
    lost: int
    samples: int
    dropped: int

    kind = "live_beats"
    schema = 2
